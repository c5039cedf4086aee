"""The outputs of a session, rendered from its events: the only place that writes them."""

import hashlib
from array import array
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

from core.event_lines import (
    EQUITY_HEADER,
    LEDGER_HEADER,
    ORDER_ENDS,
    ORDER_HEADER,
    TRADE_HEADER,
    decision_line,
    equity_line,
    ledger_lines,
    order_line,
    trade_line,
)
from core.events import EquityPoint, Event, OrderTransition, Recorder, TradeRow, Transaction

Sink = Callable[[bytes | memoryview], object]
"""Takes what is written together: a row, the rows of one transaction, or many of either. A view it has to copy."""

OutputsKept = Literal["full", "trades", "none"]
"""Which outputs are rendered: all of them, the trade log alone, or none. The equity of every step is always there."""

ROWS_AT_ONCE = 256
"""How many rows of a run that nobody watches are hashed and handed on together."""


class HashedText:
    """Text that goes to a sink, piece by piece, and into a running hash.

    Parameters
    ----------
    sink
        Receives what is written as bytes; None only hashes.
    header
        What the text begins with.
    kept
        Whether the text is wanted at all; one that is not takes nothing and has no hash.
    at_once
        How many pieces are gathered before they are hashed and handed on; 1 hands each on at once.
    """

    def __init__(self, sink: Sink | None, header: str = "", *, kept: bool = True, at_once: int = 1) -> None:
        self.kept = kept
        self._sink = sink
        self._at_once = at_once
        self._gathered: list[str] = []
        self._digest = hashlib.sha256()
        self._shown: str | None = None
        if header and kept:
            self.append_bytes(header.encode())

    def append(self, text: str) -> None:
        """Append whole lines, each with its line end."""
        gathered = self._gathered
        gathered.append(text)
        if len(gathered) >= self._at_once:
            self.flush()

    def append_bytes(self, data: bytes | memoryview) -> None:
        """Append whole lines that are bytes already."""
        if self._gathered:
            self.flush()
        self._digest.update(data)
        self._shown = None
        if self._sink is not None:
            self._sink(data)

    def flush(self) -> None:
        """Hash what was gathered and hand it on."""
        data = "".join(self._gathered).encode()
        self._gathered.clear()
        if data:
            self.append_bytes(data)

    @property
    def sha256(self) -> str:
        """Hash of all bytes so far; empty where the text is not kept."""
        if self._gathered:
            self.flush()
        if self._shown is None:
            self._shown = self._digest.hexdigest() if self.kept else ""
        return self._shown


class SessionOutputs:
    """Everything a session writes; each part takes a sink for its bytes, or None to keep only their hash.

    The equity of every step is no event: ``mark`` takes it, a number for each step.

    Parameters
    ----------
    trades, equity, decisions, orders, ledger
        Where the bytes of each go.
    kept
        Which of them there are; of the others nothing is rendered.
    at_once
        As of :class:`HashedText`: more than 1 where nobody reads the sinks before :meth:`flush`.
    """

    def __init__(
        self,
        trades: Sink | None = None,
        equity: Sink | None = None,
        decisions: Sink | None = None,
        orders: Sink | None = None,
        ledger: Sink | None = None,
        *,
        kept: OutputsKept = "full",
        at_once: int = 1,
    ) -> None:
        full = kept == "full"
        self.trades = HashedText(trades, TRADE_HEADER, kept=kept != "none", at_once=at_once)
        self.equity = HashedText(equity, EQUITY_HEADER, kept=full, at_once=at_once)
        self.decisions = HashedText(decisions, kept=full, at_once=at_once)
        self.orders = HashedText(orders, ORDER_HEADER, kept=full, at_once=at_once)
        self.ledger = HashedText(ledger, LEDGER_HEADER, kept=full, at_once=at_once)
        self._curve = array("d")
        self.mark = self._curve.append
        self._writers = self._writers_of(kept)
        self._digested = "", hashlib.sha256().hexdigest()

    @property
    def parts(self) -> tuple[HashedText, ...]:
        """The five texts: trades, equity, decisions, orders, ledger."""
        return self.trades, self.equity, self.decisions, self.orders, self.ledger

    @property
    def curve(self) -> Sequence[float]:
        """The float64 equity of every step."""
        return self._curve

    def mark_all(self, equity: bytes | memoryview) -> None:
        """Take the equity of many steps, as the bytes of their float64."""
        self._curve.frombytes(equity)

    def render(self, event: Event) -> None:
        """Write an event where it belongs."""
        write = self._writers.get(type(event))
        if write is not None:
            write(event)

    def listen(self, recorder: Recorder) -> None:
        """Be told the events of which anything is written."""
        for kind, write in self._writers.items():
            recorder.subscribe(write, (kind,))

    def flush(self) -> None:
        """Hand on whatever was gathered."""
        for part in self.parts:
            part.flush()

    def digest(self) -> str:
        """Return the digest of all bytes written so far."""
        written = "".join([part.sha256 for part in self.parts])
        # Asked for before every step, and few steps write anything.
        if written != self._digested[0]:
            self._digested = written, hashlib.sha256(written.encode()).hexdigest()
        return self._digested[1]

    def _writers_of(self, kept: OutputsKept) -> dict[type, Callable[[Any], None]]:
        """Return what writes the events of each kind."""
        trades, equity, decisions, orders, ledger = (part.append for part in self.parts)

        def tell(event: Event) -> None:
            line = decision_line(event)
            if line is not None:
                decisions(line)

        def tell_order(change: OrderTransition) -> None:
            orders(order_line(change))
            if change.event in ORDER_ENDS:
                tell(change)

        writers: dict[type, Callable[[Any], None]] = dict.fromkeys(get_args(Event), tell)
        writers[TradeRow] = lambda row: trades(trade_line(row))
        writers[Transaction] = lambda transaction: ledger(ledger_lines(transaction))
        writers[EquityPoint] = lambda point: equity(equity_line(point))
        writers[OrderTransition] = tell_order
        if kept == "full":
            return writers
        return {TradeRow: writers[TradeRow]} if kept == "trades" else {}
