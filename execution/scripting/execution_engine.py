"""The execution engine: the one gate between an order asked for and an order accepted."""

from collections.abc import Mapping
from typing import Any

from core.errors import HarnessError
from core.exact import computed
from core.orders import OrderRequest, OrderSide, OrderType
from core.reasons import ExecutionRefusal, ExitReason
from execution.orders.order_book import OrderBook
from execution.orders.order_status import OrderStatus
from execution.safety.safety_limits import SafetyLimits
from execution.safety.safety_monitor import SafetyMonitor
from execution.scripting.execution_result import ExecutionResult
from execution.scripting.paper_trader import PaperTrader
from execution.scripting.position import Position
from execution.scripting.positive_number import positive_number


class OrderRefused(HarnessError):
    """The venue takes no such order. ``reason`` is one word."""

    def __init__(self, reason: ExecutionRefusal, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ExecutionEngine:
    """Judges orders with the safety monitor and hands them to the paper venue.

    Scripts call :meth:`submit_order`, which fills market orders at once. A session lets accepted orders wait in the
    book (``decided_ms``) and matches them itself.

    Parameters
    ----------
    execution_mode
        ``paper``, or ``monitor``: judge, but accept no entry.
    paper_trader, safety_monitor
        Defaults are made when None is given.
    """

    def __init__(
        self,
        execution_mode: str = "paper",
        paper_trader: PaperTrader | None = None,
        safety_monitor: SafetyMonitor | None = None,
    ) -> None:
        if execution_mode not in ("paper", "monitor"):
            raise ValueError(f"execution_mode {execution_mode!r}: allowed are 'paper' and 'monitor'")
        self.execution_mode = execution_mode
        self.paper_trader = paper_trader or PaperTrader()
        self.safety_monitor = safety_monitor or SafetyMonitor(SafetyLimits(), self.paper_trader.get_equity())

    @property
    def book(self) -> OrderBook:
        """The working orders."""
        return self.paper_trader.book

    def submit_order(
        self,
        order: OrderRequest,
        current_price: float,
        *,
        decided_ms: int | None = None,
        wait_until_ms: int | None = None,
    ) -> ExecutionResult:
        """Judge an order and fill it at once, or accept it to wait.

        An order against an open position of a direct call closes, and closes are never refused.

        Parameters
        ----------
        current_price
            The price at which the order is judged and, without ``decided_ms``, a market order is filled.
        decided_ms
            When a session decided it; the accepted order then waits in the book.
        wait_until_ms
            Latest open at which an accepted market order may fill.

        Raises
        ------
        SafetyViolation, OrderRefused
            Naming the limit or the rule that refuses the order.
        ValueError
            If the symbol is empty or UNKNOWN, or the price not positive and finite.
        """
        _check_symbol(order.symbol)
        positive_number(current_price, "current_price")
        trader, monitor = self.paper_trader, self.safety_monitor
        held = trader.account.holdings.get(order.symbol)
        closes = held is not None and (held.position.side is not order.side or order.order_type is OrderType.MARKET)
        if decided_ms is None and closes:
            return self._submit_against(order, current_price)
        monitor.check_pre_trade(order, self._risk_of(order, current_price), order.quantity * current_price)
        if order.side is OrderSide.SHORT and not trader.allow_shorting:
            raise OrderRefused("shorting_disabled", f"{order.symbol}: shorting is not allowed")
        if self.execution_mode == "monitor":
            raise OrderRefused("monitor_mode", f"{order.symbol}: monitor mode accepts no order")
        if decided_ms is None:
            result = trader.submit_order(order, current_price)
            if result.fill is not None:
                monitor.record_position_open(result.fill.fill_value)
            return result
        accepted = trader.book.submit(
            order, decided_ms, last_price=current_price, role="entry", last_open_ms=wait_until_ms
        )
        if accepted.status is OrderStatus.REJECTED:
            raise OrderRefused(accepted.reason, f"{order.symbol}: the venue rejects the order: {accepted.reason}")
        return ExecutionResult.success_result(accepted.order_id or "")

    def _submit_against(self, order: OrderRequest, current_price: float) -> ExecutionResult:
        """Hand over an order for a symbol that is held: it closes, or the venue rejects it."""
        trader, monitor = self.paper_trader, self.safety_monitor
        entry_price = trader.account.holdings[order.symbol].entry_price
        result = trader.submit_order(order, current_price)
        if result.fill is not None:
            monitor.check_post_trade(trader.get_equity())
            # What is closed counted at its entry, so that is what goes.
            closed = result.fill.quantity * entry_price
            if order.symbol in trader.account.holdings:
                monitor.observe_book(monitor.open_positions, max(monitor.total_exposure - closed, 0.0))
            else:
                monitor.record_position_close(closed)
        return result

    def _risk_of(self, order: OrderRequest, price: float) -> float:
        """Return the most that an order can lose at its stop, rounding included; 0.0 without a stop."""
        distance = order.stop_distance
        if distance is None:
            if order.stop_loss is None:
                return 0.0
            distance = abs(price - order.stop_loss)
        rules = self.paper_trader.account.pricing.rules(order.symbol)
        return order.quantity * float(rules.worst_stop_distance(computed(distance)))

    def submit_close(self, symbol: str, time_ms: int, reason: ExitReason) -> str:
        """Accept a market close of the whole position at the symbol's next open; return its order id."""
        return self.paper_trader.book.submit_close(symbol, time_ms, reason).order_id or ""

    def create_order_from_signal(
        self,
        signal: str | Mapping[str, Any],
        symbol: str,
        quantity: float,
        stop_loss: float | None = None,
        take_profit: float | None = None,
        strategy_name: str | None = None,
    ) -> OrderRequest:
        """Return a market order in the direction of a signal (its text, or a strategy's answer).

        Raises
        ------
        ValueError
            If the signal is FLAT or unknown, the symbol empty or UNKNOWN, or the quantity not positive.
        """
        _check_symbol(symbol)
        direction = signal if isinstance(signal, str) else str(signal.get("signal"))
        metadata = {} if isinstance(signal, str) else dict(signal.get("metadata") or {})
        return OrderRequest(
            symbol,
            OrderSide.from_signal(direction),
            OrderType.MARKET,
            quantity,
            stop_loss=stop_loss,
            take_profit=take_profit,
            strategy_name=strategy_name,
            metadata=metadata,
        )

    def create_order_from_risk_output(
        self, risk_output: Mapping[str, Any], strategy_name: str | None = None
    ) -> OrderRequest:
        """Return a market order from what ``RiskEngine.apply_risk_to_signal`` returned.

        The symbol is ``risk_output["symbol"]`` or the one in its metadata.

        Raises
        ------
        ValueError
            If the symbol is missing or UNKNOWN, or the position size not positive.
        """
        metadata = dict(risk_output.get("metadata") or {})
        symbol = str(risk_output.get("symbol") or metadata.get("symbol") or "UNKNOWN")
        return self.create_order_from_signal(
            {"signal": risk_output.get("side") or risk_output.get("signal"), "metadata": metadata},
            symbol,
            float(risk_output.get("position_size") or 0.0),
            risk_output.get("stop_loss"),
            risk_output.get("take_profit"),
            strategy_name,
        )

    def get_balance(self) -> float:
        """Return cash after closed trades."""
        return self.paper_trader.get_balance()

    def get_equity(self) -> float:
        """Return balance plus unrealised profit at the last marks."""
        return self.paper_trader.get_equity()

    def get_open_positions(self) -> list[Position]:
        """Return the open positions."""
        return self.paper_trader.get_open_positions()

    def get_performance_summary(self) -> dict[str, Any]:
        """Return the paper trader's summary."""
        return self.paper_trader.get_performance_summary()


def _check_symbol(symbol: str) -> None:
    if symbol.strip().upper() in ("", "UNKNOWN"):
        raise ValueError(f"an order needs a symbol, got {symbol!r}")
