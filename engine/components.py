"""The objects of one session, as its phases share them."""

from decimal import Decimal

from core.exact import EXACT, received
from engine.kernel_rules import KernelRules
from engine.outputs import SessionOutputs
from engine.session_statistics import SessionStatistics
from engine.symbol_state import SymbolState
from execution.execution_engine import ExecutionEngine
from execution.paper_trader import PaperTrader
from execution.safety_monitor import SafetyMonitor
from risk_management.risk_engine import RiskEngine


class Components:
    """What the phases of a session act on.

    ``balance_at_marks`` is the balance when equity was last taken (phase B); with it a later phase knows what has been
    realised since.
    """

    def __init__(
        self,
        rules: KernelRules,
        states: list[SymbolState],
        trader: PaperTrader,
        execution: ExecutionEngine,
        risk: RiskEngine,
        safety: SafetyMonitor,
        outputs: SessionOutputs,
    ) -> None:
        self.rules = rules
        self.states = states
        self.trader = trader
        self.account = trader.account
        self.execution = execution
        self.waiting = execution.waiting
        self.risk = risk
        self.safety = safety
        self.outputs = outputs
        self.statistics = SessionStatistics()
        self.balance_at_marks = self.account.ledger.balance

    def spendable(self) -> Decimal:
        """Return the equity of the last marks plus what has been realised since."""
        realized_since = EXACT.subtract(self.account.ledger.balance, self.balance_at_marks)
        return EXACT.add(received(self.safety.current_equity), realized_since)

    def cancel_entry(self, symbol: str, time_ms: int, reason: str) -> None:
        """Cancel a symbol's waiting entry."""
        entry = self.waiting.entries.pop(symbol)
        self._cancelled(symbol, time_ms, entry.order.order_id, "entry", reason)

    def cancel_close(self, symbol: str, time_ms: int, reason: str) -> None:
        """Cancel a symbol's waiting close."""
        close = self.waiting.closes.pop(symbol)
        self._cancelled(symbol, time_ms, close.order_id, "close", reason)

    def cancel_entries(self, time_ms: int, reason: str) -> None:
        """Cancel every waiting entry, in configured order."""
        for state in self.states:
            if state.symbol in self.waiting.entries:
                self.cancel_entry(state.symbol, time_ms, reason)

    def cancel_all(self, time_ms: int, reason: str) -> None:
        """Cancel everything that waits: symbols in configured order, a symbol's close before its entry."""
        for state in self.states:
            if state.symbol in self.waiting.closes:
                self.cancel_close(state.symbol, time_ms, reason)
            if state.symbol in self.waiting.entries:
                self.cancel_entry(state.symbol, time_ms, reason)

    def _cancelled(self, symbol: str, time_ms: int, order_id: str | None, kind: str, reason: str) -> None:
        self.statistics.orders_cancelled += 1
        self.outputs.decisions.write(
            time_ms, symbol, "order_cancelled", {"order_id": order_id, "order": kind, "reason": reason}
        )
