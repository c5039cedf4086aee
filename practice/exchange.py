"""The practice exchange: Binance's REST and kline streams on loopback, on a time of its own, with scripted faults."""

from types import TracebackType
from typing import Self

from core.errors import InvariantError
from core.timeframe import floor_to_grid, timeframe_ms
from practice.exchange_options import ExchangeOptions
from practice.exchange_server import ExchangeServer
from practice.loopback_server import HOST, LoopbackServer
from practice.market.candle_sources import CandleSource
from practice.market.published_market import PublishedMarket
from practice.rest.rest_answers import LoggedRequest
from practice.streams.stream_connection import SentFinal


class PracticeExchange:
    """The exchange, running in a thread of its own while used as a context manager.

    Its candles are a function of source and script, and so are the finals it sends to a subscription; only the moments
    on the wall clock are not. ``rest_faults`` may be planned beside the script, ``happened`` are the script's actions
    so far, each with its time; ``truth``, ``mark_truth``, ``funding_truth`` and ``open_interest_truth`` tell what REST
    has at the end.

    Parameters
    ----------
    source
        Markets and candles, and marks, funding rates and open interest where it has them (``ContractSource``). Both
        interfaces serve all its symbols, which are spot, or perpetual contracts settled in their quote currency.
    options
        Its time, its pace and what goes wrong.

    Raises
    ------
    ConfigurationError
        If a market cannot be served, or the script does not fit the exchange.
    """

    def __init__(self, source: CandleSource, options: ExchangeOptions | None = None) -> None:
        self.options = options or ExchangeOptions()
        self._market = PublishedMarket(source, self.options)
        self._served = ExchangeServer(self._market, self.options)
        self._server = LoopbackServer("practice-exchange", self._served.serve, self.options.port)
        self._used = False
        self.start_ms, self.end_ms, self.symbols = self.options.start_ms, self.options.end_ms, self._market.symbols
        self.rest_faults, self.happened = self._served.rest_faults, self._served.happened
        self.truth = self._market.truth
        self.mark_truth, self.funding_truth = self._market.mark_truth, self._market.funding_truth
        self.open_interest_truth = self._market.open_interest_truth

    @property
    def rest_url(self) -> str:
        """Address of the REST interfaces, which lie below ``/api/v3``, ``/fapi/v1`` and ``/futures/data``."""
        return f"http://{HOST}:{self._server.port}"

    @property
    def stream_url(self) -> str:
        """Address of the websockets, which lie below it at ``/stream`` and ``/ws``."""
        return f"ws://{HOST}:{self._server.port}"

    @property
    def sent(self) -> list[SentFinal]:
        """Every final that was written to a client's socket, in order; the client need not have read it."""
        return self._served.hub.sent

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every REST request, in order of arrival."""
        return self._served.rest.requests

    @property
    def finals_sent(self) -> int:
        """How many finals were written to sockets."""
        return self._served.hub.finals_sent

    @property
    def connections_opened(self) -> int:
        """How many websockets have been opened since the start."""
        return self._served.hub.opened

    @property
    def now_ms(self) -> int:
        """The exchange's true time, in UTC milliseconds."""
        return self._market.clock.now_ms()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen and serve in the background; ConfigurationError if the port is taken.

        An exchange can be started once: its past cannot be served a second time.
        """
        if self._used:
            raise InvariantError("a practice exchange can be started only once")
        self._used = True
        self._server.start()

    def stop(self) -> None:
        """End all connections and stop listening."""
        self._server.stop()

    def advance(self, candles: int = 1, *, timeout_s: float = 30.0) -> None:
        """Move a driven exchange on by so many candles, and wait until its clients have read what it sent meanwhile.

        Raises
        ------
        InvariantError
            If the exchange has another pace.
        TimeoutError
            If a client does not read in time.
        """
        length = timeframe_ms(self.options.timeframe)
        self.advance_to(floor_to_grid(self.now_ms, length) + candles * length, timeout_s=timeout_s)

    def advance_to(self, time_ms: int, *, timeout_s: float = 30.0) -> None:
        """Move a driven exchange on to an instant; otherwise as ``advance``."""
        self._server.call(self._served.driven_to(time_ms), timeout_s)

    def wait_finished(self, timeout_s: float) -> bool:
        """Wait until the end of the run is reached and everything is handed out; False if that takes longer."""
        return self._served.finished.wait(timeout_s)

    def wait_for_streams(self, count: int, *, timeout_s: float = 10.0) -> None:
        """Wait until so many streams are subscribed to; TimeoutError if that takes longer."""
        self._server.call(self._served.subscribed(count), timeout_s)
