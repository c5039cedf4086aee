"""A held position: its exact entry, its protective levels and the public view that scripts read."""

import json
from decimal import Decimal

from core.exact import EXACT, computed, plain, received
from core.orders import OrderRequest
from execution.ledger import Entry
from execution.position import Position
from execution.protection import ProtectiveLevels


class Holding:
    """Everything the venue knows about one open position.

    ``mark`` is the float price at which the position counts for equity and exposure. ``marked`` says that it is a close
    taken after the entry; until then the trade log values the position at its own fill price. ``counted`` says that the
    position was part of an equity.
    """

    __slots__ = (
        "counted",
        "entry",
        "entry_price",
        "levels",
        "mark",
        "marked",
        "opened_ms",
        "position",
        "quantity",
        "sign",
    )

    def __init__(self, entry: Entry, levels: ProtectiveLevels, position: Position, opened_ms: int, mark: float) -> None:
        self.levels = levels
        self.position = position
        self.opened_ms = opened_ms
        self.mark = mark
        self.marked = False
        self.counted = False
        self.sign = entry.sign
        self.entry_price = float(entry.price)
        self.resize(entry)

    def resize(self, entry: Entry) -> None:
        """Take the entry as it stands in the ledger, after a part of it was closed."""
        self.entry = entry
        self.quantity = float(entry.quantity)
        self.position.quantity = self.quantity

    def unrealized(self) -> float:
        """Return side × (mark − entry) × quantity in float64, in this order."""
        return self.sign * (self.mark - self.entry_price) * self.quantity

    def exact_unrealized(self) -> Decimal:
        """Return the gross profit at the mark, exactly."""
        return self.entry.gross(received(self.mark), self.entry.quantity)

    def exposure(self) -> float:
        """Return quantity × mark in float64."""
        return self.quantity * self.mark

    def set_mark(self, price: float) -> None:
        """Take a close as the mark."""
        self.mark = price
        self.marked = True
        self.position.update_price(price)

    def ratchet(self, price: float) -> None:
        """Let the trailing rule see a close."""
        if self.levels.ratchet(price) and self.levels.stop is not None:
            self.position.stop_loss = float(self.levels.stop)

    def levels_json(self) -> str:
        """Return the levels as the trade log's JSON."""
        levels = {"stop": self.levels.stop, "target": self.levels.target}
        return json.dumps(
            {name: plain(level) for name, level in levels.items() if level is not None}, separators=(",", ":")
        )


def levels_of(order: OrderRequest, fill: Decimal, tick: Decimal, trailing_fraction: Decimal | None) -> ProtectiveLevels:
    """Return the levels of a position: the order's distances kept from its fill, else its levels as they were given."""
    sign = order.side.sign
    stop = None if order.stop_loss is None else received(order.stop_loss)
    target = None if order.take_profit is None else received(order.take_profit)
    if order.stop_distance is not None:
        stop = EXACT.subtract(fill, EXACT.multiply(sign, computed(order.stop_distance)))
    if order.target_distance is not None:
        target = EXACT.add(fill, EXACT.multiply(sign, computed(order.target_distance)))
    return ProtectiveLevels(is_long=sign > 0, stop=stop, target=target, tick=tick, trailing_fraction=trailing_fraction)
