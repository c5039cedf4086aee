"""The bytes a session writes: trades, equity, decisions, orders, the ledger's double entries, and the equity curve."""

import hashlib
import json
from array import array
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.exact import EXACT, plain
from core.instants import format_ms
from execution.money.hashed_text import HashedText, Sink
from execution.money.postings import Postings
from execution.money.trade_log import TradeLog
from execution.orders.order_log import OrderLog

EQUITY_COLUMNS = ("timestamp", "balance", "equity", "unrealized_pnl", "open_positions")


class EquityLog(HashedText):
    """Rows of ``equity.csv``, exact, and the float64 equity of every step."""

    def __init__(self, sink: Sink | None = None) -> None:
        super().__init__(sink)
        self.curve = array("d")
        self.append(",".join(EQUITY_COLUMNS) + "\n")

    def write(self, time_ms: int, balance: Decimal, unrealized: Decimal, open_positions: int) -> None:
        """Append a row."""
        equity = EXACT.add(balance, unrealized)
        self.append(f"{format_ms(time_ms)},{plain(balance)},{plain(equity)},{plain(unrealized)},{open_positions}\n")


class DecisionLog(HashedText):
    """Records of ``decisions.jsonl``: one JSON object a line, keys sorted."""

    def write(self, time_ms: int, symbol: str | None, event: str, details: Mapping[str, Any]) -> None:
        """Append a record of an event; ``symbol`` is None when it concerns the whole account."""
        record = {"time": format_ms(time_ms), "event": event, **details}
        if symbol is not None:
            record["symbol"] = symbol
        self.append(json.dumps(record, sort_keys=True, separators=(",", ":")) + "\n")


class SessionOutputs:
    """Everything a session writes; each part takes a sink for its bytes, or None to keep only their hash."""

    def __init__(
        self,
        trades: Sink | None = None,
        equity: Sink | None = None,
        decisions: Sink | None = None,
        orders: Sink | None = None,
        ledger: Sink | None = None,
    ) -> None:
        self.trades = TradeLog(trades)
        self.equity = EquityLog(equity)
        self.decisions = DecisionLog(decisions)
        self.orders = OrderLog(orders)
        self.ledger = Postings(ledger)

    @property
    def curve(self) -> Sequence[float]:
        """The float64 equity of every step."""
        return self.equity.curve

    def digest(self) -> str:
        """Return the digest of all bytes written so far."""
        parts = (
            self.trades.sha256,
            self.equity.sha256,
            self.decisions.sha256,
            self.orders.sha256,
            self.ledger.sha256,
        )
        return hashlib.sha256("".join(parts).encode()).hexdigest()
