"""A signal pool: named conditions over features that, met together, wake a program."""

from typing import Any, Literal

import msgspec

from core.timeframe import timeframe_name

Comparison = Literal["<", "<=", ">", ">=", "crosses_above", "crosses_below"]
Logic = Literal["all", "any"]
Mode = Literal["edge", "level"]
_WHOLE = 1e15
"""Below it a whole number is written as one."""


class Condition(msgspec.Struct, frozen=True):
    """A feature compared with a number or with another feature of the same candles.

    Parameters
    ----------
    feature
        As :func:`~strategies.programs.triggers.feature_text.feature_of` reads it.
    op
        ``crosses_above`` is met at the candle at which the feature is above, having been at or below at the last one.
    value
        A number, or a feature's text.
    period
        Length of the candles; empty is the session's own.
    symbol
        Whose candles are read; empty is the symbol that is looked at.
    """

    feature: str
    op: Comparison
    value: float | str
    period: str = ""
    symbol: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the condition as a pool's file has it."""
        value = self.value
        whole = isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE
        plain: dict[str, Any] = {"feature": self.feature, "op": self.op, "value": int(value) if whole else value}
        if self.period:
            plain["period"] = self.period
        if self.symbol:
            plain["symbol"] = self.symbol
        return plain


def in_words(condition: Condition) -> str:
    """Return a condition as people read it: ``close of 1h > ema(50)``."""
    period, symbol = (f" of {name}" if name else "" for name in (condition.period, condition.symbol))
    value = condition.value if isinstance(condition.value, str) else f"{condition.value:g}"
    return f"{condition.feature}{period}{symbol} {condition.op} {value}"


class SignalPool(msgspec.Struct, frozen=True):
    """Conditions of which all, or any, are to be met.

    Parameters
    ----------
    id, name
        The file's name, and what people call it.
    logic, conditions
        Which of them have to be met.
    symbols
        The traded symbols that are looked at; empty is all of them.
    mode
        ``edge`` wakes when the conditions become met, ``level`` at every candle at which they are.
    cooldown_ms, cooldown_candles
        How long after a trigger the same symbol wakes nobody: a length of time, or candles by the clock; one is 0.
    """

    id: str
    name: str
    logic: Logic
    conditions: tuple[Condition, ...]
    symbols: tuple[str, ...] = ()
    mode: Mode = "edge"
    cooldown_ms: int = 0
    cooldown_candles: int = 0

    def quiet_ms(self, timeframe_ms: int) -> int:
        """Return the cool-down, in milliseconds, where candles are so long."""
        return self.cooldown_ms or self.cooldown_candles * timeframe_ms

    def to_dict(self) -> dict[str, Any]:
        """Return the pool as its file has it, which reads back as the same pool; its id is the file's name."""
        plain: dict[str, Any] = {"name": self.name, self.logic: [one.to_dict() for one in self.conditions]}
        if self.symbols:
            plain["symbols"] = list(self.symbols)
        if self.mode != "edge":
            plain["mode"] = self.mode
        if self.cooldown_ms or self.cooldown_candles:
            plain["cooldown"] = timeframe_name(self.cooldown_ms) if self.cooldown_ms else self.cooldown_candles
        return plain
