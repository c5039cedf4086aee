"""The paper venue's account: positions and money, told as they change."""

from collections import Counter
from decimal import Decimal

from core.events import Fill, Listener, TradeRow
from core.exact import ZERO, add, as_float, multiply, subtract
from core.instants import to_datetime
from core.instrument import Instrument
from core.tolerance import EXACT_TOLERANCE
from execution.costs.fill_pricing import FillPricing
from execution.matching.venue_rules import PerpetualRules
from execution.money.account_totals import AccountTotals
from execution.money.cash_transfer import CashTransfer
from execution.money.closed_trade import ClosedTrade
from execution.money.funding_amount import funding_amount
from execution.money.holding import Holding, side_of
from execution.money.ledger import Ledger
from execution.money.margin import initial_margin
from execution.money.performance import performance_summary
from execution.money.postings import Postings
from execution.orders.order import Order
from execution.scripting.position import Position


class Account:
    """Positions and money of one paper account; the order book decides when and at which price a fill happens.

    ``holdings`` are the open positions by symbol, ``totals`` what the fills and trades add up to, ``last_row`` and
    ``last_trade`` the last of them, ``postings`` the double entries. ``rows`` and ``closed`` are all of them, where the
    account keeps them. ``rung_fills`` and ``exits`` count closing fills by rung and by reason,
    ``funding_net`` is the sum of all funding payments, ``funding_paid`` that of the costs among them, not below 0.
    ``peak_equity`` and ``max_drawdown`` are those of the equity it was shown. ``transfers`` is the cash that came from
    other accounts or went to them.

    Parameters
    ----------
    starting_balance, pricing
        Cash at the start; costs and trading rules.
    recorder
        Is told every booked fill and every transaction.
    perpetual
        Margin, where positions are perpetual contracts.
    keeps_fills
        Whether ``rows`` and ``closed`` are kept. A session's outputs have them.
    """

    def __init__(
        self,
        starting_balance: Decimal,
        pricing: FillPricing,
        recorder: Listener,
        perpetual: PerpetualRules | None = None,
        *,
        keeps_fills: bool = True,
    ) -> None:
        self.pricing = pricing
        self._recorder = recorder
        self._perpetual = perpetual
        self._keeps_fills = keeps_fills
        self.ledger = Ledger(starting_balance)
        self.postings = Postings(recorder)
        self.holdings: dict[str, Holding] = {}
        self.closed: list[ClosedTrade] = []
        self.rows: list[TradeRow] = []
        self.rung_fills: Counter[int] = Counter()
        self.exits: Counter[str] = Counter()
        self._begin_anew()

    def reset(self) -> None:
        """Return to the starting balance, without positions, trades or a peak; who holds the account keeps it."""
        self.ledger = Ledger(self.ledger.starting_balance)
        for kept in (self.postings, self.pricing):
            kept.reset()
        for emptied in (self.holdings, self.closed, self.rows, self.rung_fills, self.exits):
            emptied.clear()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.totals = AccountTotals()
        self.last_row: TradeRow | None = None
        self.last_trade: ClosedTrade | None = None
        self.funding_net = self.funding_paid = ZERO
        self.peak_equity = float(self.ledger.starting_balance)
        self.max_drawdown = 0.0
        self.transfers: list[CashTransfer] = []
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

    def note_equity(self, equity: float) -> None:
        """Take an equity value into peak equity and the largest drawdown."""
        if equity > self.peak_equity:
            self.peak_equity = equity
        else:
            drawdown = (self.peak_equity - equity) / self.peak_equity
            if drawdown > self.max_drawdown:
                self.max_drawdown = drawdown

    @property
    def performance(self) -> dict[str, float | int]:
        """Balances, returns and trade counts as plain figures; percentages are per cent."""
        return performance_summary(
            self.ledger.starting_balance,
            self.ledger.balance,
            self.totals,
            self.transfers,
            unrealized=self.unrealized_of_log(),
            open_positions=len(self.holdings),
            max_drawdown=self.max_drawdown,
            peak_equity=self.peak_equity,
        )

    def unrealized_of_log(self) -> Decimal:
        """Return the exact gross profit of the trade log: at closes taken since each entry, else at its own fill."""
        total = ZERO
        for holding in self.holdings.values():
            if holding.marked:
                total = add(total, holding.exact_unrealized())
        return total

    def unrealized_of_marks(self) -> Decimal:
        """Return the exact gross profit at the marks of all that was part of the last equity."""
        total = ZERO
        for holding in self.holdings.values():
            total = add(total, holding.counted_unrealized())
        return total

    def affordable(self, fill: Fill) -> bool:
        """Return whether the equity carries the open entries, one more entry and its commission.

        It is that of the last marks plus what was realised since beyond those marks: a position that has closed counts
        with its result alone, what was added since not at all. With margin the open positions weigh by theirs, the
        entry and its commission divided by the leverage.
        """
        equity = add(self.ledger.balance, self.unrealized_of_marks())
        needed = add(fill.notional, fill.commission)
        limit = multiply(equity, EXACT_TOLERANCE)
        if self._perpetual is None:
            for entry in self.ledger.entries.values():
                needed = add(needed, entry.cost)
            return needed <= limit
        margins, leverage = ZERO, self._perpetual.leverage(fill.symbol)
        for entry in self.ledger.entries.values():
            margins = add(margins, entry.margin)
        return add(needed, multiply(margins, leverage)) <= multiply(limit, leverage)

    def enter(self, fill: Fill, order: Order, mark: float | None = None) -> Holding:
        """Open a position, or add to the one that is open, and return it; :meth:`tell_entry` tells the fill."""
        self.begin(fill.time_ms)
        symbol, margin = fill.symbol, ZERO
        if self._perpetual is not None:
            margin = initial_margin(fill.notional, self._perpetual.leverage(symbol))
        entry = self.ledger.open(symbol, fill.sign, fill.quantity, fill.price, fill.commission, margin)
        self.postings.opened(fill, order.order_id or "", margin)
        holding = self.holdings.get(symbol)
        if holding is None:
            request = order.request
            position = Position(
                symbol,
                side_of(fill.sign),
                as_float(fill.quantity),
                as_float(fill.price),
                to_datetime(fill.time_ms),
                strategy_name=None if request is None else request.strategy_name,
                metadata={} if request is None else dict(request.metadata),
            )
            first_mark = as_float(fill.price) if mark is None else mark
            holding = Holding(entry, position, fill.time_ms, first_mark, order.client_order_id)
            holding.tag = "" if request is None else request.tag
            self.holdings[symbol] = holding
        else:
            if not order.filled:
                holding.entries += 1
            holding.add(entry, fill)
        self._find_liquidation(holding)
        return holding

    def tell_entry(self, fill: Fill, order_id: str) -> TradeRow:
        """Tell an entry whose position has its levels, and return its row."""
        holding = self.holdings[fill.symbol]
        row = TradeRow(
            fill,
            "OPEN",
            order_id,
            holding.position.strategy_name or "",
            "signal",
            self.ledger.balance,
            self.unrealized_of_log(),
            levels=holding.levels(),
            tag=holding.tag,
        )
        return self._tell(row)

    def leave(self, fill: Fill, order: Order, *, ambiguous: bool = False, gained_at_best: Decimal = ZERO) -> TradeRow:
        """Close a part of a position, or all of it, tell it and return its row.

        ``gained_at_best`` is what an ambiguous exit would have brought more, had the targets come first.
        """
        symbol, order_id, reason = fill.symbol, order.order_id or "", order.exit_reason
        holding = self.holdings[symbol]
        part = self.ledger.close(symbol, fill.quantity, fill.price, fill.commission)
        self.postings.closed(fill, order_id, part, "liquidation" if reason == "liquidation" else "close")
        holding.ambiguous = holding.ambiguous or ambiguous
        holding.take_part(part, fill, add(part.result, gained_at_best))
        self.exits[reason] += 1
        rest = self.ledger.entries.get(symbol)
        if rest is None:
            del self.holdings[symbol]
            self.postings.require_flat(symbol)
            trade = self.last_trade = holding.trade(fill, reason)
            self.totals.trades.take(trade)
            if self._keeps_fills:
                self.closed.append(trade)
        else:
            holding.resize(rest)
            self._find_liquidation(holding)
        row = TradeRow(
            fill,
            "CLOSE",
            order_id,
            holding.position.strategy_name or "",
            reason,
            self.ledger.balance,
            self.unrealized_of_log(),
            part.result,
            funding=part.funding,
            rung=order.rung,
            ambiguous=ambiguous,
            tag=holding.tag,
        )
        return self._tell(row)

    def fund(self, symbol: str, mark: Decimal, rate: Decimal, time_ms: int) -> Decimal:
        """Settle a funding payment of a symbol's position; return what it received (paid, where negative)."""
        holding = self.holdings[symbol]
        amount = funding_amount(holding.sign, holding.entry.quantity, mark, rate)
        holding.entry = self.ledger.fund(symbol, amount)
        self.postings.funded(time_ms, symbol, amount)
        self.funding_net = add(self.funding_net, amount)
        if amount < 0:
            self.funding_paid = subtract(self.funding_paid, amount)
        return amount

    def transfer(self, amount: Decimal, equity: float, time_ms: int) -> CashTransfer:
        """Take cash from another account (give it, where negative); ``equity`` is the account's before it.

        What a draw-down is measured from changes by the same factor as equity: a transfer is neither gain nor loss.
        """
        self.begin(time_ms)
        self.ledger.transfer(amount)
        self.postings.transferred(time_ms, amount)
        transfer = CashTransfer(time_ms, amount, equity)
        self.transfers.append(transfer)
        self.peak_equity *= transfer.factor
        return transfer

    def free_cash(self) -> Decimal:
        """Return the cash that no open position holds (its entries, or its margin); open profit is none."""
        ledger = self.ledger
        unrealized = self.unrealized_of_marks()
        free = ledger.balance if unrealized > 0 else add(ledger.balance, unrealized)
        for entry in ledger.entries.values():
            free = subtract(free, entry.cost if self._perpetual is None else entry.margin)
        return max(free, ZERO)

    def take_rules(self, symbol: str, instrument: Instrument) -> None:
        """Let trading rules come into force; the margin table is one of them."""
        self.pricing.set_rules(symbol, instrument)
        if self._perpetual is not None:
            self._perpetual.renew_table(symbol, instrument)
            if symbol in self.holdings:
                self._find_liquidation(self.holdings[symbol])

    def _tell(self, row: TradeRow) -> TradeRow:
        self.last_row = row
        self.totals.take(row)
        if self._keeps_fills:
            self.rows.append(row)
        self._recorder(row)
        return row

    def _find_liquidation(self, holding: Holding) -> None:
        if self._perpetual is not None:
            entry = holding.entry
            table = self._perpetual.tables[entry.symbol]
            holding.liquidation = table.liquidation_price(entry.sign, entry.quantity, entry.cost, entry.margin)
