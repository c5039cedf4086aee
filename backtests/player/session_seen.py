"""What is seen of a session between two steps: values that never change, of which its lines are written later."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from engine.session import Session
from execution.money.account_totals import Costs
from execution.money.cash_transfer import CashTransfer
from execution.money.holding import Holding
from execution.money.ledger import Entry
from execution.orders.order import Order
from execution.orders.order_status import OrderStatus

OrderSeen = tuple[
    Order, str | None, str, int, OrderStatus, Decimal, Decimal, Decimal | None, Decimal | None, int | None, int | None
]
"""An order and what may change of it: its ids, rung, status, quantity, filled quantity, price, stop price, latest open
and end. A bare tuple, for speed."""

PositionSeen = tuple[Holding, Entry, str, float, bool, Decimal | None, bool, tuple[Decimal, ...], Decimal | None]
"""A position, its entry, tag, mark, whether that is a close, stop, whether that was moved, targets and liquidation. A
bare tuple, for speed."""


class TradesSeen(msgspec.Struct, frozen=True):
    """The figures that only a closed trade moves, as ``BacktestMetrics`` names them."""

    total_trades: int
    winning_trades: int
    losing_trades: int
    even_trades: int
    win_rate: float
    profit_factor: float | None
    expectancy: float | None
    average_win: float | None
    average_loss: float | None


class SessionSeen(msgspec.Struct, frozen=True):
    """How a session stood; ``transfers`` alone grows, between two steps."""

    balance: Decimal
    realized_pnl: Decimal
    costs: Costs
    funding_net: Decimal
    transfers: Sequence[CashTransfer]
    trades: TradesSeen
    peak_equity: float
    max_drawdown: float
    candles_processed: int
    signals_generated: int
    signals_refused: int
    orders_submitted: int
    positions: tuple[PositionSeen, ...]
    orders: tuple[OrderSeen, ...]


class SessionEyes:
    """Looks at a session, by the thread that drives it; what is slow to write is left for later.

    Parameters
    ----------
    session
        It is only read.
    """

    def __init__(self, session: Session) -> None:
        account = session.account
        self.session = session
        self.symbols = tuple(session.instruments)
        # All of these are the session's for as long as it lasts.
        self._holdings, self._totals, self._transfers = account.holdings, account.totals, account.transfers
        self._working = [account.working_of(symbol) for symbol in self.symbols]
        self._signals, self._refused = -1, 0
        self._balance, self._realized = account.balance, account.realized_pnl
        self._trades = self._trades_now()

    def look(self) -> SessionSeen:
        """Return how it stands."""
        session, holdings, totals = self.session, self._holdings, self._totals
        account, statistics, signals = session.account, session.statistics, session.statistics.signals_generated
        balance = account.balance
        if balance is not self._balance:
            self._balance, self._realized = balance, account.realized_pnl
        if totals.trades.all.trades != self._trades.total_trades:
            self._trades = self._trades_now()
        if signals != self._signals:
            self._signals, self._refused = signals, sum(statistics.refusals.values())
        return SessionSeen(
            balance,
            self._realized,
            totals.costs,
            account.funding_net,
            self._transfers,
            self._trades,
            account.peak_equity,
            account.max_drawdown,
            statistics.candles_processed,
            signals,
            self._refused,
            statistics.orders_submitted,
            tuple([_position(holdings[one]) for one in self.symbols if one in holdings]) if holdings else (),
            tuple([_order(one) for orders in self._working for one in orders]),
        )

    def _trades_now(self) -> TradesSeen:
        trades = self._totals.trades
        results = trades.all
        return TradesSeen(
            results.trades,
            results.won,
            results.trades - results.won - results.even,
            results.even,
            results.win_rate_pct,
            trades.profit_factor.value,
            trades.expectancy.value,
            trades.average_win.value,
            trades.average_loss.value,
        )


def _position(holding: Holding) -> PositionSeen:
    stop = holding.stop
    return (
        holding,
        holding.entry,
        holding.tag,
        holding.mark,
        holding.marked,
        None if stop is None else stop.stop_price,
        stop is not None and stop.exit_reason != "stop",
        tuple([order.price for order in holding.targets if order.price is not None]),
        holding.liquidation,
    )


def _order(order: Order) -> OrderSeen:
    return (
        order,
        order.order_id,
        order.client_order_id,
        order.rung,
        order.status,
        order.quantity,
        order.filled,
        order.price,
        order.stop_price,
        order.last_open_ms,
        order.expires_ms,
    )
