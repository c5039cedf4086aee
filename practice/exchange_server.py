"""The practice exchange in the event loop of its thread: its interfaces, its events in time, and scripted outages."""

import asyncio
import socket
import threading
from collections.abc import Callable

from aiohttp import web

from core.errors import ConfigurationError, InvariantError
from practice.exchange_clock import RunningClock
from practice.exchange_options import ExchangeOptions
from practice.faults.compiled_script import Action, TimedAction
from practice.faults.fault_script import DropConnections, Restart, SendGarbage, Stall
from practice.faults.garbage import garbage
from practice.faults.rest_faults import Fault, FaultPlan
from practice.loopback_server import loopback_socket
from practice.market.publication_pacing import DrivenPace, Pace, ReadPace, RunningPace
from practice.market.published_market import PublishedMarket
from practice.market.publisher import Publisher
from practice.rest.rest_answers import RestAnswers
from practice.streams.stream_connection import Outgoing
from practice.streams.stream_hub import StreamHub

_REOPEN_S = 5.0
_POLL_S = 0.05


class ExchangeServer:
    """Serves a market once, from its start on.

    ``rest_faults`` befall REST before the script's; ``happened`` are the script's actions so far.

    Parameters
    ----------
    market
        What is served.
    options
        How the exchange runs.
    """

    def __init__(self, market: PublishedMarket, options: ExchangeOptions) -> None:
        self.rest_faults = FaultPlan()
        self.happened: list[TimedAction] = []
        self.finished = threading.Event()
        self.hub = StreamHub(market.clock.now_ms, self._wake_publisher, keep_sent=options.keep_sent)
        self.rest = RestAnswers(
            market.candles,
            market.clock.now_ms,
            self._rest_fault,
            market.told_time_ms,
            contracts=market.contracts,
            keep_requests=options.keep_sent,
        )
        self._market = market
        self._options = options
        self._publisher = Publisher(market, self.hub, self, options)
        self._wake = asyncio.Event()
        self._pace: Pace | None = None
        self._runner: web.AppRunner | None = None
        self._site: web.SockSite | None = None
        self._port = 0
        self._down = 0

    async def serve(self, listener: socket.socket, listens: Callable[[], None], closing: asyncio.Event) -> None:
        """Serve on a socket until told to close; ``listens`` is called once it does."""
        self._port = listener.getsockname()[1]
        app = web.Application()
        self.rest.open(closing)
        self.rest.add_routes(app)
        self.hub.add_routes(app, self._market.symbols)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        self._site = web.SockSite(self._runner, listener)
        await self._site.start()
        self._pace = self._made_pace()
        try:
            await self._publish(self._pace, listens, closing)
        finally:
            await self.hub.close_all()
            await self._runner.cleanup()

    async def act(self, action: Action, *, ends: bool) -> None:
        """Carry out a scripted action, or its end, and note it in ``happened``."""
        self.happened.append(TimedAction(self._market.clock.now_ms(), action, ends))
        match action:
            case DropConnections():
                self.hub.drop(reset=action.how == "reset")
            case SendGarbage():
                for place in range(action.count):
                    self.hub.send_all(garbage(action.form, place))
            case Stall() if action.duration is not None:
                self.hub.stall(-1 if ends else 1, deaf=not action.pings)
            case Stall():
                self.hub.silence(answers_pings=action.pings)
            case Restart() if ends:
                await self._reopen()
            case Restart():
                await self._shut()

    async def driven_to(self, time_ms: int) -> None:
        """Go on to an instant and wait until the clients have read what was sent meanwhile."""
        if not isinstance(self._pace, DrivenPace):
            raise InvariantError("only an exchange with the pace 'driven' can be advanced")
        if not self.finished.is_set():
            end_ms = self._options.end_ms
            self._pace.drive(time_ms if end_ms is None else min(time_ms, end_ms), self._wake)
            await self._pace.settled.wait()
        await self.hub.read_by_all()

    async def subscribed(self, count: int) -> None:
        """Wait until so many streams are subscribed to."""
        while len(self.hub.streams()) < count:
            await self.hub.progress()

    async def _publish(self, pace: Pace, listens: Callable[[], None], closing: asyncio.Event) -> None:
        options = self._options
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._publisher.run(pace, self._wake, self._finish))]
            if options.runs and options.updates_per_second > 0:
                running.append(tasks.create_task(self._send_updates(options.updates_per_second)))
            if options.connection_ms is not None:
                running.append(tasks.create_task(self._end_old_connections(options.connection_ms)))
            listens()
            await closing.wait()
            for task in running:
                task.cancel()

    def _made_pace(self) -> Pace:
        clock, options = self._market.clock, self._options
        if isinstance(clock, RunningClock):
            return RunningPace(clock, self.hub, options.streams_before_start)
        if options.pace == "driven":
            return DrivenPace(clock)
        return ReadPace(clock, self.hub, options.streams_before_start, options.patience_s, lambda: self._down > 0)

    def _finish(self) -> None:
        self.finished.set()
        if isinstance(self._pace, DrivenPace):
            self._pace.settled.set()

    def _wake_publisher(self) -> None:
        self._wake.set()

    def _rest_fault(self, path: str, symbol: str | None) -> Fault | None:
        planned = self.rest_faults.take(path, symbol)
        return planned or self._market.script.take_rest_fault(self._market.clock.now_ms(), path, symbol)

    async def _send_updates(self, per_second: float) -> None:
        while not self.finished.is_set():
            await asyncio.sleep(1.0 / per_second)
            self._publisher.send_updates(self._market.clock.now_ms())

    async def _end_old_connections(self, life_ms: int) -> None:
        while True:
            await asyncio.sleep(_POLL_S)
            for connection in list(self.hub.connections):
                if self._market.clock.now_ms() - connection.opened_ms >= life_ms and not self.hub.stalled:
                    connection.put(Outgoing(close=True))

    async def _shut(self) -> None:
        self._down += 1
        if self._down > 1 or self._site is None or self._runner is None or self._runner.server is None:
            return
        await self._site.stop()
        self.hub.abort_all()
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
                    listener = loopback_socket(self._port)
                    break
                except ConfigurationError:
                    # Another process may hold the port for a moment.
                    await asyncio.sleep(_POLL_S)
        self._site = web.SockSite(self._runner, listener)
        await self._site.start()
