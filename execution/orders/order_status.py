"""States of an order, in the words of FIX."""

import enum


class OrderStatus(enum.Enum):
    """NEW is accepted and working, PARTIALLY_FILLED works on for the rest; the others are final.

    ``working`` says whether the order may still fill.
    """

    working: bool

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    REJECTED = "REJECTED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"

    def __init__(self, text: str) -> None:
        self.working = text in ("NEW", "PARTIALLY_FILLED")
