"""The trade log: one row per fill, the same columns and bytes wherever the candles came from."""

import csv
import io
from decimal import Decimal
from typing import Any

import msgspec

from core.exact import plain
from core.instants import format_ms, to_datetime
from execution.money.hashed_text import HashedText, Sink

COLUMNS = (
    "timestamp",
    "order_id",
    "symbol",
    "action",
    "side",
    "price",
    "quantity",
    "commission",
    "slippage",
    "balance",
    "equity",
    "realized_pnl",
    "unrealized_pnl",
    "strategy",
    "reason",
    "metadata",
)


class TradeRow(msgspec.Struct, frozen=True):
    """One fill and the account after it; money and prices are exact, ``metadata`` is JSON with sorted keys."""

    time_ms: int
    order_id: str
    symbol: str
    action: str
    side: str
    price: Decimal
    quantity: Decimal
    commission: Decimal
    slippage: Decimal
    balance: Decimal
    equity: Decimal
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    strategy: str
    reason: str
    metadata: str

    def texts(self) -> list[str]:
        """Return the row as it is written, one text per column."""
        return [
            format_ms(self.time_ms),
            *(plain(value) if isinstance(value, Decimal) else value for value in msgspec.structs.astuple(self)[1:]),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values by column: numbers as floats, the time an aware UTC datetime."""
        values = msgspec.structs.asdict(self)
        del values["time_ms"]
        plain_values = {key: float(value) if isinstance(value, Decimal) else value for key, value in values.items()}
        return {"timestamp": to_datetime(self.time_ms), **plain_values}


class TradeLog(HashedText):
    """Writes rows to a sink and keeps their running hash, header included."""

    def __init__(self, sink: Sink | None = None) -> None:
        super().__init__(sink)
        self.append(_line(list(COLUMNS)))

    def write(self, row: TradeRow) -> None:
        """Append one row."""
        self.append(_line(row.texts()))


def _line(texts: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(texts)
    return line.getvalue()
