"""The paper venue's account: positions and money, written to the trade log and the ledger's journal as they change."""

import json
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from core.exact import EXACT, ONE, ZERO, plain
from core.instants import to_datetime
from core.instrument import Instrument
from execution.costs.fill_pricing import FillPricing
from execution.matching.venue_rules import PerpetualRules
from execution.money.closed_trade import ClosedTrade
from execution.money.funding_amount import funding_amount
from execution.money.holding import Holding, side_of
from execution.money.ledger import Ledger
from execution.money.margin import initial_margin
from execution.money.postings import Postings
from execution.money.trade_log import TradeLog, TradeRow
from execution.orders.order import Order
from execution.scripting.position import Position

_BALANCE_TOLERANCE = EXACT.add(ONE, Decimal("1e-9"))


class Account:
    """Positions and money of one paper account; the order book decides when and at which price a fill happens.

    ``holdings`` are the open positions by symbol, ``closed`` the round trips, ``rows`` what the trade log was given,
    ``postings`` the double entries. ``rung_fills`` and ``exits`` count closing fills by rung and by reason,
    ``funding_net`` is the sum of all funding payments, ``funding_paid`` that of the costs among them, not below 0.
    """

    def __init__(
        self,
        starting_balance: Decimal,
        pricing: FillPricing,
        trade_log: TradeLog | None,
        postings: Postings | None = None,
        perpetual: PerpetualRules | None = None,
    ) -> None:
        self.pricing = pricing
        self._trade_log = trade_log
        self._perpetual = perpetual
        self.trailing_fraction: Decimal | None = None
        self.ledger = Ledger(starting_balance)
        self.postings = postings or Postings()
        self.holdings: dict[str, Holding] = {}
        self.closed: list[ClosedTrade] = []
        self.rows: list[TradeRow] = []
        self.rung_fills: Counter[int] = Counter()
        self.exits: Counter[str] = Counter()
        self.funding_net = self.funding_paid = ZERO
        self._order_count = 0
        self._begun = False

    def begin(self, time_ms: int) -> None:
        """Post the starting balance, once; the first entry does it where nobody has."""
        if not self._begun:
            self._begun = True
            self.postings.start(time_ms, self.ledger.starting_balance)

    def next_order_id(self) -> str:
        """Return the next order id; ids are one counter over accepted orders and protective exits."""
        self._order_count += 1
        return str(self._order_count)

    def unrealized_of_log(self) -> Decimal:
        """Return the exact gross profit of the trade log: at closes taken since each entry, else at its own fill."""
        return _total(holding.exact_unrealized() for holding in self.holdings.values() if holding.marked)

    def unrealized_of_marks(self) -> Decimal:
        """Return the exact gross profit at the marks of all that was part of the last equity."""
        return _total(holding.counted_unrealized() for holding in self.holdings.values())

    def affordable(self, symbol: str, price: Decimal, quantity: Decimal, commission: Decimal, equity: Decimal) -> bool:
        """Return whether ``equity`` carries the open entries, one more entry and its commission.

        With margin the open positions weigh by theirs, the entry and its commission divided by the leverage.
        """
        needed = EXACT.add(EXACT.multiply(price, quantity), commission)
        limit = EXACT.multiply(equity, _BALANCE_TOLERANCE)
        entries = self.ledger.entries.values()
        if self._perpetual is None:
            return EXACT.add(needed, _total(entry.cost for entry in entries)) <= limit
        leverage = self._perpetual.leverage(symbol)
        margins = EXACT.multiply(_total(entry.margin for entry in entries), leverage)
        return EXACT.add(needed, margins) <= EXACT.multiply(limit, leverage)

    def enter(
        self, order: Order, quantity: Decimal, price: Decimal, commission: Decimal, time_ms: int, mark: float | None
    ) -> Holding:
        """Open a position, or add to the one that is open, and return it; its row is written by :meth:`record`."""
        self.begin(time_ms)
        symbol = order.symbol
        margin = ZERO
        if self._perpetual is not None:
            margin = initial_margin(EXACT.multiply(price, quantity), self._perpetual.leverage(symbol))
        entry = self.ledger.open(symbol, order.sign, quantity, price, commission, margin)
        self.postings.opened(time_ms, order.order_id or "", symbol, margin, commission)
        holding = self.holdings.get(symbol)
        if holding is None:
            request = order.request
            position = Position(
                symbol,
                side_of(order.sign),
                float(quantity),
                float(price),
                to_datetime(time_ms),
                strategy_name=None if request is None else request.strategy_name,
                metadata={} if request is None else dict(request.metadata),
            )
            first_mark = float(price) if mark is None else mark
            holding = Holding(entry, position, time_ms, first_mark, order.client_order_id)
            self.holdings[symbol] = holding
        else:
            if not order.filled:
                holding.entries += 1
            holding.add(entry, quantity, EXACT.multiply(price, quantity))
        self._find_liquidation(holding)
        return holding

    def leave(
        self,
        holding: Holding,
        quantity: Decimal,
        price: Decimal,
        commission: Decimal,
        time_ms: int,
        reason: str,
        order_id: str,
        *,
        reference: Decimal,
        rung: int = 0,
        ambiguous: bool = False,
        gained_at_best: Decimal = ZERO,
    ) -> TradeRow:
        """Close a part of a position, or all of it, and write its row.

        ``gained_at_best`` is what an ambiguous exit would have brought more, had the targets come first.
        """
        symbol = holding.position.symbol
        part = self.ledger.close(symbol, quantity, price, commission)
        self.postings.closed(
            time_ms,
            "liquidation" if reason == "liquidation" else "close",
            order_id,
            symbol,
            gross=part.gross,
            commission=commission,
            entry_commission=part.entry_commission,
            funding=part.funding,
            margin=part.margin,
        )
        holding.ambiguous = holding.ambiguous or ambiguous
        holding.take_part(part, quantity, price, EXACT.add(part.result, gained_at_best))
        self.exits[reason] += 1
        rest = self.ledger.entries.get(symbol)
        if rest is None:
            del self.holdings[symbol]
            self.postings.require_flat(symbol)
            self.closed.append(holding.trade(time_ms, price, reason))
        else:
            holding.resize(rest)
            self._find_liquidation(holding)
        told: dict[str, bool | int | str] = {"ambiguous": True} if ambiguous else {}
        if part.funding:
            told["funding"] = plain(part.funding)
        if rung:
            told["rung"] = rung
        metadata = json.dumps(told, separators=(",", ":")) if told else "{}"
        return self.record(
            holding, "CLOSE", order_id, time_ms, price, reference, quantity, commission, part.result, reason, metadata
        )

    def fund(self, symbol: str, mark: Decimal, rate: Decimal, time_ms: int) -> Decimal:
        """Settle a funding payment of a symbol's position; return what it received (paid, where negative)."""
        holding = self.holdings[symbol]
        amount = funding_amount(holding.sign, holding.entry.quantity, mark, rate)
        holding.entry = self.ledger.fund(symbol, amount)
        self.postings.funded(time_ms, symbol, amount)
        self.funding_net = EXACT.add(self.funding_net, amount)
        if amount < 0:
            self.funding_paid = EXACT.subtract(self.funding_paid, amount)
        return amount

    def record(
        self,
        holding: Holding,
        action: str,
        order_id: str,
        time_ms: int,
        price: Decimal,
        reference: Decimal,
        quantity: Decimal,
        commission: Decimal,
        result: Decimal,
        reason: str,
        metadata: str,
    ) -> TradeRow:
        """Write the row of a fill that has happened and return it."""
        slippage = EXACT.multiply(EXACT.abs(EXACT.subtract(price, reference)), quantity)
        unrealized = self.unrealized_of_log()
        position = holding.position
        row = TradeRow(
            time_ms,
            order_id,
            position.symbol,
            action,
            position.side.value,
            price,
            quantity,
            commission,
            slippage,
            self.ledger.balance,
            EXACT.add(self.ledger.balance, unrealized),
            result,
            unrealized,
            position.strategy_name or "",
            reason,
            metadata,
        )
        self.rows.append(row)
        if self._trade_log is not None:
            self._trade_log.write(row)
        return row

    def take_rules(self, symbol: str, instrument: Instrument) -> None:
        """Let trading rules come into force; the margin table is one of them."""
        self.pricing.set_rules(symbol, instrument)
        if self._perpetual is not None:
            self._perpetual.renew_table(symbol, instrument)
            if symbol in self.holdings:
                self._find_liquidation(self.holdings[symbol])

    def _find_liquidation(self, holding: Holding) -> None:
        if self._perpetual is not None:
            entry = holding.entry
            table = self._perpetual.tables[entry.symbol]
            holding.liquidation = table.liquidation_price(entry.sign, entry.quantity, entry.cost, entry.margin)


def _total(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
