"""The async shell around the kernel: feed events in, journalled steps out."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from engine.fold import SessionFold
from engine.journal import JournalWriter
from engine.journal_records import (
    CandleRecord,
    CommandRecord,
    ConnectionRecord,
    EndRecord,
    JournalRecord,
    MissingRecord,
    fields_of,
    step_record,
)
from live.intake.barrier import Barrier, ClosedStep
from live.intake.candle_lane import Note, ReceivedCandle, Series
from live.intake.ingress_clock import IngressClock
from live.intake.missing_candles import MissingCandles, RestAnswer
from live.intake.perpetual_inputs import PerpetualInputs
from live.life.delays import Delays
from live.life.session_folder import SessionFolder
from live.views.view_protocol import SessionView
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.feed_event import CandleUpdate, Connected, Disconnected, FeedEvent, Stale, Unreadable

QUEUE_LIMIT = 10_000
"""Most feed events that wait for the kernel; a feed that is ahead by more waits itself."""

IDLE_SECONDS = 0.2
ASK_AGAIN_SECONDS = 1.0


class SessionDriver:
    """Runs a session on its feeds until it is asked to stop.

    Parameters
    ----------
    fold
        The session, folded up to now.
    journal, folder
        Where records are written before the kernel sees them, and where its outputs go.
    feeds
        The strategy's candles, and the detail candles where the session has them, by series. Symbols are unified.
    barrier, clock
        What makes steps of candles, and the exchange's time.
    commands
        Asked between steps, at least once in ``IDLE_SECONDS``, what to obey; told whether the kill switch is engaged.
    view
        Shows what happens.
    inputs
        Completes steps with marks and funding rates; None where there are none.
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
        feeds: Mapping[Series, CandleFeed],
        barrier: Barrier,
        clock: IngressClock,
        commands: Callable[[bool], Iterable[CommandRecord]],
        view: SessionView,
        *,
        inputs: PerpetualInputs | None = None,
        missed_until_ms: int | None = None,
        ask_again_seconds: float = ASK_AGAIN_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fold = fold
        self._journal = journal
        self._folder = folder
        self._feeds = feeds
        self._finest: Series = "detail" if "detail" in feeds else "strategy"
        self._barrier = barrier
        self._clock = clock
        self._commands = commands
        self._view = view
        self._inputs = inputs
        self._missed_until_ms = missed_until_ms
        self._monotonic = monotonic
        self._queue: asyncio.Queue[tuple[FeedEvent | RestAnswer | None, float, Series]] = asyncio.Queue(QUEUE_LIMIT)
        self._missing = MissingCandles(barrier, feeds, self._put_answer, ask_again_seconds, monotonic)
        if inputs is not None:
            inputs.wake = self._wake
        self._down = set(feeds)
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
        tasks = [asyncio.create_task(self._read(series, feed)) for series, feed in self._feeds.items()]
        tasks.append(asyncio.create_task(self._clock.keep_synchronised()))
        try:
            while not self.stopping.is_set():
                for task in tasks:
                    if task.done():
                        task.result()
                await self._take_events()
                self._obey()
                if self._close_steps(until_ms):
                    return
                self._missing.ask()
                if seconds is not None and self._monotonic() - begun >= seconds:
                    return
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._missing.stop()
            if self._inputs is not None:
                await self._inputs.stop()

    def end(self, mode: Literal["flatten", "keep"]) -> None:
        """Journal the session's end and let the kernel act on it."""
        self._apply(EndRecord(mode))

    async def _read(self, series: Series, feed: CandleFeed) -> None:
        async for event in feed.events():
            await self._queue.put((event, self._monotonic(), series))

    async def _put_answer(self, answer: RestAnswer) -> None:
        await self._queue.put((answer, self._monotonic(), answer.asked.series))

    async def _wake(self) -> None:
        """Let the loop look at the steps again."""
        await self._queue.put((None, self._monotonic(), self._finest))

    async def _take_events(self) -> None:
        """Wait a moment for an event, then take whatever else is there."""
        # Not wait_for: before Python 3.12 one that gets an event as it is cancelled drops the cancellation.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                first = await self._queue.get()
            self._take(*first)
            while not self._queue.empty():
                self._take(*self._queue.get_nowait())

    def _take(self, event: FeedEvent | RestAnswer | None, received_at: float, series: Series) -> None:
        if isinstance(event, CandleUpdate):
            self._take_candle(event, received_at, series)
        elif isinstance(event, RestAnswer):
            for note in self._barrier.answer(event.asked, event.until_ms, event.candles, received_at):
                self._note(note)
        elif isinstance(event, Connected):
            self._down.discard(series)
            self._connection("connected", event.detail, shown=not self._down)
        elif isinstance(event, Disconnected):
            self._down.add(series)
            self._connection("disconnected", event.reason)
        elif isinstance(event, Stale):
            self._connection("stale", f"{event.symbol} silent for {event.silent_seconds:.1f} s")
        elif isinstance(event, Unreadable):
            self.unreadable += 1
            self._view.connection_changed("unreadable", event.reason)

    def _take_candle(self, update: CandleUpdate, received_at: float, series: Series) -> None:
        if not update.final:
            if series == self._finest:
                self._view.candle_forming(update.symbol, update.candle)
            return
        note = self._barrier.take(update.symbol, ReceivedCandle(update.candle, update.source), received_at, series)
        if note is not None:
            self._note(note)
        else:
            self.delays.received(received_at)

    def _note(self, note: Note) -> None:
        """Record a candle that changes nothing; a plain repetition is only counted by the view."""
        if note.kind != "duplicate":
            fields = fields_of(note.received.candle)
            if fields is not None:
                source = note.received.source
                self._journal.append(CandleRecord(note.kind, note.symbol, fields, source, note.detail, note.series))
        self._view.noted(note)

    def _connection(self, event: str, detail: str, *, shown: bool = True) -> None:
        self._journal.append(ConnectionRecord(event, detail, self._clock.now_ms()))
        if shown:
            self._view.connection_changed(event, detail)

    def _obey(self) -> None:
        for command in self._commands(self._fold.session.kill_switch_engaged):
            self._apply(command)
            self._view.commanded(command)

    def _close_steps(self, until_ms: int | None) -> bool:
        """Process the steps that are ready; return whether ``until_ms`` is reached, beyond which none is processed."""
        for closed, missing in self._ready_steps():
            # Commands are obeyed between steps, also while a queue of them is worked off.
            self._obey()
            step = closed.step
            if until_ms is not None and step.time_ms > until_ms:
                return True
            for one in missing:
                self._journal.append(one)
                self._view.gone_without(one)
            missed = self._missed_until_ms is not None and step.time_ms <= self._missed_until_ms
            digest = self._fold.outputs.digest()
            self._apply(step_record(step, digest, closed.sources, closed.detail_sources, missed=missed))
            self._view.step_done(closed, self.delays.step_written(self._monotonic()))
        last_ms = self._fold.session.last_step_ms
        return until_ms is not None and last_ms is not None and last_ms >= until_ms

    def _ready_steps(self) -> Iterator[tuple[ClosedStep, Sequence[MissingRecord]]]:
        """Yield the steps that have all they need, oldest first, with what each goes on without."""
        inputs = self._inputs
        if inputs is None:
            yield from ((closed, ()) for closed in self._barrier.close_ready())
            return
        for closed in self._barrier.close_ready():
            inputs.add(closed)
        for note in inputs.take_notes():
            self._note(note)
        while (ready := inputs.next_complete()) is not None:
            yield ready
        inputs.ask()

    def _apply(self, record: JournalRecord) -> None:
        """Write a record, then let the kernel see it, then hand its outputs to the system."""
        self._journal.append(record)
        self._fold.apply(record)
        self._folder.flush()
