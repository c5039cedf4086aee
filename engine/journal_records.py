"""The records of a session's journal: every input that the kernel saw, in the order it saw them.

One JSON object a line. Floats are written with the shortest digits that read back to the same float64.
"""

from typing import Any, Literal

import msgspec

from core.candle import Candle
from core.instrument import Instrument

CandleFields = tuple[int, float, float, float, float, float]
"""``(open_time_ms, open, high, low, close, volume)``."""


class SessionRecord(msgspec.Struct, frozen=True, tag="session", tag_field="record"):
    """First line: what the session is made of. ``warmup`` holds each symbol's stored candles, oldest first.

    ``start_ms`` is the boundary up to which the warm-up reaches; every step is later.
    """

    session: str
    settings_sha256: str
    code_version: str
    settings: dict[str, Any]
    instruments: dict[str, Instrument]
    warmup: dict[str, list[CandleFields]]
    kill_switch: bool
    start_ms: int = 0


class StepRecord(msgspec.Struct, frozen=True, tag="step", tag_field="record", omit_defaults=True):
    """A step, written before the kernel sees it.

    ``digest`` is that of all output bytes before the step. ``sources`` says where each candle came from. ``missed``
    marks a step that the session could only learn of afterwards and may not enter on.
    """

    time_ms: int
    candles: tuple[CandleFields | None, ...]
    digest: str
    sources: tuple[str | None, ...] = ()
    missed: bool = False


class KillSwitchRecord(msgspec.Struct, frozen=True, tag="kill_switch", tag_field="record"):
    """A change of the kill switch between two steps; ``by`` says how it was changed."""

    engaged: bool
    by: str


class ConnectionRecord(msgspec.Struct, frozen=True, tag="connection", tag_field="record"):
    """The connection to the exchange changed; the kernel takes no notice."""

    event: str
    detail: str
    ingress_ms: int | None


class CandleRecord(msgspec.Struct, frozen=True, tag="candle", tag_field="record"):
    """A candle that was received and did not become part of a step; the kernel takes no notice."""

    kind: Literal["late", "revised", "duplicate", "refused"]
    symbol: str
    candle: CandleFields
    source: str
    detail: str = ""


class ResumeRecord(msgspec.Struct, frozen=True, tag="resume", tag_field="record"):
    """The session was taken up again after its process had ended."""

    last_step_ms: int | None
    missed_steps: Literal["trade", "exits_only"]


class EndRecord(msgspec.Struct, frozen=True, tag="end", tag_field="record"):
    """The session's end: its positions are closed at their last marks, or kept."""

    mode: Literal["flatten", "keep"]


JournalRecord = (
    SessionRecord | StepRecord | KillSwitchRecord | ConnectionRecord | CandleRecord | ResumeRecord | EndRecord
)


def fields_of(candle: Candle | None) -> CandleFields | None:
    """Return a candle as the journal writes it."""
    return None if candle is None else msgspec.structs.astuple(candle)


def candle_of(fields: CandleFields | None) -> Candle | None:
    """Return the candle that the journal wrote."""
    return None if fields is None else Candle(*fields)
