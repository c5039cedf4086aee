"""What the gates answered to a signal, each with what it was asked with."""

from typing import ClassVar, Literal

import msgspec

from core.reasons import (
    ExecutionRefusal,
    LevelRefusal,
    PositionRefusal,
    RiskRefusal,
    SafetyRefusal,
    SessionRefusal,
    WarmupRefusal,
)

OnOpposite = Literal["ignore", "close", "reverse"]

SizeBound = Literal["risk", "position_cap", "exposure_room", "notional", "rounding"]
"""What set the size of an entry.

The risk fraction of equity over the stop distance; ``max_exposure`` of the position; what ``max_exposure_pct`` leaves;
the value that its signal wants; or ``max_risk_per_trade_pct``, held against the worst that rounding to the tick can
make of the loss.
"""


class WarmupVerdict(msgspec.Struct, frozen=True, gc=False):
    """Whether the strategy had seen enough candles."""

    gate: ClassVar = "warmup"
    candles_before: int
    warmup_candles: int
    reason: WarmupRefusal | None = None


class PositionVerdict(msgspec.Struct, frozen=True, gc=False):
    """What the symbol's position, or its ``waiting`` entry, made of the signal.

    ``on_opposite_signal`` is the rule that an entry was judged by; an exit has the ``quantity`` that it closes.
    """

    gate: ClassVar = "position"
    on_opposite_signal: OnOpposite | None = None
    position: str | None = None
    waiting: str | None = None
    reason: PositionRefusal | None = None
    quantity: float | None = None


class LevelVerdict(msgspec.Struct, frozen=True, gc=False):
    """Whether a level of the position, or of the ``waiting`` entry, is moved: from where it stood to what is asked."""

    gate: ClassVar = "levels"
    level: Literal["stop", "target"]
    wanted: float
    stood: float | None = None
    waiting: str | None = None
    reason: LevelRefusal | None = None


class SessionVerdict(msgspec.Struct, frozen=True, gc=False):
    """Why the session as a whole takes no entry."""

    gate: ClassVar = "session"
    reason: SessionRefusal


class RiskVerdict(msgspec.Struct, frozen=True, gc=False):
    """The size of an entry, or why there is none; ``room`` is what the exposure limits leave, in quote currency.

    ``bound`` set the size. ``risk_asked`` is the risk fraction of equity, ``risk_taken`` what the stop loses of the
    quantity, its distance up to the tick, costs aside; both in quote currency.
    """

    gate: ClassVar = "risk"
    equity: float
    price: float
    exposure: float
    room: float
    quantity: float | None = None
    stop_distance: float | None = None
    bound: SizeBound | None = None
    risk_asked: float | None = None
    risk_taken: float | None = None
    reason: RiskRefusal | None = None


class SafetyVerdict(msgspec.Struct, frozen=True, gc=False):
    """What the safety monitor was shown: the book without the entry, the entry's value and its risk at worst.

    ``risk`` is quantity × the stop distance, made the worst that rounding to the tick can make of it.
    """

    gate: ClassVar = "safety"
    open_trades: int
    exposure: float
    risk: float
    value: float
    reason: SafetyRefusal | None = None


class ExecutionVerdict(msgspec.Struct, frozen=True, gc=False):
    """Whether the venue accepted the entry."""

    gate: ClassVar = "execution"
    reason: ExecutionRefusal | None = None


Verdict = (
    WarmupVerdict | PositionVerdict | LevelVerdict | SessionVerdict | RiskVerdict | SafetyVerdict | ExecutionVerdict
)
"""A gate's answer with what it was asked with: approved, or refused for a ``reason``."""
