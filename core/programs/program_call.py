"""A call of a user's program, as a session's outputs tell it: what woke it, what it decided, what went wrong."""

from typing import Any, Literal

import msgspec


class MetCondition(msgspec.Struct, frozen=True):
    """A condition of a pool that was met: the feature's ``value`` against the ``threshold``, on candles of a symbol.

    ``period`` is empty for the session's own candles.
    """

    feature: str
    period: str
    symbol: str
    op: str
    value: float
    threshold: float


class ProgramTrigger(msgspec.Struct, frozen=True):
    """What woke the program: a pool whose conditions are met, or its schedule; ``regime`` is the symbol's."""

    type: Literal["signal", "scheduled"]
    pool: str = ""
    name: str = ""
    logic: str = ""
    met: tuple[MetCondition, ...] = ()
    regime: str | None = None


class ProgramWish(msgspec.Struct, frozen=True):
    """What the program decided, in its own words; ``targets`` are fractions of the position and prices."""

    action: Literal["buy", "sell", "close", "hold"]
    symbol: str = ""
    size: float = 1.0
    quote: float | None = None
    leverage: float | None = None
    stop: float | None = None
    stop_distance: float | None = None
    target_distance: float | None = None
    targets: tuple[tuple[float, float], ...] = ()
    reason: str = ""


class ProgramFault(msgspec.Struct, frozen=True):
    """Why a call counts as ``hold``; ``line`` is that of the program's text, from 1."""

    kind: Literal["syntax", "error", "limit", "nonsense", "refused", "machine"]
    text: str
    line: int | None = None

    def said(self) -> str:
        """Return it as one line."""
        return self.text if self.line is None else f"line {self.line}: {self.text}"


class ProgramCall(msgspec.Struct, frozen=True):
    """A call of the program; ``number`` counts them from 1.

    ``symbol`` is the trigger's. With a ``fault`` nothing came of what it decided. ``halted`` says that it is not called
    any more after this; ``printed`` is what it printed, line by line.
    """

    time_ms: int
    symbol: str
    number: int
    trigger: ProgramTrigger
    wish: ProgramWish
    fault: ProgramFault | None = None
    halted: bool = False
    printed: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """Return what is told of the call beside its time and its symbol; what there is not is left out."""
        wish = _said(self.wish)
        if self.wish.symbol == self.symbol:
            wish.pop("symbol", None)
        told: dict[str, Any] = {"call": self.number, "trigger": _said(self.trigger), "decision": wish}
        if self.fault is not None:
            told["problem"] = msgspec.to_builtins(self.fault)
        if self.halted:
            told["halted"] = True
        if self.printed:
            told["printed"] = list(self.printed)
        return told


_ALWAYS = ("type", "action")


def _said(one: ProgramTrigger | ProgramWish) -> dict[str, Any]:
    """Return the fields that say something, as plain values."""
    return {
        name: value
        for name, value in msgspec.to_builtins(one).items()
        if name in _ALWAYS or (value not in (None, "", ()) and (name, value) != ("size", 1.0))
    }
