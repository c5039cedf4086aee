"""The execution engine: the one gate between an order asked for and an order accepted."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.errors import HarnessError
from core.events import Event, TradeRow
from core.exact import as_float, computed
from core.orders import OrderRequest, OrderSide, OrderType
from core.reasons import ExecutionRefusal, ExitReason
from execution.orders.order_book import OrderBook
from execution.orders.order_status import OrderStatus
from execution.positive_number import positive_number
from execution.safety.safety_limits import SafetyLimits
from execution.safety.safety_monitor import SafetyMonitor, SafetyViolation
from execution.scripting.execution_result import ExecutionResult
from execution.scripting.paper_trader import PaperTrader
from execution.scripting.position import Position


class OrderRefused(HarnessError):
    """The venue takes no such order. ``reason`` is one word."""

    def __init__(self, reason: ExecutionRefusal, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ExecutionEngine:
    """Judges orders with the safety monitor and hands them to the paper venue.

    Scripts call :meth:`submit_order` with an order and a price: market orders fill at once, and a refusal is an answer.
    Whatever opens and closes a position of the trader (an order, its exits, a flatten) reaches the monitor, with the
    equity that a close leaves; a script that tells it too changes nothing. A session names when it decided
    (``decided_ms``): the accepted order waits in the book, a refusal is raised, and the session shows the monitor
    equity itself.

    Parameters
    ----------
    execution_mode
        ``paper``, or ``monitor``: judge, but accept no entry.
    paper_trader, safety_monitor
        Defaults are made when None is given.
    in_session
        Whether a session matches the orders and shows the monitor its equity.
    """

    def __init__(
        self,
        execution_mode: str = "paper",
        paper_trader: PaperTrader | None = None,
        safety_monitor: SafetyMonitor | None = None,
        *,
        in_session: bool = False,
    ) -> None:
        if execution_mode not in ("paper", "monitor"):
            raise ValueError(f"execution_mode {execution_mode!r}: allowed are 'paper' and 'monitor'")
        self.execution_mode = execution_mode
        self.paper_trader = paper_trader or PaperTrader()
        self.safety_monitor = safety_monitor or SafetyMonitor(SafetyLimits(), self.paper_trader.get_equity())
        self._in_session = in_session
        self._answers: Counter[bool] = Counter()
        self._counted: set[str] = set()
        for symbol, holding in self.paper_trader.account.holdings.items():
            self._count(symbol, holding.quantity, holding.entry_price, holding.position.side)
        self.paper_trader.venue.recorder.subscribe(self._take, (TradeRow,))

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

        An order against an open position of a direct call closes, and closes are never refused. The refusal of any gate
        is a failed result, REJECTED, its reason in ``reason`` and in words in ``error``.

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
            With ``decided_ms``, naming the limit or the rule that refuses the order.
        ValueError
            If the symbol is empty or UNKNOWN, or the price not positive and finite.
        """
        _check_symbol(order.symbol)
        positive_number(current_price, "current_price")
        if decided_ms is not None:
            return self._accept(order, current_price, decided_ms, wait_until_ms)
        result = self._submit_at_once(order, current_price)
        self._answers[result.success] += 1
        return result

    def _accept(self, order: OrderRequest, price: float, decided_ms: int, wait_until_ms: int | None) -> ExecutionResult:
        """Accept an entry that a session decided on, or raise the refusal."""
        self._judge(order, price)
        accepted = self.book.submit(order, decided_ms, last_price=price, role="entry", last_open_ms=wait_until_ms)
        if accepted.status is OrderStatus.REJECTED:
            raise OrderRefused(accepted.reason, f"{order.symbol}: the venue rejects the order: {accepted.reason}")
        return ExecutionResult(True, OrderStatus.NEW, accepted.order_id)

    def _submit_at_once(self, order: OrderRequest, price: float) -> ExecutionResult:
        """Answer a script's order; what closes is not judged."""
        held = self.paper_trader.account.holdings.get(order.symbol)
        if held is None or (held.position.side is order.side and order.order_type is not OrderType.MARKET):
            self._forget_what_is_gone()
            try:
                self._judge(order, price)
            except (SafetyViolation, OrderRefused) as refused:
                return ExecutionResult.refused(refused.reason, str(refused), price, order.order_id)
        return self.paper_trader.submit_order(order, price)

    def _judge(self, order: OrderRequest, price: float) -> None:
        """Show an entry to the safety monitor, then to the rules of the venue's account."""
        self.safety_monitor.check_pre_trade(order, self._risk_of(order, price), order.quantity * price)
        if order.side is OrderSide.SHORT and not self.paper_trader.allow_shorting:
            raise OrderRefused("shorting_disabled", f"{order.symbol}: shorting is not allowed")
        if self.execution_mode == "monitor":
            raise OrderRefused("monitor_mode", f"{order.symbol}: monitor mode accepts no order")

    def _take(self, event: Event) -> None:
        """Let the monitor know of a fill, and of the equity that a close leaves."""
        if not isinstance(event, TradeRow):
            return
        holding, monitor = self.paper_trader.account.holdings.get(event.symbol), self.safety_monitor
        if event.action == "OPEN":
            self._count(
                event.symbol, as_float(event.quantity), as_float(event.price), OrderSide.from_signal(event.side)
            )
            return
        monitor.recorded.reduce(event.symbol, 0.0 if holding is None else holding.quantity)
        if holding is None:
            self._counted.discard(event.symbol)
        if not self._in_session:
            monitor.check_post_trade(self.paper_trader.get_equity())

    def _count(self, symbol: str, quantity: float, price: float, side: OrderSide) -> None:
        self._counted.add(symbol)
        recorded = self.safety_monitor.recorded
        recorded.followed.add(symbol)
        recorded.add(symbol, quantity, price, side)

    def _forget_what_is_gone(self) -> None:
        """Count no position that the trader has lost without a fill, by its reset."""
        for symbol in self._counted - self.paper_trader.account.holdings.keys():
            self.safety_monitor.recorded.reduce(symbol, 0.0)
            self._counted.discard(symbol)

    def _risk_of(self, order: OrderRequest, price: float) -> float:
        """Return the most that an order can lose at its stop, rounding included; 0.0 without a stop."""
        distance = order.stop_distance
        if distance is None:
            if order.stop_loss is None:
                return 0.0
            distance = abs(price - order.stop_loss)
        rules = self.paper_trader.account.pricing.rules(order.symbol)
        return order.quantity * as_float(rules.worst_stop_distance(computed(distance)))

    def submit_close(self, symbol: str, time_ms: int, reason: ExitReason, quantity: Decimal | None = None) -> str:
        """Accept a market close of a position, or of a quantity of it, at the next open; return its order id."""
        return self.paper_trader.book.submit_close(symbol, time_ms, reason, quantity).order_id or ""

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
        self, risk_output: Mapping[str, Any] | None, strategy_name: str | None = None
    ) -> OrderRequest:
        """Return a market order from what ``RiskEngine.apply_risk_to_signal`` returned.

        The symbol is ``risk_output["symbol"]`` or the one in its metadata.

        Raises
        ------
        ValueError
            If the risk engine allowed no trade (None), the symbol is missing or UNKNOWN, or the position size not
            positive.
        """
        if risk_output is None:
            raise ValueError("the risk engine answered None: it allows no trade, so there is no order to make")
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

    def get_open_positions(self) -> dict[str, Position]:
        """Return the open positions by symbol, in the order they were opened."""
        return self.paper_trader.get_open_positions()

    def get_statistics(self) -> dict[str, int]:
        """Return how many orders :meth:`submit_order` was asked for: in all, accepted or filled, and rejected."""
        total, successful = self._answers.total(), self._answers[True]
        return {"total_orders": total, "successful_orders": successful, "rejected_orders": total - successful}

    def get_performance_summary(self) -> dict[str, Any]:
        """Return the paper trader's summary."""
        return self.paper_trader.get_performance_summary()


def _check_symbol(symbol: str) -> None:
    if not isinstance(symbol, str) or symbol.strip().upper() in ("", "UNKNOWN"):
        raise ValueError(f"an order needs a symbol, got {symbol!r}")
