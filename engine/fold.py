"""State as the fold of a journal: the same records give the same session and the same bytes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from core.candle import Candle
from core.errors import InvariantError, ParityError
from core.instants import format_ms
from core.programs.program_call import ProgramFault
from core.timeframe import timeframe_ms
from core.watched_series import WatchedSeries
from engine.assembly import build_safety_monitor, build_session, build_strategy_of
from engine.journal_records import (
    CandleFields,
    CommandRecord,
    EndRecord,
    JournalRecord,
    ProgramRecord,
    ResumeRecord,
    SessionRecord,
    StepRecord,
    step_of,
)
from engine.kill_switch import KillSwitch
from engine.portfolio.portfolio_assembly import MemberParts, build_portfolio, strategies_of
from engine.portfolio.portfolio_outputs import PortfolioOutputs
from engine.portfolio.portfolio_session import PortfolioSession
from engine.renderer import SessionOutputs
from engine.session import Session
from engine.warm_up import warm_up
from strategies.anchored_blocks import stored_candles_needed
from strategies.features.program_port import CallsProgram
from strategies.strategy import Strategy, StreamingStrategy
from validation.composed_settings import Settings
from validation.portfolio_settings import PortfolioFeed, PortfolioSettings

Kernel = TypeVar("Kernel", Session, PortfolioSession)
Written = TypeVar("Written", SessionOutputs, PortfolioOutputs)


class Fold(Generic[Kernel, Written]):
    """A session, or several on one account, driven by journal records, whether they are being written or read back.

    Parameters
    ----------
    session
        Warmed up.
    outputs
        Where it writes.
    symbols
        How many it trades.
    """

    def __init__(self, session: Kernel, outputs: Written, symbols: int) -> None:
        self.session: Kernel = session
        self.outputs: Written = outputs
        self.ended: EndRecord | None = None
        self._symbols = symbols
        self._programs: Mapping[str, CallsProgram] = {}

    def machine_records(self) -> Iterator[ProgramRecord]:
        """Yield what has to be journalled behind the last step: calls of programs that failed by the machine."""
        for member, program in self._programs.items():
            for call, fault in program.machine_faults():
                yield ProgramRecord(call, fault.text, fault.line, member)

    def recall(self, records: Iterable[JournalRecord]) -> None:
        """Look through a whole journal for what its steps cannot say, before they are applied again.

        ``records`` are looked at where a program decides alone.
        """
        if self._programs:
            recall_calls(self._programs, records)

    def recalled(self) -> None:
        """End what :meth:`recall` began: steps that follow are those of a session that goes on."""
        for program in self._programs.values():
            program.recall(None)

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
        for part in (record.candles, record.detail, record.marks, record.funding, record.open_interest):
            if len(part) != self._symbols and (part or part is record.candles):
                raise InvariantError(f"{len(part)} candles for {self._symbols} symbols")
        if record.watched and len(record.watched) != len(self.session.watched.series):
            series = len(self.session.watched.series)
            raise InvariantError(f"{len(record.watched)} parts of watched candles for {series} series")


class SessionFold(Fold[Session, SessionOutputs]):
    """A session driven by journal records.

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
        kill_switch = KillSwitch(record.kill_switch)
        session = build_session(
            settings,
            strategy or build_strategy_of(settings),
            record.instruments,
            outputs,
            kill_switch,
            build_safety_monitor(settings, kill_switch),
        )
        require_series(session.watched.series, record)
        warm_up(
            session,
            [[Candle(*fields) for fields in record.warmup.get(symbol, ())] for symbol in settings.live.symbols],
            [[Candle(*fields) for fields in one.warmup] for one in record.watched_series],
        )
        super().__init__(session, outputs, len(settings.live.symbols))
        self._programs = {} if session.program is None else {"": session.program}


class PortfolioFold(Fold[PortfolioSession, PortfolioOutputs]):
    """The sessions of a portfolio driven by journal records; parameters as of a :class:`SessionFold`.

    Every member is warmed up by as many candles as it needs, and no more.
    """

    def __init__(self, record: SessionRecord, settings: PortfolioSettings, outputs: PortfolioOutputs) -> None:
        strategies = strategies_of(settings)
        parts = {name: MemberParts(strategy) for name, strategy in strategies.items()}
        session = build_portfolio(settings, parts, record.instruments, outputs, kill_switch=record.kill_switch)
        require_series(session.watched.series, record)
        length_ms = timeframe_ms(settings.first.timeframe)
        shown = {(one.symbol, one.timeframe): one.warmup for one in record.watched_series}
        for name, own in session.by_name.items():
            needed = stored_candles_needed(strategies[name], record.start_ms, length_ms)
            stored = [_last(record.warmup.get(symbol, ()), needed) for symbol in own.instruments]
            series = own.watched.series
            warm_up(own, stored, [_last(shown[one.symbol, one.timeframe], one.warmup_candles) for one in series])
        super().__init__(session, outputs, len(settings.symbols))
        self._programs = session.programs


AnyFold = SessionFold | PortfolioFold


def recall_calls(programs: Mapping[str, CallsProgram], records: Iterable[JournalRecord]) -> None:
    """Have programs, by member, run through the calls of a session again, of which a journal says which failed."""
    failed: dict[str, dict[int, ProgramFault]] = {name: {} for name in programs}
    for record in records:
        if isinstance(record, ProgramRecord):
            failed.setdefault(record.member, {})[record.call] = ProgramFault("machine", record.text, record.line)
    for name, program in programs.items():
        program.recall(failed[name])


def fold_of(record: SessionRecord, settings: Settings, outputs: SessionOutputs | PortfolioOutputs) -> AnyFold:
    """Return what the records of a journal drive: a session, or those of a portfolio.

    ``settings`` are those by which its candles come in, ``outputs`` of the same kind.
    """
    if isinstance(outputs, PortfolioOutputs):
        if not isinstance(settings, PortfolioFeed):
            raise InvariantError("outputs of a portfolio for the settings of a session")
        return PortfolioFold(record, settings.portfolio, outputs)
    return SessionFold(record, settings, outputs)


def require_series(series: Sequence[WatchedSeries], record: SessionRecord) -> None:
    """Refuse a journal whose watched series are not those that settings and strategies ask for now."""
    recorded = record.watched_series
    if [(one.symbol, one.timeframe) for one in series] != [(one.symbol, one.timeframe) for one in recorded]:
        names = ", ".join(f"{one.symbol} {one.timeframe}" for one in recorded) or "nothing"
        wanted = ", ".join(one.name for one in series) or "nothing"
        raise ParityError(f"the journal watches {names}, settings and strategy now ask for {wanted}")


def _last(candles: Sequence[CandleFields], count: int) -> list[Candle]:
    return [Candle(*fields) for fields in candles[max(0, len(candles) - count) :]]
