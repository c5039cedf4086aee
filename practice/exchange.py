"""The practice exchange: Binance's REST and kline streams on loopback, on a time of its own, with scripted faults."""

import asyncio
import functools
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

from aiohttp import web

from core.candle import FundingRate
from core.errors import ConfigurationError, InvariantError
from core.timeframe import floor_to_grid, timeframe_ms
from market_data.candle_columns import CandleColumns
from practice.binance_messages import INTERVALS
from practice.candle_sources import CandleSource
from practice.compiled_script import Action, CompiledScript, TimedAction
from practice.exchange_clock import DrivenClock, RunningClock
from practice.faults import DropConnections, FaultScript, Restart, SendGarbage, Stall
from practice.garbage import garbage
from practice.loopback_server import HOST, LoopbackServer, loopback_socket
from practice.publication_pacing import DrivenPace, Pace, ReadPace, RunningPace
from practice.published_candles import PublishedCandles
from practice.published_contracts import PublishedContracts
from practice.publisher import Publisher
from practice.rest_answers import LoggedRequest, RestAnswers, served_markets
from practice.rest_faults import Fault, FaultPlan
from practice.spans import Span, span_ms
from practice.stream_connection import Outgoing, SentFinal
from practice.stream_hub import StreamHub

DEFAULT_START_MS = 1_704_067_200_000
"""2024-01-01T00:00Z."""

FASTEST = 100_000.0
PaceName = Literal["running", "driven", "read"]
_REOPEN_S = 5.0
_POLL_S = 0.05


class PracticeExchange:
    """The exchange, running in a thread of its own while used as a context manager.

    Its candles are a function of source and script, and so are the finals it sends to a subscription; only the moments
    on the wall clock are not.

    Parameters
    ----------
    source
        Markets and candles, and marks and funding rates where it has them (``ContractSource``). Both interfaces serve
        all its symbols, which are spot, or perpetual contracts settled in their quote currency.
    start_ms
        Where its clock begins. Candles before it are history that REST serves.
    end_ms
        Where its clock stops; it stays up, silent. Never by default.
    pace
        ``running``: the clock runs at ``speed``. ``driven``: it moves when ``advance`` or ``advance_to`` is called.
        ``read``: it moves on to the next event as soon as all clients have read the last one.
    speed
        Milliseconds of its clock in a millisecond of the wall's.
    streams_before_start
        The clock stands at the start until so many streams are subscribed to.
    timeframe
        Timeframe of ``advance`` and of the script's candles. Clients may subscribe to any others at the same time.
    script
        What goes wrong, when.
    updates_per_second
        Most updates of each open candle in a wall second, with the pace ``running``.
    updates_per_candle
        Updates of each open candle with the other paces, at equal distances of the exchange's time.
    connection_hours
        Hours of its clock after which it ends a connection, as the real exchange does; None for never.
    patience_s
        Wall seconds that the pace ``read`` waits for a client to come back, or to read, before it goes on without.
    funding_delay
        From the stamp of a funding payment until REST has its rate, in the exchange's time.
    keep_sent
        Whether ``sent`` keeps every final and ``requests`` every REST request; a run of weeks can do without.
    port
        0 takes any free port.

    Raises
    ------
    ConfigurationError
        If an argument is out of range, a market cannot be served, or the script does not fit the exchange.
    """

    def __init__(
        self,
        source: CandleSource,
        *,
        start_ms: int = DEFAULT_START_MS,
        end_ms: int | None = None,
        pace: PaceName = "running",
        speed: float = 1.0,
        streams_before_start: int = 0,
        timeframe: str = "1m",
        script: FaultScript | None = None,
        updates_per_second: float = 2.0,
        updates_per_candle: int = 0,
        connection_hours: float | None = 24.0,
        patience_s: float = 10.0,
        funding_delay: Span = "3s",
        keep_sent: bool = True,
        port: int = 0,
    ) -> None:
        _check(speed, timeframe, start_ms, end_ms)
        self.start_ms = start_ms
        self.end_ms = end_ms
        self.timeframe = timeframe
        self.rest_faults = FaultPlan()
        self.happened: list[TimedAction] = []
        self.symbols = [rules.symbol for rules in served_markets(source).values()]
        self._speed = speed
        self._pace_name = pace
        self._before = streams_before_start
        self._per_second = updates_per_second if pace == "running" else 0.0
        self._life_ms = None if connection_hours is None else int(connection_hours * 3_600_000)
        self._patience_s = patience_s
        self._clock = RunningClock(start_ms, speed, end_ms) if pace == "running" else DrivenClock(start_ms)
        self._script = CompiledScript(script or FaultScript(), start_ms, self.symbols, timeframe)
        self._candles = PublishedCandles(source, self._script, self._clock.now_ms)
        delay = functools.partial(self._script.funding_delay_ms, usual_ms=span_ms(funding_delay, "funding_delay"))
        self._contracts = PublishedContracts(source, self._clock.now_ms, delay)
        self._hub = StreamHub(self._clock.now_ms, self._wake_publisher, keep_sent=keep_sent)
        self._rest = RestAnswers(
            self._candles,
            self._clock.now_ms,
            self._rest_fault,
            self.told_time_ms,
            contracts=self._contracts,
            keep_requests=keep_sent,
        )
        self._publisher = Publisher(
            self._candles,
            self._script,
            self._hub,
            self,
            symbols=self.symbols,
            timeframe=timeframe,
            start_ms=start_ms,
            end_ms=end_ms,
            updates_per_candle=0 if pace == "running" else updates_per_candle,
        )
        self._server = LoopbackServer("practice-exchange", self._serve, port)
        self._finished = threading.Event()
        self._wake = asyncio.Event()
        self._pace: Pace | None = None
        self._runner: web.AppRunner | None = None
        self._site: web.SockSite | None = None
        self._down = 0
        self._used = False

    @property
    def rest_url(self) -> str:
        """Address of the REST interfaces, which lie below ``/api/v3`` and ``/fapi/v1``."""
        return f"http://{HOST}:{self._server.port}"

    @property
    def stream_url(self) -> str:
        """Address of the websockets, which lie below it at ``/stream`` and ``/ws``."""
        return f"ws://{HOST}:{self._server.port}"

    @property
    def sent(self) -> list[SentFinal]:
        """Every final that was written to a client's socket, in order; the client need not have read it."""
        return self._hub.sent

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every REST request, in order of arrival."""
        return self._rest.requests

    @property
    def finals_sent(self) -> int:
        """How many finals were written to sockets."""
        return self._hub.finals_sent

    @property
    def updates_sent(self) -> int:
        """How many updates of open candles were handed to connections."""
        return self._hub.updates_sent

    @property
    def connections(self) -> int:
        """How many websockets are open."""
        return len(self._hub.connections)

    @property
    def connections_opened(self) -> int:
        """How many websockets have been opened since the start."""
        return self._hub.opened

    @property
    def now_ms(self) -> int:
        """The exchange's true time, in UTC milliseconds."""
        return self._clock.now_ms()

    def told_time_ms(self) -> int:
        """Return the time the exchange tells, which a script may have set wrong."""
        now_ms = self._clock.now_ms()
        return now_ms + self._script.told_offset_ms(now_ms)

    def truth(self, symbol: str, timeframe: str | None = None, *, since_ms: int | None = None) -> CandleColumns:
        """Return the candles from the start (or ``since_ms``) on, as REST gives them at the end of the run.

        Without an end: those closed by now, as they stand now.
        """
        since_ms, now_ms = self._known(since_ms)
        return self._candles.truth(symbol, timeframe or self.timeframe, since_ms, now_ms, now_ms)

    def mark_truth(self, symbol: str, timeframe: str | None = None, *, since_ms: int | None = None) -> CandleColumns:
        """Return the closed mark candles, of the same time as ``truth``."""
        since_ms, now_ms = self._known(since_ms)
        return self._contracts.mark_truth(symbol, timeframe or self.timeframe, since_ms, now_ms)

    def funding_truth(self, symbol: str, *, since_ms: int | None = None) -> list[FundingRate]:
        """Return the funding payments that are published, of the same time as ``truth``."""
        since_ms, now_ms = self._known(since_ms)
        return self._contracts.funding_rates(symbol, since_ms, now_ms + 1, now_ms)

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
        length = timeframe_ms(self.timeframe)
        self.advance_to(floor_to_grid(self.now_ms, length) + candles * length, timeout_s=timeout_s)

    def advance_to(self, time_ms: int, *, timeout_s: float = 30.0) -> None:
        """Move a driven exchange on to an instant; otherwise as ``advance``."""
        self._server.call(self._driven_to(time_ms), timeout_s)

    def wait_finished(self, timeout_s: float) -> bool:
        """Wait until the end of the run is reached and everything is handed out; False if that takes longer."""
        return self._finished.wait(timeout_s)

    def wait_for_streams(self, count: int, *, timeout_s: float = 10.0) -> None:
        """Wait until so many streams are subscribed to; TimeoutError if that takes longer."""
        self._server.call(self._subscribed(count), timeout_s)

    async def act(self, action: Action, *, ends: bool) -> None:
        """Carry out a scripted action, or its end, and note it in ``happened``."""
        self.happened.append(TimedAction(self._clock.now_ms(), action, ends))
        match action:
            case DropConnections():
                self._hub.drop(reset=action.how == "reset")
            case SendGarbage():
                for place in range(action.count):
                    self._hub.send_all(garbage(action.form, place))
            case Stall() if action.duration is not None:
                self._hub.stall(-1 if ends else 1, deaf=not action.pings)
            case Stall():
                self._hub.silence(answers_pings=action.pings)
            case Restart() if ends:
                await self._reopen()
            case Restart():
                await self._shut()

    async def _serve(self, listener: socket.socket, listens: Callable[[], None], closing: asyncio.Event) -> None:
        app = web.Application()
        self._rest.open(closing)
        self._rest.add_routes(app)
        self._hub.add_routes(app, self.symbols)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        self._site = web.SockSite(self._runner, listener)
        await self._site.start()
        self._pace = self._made_pace()
        try:
            await self._publish(self._pace, listens, closing)
        finally:
            await self._hub.close_all()
            await self._runner.cleanup()

    async def _publish(self, pace: Pace, listens: Callable[[], None], closing: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._publisher.run(pace, self._wake, self._finish))]
            if self._per_second > 0:
                running.append(tasks.create_task(self._send_updates()))
            if self._life_ms is not None:
                running.append(tasks.create_task(self._end_old_connections(self._life_ms)))
            listens()
            await closing.wait()
            for task in running:
                task.cancel()

    def _known(self, since_ms: int | None) -> tuple[int, int]:
        """Return from when to when the truth is told."""
        now_ms = self.now_ms if self.end_ms is None else self.end_ms
        return self.start_ms if since_ms is None else since_ms, now_ms

    def _made_pace(self) -> Pace:
        if isinstance(self._clock, RunningClock):
            return RunningPace(self._clock, self._hub, self._before)
        if self._pace_name == "driven":
            return DrivenPace(self._clock)
        return ReadPace(self._clock, self._hub, self._before, self._patience_s, lambda: self._down > 0)

    def _finish(self) -> None:
        self._finished.set()
        if isinstance(self._pace, DrivenPace):
            self._pace.settled.set()

    def _wake_publisher(self) -> None:
        self._wake.set()

    def _rest_fault(self, path: str, symbol: str | None) -> Fault | None:
        planned = self.rest_faults.take(path, symbol)
        return planned or self._script.take_rest_fault(self._clock.now_ms(), path, symbol)

    async def _driven_to(self, time_ms: int) -> None:
        if not isinstance(self._pace, DrivenPace):
            raise InvariantError("only an exchange with the pace 'driven' can be advanced")
        if not self._finished.is_set():
            self._pace.drive(time_ms if self.end_ms is None else min(time_ms, self.end_ms), self._wake)
            await self._pace.settled.wait()
        await self._hub.read_by_all()

    async def _subscribed(self, count: int) -> None:
        while len(self._hub.streams()) < count:
            await self._hub.progress()

    async def _send_updates(self) -> None:
        while not self._finished.is_set():
            await asyncio.sleep(1.0 / self._per_second)
            self._publisher.send_updates(self._clock.now_ms())

    async def _end_old_connections(self, life_ms: int) -> None:
        while True:
            await asyncio.sleep(_POLL_S)
            for connection in list(self._hub.connections):
                if self._clock.now_ms() - connection.opened_ms >= life_ms and not self._hub.stalled:
                    connection.put(Outgoing(close=True))

    async def _shut(self) -> None:
        self._down += 1
        if self._down > 1 or self._site is None or self._runner is None or self._runner.server is None:
            return
        await self._site.stop()
        self._hub.abort_all()
        for protocol in self._runner.server.connections:
            if protocol.transport is not None:
                protocol.transport.abort()

    async def _reopen(self) -> None:
        self._down -= 1
        if self._down or self._runner is None:
            return
        async with asyncio.timeout(_REOPEN_S):
            while True:
                try:
                    listener = loopback_socket(self._server.port)
                    break
                except ConfigurationError:
                    # Another process may hold the port for a moment.
                    await asyncio.sleep(_POLL_S)
        self._site = web.SockSite(self._runner, listener)
        await self._site.start()


def _check(speed: float, timeframe: str, start_ms: int, end_ms: int | None) -> None:
    if not 0.0 < speed <= FASTEST:
        raise ConfigurationError(f"speed {speed:g} is not allowed; allowed: above 0 and at most {FASTEST:g}")
    if timeframe not in INTERVALS:
        raise ConfigurationError(f"timeframe {timeframe!r} is not served; allowed: {', '.join(INTERVALS)}")
    if end_ms is not None and end_ms <= start_ms:
        raise ConfigurationError("the exchange's end must lie after its start")
