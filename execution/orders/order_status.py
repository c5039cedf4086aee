"""States of an order, in the words of FIX."""

import enum


class OrderStatus(enum.Enum):
    """NEW is accepted and working, PARTIALLY_FILLED works on for the rest; the others are final."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    REJECTED = "REJECTED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"

    @property
    def working(self) -> bool:
        """Whether the order may still fill."""
        return self is OrderStatus.NEW or self is OrderStatus.PARTIALLY_FILLED
