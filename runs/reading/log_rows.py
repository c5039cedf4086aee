"""The rows of a trade log, exact."""

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec

from core.errors import StoreError
from core.event_lines import TRADE_HEADER, cell_text
from runs.reading.folder_text import table, times_of

_NOTHING: dict[str, Any] = {}


class LogRow(msgspec.Struct, frozen=True, gc=False):
    """A fill as the trade log tells it; money, prices and quantities are exact."""

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
    metadata: dict[str, Any]

    @property
    def sign(self) -> int:
        """+1 for a position that is long, −1 for a short one."""
        return 1 if self.side == "LONG" else -1

    @property
    def opens(self) -> bool:
        """Whether the fill opened a position or added to one."""
        return self.action == "OPEN"

    def told(self, name: str) -> Decimal | None:
        """Return a number of the metadata; None where it is not told."""
        value = self.metadata.get(name)
        return None if value is None else Decimal(value)


def read_log(path: Path) -> list[LogRow]:
    """Return the rows of a trade log in order.

    Raises
    ------
    StoreError
        If it cannot be read or is none; names the line.
    """
    cells = list(table(path, TRADE_HEADER))
    times = times_of(path, [row[0] for row in cells]).tolist()
    return [_row(path, line, time_ms, row) for line, (time_ms, row) in enumerate(zip(times, cells, strict=True), 2)]


def _row(path: Path, line: int, time_ms: int, cells: list[str]) -> LogRow:
    _, order_id, symbol, action, side, *numbers, strategy, reason, metadata = cells
    try:
        if action not in ("OPEN", "CLOSE") or side not in ("LONG", "SHORT"):
            raise ValueError(f"{action} {side} is neither an opening nor a closing fill of a position")
        told = _NOTHING if metadata == "{}" else json.loads(cell_text(metadata))
        amounts = [Decimal(number) for number in numbers]
    except (ValueError, InvalidOperation) as error:
        wrong = "a number is expected" if isinstance(error, InvalidOperation) else error
        raise StoreError(f"{path}: line {line}: is no row of a trade log: {wrong}", path=path) from None
    price, quantity, commission, slippage, balance, equity, realized_pnl, unrealized_pnl = amounts
    return LogRow(
        time_ms=time_ms,
        order_id=cell_text(order_id),
        symbol=cell_text(symbol),
        action=action,
        side=side,
        price=price,
        quantity=quantity,
        commission=commission,
        slippage=slippage,
        balance=balance,
        equity=equity,
        realized_pnl=realized_pnl,
        unrealized_pnl=unrealized_pnl,
        strategy=cell_text(strategy),
        reason=cell_text(reason),
        metadata=told,
    )
