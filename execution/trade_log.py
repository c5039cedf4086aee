"""The trade log: one row per fill, the same columns and bytes wherever the candles came from."""

import csv
import hashlib
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from core.exact import plain
from core.instants import format_ms, to_datetime

Sink = Callable[[bytes], object]
"""Takes the bytes of one row."""

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


class TradeLog:
    """Writes rows to a sink and keeps their running hash.

    Parameters
    ----------
    sink
        Receives the header and each row as bytes; None only hashes.
    """

    def __init__(self, sink: Sink | None = None) -> None:
        self._sink = sink
        self._digest = hashlib.sha256()
        self._emit(COLUMNS)

    def write(self, row: TradeRow) -> None:
        """Append one row."""
        self._emit(row.texts())

    def _emit(self, texts: "list[str] | tuple[str, ...]") -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(texts)
        data = line.getvalue().encode()
        self._digest.update(data)
        if self._sink is not None:
            self._sink(data)

    @property
    def sha256(self) -> str:
        """Hash of all bytes so far, header included."""
        return self._digest.hexdigest()


def quoted(text: str) -> str:
    """Return a text as a field of a CSV row: in quotes where it holds a comma, a quote or a line end."""
    if any(sign in text for sign in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def file_sink(path: str | Path) -> Sink:
    """Return a sink that starts the file anew and appends to it, closing it after every row."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"")

    def append(data: bytes) -> None:
        with target.open("ab") as log:
            log.write(data)

    return append
