"""What a session shows and tells a strategy of itself."""

from collections.abc import Callable

from core.events import Event, Listener, TradeRow
from core.instants import to_datetime
from core.timeframe import floor_to_grid
from execution.matching.paper_venue import PaperVenue
from execution.money.closed_trade import ClosedTrade
from execution.orders.order import Order
from execution.safety.safety_monitor import SafetyMonitor
from strategies.features.session_facts import AccountNow, FillNow, OrderNow, PositionNow, TradeNow


class KernelFacts:
    """Position and account as they stand, and fills and trades as they happen; everything as plain floats.

    Parameters
    ----------
    venue, safety
        Of the session.
    timeframe_ms
        Of the strategy's candles.
    """

    def __init__(self, venue: PaperVenue, safety: SafetyMonitor, timeframe_ms: int) -> None:
        self._account = venue.account
        self._book = venue.book
        self._safety = safety
        self._timeframe_ms = timeframe_ms

    def position(self, symbol: str, time_ms: int) -> PositionNow | None:
        """Return a symbol's open position at an instant."""
        holding = self._account.holdings.get(symbol)
        if holding is None:
            return None
        levels = holding.levels()
        unrealized, distance = holding.unrealized(), holding.stop_distance
        at_risk = 0.0 if distance is None else float(distance) * holding.quantity
        return PositionNow(
            side="LONG" if holding.long else "SHORT",
            quantity=holding.quantity,
            entry_price=holding.entry_price,
            opened_at=to_datetime(holding.opened_ms),
            candles_held=(time_ms - floor_to_grid(holding.entered_ms, self._timeframe_ms)) // self._timeframe_ms,
            unrealized_pnl=unrealized,
            unrealized_r=unrealized / at_risk if at_risk else float("nan"),
            stop=None if levels.stop is None else float(levels.stop),
            targets=tuple(map(float, levels.targets)),
        )

    def account(self) -> AccountNow:
        """Return the account as it stands."""
        holdings, safety = self._account.holdings, self._safety
        return AccountNow(
            balance=float(self._account.ledger.balance),
            equity=safety.current_equity,
            open_positions=len(holdings),
            exposure=sum(holding.exposure() for holding in holdings.values()),
            today_pnl=safety.daily_pnl,
            halted=safety.trading_halted,
        )

    def orders(self) -> tuple[OrderNow, ...]:
        """Return the entries and closes that wait, in order of acceptance."""
        book = self._book
        waiting = [*book.entries.values(), *book.closes.values(), *book.exits.values()]
        return tuple(_waiting(one) for one in sorted(waiting, key=lambda one: (one.accepted_ms, one.sequence)))

    def leverage(self, symbol: str) -> float:
        """Return the leverage that a symbol is traded with; 1 without contracts."""
        perpetual = self._book.rules.perpetual
        return 1.0 if perpetual is None else float(perpetual.leverage(symbol))

    def news_for(self, tell: Callable[[FillNow | TradeNow], None]) -> Listener:
        """Return a listener that tells every fill, and after the last one of a position its trade."""

        def hear(event: Event) -> None:
            if not isinstance(event, TradeRow):
                return
            tell(_fill(event))
            trade = self._account.last_trade
            if event.action == "CLOSE" and event.symbol not in self._account.holdings and trade is not None:
                tell(_trade(trade))

        return hear


def _waiting(order: Order) -> OrderNow:
    return OrderNow(
        symbol=order.symbol,
        side="BUY" if order.sign > 0 else "SELL",
        role=order.role,
        order_type=order.order_type.value,
        quantity=float(order.remaining),
        price=None if order.price is None else float(order.price),
        stop_price=None if order.stop_price is None else float(order.stop_price),
    )


def _fill(row: TradeRow) -> FillNow:
    return FillNow(
        symbol=row.symbol,
        action=row.action,
        side=row.side,
        quantity=float(row.quantity),
        price=float(row.price),
        commission=float(row.commission),
        realized_pnl=float(row.realized_pnl),
        reason=row.reason,
        order_id=row.order_id,
        time=to_datetime(row.time_ms),
    )


def _trade(trade: ClosedTrade) -> TradeNow:
    return TradeNow(
        symbol=trade.symbol,
        side="LONG" if trade.side.sign > 0 else "SHORT",
        quantity=float(trade.quantity),
        entry_price=float(trade.entry_price),
        exit_price=float(trade.exit_price),
        opened_at=to_datetime(trade.entry_time_ms),
        closed_at=to_datetime(trade.exit_time_ms),
        pnl=float(trade.realized_pnl),
        reason=trade.reason,
    )
