"""The async shell around the kernel: feed events in, journalled steps out."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

from core.candle import Candle
from core.errors import FeedError
from engine.fold import SessionFold
from engine.journal import JournalWriter
from engine.journal_records import (
    CandleRecord,
    ConnectionRecord,
    EndRecord,
    JournalRecord,
    KillSwitchRecord,
    StepRecord,
    fields_of,
)
from live.barrier import Barrier, ClosedStep, Note, ReceivedCandle
from live.delays import Delays
from live.ingress_clock import IngressClock
from live.session_folder import SessionFolder
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.feed_event import CandleUpdate, Connected, Disconnected, FeedEvent, Stale, Unreadable
from market_data.feeds.feed_limits import FeedLimits

QUEUE_LIMIT = 10_000
"""Most feed events that wait for the kernel; a feed that is ahead by more waits itself."""

IDLE_SECONDS = 0.2
ASK_AGAIN_SECONDS = 1.0


class RestAnswer(NamedTuple):
    """What REST said about a symbol's missing candles that closed by a time."""

    symbol: str
    until_ms: int
    candles: list[Candle]


class SessionView(Protocol):
    """Is told what the session does; nothing it shows is part of the session's state."""

    def candle_forming(self, symbol: str, candle: Candle) -> None:
        """Take the running state of a candle."""
        ...

    def connection_changed(self, event: str, detail: str) -> None:
        """Take a change of the connection."""
        ...

    def step_done(self, closed: ClosedStep, delay_seconds: float) -> None:
        """Take a processed step and how long after its last candle its outputs were written."""
        ...

    def noted(self, note: Note) -> None:
        """Take a candle that did not become part of a step."""
        ...

    def kill_switch_changed(self, engaged: bool, by: str) -> None:
        """Take a change of the kill switch."""
        ...


class SessionDriver:
    """Runs a session on a feed until it is asked to stop.

    Parameters
    ----------
    fold
        The session, folded up to now.
    journal, folder
        Where records are written before the kernel sees them, and where its outputs go.
    feed, barrier, clock
        Candles, what makes steps of them, and the exchange's time. Feed symbols are unified.
    unified
        Configured spelling -> unified symbol, in configured order.
    kill_switch
        Asked at least once a second; returns whether it is engaged and by what.
    view
        Shows what happens.
    missed_until_ms
        Steps up to this time were missed and must not enter; None when there are none.
    ask_again_seconds
        Least time between two rounds of questions to REST.
    """

    def __init__(
        self,
        fold: SessionFold,
        journal: JournalWriter,
        folder: SessionFolder,
        feed: CandleFeed,
        barrier: Barrier,
        clock: IngressClock,
        unified: dict[str, str],
        kill_switch: Callable[[], tuple[bool, str]],
        view: SessionView,
        *,
        missed_until_ms: int | None = None,
        ask_again_seconds: float = ASK_AGAIN_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fold = fold
        self._journal = journal
        self._folder = folder
        self._feed = feed
        self._barrier = barrier
        self._clock = clock
        self._unified = unified
        self._kill_switch = kill_switch
        self._view = view
        self._missed_until_ms = missed_until_ms
        self._ask_again_seconds = ask_again_seconds
        self._settle_ms = FeedLimits().settle_for(fold.session.parts.rules.timeframe_ms)
        self._monotonic = monotonic
        self._queue: asyncio.Queue[tuple[FeedEvent | RestAnswer, float]] = asyncio.Queue(QUEUE_LIMIT)
        self._asking: asyncio.Task[None] | None = None
        self._ask_not_before = 0.0
        self._killed = fold.session.kill_switch_engaged
        self._kill_checked_at = float("-inf")
        self.delays = Delays()
        self.unreadable = 0
        self.stopping = asyncio.Event()

    async def run(self, until_ms: int | None = None, seconds: float | None = None) -> None:
        """Process events until stopped, until all steps up to ``until_ms`` are, or for ``seconds`` of wall time.

        Raises
        ------
        StoreError
            If the journal or an output cannot be written; nothing was decided that is not journalled.
        StrategyError
            If the strategy failed.
        """
        begun = self._monotonic()
        tasks = [asyncio.create_task(self._read_feed()), asyncio.create_task(self._clock.keep_synchronised())]
        try:
            while not self.stopping.is_set():
                for task in tasks:
                    if task.done():
                        task.result()
                await self._take_events()
                self._watch_kill_switch()
                if self._close_steps(until_ms):
                    return
                self._ask_for_missing()
                if seconds is not None and self._monotonic() - begun >= seconds:
                    return
        finally:
            if self._asking is not None:
                tasks.append(self._asking)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def end(self, mode: Literal["flatten", "keep"]) -> None:
        """Journal the session's end and let the kernel act on it."""
        self._apply(EndRecord(mode))

    async def _read_feed(self) -> None:
        async for event in self._feed.events():
            await self._queue.put((event, self._monotonic()))

    async def _take_events(self) -> None:
        """Wait a moment for an event, then take whatever else is there."""
        with contextlib.suppress(TimeoutError):
            event, received_at = await asyncio.wait_for(self._queue.get(), IDLE_SECONDS)
            self._take(event, received_at)
            while not self._queue.empty():
                event, received_at = self._queue.get_nowait()
                self._take(event, received_at)

    def _take(self, event: FeedEvent | RestAnswer, received_at: float) -> None:
        if isinstance(event, CandleUpdate):
            if not event.final:
                self._view.candle_forming(event.symbol, event.candle)
                return
            note = self._barrier.take(event.symbol, ReceivedCandle(event.candle, event.source), received_at)
            if note is not None:
                self._note(note)
            else:
                self.delays.received(received_at)
        elif isinstance(event, RestAnswer):
            for note in self._barrier.answer(event.symbol, event.until_ms, event.candles, received_at):
                self._note(note)
        elif isinstance(event, Connected):
            self._connection("connected", event.detail)
        elif isinstance(event, Disconnected):
            self._connection("disconnected", event.reason)
        elif isinstance(event, Stale):
            self._connection("stale", f"{event.symbol} silent for {event.silent_seconds:.1f} s")
        elif isinstance(event, Unreadable):
            self.unreadable += 1
            self._view.connection_changed("unreadable", event.reason)

    def _note(self, note: Note) -> None:
        """Record a candle that changes nothing; a plain repetition is only counted by the view."""
        if note.kind != "duplicate":
            fields = fields_of(note.received.candle)
            if fields is not None:
                self._journal.append(CandleRecord(note.kind, note.symbol, fields, note.received.source, note.detail))
        self._view.noted(note)

    def _connection(self, event: str, detail: str) -> None:
        self._journal.append(ConnectionRecord(event, detail, self._clock.now_ms()))
        self._view.connection_changed(event, detail)

    def _watch_kill_switch(self) -> None:
        now = self._monotonic()
        if now - self._kill_checked_at < IDLE_SECONDS:
            return
        self._kill_checked_at = now
        engaged, by = self._kill_switch()
        if engaged != self._killed:
            self._killed = engaged
            self._apply(KillSwitchRecord(engaged, by))
            self._view.kill_switch_changed(engaged, by)

    def _close_steps(self, until_ms: int | None) -> bool:
        """Process the steps that are ready; return whether ``until_ms`` is reached, beyond which none is processed."""
        for closed in self._barrier.close_ready():
            # The switch is seen between steps, also while a queue of them is worked off.
            self._watch_kill_switch()
            step = closed.step
            if until_ms is not None and step.time_ms > until_ms:
                return True
            missed = self._missed_until_ms is not None and step.time_ms <= self._missed_until_ms
            candles = tuple(fields_of(candle) for candle in step.candles)
            self._apply(StepRecord(step.time_ms, candles, self._fold.outputs.digest(), closed.sources, missed))
            self._view.step_done(closed, self.delays.step_written(self._monotonic()))
        last_ms = self._fold.session.last_step_ms
        return until_ms is not None and last_ms is not None and last_ms >= until_ms

    def _apply(self, record: JournalRecord) -> None:
        """Write a record, then let the kernel see it, then hand its outputs to the system."""
        self._journal.append(record)
        self._fold.apply(record)
        self._folder.flush()

    def _ask_for_missing(self) -> None:
        """Let REST answer for candles whose grace is over; one round of questions at a time."""
        now = self._monotonic()
        if (self._asking is not None and not self._asking.done()) or now < self._ask_not_before:
            return
        asked = self._barrier.to_ask(now)
        if asked:
            self._ask_not_before = now + self._ask_again_seconds
            self._asking = asyncio.create_task(self._ask(asked))

    async def _ask(self, asked: dict[str, tuple[int, int]]) -> None:
        """Ask for every symbol; what cannot be had now is asked for again.

        A candle that is not closed by the exchange's own clock is not denied: a clock that was set back, before or
        while REST was asked, must not close a step without it.
        """
        answers = []
        try:
            told_ms = await self._feed.server_time_ms()
            for symbol, (start_ms, end_ms) in asked.items():
                with contextlib.suppress(FeedError):
                    candles = await self._feed.closed_candles(symbol, start_ms, end_ms)
                    answers.append(RestAnswer(symbol, end_ms, candles))
            told_ms = min(told_ms, await self._feed.server_time_ms())
        except FeedError:
            return
        for answer in answers:
            until_ms = min(answer.until_ms, told_ms - self._settle_ms)
            await self._queue.put((answer._replace(until_ms=until_ms), self._monotonic()))
