"""The objects of one session, as its phases share them."""

from decimal import Decimal

from core.exact import EXACT
from engine.kernel_rules import KernelRules
from engine.outputs import SessionOutputs
from engine.session_statistics import SessionStatistics
from engine.symbol_state import SymbolState
from execution.safety.safety_monitor import SafetyMonitor
from execution.scripting.execution_engine import ExecutionEngine
from execution.scripting.paper_trader import PaperTrader
from risk_management.entry_sizing import EntrySizer


class Components:
    """What the phases of a session act on."""

    def __init__(
        self,
        rules: KernelRules,
        states: list[SymbolState],
        trader: PaperTrader,
        execution: ExecutionEngine,
        risk: EntrySizer,
        safety: SafetyMonitor,
        outputs: SessionOutputs,
    ) -> None:
        self.rules = rules
        self.states = states
        self.trader = trader
        self.account = trader.account
        self.book = trader.book
        self.matching = trader.matching
        self.immediate = trader.immediate
        self.execution = execution
        self.risk = risk
        self.safety = safety
        self.outputs = outputs
        self.statistics = SessionStatistics()
        self.matching.fills.spendable = self.spendable

    def spendable(self) -> Decimal:
        """Return the equity of the last marks plus what was realised since beyond those marks.

        A position that has closed counts with its result alone: what it was worth at the marks is part of that.
        """
        return EXACT.add(self.account.ledger.balance, self.account.unrealized_of_marks())

    def cancel_entry(self, symbol: str, time_ms: int, reason: str) -> None:
        """Cancel a symbol's waiting entry."""
        self.book.cancel(self.book.entries[symbol], time_ms, reason)

    def cancel_close(self, symbol: str, time_ms: int, reason: str) -> None:
        """Cancel a symbol's waiting close."""
        self.book.cancel(self.book.closes[symbol], time_ms, reason)

    def cancel_entries(self, time_ms: int, reason: str) -> None:
        """Cancel every waiting entry, in configured order."""
        for state in self.states:
            if state.symbol in self.book.entries:
                self.cancel_entry(state.symbol, time_ms, reason)

    def cancel_all(self, time_ms: int, reason: str) -> None:
        """Cancel everything that waits: symbols in configured order, a symbol's close before its entry."""
        for state in self.states:
            if state.symbol in self.book.closes:
                self.cancel_close(state.symbol, time_ms, reason)
            if state.symbol in self.book.entries:
                self.cancel_entry(state.symbol, time_ms, reason)

    def queue_close(self, symbol: str, time_ms: int, reason: str) -> str:
        """Accept a market close of a position at its symbol's next open; return the order's id."""
        self.statistics.orders_submitted += 1
        return self.execution.submit_close(symbol, time_ms, reason)
