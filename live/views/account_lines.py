"""Money, positions and orders of a session as views show them."""

import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from core.candle import Candle
from core.orders import OrderType
from engine.portfolio.portfolio_session import PortfolioSession
from engine.session import Session
from execution.money.holding import Holding, side_of
from execution.orders.order import Order
from live.views.session_picture import AccountFigures, OrderLine, PositionLine

Shown = Session | PortfolioSession
FormingOf = Callable[[str], Candle | None]
"""Tells the running candle of a configured symbol after the last step; None where nothing is known of it."""


def parts_of(session: Shown) -> list[tuple[str, Session]]:
    """Return the sessions of a portfolio's members, each with what stands before its symbols; else the session."""
    if isinstance(session, PortfolioSession):
        return [(f"{one.name} ", one.session) for one in session.members]
    return [("", session)]


def position_lines(session: Shown, forming_of: FormingOf, *, by_touch: bool) -> list[PositionLine]:
    """Return the positions in configured order, each at its forming candle's close if there is one.

    ``by_touch`` says that a limit order fills when the price only reaches it.
    """
    return [
        _position_line(holding, forming_of(holding.position.symbol), name, by_touch=by_touch)
        for name, part in parts_of(session)
        for holding in _holdings(part)
    ]


def account_figures(session: Shown, positions: Sequence[PositionLine], *, perpetual: bool) -> AccountFigures:
    """Return how the account stands, given its positions."""
    safety, parts = session.safety, [part for _, part in parts_of(session)]
    accounts = [part.account for part in parts]
    balance = math.fsum(float(one.balance) for one in accounts)
    results = [one.totals.trades.all for one in accounts]
    holdings = [one for part in parts for one in _holdings(part)]
    return AccountFigures(
        balance=balance,
        equity=balance + sum(one.unrealized() for one in holdings),
        live_equity=balance + sum(line.pnl for line in positions) if any(line.forming for line in positions) else None,
        realized_pnl=math.fsum(float(one.realized_pnl) for one in accounts),
        daily_pnl=safety.daily_pnl,
        daily_loss=max(0.0, safety.daily_loss),
        max_daily_loss=safety.limits.max_daily_loss_pct,
        drawdown=safety.drawdown,
        max_drawdown=safety.limits.max_drawdown_pct,
        trades=sum(one.trades for one in results),
        won=sum(one.won for one in results),
        even=sum(one.even for one in results),
        margin=sum(float(one.entry.margin) for one in holdings) if perpetual else None,
        funding=math.fsum(float(one.funding_net) for one in accounts) if perpetual else None,
    )


def order_lines(session: Shown, forming_of: FormingOf) -> Iterator[OrderLine]:
    """Yield what waits and rests: symbols in configured order, closes before entries before a script's orders."""
    for name, part in parts_of(session):
        for line in _orders_of(part, forming_of):
            yield line._replace(symbol=name + line.symbol)


def _orders_of(session: Session, forming_of: FormingOf) -> Iterator[OrderLine]:
    account = session.account
    for symbol in session.instruments:
        candle = forming_of(symbol)
        close, entry = account.waiting_closes.get(symbol), account.waiting_entries.get(symbol)
        if close is not None:
            yield _order_line(close, f"close ({close.exit_reason})", candle)
        if entry is not None:
            yield _order_line(entry, f"enter {side_of(entry.sign).value}", candle)
        for order in account.orders_of(symbol):
            if order.role == "order":
                yield _order_line(order, "buy" if order.sign > 0 else "sell", candle)


def _holdings(session: Session) -> list[Holding]:
    """Return the open positions in configured order."""
    holdings = session.account.holdings
    return [holdings[symbol] for symbol in session.instruments if symbol in holdings]


def _position_line(holding: Holding, candle: Candle | None, before: str, *, by_touch: bool) -> PositionLine:
    mark = holding.mark if candle is None else candle.close
    stop, entry = holding.stop, holding.entry
    return PositionLine(
        symbol=before + holding.position.symbol,
        side=holding.position.side.value,
        quantity=holding.quantity,
        entry=holding.entry_price,
        mark=mark,
        pnl=holding.sign * (mark - holding.entry_price) * holding.quantity,
        forming=candle is not None,
        stop=None if stop is None else _number(stop.stop_price),
        targets=tuple(float(order.price) for order in _working_targets(holding) if order.price is not None),
        trailed=stop is not None and stop.exit_reason != "stop",
        touched="" if candle is None else _touched(holding, candle, by_touch=by_touch),
        liquidation=_number(holding.liquidation),
        margin=float(entry.margin) if entry.margin else None,
        funding=float(entry.funding),
    )


def _order_line(order: Order, what: str, candle: Candle | None) -> OrderLine:
    at_market = order.acts == "market"
    # How much of the position is left to close is only known when the close fills.
    quantity = None if order.role == "close" else float(order.remaining)
    return OrderLine(
        symbol=order.symbol,
        order_id=order.order_id or "",
        what=what,
        order_type=order.order_type.value,
        quantity=quantity,
        price=None if order.order_type is OrderType.MARKET else _number(order.price),
        stop_price=_number(order.stop_price),
        open=candle.open if at_market and candle is not None else None,
        deadline_ms=order.last_open_ms if order.last_open_ms is not None else order.expires_ms,
    )


def _touched(holding: Holding, candle: Candle, *, by_touch: bool) -> str:
    """Return the reason of what the candle has reached so far, in the order in which its close would judge it."""
    sign = holding.sign
    adverse, favourable = (candle.low, candle.high) if sign > 0 else (candle.high, candle.low)
    stop = None if holding.stop is None else _number(holding.stop.stop_price)
    target = next((float(order.price) for order in _working_targets(holding) if order.price is not None), None)
    beyond = target is not None and sign * (candle.open - target) > 0
    stopped = stop is not None and sign * (adverse - stop) <= 0 and (not beyond or sign * (candle.open - stop) <= 0)
    if holding.stop is not None and stopped:
        return holding.stop.exit_reason
    if target is None:
        return ""
    distance = sign * (favourable - target)
    return "target" if distance > 0 or (by_touch and distance == 0) else ""


def _working_targets(holding: Holding) -> list[Order]:
    return [order for order in holding.targets if order.status.working]


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
