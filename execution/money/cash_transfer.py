"""Cash that moves between two accounts of one owner."""

from decimal import Decimal

import msgspec


class CashTransfer(msgspec.Struct, frozen=True):
    """What an account received (gave, where negative) after a step, and its equity before that, above 0."""

    time_ms: int
    amount: Decimal
    equity: float

    @property
    def factor(self) -> float:
        """What equity was multiplied by."""
        return (self.equity + float(self.amount)) / self.equity
