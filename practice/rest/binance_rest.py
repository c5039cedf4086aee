"""A real HTTP server on loopback that speaks Binance's public REST interface.

A program that reads Binance's history reads this server unchanged except for the address.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from aiohttp import web

from practice.faults.rest_faults import FaultPlan
from practice.loopback_server import HOST, LoopbackServer
from practice.market.candle_sources import CandleSource
from practice.rest.rest_answers import LoggedRequest, RestAnswers, served_markets


class BinanceRestServer:
    """The server, running in a thread of its own while used as a context manager.

    Parameters
    ----------
    source
        Markets and candles. A symbol is spot or a perpetual contract ``BASE/QUOTE:QUOTE``.
    clock
        The server's time in UTC milliseconds. Candles that open later do not exist yet; the one that is open at that
        time is served as it forms.
    faults
        What goes wrong; nothing by default.
    port
        0 takes any free port, and keeps it for the next start.
    """

    def __init__(
        self, source: CandleSource, *, clock: Callable[[], int], faults: FaultPlan | None = None, port: int = 0
    ) -> None:
        self.faults = faults if faults is not None else FaultPlan()
        self._source = source
        self._answers = RestAnswers(source, clock, self.faults.take)
        self._server = LoopbackServer("binance-rest", self._serve, port)

    @property
    def url(self) -> str:
        """Scheme, host and port; the interfaces lie below ``/api/v3``, ``/fapi/v1`` and ``/futures/data``."""
        return f"http://{HOST}:{self._server.port}"

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every request so far, in order of arrival."""
        return self._answers.requests

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen and serve in the background; ConfigurationError if the port is taken or a market cannot be served."""
        served_markets(self._source)
        self._server.start()

    def stop(self) -> None:
        """Close all connections, stalled ones too, and stop listening."""
        self._server.stop()

    def requests_to(self, path: str, symbol: str | None = None) -> Sequence[LoggedRequest]:
        """Return the logged requests to a path (``klines``), of one symbol if given, in order of arrival."""
        return self._answers.requests_to(path, symbol)

    async def _serve(self, listener: socket.socket, listens: Callable[[], None], closing: asyncio.Event) -> None:
        app = web.Application()
        self._answers.open(closing)
        self._answers.add_routes(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        listens()
        await closing.wait()
        await runner.cleanup()
