"""The async shell around the kernel: feed events in, journalled steps out."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from core.instants import format_ms
from core.timeframe import floor_to_grid
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
from live.intake.barrier import ClosedStep
from live.intake.candle_lane import Note, ReceivedCandle, Series
from live.intake.early_finals import Arrival
from live.intake.feed_queue import FeedQueue, QueuedEvent
from live.intake.final_judgement import FinalJudgement
from live.intake.missing_candles import MissingCandles, RestAnswer
from live.intake.session_inputs import ASK_AGAIN_SECONDS, Intake
from live.life.session_folder import SessionFolder
from live.life.session_start import StartedSession
from live.views.session_updates import ConnectionChange, FormingCandle, SessionView, StepDone
from market_data.feeds.feed_event import CandleUpdate, Connected, Disconnected, Stale, Unreadable


class SessionDriver:
    """Runs a session on its feeds until it is asked to stop.

    Parameters
    ----------
    started
        The session as it is now, and the journal that is written before the kernel sees a record.
    folder
        Where its outputs go.
    intake
        Where its steps come from.
    commands
        Asked between steps, at least several times a second, what to obey; told whether the kill switch is engaged.
    view
        Shows what happens.
    ask_again_seconds
        Least time between two rounds of questions to REST.
    """

    def __init__(
        self,
        started: StartedSession,
        folder: SessionFolder,
        intake: Intake,
        commands: Callable[[bool], Iterable[CommandRecord]],
        view: SessionView,
        *,
        ask_again_seconds: float = ASK_AGAIN_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fold = started.fold
        self._journal = started.journal
        self._missed_until_ms = started.missed_until_ms
        self._folder = folder
        self._intake = intake
        self._finest: Series = "detail" if "detail" in intake.feeds else "strategy"
        self._commands = commands
        self._view = view
        self._monotonic = monotonic
        self._queue = FeedQueue(intake.feeds, monotonic)
        self._missing = MissingCandles(
            intake.barrier, intake.feeds, self._queue.put_answer, ask_again_seconds, monotonic
        )
        self._finals = FinalJudgement(
            intake.clock, intake.early_final_ms, intake.barrier.grace_seconds, self._queue.nudge, monotonic
        )
        if intake.perpetual is not None:
            intake.perpetual.wake = self._queue.wake
        self._down = set(intake.feeds)
        self._received_at: float | None = None
        self._begun_ms, self._over = intake.barrier.last_closed_ms, False
        self.stopping = asyncio.Event()

    async def run(self, until_ms: int | None = None, seconds: float | None = None) -> None:
        """Process events until stopped, until all steps up to ``until_ms`` are, or for ``seconds`` of wall time.

        Raises
        ------
        StoreError
            If the journal or an output cannot be written, or the journal is no longer in place;
            nothing was decided that is not journalled.
        StrategyError
            If the strategy failed.
        """
        begun = self._monotonic()
        tasks = [*self._queue.readers(), asyncio.create_task(self._intake.clock.keep_synchronised())]
        try:
            while not self.stopping.is_set():
                for task in tasks:
                    if task.done():
                        task.result()
                for queued in await self._queue.take():
                    self._take(queued)
                self._journal.check_in_place()
                self._take_finals()
                self._obey()
                if self._close_steps(until_ms):
                    return
                self._missing.ask()
                if seconds is not None and self._monotonic() - begun >= seconds:
                    self._over = True
                    return
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._missing.stop()
            await self._finals.stop()
            if self._intake.perpetual is not None:
                await self._intake.perpetual.stop()

    def unfinished(self, until_ms: int | None) -> str:
        """Say what the last step lacked where wall time was over before ``until_ms`` was reached; else empty."""
        last_ms = self._fold.session.last_step_ms or self._begun_ms
        if not self._over or until_ms is None or floor_to_grid(until_ms, self._intake.barrier.step_ms) <= last_ms:
            return ""
        waits_for = self._intake.waits_for() or "the exchange gave no later candle"
        return f"the time is over, and the steps up to {format_ms(until_ms)} are not done: {waits_for}"

    def end(self, mode: Literal["flatten", "keep"]) -> None:
        """Journal the session's end and let the kernel act on it."""
        self._apply(EndRecord(mode))

    def _take(self, queued: QueuedEvent) -> None:
        event, received_at, series = queued
        if isinstance(event, CandleUpdate):
            self._take_candle(event, received_at, series)
        elif isinstance(event, RestAnswer):
            for note in self._intake.barrier.answer(event.asked, event.until_ms, event.candles, received_at):
                self._note(note)
        elif isinstance(event, Connected):
            self._down.discard(series)
            self._connection(ConnectionChange("connected", event.detail), shown=not self._down)
        elif isinstance(event, Disconnected):
            self._down.add(series)
            self._connection(ConnectionChange("disconnected", event.reason))
        elif isinstance(event, Stale):
            self._connection(ConnectionChange("stale", f"{event.symbol} silent for {event.silent_seconds:.1f} s"))
        elif isinstance(event, Unreadable):
            self._view.take(ConnectionChange("unreadable", event.reason))

    def _take_candle(self, update: CandleUpdate, received_at: float, series: Series) -> None:
        if not update.final:
            if series == self._finest:
                self._view.take(FormingCandle(update.symbol, update.candle))
            return
        self._finals.take(Arrival(update, received_at, series, self._intake.barrier.length_of(series)))

    def _take_finals(self) -> None:
        """Hand the barrier the finals that can be believed by now, and tell it how far the exchange's time has come."""
        barrier = self._intake.barrier
        for (update, received_at, series, _), note in self._finals.ready():
            received = ReceivedCandle(update.candle, update.source)
            note = note or barrier.take(update.symbol, received, received_at, series)
            if note is not None:
                self._note(note)
            else:
                self._received_at = received_at
        now_ms = self._intake.clock.now_ms()
        if now_ms is not None:
            barrier.expect(now_ms, self._monotonic())

    def _note(self, note: Note) -> None:
        """Record a candle that changes nothing; a plain repetition is only counted by the view."""
        if note.kind != "duplicate":
            fields = fields_of(note.received.candle)
            if fields is not None:
                source = note.received.source
                self._journal.append(CandleRecord(note.kind, note.symbol, fields, source, note.detail, note.series))
        self._view.take(note)

    def _connection(self, change: ConnectionChange, *, shown: bool = True) -> None:
        self._journal.append(ConnectionRecord(change.event, change.detail, self._intake.clock.now_ms()))
        if shown:
            self._view.take(change)

    def _obey(self) -> None:
        for command in self._commands(self._fold.session.kill_switch_engaged):
            self._apply(command)
            self._view.take(command)

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
                self._view.take(one)
            missed = self._missed_until_ms is not None and step.time_ms <= self._missed_until_ms
            digest = self._fold.outputs.digest()
            self._apply(
                step_record(step, digest, closed.sources, closed.detail_sources, closed.watched_sources, missed=missed)
            )
            received_at, now = self._received_at, self._monotonic()
            self._view.take(StepDone(closed, 0.0 if received_at is None else now - received_at))
        last_ms = self._fold.session.last_step_ms
        return until_ms is not None and last_ms is not None and last_ms >= until_ms

    def _ready_steps(self) -> Iterator[tuple[ClosedStep, Sequence[MissingRecord]]]:
        """Yield the steps that have all they need, oldest first, with what each goes on without."""
        perpetual, ready = self._intake.perpetual, self._intake.barrier.close_ready()
        if perpetual is None:
            yield from ((closed, ()) for closed in ready)
            return
        for closed in ready:
            perpetual.steps.add(closed, self._monotonic())
        for note in perpetual.steps.take_notes():
            self._note(note)
        while (complete := perpetual.steps.next_complete()) is not None:
            yield complete
        perpetual.ask()

    def _apply(self, record: JournalRecord) -> None:
        """Write a record, then let the kernel see it, then hand its outputs to the system."""
        self._journal.append(record)
        self._fold.apply(record)
        for noted in self._fold.machine_records():
            self._journal.append(noted)
        self._folder.flush()
