"""The records of a session's journal: every input that the kernel saw, in the order it saw them.

One JSON object a line. Floats are written with the shortest digits that read back to the same float64.
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from core.candle import Candle, FundingRate, OpenInterest, Step
from core.instrument import Instrument

CandleFields = tuple[int, float, float, float, float, float]
"""``(open_time_ms, open, high, low, close, volume)``."""

FundingFields = tuple[int, float, float | None]
"""``(time_ms, rate, mark_price)``, the time as the exchange stamped it."""


OpenInterestFields = tuple[int, float, float | None]
"""``(time_ms, amount, value)``, the time as the exchange stamped it."""


class WatchedRecord(msgspec.Struct, frozen=True):
    """A watched series in a session's first record: ``symbol`` as configured, ``canonical`` as the exchange has it."""

    symbol: str
    timeframe: str
    canonical: str
    warmup: list[CandleFields]


class SessionRecord(msgspec.Struct, frozen=True, tag="session", tag_field="record"):
    """First line: what the session is made of. ``warmup`` holds each symbol's stored candles, oldest first.

    ``start_ms`` is the boundary up to which the warm-up reaches; every step is later.
    ``strategy_sha256`` says who decides and ``strategy_files`` hashes the files of a strategy of the user's own; both
    are empty in journals of versions that did not know them. ``watched`` are the series that are watched and not
    traded, in the order of each step's part of that name; left out where there is none. ``open_interest`` are the
    periods of open interest that it is fed; left out where it is fed none.
    """

    session: str
    settings_sha256: str
    code_version: str
    settings: dict[str, Any]
    instruments: dict[str, Instrument]
    warmup: dict[str, list[CandleFields]]
    kill_switch: bool
    start_ms: int = 0
    strategy_sha256: str = ""
    strategy_files: dict[str, str] = {}
    watched: list[WatchedRecord] | UnsetType = UNSET
    open_interest: list[str] | UnsetType = UNSET

    @property
    def watched_series(self) -> list[WatchedRecord]:
        """The watched series; empty without any."""
        return [] if self.watched is UNSET else self.watched

    @property
    def open_interest_periods(self) -> list[str]:
        """The periods of open interest that it is fed; empty without any."""
        return [] if self.open_interest is UNSET else self.open_interest


class StepRecord(msgspec.Struct, frozen=True, tag="step", tag_field="record", omit_defaults=True):
    """A step, written before the kernel sees it.

    ``digest`` is that of all output bytes before the step. ``sources``, ``detail_sources`` and ``watched_sources`` say
    where each candle came from; ``marks``, ``funding`` and ``open_interest`` come from REST alone. ``missed`` marks a
    step that the session could only learn of afterwards and may not enter on. Parts that a step does not have are left
    out of its line.
    """

    time_ms: int
    candles: tuple[CandleFields | None, ...]
    digest: str
    sources: tuple[str | None, ...] = ()
    missed: bool = False
    detail: tuple[CandleFields | None, ...] = ()
    detail_sources: tuple[str | None, ...] = ()
    marks: tuple[CandleFields | None, ...] = ()
    funding: tuple[tuple[FundingFields, ...], ...] = ()
    watched: tuple[tuple[CandleFields, ...], ...] = ()
    watched_sources: tuple[tuple[str, ...], ...] = ()
    open_interest: tuple[tuple[OpenInterestFields, ...], ...] = ()


Command = Literal["kill", "release", "close", "cancel", "pause", "resume"]
"""What an operator may ask of a session between two steps.

``kill`` engages the kill switch and ``release`` releases it; ``close`` closes a symbol's position at its next open,
``cancel`` cancels its waiting entry; while entries are held by ``pause``, until ``resume``, every new one is refused.
"""

OF_A_SYMBOL: frozenset[Command] = frozenset(("close", "cancel"))


class CommandRecord(msgspec.Struct, frozen=True, tag="command", tag_field="record", omit_defaults=True):
    """What an operator asked for between two steps; ``by`` says who or what spoke for them.

    ``symbol`` is a configured spelling, None where the command concerns the whole account.
    """

    command: Command
    by: str
    symbol: str | None = None

    def __post_init__(self) -> None:
        if (self.symbol is not None) != (self.command in OF_A_SYMBOL):
            raise ValueError(f"{self.command} {'needs a' if self.symbol is None else 'takes no'} symbol")


class KillSwitchRecord(msgspec.Struct, frozen=True, tag="kill_switch", tag_field="record"):
    """A kill or a release as version 0.1 wrote it; reading a journal makes it a :class:`CommandRecord`."""

    engaged: bool
    by: str

    @property
    def command(self) -> CommandRecord:
        """The command that it is."""
        return CommandRecord("kill" if self.engaged else "release", self.by)


class ConnectionRecord(msgspec.Struct, frozen=True, tag="connection", tag_field="record"):
    """The connection to the exchange changed; the kernel takes no notice."""

    event: str
    detail: str
    ingress_ms: int | None


class CandleRecord(msgspec.Struct, frozen=True, tag="candle", tag_field="record", omit_defaults=True):
    """A candle that was received and did not become part of a step; the kernel takes no notice.

    ``series`` is ``detail``, ``mark``, or ``watched`` and a timeframe; left out of the line for candles of the
    strategy's own.
    """

    kind: Literal["late", "revised", "duplicate", "refused"]
    symbol: str
    candle: CandleFields
    source: str
    detail: str = ""
    series: str = "strategy"


class MissingRecord(msgspec.Struct, frozen=True, tag="missing", tag_field="record"):
    """What a step goes on without; the kernel takes no notice.

    A mark candle that the exchange denies (``time_ms`` is its close; noted for the first of several in a row), a
    funding rate that is due and not published (``time_ms`` is when it was due; it comes with a later step, or never),
    or open interest that is not published in time (``time_ms`` is its stamp; it never comes). Of several rows in a row
    that one step goes on without, ``last_ms`` is the last one's stamp; left out of the line of a single one.
    """

    kind: Literal["mark", "funding", "open_interest"]
    symbol: str
    time_ms: int
    detail: str = ""
    last_ms: int | UnsetType = UNSET

    @property
    def until_ms(self) -> int:
        """The time of the last of what it is about."""
        return self.time_ms if self.last_ms is UNSET else self.last_ms


class ProgramRecord(msgspec.Struct, frozen=True, tag="program", tag_field="record", omit_defaults=True):
    """A call of a program that failed by the machine in the step before: it ran out of time, or its worker died.

    ``call`` is its number, ``line`` that of the program's text, ``member`` the system of a portfolio. Whoever folds the
    journal again has the same call fail.
    """

    call: int
    text: str
    line: int | None = None
    member: str = ""


class ResumeRecord(msgspec.Struct, frozen=True, tag="resume", tag_field="record"):
    """The session was taken up again after its process had ended."""

    last_step_ms: int | None
    missed_steps: Literal["trade", "exits_only"]


class EndRecord(msgspec.Struct, frozen=True, tag="end", tag_field="record"):
    """The session's end: its positions are closed at their last marks, or kept."""

    mode: Literal["flatten", "keep"]


JournalRecord = (
    SessionRecord
    | StepRecord
    | CommandRecord
    | ConnectionRecord
    | CandleRecord
    | MissingRecord
    | ProgramRecord
    | ResumeRecord
    | EndRecord
)


def fields_of(candle: Candle | None) -> CandleFields | None:
    """Return a candle as the journal writes it."""
    return None if candle is None else msgspec.structs.astuple(candle)


def candle_of(fields: CandleFields | None) -> Candle | None:
    """Return the candle that the journal wrote."""
    return None if fields is None else Candle(*fields)


def step_record(
    step: Step,
    digest: str,
    sources: tuple[str | None, ...] = (),
    detail_sources: tuple[str | None, ...] = (),
    watched_sources: tuple[tuple[str, ...], ...] = (),
    *,
    missed: bool = False,
) -> StepRecord:
    """Return the record of a step that is about to be processed."""
    return StepRecord(
        step.time_ms,
        _all_fields(step.candles),
        digest,
        sources,
        missed,
        _all_fields(step.detail),
        detail_sources,
        _all_fields(step.marks),
        tuple(tuple(msgspec.structs.astuple(rate) for rate in rates) for rates in step.funding),
        tuple(tuple(msgspec.structs.astuple(candle) for candle in candles) for candles in step.watched),
        watched_sources,
        tuple(tuple(msgspec.structs.astuple(row) for row in rows) for rows in step.open_interest),
    )


def step_of(record: StepRecord) -> Step:
    """Return the step that the journal wrote."""
    candles = _all_candles(record.candles)
    if not (record.detail or record.marks or record.funding or record.watched or record.open_interest):
        return Step(record.time_ms, candles)
    return Step(
        record.time_ms,
        candles,
        _all_candles(record.detail),
        _all_candles(record.marks),
        tuple(tuple(FundingRate(*fields) for fields in rates) for rates in record.funding),
        tuple(tuple(Candle(*fields) for fields in candles) for candles in record.watched),
        tuple(tuple(OpenInterest(*fields) for fields in rows) for rows in record.open_interest),
    )


def _all_fields(candles: Sequence[Candle | None]) -> tuple[CandleFields | None, ...]:
    return tuple(map(fields_of, candles))


def _all_candles(fields: Sequence[CandleFields | None]) -> tuple[Candle | None, ...]:
    return tuple([None if one is None else Candle(*one) for one in fields])
