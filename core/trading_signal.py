"""The signal: a strategy's opinion about one symbol at the close of one candle; not an order."""

from typing import Any, Literal

import msgspec

Direction = Literal["LONG", "SHORT", "FLAT"]


class Signal(msgspec.Struct, frozen=True):
    """A strategy's opinion at one candle's close.

    ``sl_distance`` and ``tp_distance`` are price distances from the fill; None leaves the level to the risk settings
    (their ATR multiples times ``atr``) or, for a target without ``atr``, to none. ``reason`` says why in a word,
    ``metadata`` holds the inputs of the decision.
    """

    direction: Direction
    sl_distance: float | None = None
    tp_distance: float | None = None
    atr: float | None = None
    reason: str = ""
    metadata: dict[str, Any] = {}


FLAT = Signal("FLAT")
"""No opinion; streaming strategies return this one object whenever they have nothing to say."""
