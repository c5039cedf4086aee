"""The six outputs of a session, rendered from its events: the only place that writes them."""

import hashlib
from array import array
from collections.abc import Callable, Sequence

from core.event_lines import (
    EQUITY_HEADER,
    LEDGER_HEADER,
    ORDER_HEADER,
    TRADE_HEADER,
    decision_line,
    equity_line,
    ledger_lines,
    order_line,
    trade_line,
)
from core.events import EquityPoint, Event, OrderTransition, TradeRow, Transaction

Sink = Callable[[bytes], object]
"""Takes the bytes of what is written together: a row, or the rows of one transaction."""


class HashedText:
    """Text that goes to a sink, piece by piece, and into a running hash.

    Parameters
    ----------
    sink
        Receives each piece as bytes; None only hashes.
    header
        What the text begins with.
    """

    def __init__(self, sink: Sink | None, header: str = "") -> None:
        self._sink = sink
        self._digest = hashlib.sha256()
        if header:
            self.append(header)

    def append(self, text: str) -> None:
        """Append whole lines, each with its line end."""
        self.append_bytes(text.encode())

    def append_bytes(self, data: bytes) -> None:
        """Append whole lines that are bytes already."""
        self._digest.update(data)
        if self._sink is not None:
            self._sink(data)

    @property
    def sha256(self) -> str:
        """Hash of all bytes so far."""
        return self._digest.hexdigest()


class SessionOutputs:
    """Everything a session writes; each part takes a sink for its bytes, or None to keep only their hash.

    The equity of every step is no event: ``mark`` takes it, a number for each step.
    """

    def __init__(
        self,
        trades: Sink | None = None,
        equity: Sink | None = None,
        decisions: Sink | None = None,
        orders: Sink | None = None,
        ledger: Sink | None = None,
    ) -> None:
        self.trades = HashedText(trades, TRADE_HEADER)
        self.equity = HashedText(equity, EQUITY_HEADER)
        self.decisions = HashedText(decisions)
        self.orders = HashedText(orders, ORDER_HEADER)
        self.ledger = HashedText(ledger, LEDGER_HEADER)
        self._curve = array("d")
        self.mark = self._curve.append

    @property
    def curve(self) -> Sequence[float]:
        """The float64 equity of every step."""
        return self._curve

    def mark_all(self, equity: bytes) -> None:
        """Take the equity of many steps, as the bytes of their float64."""
        self._curve.frombytes(equity)

    def render(self, event: Event) -> None:
        """Write an event where it belongs."""
        if isinstance(event, TradeRow):
            self.trades.append(trade_line(event))
        elif isinstance(event, Transaction):
            self.ledger.append(ledger_lines(event))
        elif isinstance(event, EquityPoint):
            self.equity.append(equity_line(event))
        else:
            if isinstance(event, OrderTransition):
                self.orders.append(order_line(event))
            line = decision_line(event)
            if line is not None:
                self.decisions.append(line)

    def digest(self) -> str:
        """Return the digest of all bytes written so far."""
        parts = (self.trades, self.equity, self.decisions, self.orders, self.ledger)
        return hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()
