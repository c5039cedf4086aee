"""The session as log lines, one ``key=value`` list each."""

import logging
import time
from collections.abc import Callable

from msgspec import UNSET

from core.instants import format_ms
from engine.journal_records import CommandRecord, MissingRecord
from live.intake.candle_lane import Note
from live.views.account_lines import parts_of
from live.views.session_events import SessionEvents
from live.views.session_log import key_values
from live.views.session_updates import ConnectionChange, SessionUpdate, StepDone
from live.views.session_watch import SessionWatch

STATUS_SECONDS = 60.0
QUIET_SECONDS = 1.0

_log = logging.getLogger("live.session")


class LogView:
    """Writes what happens as log records of the logger ``live.session``.

    A step in which something happened has its line, others have one a second at most; the rest are DEBUG lines. When
    nothing has been written for a minute, a status line says that the session is alive.
    """

    def __init__(self, watch: SessionWatch, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._watch = watch
        self._events = SessionEvents(watch.session)
        self._monotonic = monotonic
        self._step_line_at = float("-inf")
        self._line_at = monotonic()
        self._waits_for = ""

    def take(self, update: SessionUpdate) -> None:
        """Say what happened; a forming candle is for the eye."""
        match update:
            case StepDone():
                self._step_done(update)
            case ConnectionChange(event, detail):
                level = logging.INFO if event == "connected" else logging.WARNING
                self._line(level, "connection", state=event, detail=detail)
            case Note():
                self._noted(update)
            case MissingRecord(kind, symbol, time_ms, detail):
                last = {} if update.last_ms is UNSET else {"last": format_ms(update.last_ms)}
                due = format_ms(time_ms)
                self._line(logging.WARNING, "missing", kind=kind, symbol=symbol, due=due, **last, detail=detail)
            case CommandRecord():
                self._commanded(update)
                self._say_events()

    def refresh(self) -> None:
        """Say that the session is alive when nothing else was said for a minute."""
        self._say_events()
        waits_for = self._watch.waits_for
        if waits_for != self._waits_for:
            self._waits_for = waits_for
            if waits_for:
                self._line(logging.WARNING, "waiting", detail=waits_for)
        if self._monotonic() - self._line_at >= STATUS_SECONDS:
            picture = self._watch.picture()
            self._line(
                logging.INFO,
                "status",
                last_step=_time(picture.steps.last_ms),
                exchange_time=_time(picture.exchange_ms),
                connection=picture.feed.state,
                message_age_seconds=picture.feed.message_age_seconds,
                open_boundaries=picture.steps.open_boundaries,
                equity=picture.account.equity,
                waits_for=picture.steps.waits_for or None,
            )

    def close(self) -> None:
        """Say how the account stands."""
        self._say_events()
        picture = self._watch.picture()
        self._line(
            logging.INFO,
            "stopped",
            session=picture.session,
            last_step=_time(picture.steps.last_ms),
            steps=picture.steps.steps,
            balance=picture.account.balance,
            equity=picture.account.equity,
            positions=len(picture.positions),
        )

    def _step_done(self, done: StepDone) -> None:
        """Say that a step is done, and what was decided and filled in it."""
        now, happened = self._monotonic(), self._say_events()
        quiet = happened == 0 and now - self._step_line_at < QUIET_SECONDS
        if not quiet:
            self._step_line_at = now
        step, session = done.closed.step, self._watch.session
        accounts = [part.account for _, part in parts_of(session)]
        # A step between two strategy candles says how many of its detail candles are there.
        candles = step.candles if any(step.candles) else step.detail
        present = sum(candle is not None for candle in candles)
        self._line(
            logging.DEBUG if quiet else logging.INFO,
            "step",
            time=format_ms(step.time_ms),
            candles=f"{present}/{len(candles)}",
            delay_ms=f"{1_000 * done.delay_seconds:.1f}",
            equity=f"{session.safety.current_equity:.2f}",
            positions=sum(len(one.holdings) for one in accounts),
            waiting=sum(len(one.waiting_entries) + len(one.waiting_closes) for one in accounts),
        )

    def _noted(self, note: Note) -> None:
        """Say which candle did not become part of a step, and why."""
        self._line(
            logging.DEBUG if note.kind == "duplicate" else logging.WARNING,
            "candle",
            kind=note.kind,
            symbol=note.symbol,
            opened=format_ms(note.received.candle.open_time_ms),
            source=note.received.source,
            detail=note.detail,
        )

    def _commanded(self, command: CommandRecord) -> None:
        """Say what an operator asked for."""
        if command.command in ("kill", "release"):
            state = "engaged" if command.command == "kill" else "released"
            self._line(logging.WARNING, "kill_switch", state=state, by=command.by)
        else:
            symbol = {} if command.symbol is None else {"symbol": command.symbol}
            self._line(logging.WARNING, "command", command=command.command, **symbol, by=command.by)

    def _say_events(self) -> int:
        fresh = self._events.fresh()
        for event in fresh:
            level = logging.WARNING if event.severity == "warning" else logging.INFO
            symbol = {} if event.symbol is None else {"symbol": event.symbol}
            self._line(level, event.name, time=event.time, **symbol, **event.fields)
        return len(fresh)

    def _line(self, level: int, event: str, **fields: object) -> None:
        self._line_at = self._monotonic()
        if _log.isEnabledFor(level):
            _log.log(level, "%s", key_values(event=event, **fields))


def _time(time_ms: int | None) -> str | None:
    return None if time_ms is None else format_ms(time_ms)
