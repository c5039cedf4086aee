"""State as the fold of a journal: the same records give the same session and the same bytes."""

from core.candle import Candle
from core.errors import InvariantError, ParityError
from core.instants import format_ms
from engine.assembly import build_safety_monitor, build_session, build_strategy_of
from engine.journal_records import (
    CommandRecord,
    EndRecord,
    JournalRecord,
    ResumeRecord,
    SessionRecord,
    StepRecord,
    step_of,
)
from engine.kill_switch import KillSwitch
from engine.renderer import SessionOutputs
from engine.session import Session
from engine.warm_up import warm_up
from strategies.strategy import Strategy, StreamingStrategy
from validation.composed_settings import Settings


class SessionFold:
    """A session driven by journal records, whether they are being written or read back.

    Parameters
    ----------
    record
        The first record of the journal.
    settings
        The settings that the record names.
    outputs
        Where the session writes.
    strategy
        Decides instead of the strategy that the settings name; for tests.
    """

    def __init__(
        self,
        record: SessionRecord,
        settings: Settings,
        outputs: SessionOutputs,
        strategy: Strategy | StreamingStrategy | None = None,
    ) -> None:
        self.outputs = outputs
        self._symbols = len(settings.live.symbols)
        self.ended: EndRecord | None = None
        kill_switch = KillSwitch(record.kill_switch)
        self.session: Session = build_session(
            settings,
            strategy or build_strategy_of(settings),
            record.instruments,
            outputs,
            kill_switch,
            build_safety_monitor(settings, kill_switch),
        )
        series, recorded = self.session.watched.series, record.watched_series
        if [(one.symbol, one.timeframe) for one in series] != [(one.symbol, one.timeframe) for one in recorded]:
            names = ", ".join(f"{one.symbol} {one.timeframe}" for one in recorded) or "nothing"
            wanted = ", ".join(one.name for one in series) or "nothing"
            raise ParityError(f"the journal watches {names}, settings and strategy now ask for {wanted}")
        warm_up(
            self.session,
            [[Candle(*fields) for fields in record.warmup.get(symbol, ())] for symbol in settings.live.symbols],
            [[Candle(*fields) for fields in one.warmup] for one in recorded],
        )

    def apply(self, record: JournalRecord) -> None:
        """Let the kernel see a record; those that are only noted change nothing.

        Raises
        ------
        ParityError
            If the outputs before a step are not those that the journal saw: changed code or data.
        InvariantError
            If a record cannot stand where it does: one after the end, a second beginning, a step or a command of other
            symbols, or a step that is not later than the one before.
        """
        if self.ended is not None:
            self._go_on(record, self.ended)
        if isinstance(record, StepRecord):
            self._check_widths(record)
            digest = self.outputs.digest()
            if record.digest != digest:
                raise ParityError(
                    f"step {format_ms(record.time_ms)}: the outputs before it have the digest {digest[:16]}…, the "
                    f"journal says {record.digest[:16]}…: code or data have changed since the session ran",
                    step_ms=record.time_ms,
                )
            self.session.process(step_of(record), refuse_entries="missed_step" if record.missed else None)
        elif isinstance(record, CommandRecord):
            self._obey(record)
        elif isinstance(record, EndRecord):
            self.session.finish(flatten=record.mode == "flatten")
            self.ended = record
        elif isinstance(record, SessionRecord):
            raise InvariantError("a second session begins")

    def _go_on(self, record: JournalRecord, ended: EndRecord) -> None:
        """Take up what was ended to go on; refuse what cannot follow an end."""
        if isinstance(record, ResumeRecord) and ended.mode == "keep":
            self.ended = None
        elif isinstance(record, (StepRecord, CommandRecord, EndRecord)):
            raise InvariantError("the journal goes on after the session's end")

    def _obey(self, record: CommandRecord) -> None:
        match record.command:
            case "kill" | "release" as command:
                self.session.set_kill_switch(command == "kill")
            case "pause" | "resume" as command:
                self.session.set_paused(command == "pause")
            case "close":
                self.session.close_position(record.symbol or "")
            case "cancel":
                self.session.cancel_entry(record.symbol or "")

    def _check_widths(self, record: StepRecord) -> None:
        """Refuse a step of other symbols: candles there must be, the other parts may be empty."""
        for part in (record.candles, record.detail, record.marks, record.funding):
            if len(part) != self._symbols and (part or part is record.candles):
                raise InvariantError(f"{len(part)} candles for {self._symbols} symbols")
        if record.watched and len(record.watched) != len(self.session.watched.series):
            series = len(self.session.watched.series)
            raise InvariantError(f"{len(record.watched)} parts of watched candles for {series} series")
