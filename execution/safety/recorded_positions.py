"""The positions that a safety monitor was told of one by one."""

from typing import Any

import msgspec

from core.orders import OrderSide


class RecordedPosition(msgspec.Struct, frozen=True):
    """An open position as it was told: base units, its average entry price, its side."""

    symbol: str
    quantity: float
    entry_price: float
    side: OrderSide

    @property
    def value(self) -> float:
        """Its value at the entry price, in quote currency."""
        return self.quantity * self.entry_price


class RecordedPositions:
    """Positions by symbol; what is closed of one counted at its entry price, so that is what goes.

    ``followed`` are the symbols whose opening and closing an engine tells by itself.
    """

    def __init__(self) -> None:
        self._held: dict[str, RecordedPosition] = {}
        self.followed: set[str] = set()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def exposure(self) -> float:
        """The value of all of them at their entry prices, in quote currency."""
        return sum(one.value for one in self._held.values())

    def add(self, symbol: str, quantity: float, entry_price: float, side: OrderSide) -> None:
        """Take a position, or what was added to one of the same side."""
        held = self._held.get(symbol)
        if held is not None and held.side is side:
            whole = held.quantity + quantity
            entry_price = (held.value + quantity * entry_price) / whole
            quantity = whole
        self._held[symbol] = RecordedPosition(symbol, quantity, entry_price, side)

    def reduce(self, symbol: str, left: float) -> None:
        """Take what is left of a position, in base units; 0.0 forgets it."""
        held = self._held.pop(symbol, None)
        if held is not None and left > 0.0:
            self._held[symbol] = msgspec.structs.replace(held, quantity=left)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return the positions as plain values by symbol, in the order in which they were told."""
        return {symbol: {**msgspec.structs.asdict(one), "side": one.side.value} for symbol, one in self._held.items()}
