"""What wakes a program: an instant, a symbol, and why."""

from typing import Any, Literal

import msgspec

TriggerType = Literal["signal", "scheduled"]


class TriggeredSignal(msgspec.Struct, frozen=True):
    """A condition that was met, with the numbers it was met by.

    ``symbol`` is the one whose candles were read; ``period`` is empty for the session's own candles. ``threshold`` is
    what ``value`` was compared with, at the same candle's close.
    """

    feature: str
    period: str
    symbol: str
    op: str
    value: float
    threshold: float


class TriggerEvent(msgspec.Struct, frozen=True):
    """One reason to call a program about one symbol.

    ``time_ms`` is the close that everything in it is known at. Of a schedule's event the pool's fields are empty.
    ``regime`` is the symbol's on the session's own candles, None while it is undefined.
    """

    time_ms: int
    trigger_type: TriggerType
    symbol: str
    pool_id: str = ""
    pool_name: str = ""
    logic: str = ""
    signals: tuple[TriggeredSignal, ...] = ()
    regime: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the event as plain values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain
