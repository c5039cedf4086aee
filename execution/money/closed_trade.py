"""The closed round trip: what metrics count."""

from decimal import Decimal
from typing import Any

import msgspec

from core.instants import to_datetime
from core.orders import OrderSide
from core.reasons import FillReason


class ClosedTrade(msgspec.Struct, frozen=True, gc=False):
    """A position from its first entry to its last exit; results are exact, ``realized_pnl`` is net of all costs.

    Prices are exact where all entries, or all exits, had one price; else they are averages to twelve significant
    digits. ``parts`` counts the fills that closed it, ``tag`` is what the strategy calls it.
    ``best_case_pnl`` is what an ambiguous trade would have brought had the target come first; else it is the result.
    """

    symbol: str
    side: OrderSide
    quantity: Decimal
    entry_time_ms: int
    exit_time_ms: int
    entry_price: Decimal
    exit_price: Decimal
    gross_pnl: Decimal
    realized_pnl: Decimal
    reason: FillReason
    best_case_pnl: Decimal
    ambiguous: bool = False
    strategy_name: str | None = None
    parts: int = 1
    tag: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the trade as plain values: floats, text, and times as aware UTC datetimes."""
        return {
            "symbol": self.symbol,
            "side": self.side.value,
            "quantity": float(self.quantity),
            "entry_time": to_datetime(self.entry_time_ms),
            "exit_time": to_datetime(self.exit_time_ms),
            "entry_price": float(self.entry_price),
            "exit_price": float(self.exit_price),
            "gross_pnl": float(self.gross_pnl),
            "realized_pnl": float(self.realized_pnl),
            "reason": self.reason,
            "ambiguous": self.ambiguous,
            "best_case_pnl": float(self.best_case_pnl),
            "strategy_name": self.strategy_name,
            "parts": self.parts,
            "tag": self.tag,
        }
