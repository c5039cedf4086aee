"""What lines say of one session: values that are kept from line to line, and made anew where they have changed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from backtests.player.session_seen import OrderSeen, PositionSeen, SessionSeen, TradesSeen
from backtests.player.states import Status
from core.candle import Candle
from core.exact import ZERO, add, plain, received
from execution.money.account_totals import Costs
from execution.money.holding import Holding
from execution.money.ledger import Entry
from execution.money.performance import returned
from execution.orders.order import Order


class PositionLine(msgspec.Struct, gc=False):
    """A position as ``BacktestPosition`` says it."""

    symbol: str
    side: str
    quantity: str
    entry_time_ms: int
    entry_price: str
    funding: str
    tag: str = ""
    mark: float = 0.0
    unrealized_pnl: str = "0"
    stop: str | None = None
    targets: list[str] = []
    trailed: bool = False
    liquidation: str | None = None


class OrderLine(msgspec.Struct, gc=False):
    """An order as ``BacktestOrder`` says it."""

    order_id: str | None
    client_order_id: str
    symbol: str
    role: str
    side: str
    order_type: str
    accepted_ms: int
    rung: int
    status: str
    quantity: str
    filled: str
    price: str | None
    stop_price: str | None
    deadline_ms: int | None


class MetricsLine(msgspec.Struct, gc=False):
    """Figures as ``BacktestMetrics`` says them."""

    starting_balance: float
    total_return: float = 0.0
    total_return_pct: float = 0.0
    realized_pnl: str = "0"
    unrealized_pnl: float = 0.0
    total_trades: int = 0
    winning_trades: int = 0
    losing_trades: int = 0
    even_trades: int = 0
    win_rate: float = 0.0
    profit_factor: float | None = None
    expectancy: float | None = None
    average_win: float | None = None
    average_loss: float | None = None
    max_drawdown_pct: float = 0.0
    peak_equity: float = 0.0
    commission_paid: str = "0"
    slippage_paid: str = "0"
    funding_net: str = "0"
    candles_processed: int = 0
    signals_generated: int = 0
    signals_refused: int = 0
    orders_submitted: int = 0
    equity_curve_from: int = 0
    equity_curve: Sequence[tuple[int, float]] = ()


class NowLine(msgspec.Struct, gc=False):
    """A run after a step as ``BacktestState`` says it, but for the last signals and trades."""

    metrics: MetricsLine
    status: Status = "RUNNING"
    time_ms: int | None = None
    index: int = 0
    total: int | None = None
    progress_percent: float | None = None
    candles: Mapping[str, Candle] = {}
    current_capital: str = "0"
    equity: str = "0"
    open_trades: list[PositionLine] = []


class SessionLine:
    """Says how a session stood, again and again: what did not change since the last time is not made anew.

    Attributes
    ----------
    now
        What was said last; it is changed by the next :meth:`say`.
    orders
        All orders that worked then.
    """

    def __init__(self, starting_balance: Decimal) -> None:
        self._start = starting_balance
        self.now = NowLine(MetricsLine(float(starting_balance)))
        self.orders: list[OrderLine] = []
        self._order_lines: dict[Order, tuple[OrderSeen, OrderLine]] = {}
        self._position_lines: dict[Holding, tuple[Entry, PositionLine]] = {}
        self._settled: tuple[Costs | None, Decimal | None, Decimal | None] = None, None, None
        self._equity: Decimal | None = None
        self._trades: TradesSeen | None = None

    def say(self, seen: SessionSeen) -> NowLine:
        """Return what is said of how it was seen, but for what a playback knows of itself."""
        now, balance, gained, orders, positions = self.now, seen.balance, ZERO, seen.orders, seen.positions
        if orders or self._order_lines:
            self._say_orders(orders)
        if positions or now.open_trades:
            gained = self._say_positions(positions)
        equity = add(balance, gained) if gained else balance
        metrics = now.metrics
        if equity is not self._equity:
            self._equity, metrics.unrealized_pnl, now.equity = equity, float(gained), plain(equity)
            metrics.total_return, metrics.total_return_pct = returned(self._start, equity, seen.transfers)
        costs, funding = seen.costs, seen.funding_net
        known_costs, known_balance, known_funding = self._settled
        if costs is not known_costs or balance is not known_balance or funding is not known_funding:
            self._settled = costs, balance, funding
            now.current_capital, metrics.realized_pnl = plain(balance), plain(seen.realized_pnl)
            metrics.commission_paid, metrics.slippage_paid = plain(costs.commission), plain(costs.slippage)
            metrics.funding_net = plain(funding)
        if seen.trades is not self._trades:
            self._say_trades(seen.trades)
        metrics.peak_equity = seen.peak_equity
        metrics.max_drawdown_pct = 100.0 * seen.max_drawdown
        metrics.candles_processed = seen.candles_processed
        metrics.signals_generated = seen.signals_generated
        metrics.signals_refused = seen.signals_refused
        metrics.orders_submitted = seen.orders_submitted
        return now

    def _say_trades(self, seen: TradesSeen) -> None:
        self._trades, metrics = seen, self.now.metrics
        metrics.total_trades, metrics.winning_trades = seen.total_trades, seen.winning_trades
        metrics.losing_trades, metrics.even_trades = seen.losing_trades, seen.even_trades
        metrics.win_rate, metrics.profit_factor, metrics.expectancy = seen.win_rate, seen.profit_factor, seen.expectancy
        metrics.average_win, metrics.average_loss = seen.average_win, seen.average_loss

    def _say_orders(self, orders: tuple[OrderSeen, ...]) -> None:
        before, after = self._order_lines, {}
        for seen in orders:
            known = before.get(seen[0])
            after[seen[0]] = known if known is not None and known[0] == seen else (seen, _order_line(seen))
        self._order_lines = after
        self.orders = [line for _, line in after.values()]

    def _say_positions(self, positions: tuple[PositionSeen, ...]) -> Decimal:
        """Say what is open, and return what it has gained."""
        before, after, total = self._position_lines, {}, ZERO
        for holding, entry, tag, mark, marked, stop, trailed, targets, liquidation in positions:
            known = before.get(holding)
            if known is None or known[0] is not entry:
                known = entry, _position_line(holding, entry)
            after[holding] = known
            line, gained = known[1], entry.gross(received(mark), entry.quantity) if marked else ZERO
            total = add(total, gained)
            line.tag, line.mark, line.unrealized_pnl, line.trailed = tag, mark, plain(gained), trailed
            line.stop = None if stop is None else plain(stop)
            line.targets = [plain(price) for price in targets]
            line.liquidation = None if liquidation is None else plain(liquidation)
        self._position_lines = after
        self.now.open_trades = [line for _, line in after.values()]
        return total


def _position_line(holding: Holding, entry: Entry) -> PositionLine:
    return PositionLine(
        symbol=holding.position.symbol,
        side=holding.position.side.value,
        quantity=plain(entry.quantity),
        entry_time_ms=holding.opened_ms,
        entry_price=plain(entry.average_price()),
        funding=plain(entry.funding),
    )


def _order_line(seen: OrderSeen) -> OrderLine:
    order, order_id, client_order_id, rung, status, quantity, filled, price, stop_price, last_open_ms, expires_ms = seen
    return OrderLine(
        order_id,
        client_order_id,
        order.symbol,
        order.role,
        "BUY" if order.sign > 0 else "SELL",
        order.order_type._value_,
        order.accepted_ms,
        rung,
        status._value_,
        plain(quantity),
        plain(filled),
        None if price is None else plain(price),
        None if stop_price is None else plain(stop_price),
        last_open_ms if last_open_ms is not None else expires_ms,
    )
