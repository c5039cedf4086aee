"""States made of a session as it stands; it is only read."""

from array import array
from collections.abc import Iterable

import msgspec

from backtests.player.amount import Amount, optional_amount
from backtests.player.recent_events import RecentEvents
from backtests.player.states import BacktestMetrics, BacktestOrder, BacktestPosition, BacktestState, Status
from core.candle import Step
from core.candle_columns import Int64Array
from core.exact import ZERO, add
from engine.session import Session
from execution.money.holding import Holding
from execution.orders.order import Order


def state_of(
    session: Session, recent: RecentEvents, status: Status, step: Step | None, index: int, total: int | None
) -> BacktestState:
    """Return the state of a session after a step; ``index`` steps of ``total`` are done."""
    account, symbols = session.account, session.instruments
    holdings, candles = account.holdings, {}
    if step is not None:
        candles = {name: one for name, one in zip(symbols, step.candles, strict=False) if one is not None}
    equity = account.balance
    for holding in holdings.values():
        if holding.marked:
            equity = add(equity, holding.exact_unrealized())
    return BacktestState(
        status=status,
        time_ms=session.last_step_ms,
        index=index,
        total=total,
        progress_percent=None if total is None else 100.0 * index / total if total else 100.0,
        candles=candles,
        current_capital=Amount(account.balance),
        equity=Amount(equity),
        open_trades=tuple([position_of(holdings[symbol]) for symbol in symbols if symbol in holdings]),
        signals=recent.signals,
        trades=recent.trades,
        metrics=metrics_of(session),
    )


def metrics_of(session: Session) -> BacktestMetrics:
    """Return the figures of a session so far, without its curve."""
    account, statistics = session.account, session.statistics
    figures, totals = account.performance, account.totals
    trades, costs = totals.trades, totals.costs
    return BacktestMetrics(
        starting_balance=figures["starting_balance"],
        total_return=figures["total_return"],
        total_return_pct=figures["total_return_pct"],
        realized_pnl=Amount(account.realized_pnl),
        unrealized_pnl=figures["unrealized_pnl"],
        total_trades=figures["total_trades"],
        winning_trades=figures["winning_trades"],
        losing_trades=figures["losing_trades"],
        even_trades=figures["even_trades"],
        win_rate=figures["win_rate"],
        profit_factor=trades.profit_factor.value,
        expectancy=trades.expectancy.value,
        average_win=trades.average_win.value,
        average_loss=trades.average_loss.value,
        max_drawdown_pct=figures["max_drawdown_pct"],
        peak_equity=figures["peak_equity"],
        commission_paid=Amount(costs.commission),
        slippage_paid=Amount(costs.slippage),
        funding_net=Amount(account.funding_net),
        candles_processed=statistics.candles_processed,
        signals_generated=statistics.signals_generated,
        signals_refused=statistics.refusals.total(),
        orders_submitted=statistics.orders_submitted,
    )


def with_curve(
    state: BacktestState, session: Session, times_ms: "Int64Array | array[int]", first: int
) -> BacktestState:
    """Return a state with the equity of its steps from number ``first`` on.

    ``times_ms`` are those of the steps; the value after everything was closed, where there is one, is a point of its
    own at the last of them.
    """
    first, points = curve_points(session, times_ms, first, state.index, state.total)
    metrics = msgspec.structs.replace(state.metrics, equity_curve_from=first, equity_curve=tuple(points))
    return msgspec.structs.replace(state, metrics=metrics)


def curve_points(
    session: Session, times_ms: "Int64Array | array[int]", first: int, index: int, total: int | None
) -> tuple[int, list[tuple[int, float]]]:
    """Return the points of the curve from number ``first`` on, or from its end, and the number of the first of them."""
    first, last = curve_stretch(session, first, index, total)
    times = times_ms[first : min(last, len(times_ms))].tolist()
    times += [session.last_step_ms] * (last - first - len(times))
    return first, list(zip(times, session.outputs.curve[first:last], strict=True))


def curve_stretch(session: Session, first: int, index: int, total: int | None) -> tuple[int, int]:
    """Return the numbers between which the points of :func:`curve_points` are."""
    length = len(session.outputs.curve)
    # After the end has closed everything there is one value more than steps.
    last = length if length > index == total else min(index, length)
    return min(first, last), last


def position_of(holding: Holding) -> BacktestPosition:
    """Return an open position as states show it."""
    stop, levels = holding.stop, holding.levels()
    return BacktestPosition(
        symbol=holding.position.symbol,
        side=holding.position.side.value,
        quantity=Amount(holding.entry.quantity),
        entry_time_ms=holding.opened_ms,
        entry_price=Amount(holding.entry.average_price()),
        mark=holding.mark,
        unrealized_pnl=Amount(holding.exact_unrealized()) if holding.marked else Amount(ZERO),
        stop=optional_amount(levels.stop),
        targets=tuple([Amount(price) for price in levels.targets]),
        trailed=stop is not None and stop.exit_reason != "stop",
        liquidation=optional_amount(levels.liquidation),
        funding=Amount(holding.entry.funding),
        tag=holding.tag,
    )


def orders_of(session: Session) -> tuple[BacktestOrder, ...]:
    """Return every order that waits or rests, symbols in configured order, each in order of acceptance."""
    return tuple([order_of(one) for one in working_orders(session, session.instruments)])


def working_orders(session: Session, symbols: Iterable[str]) -> list[Order]:
    """Return the orders of :func:`orders_of` themselves; ``symbols`` are the session's, in order."""
    account, found = session.account, []
    closes, entries = account.waiting_closes, account.waiting_entries
    for symbol in symbols:
        orders = list(account.orders_of(symbol))
        for one in (closes.get(symbol), entries.get(symbol)) if closes or entries else ():
            if one is not None and one not in orders:
                orders.append(one)
        if len(orders) > 1:
            orders.sort(key=lambda one: one.sequence)
        found += orders
    return found


def order_of(order: Order) -> BacktestOrder:
    """Return a working order as states show it."""
    return BacktestOrder(
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        role=order.role,
        side="BUY" if order.sign > 0 else "SELL",
        order_type=order.order_type.value,
        status=order.status.value,
        quantity=Amount(order.quantity),
        filled=Amount(order.filled),
        price=optional_amount(order.price),
        stop_price=optional_amount(order.stop_price),
        accepted_ms=order.accepted_ms,
        deadline_ms=order.last_open_ms if order.last_open_ms is not None else order.expires_ms,
        rung=order.rung,
    )
