"""The gates of a session, in order: risk sizes an entry, safety refuses it or not, execution accepts it."""

from decimal import Decimal

from core.reasons import ExitReason
from engine.session_statistics import SessionStatistics
from execution.safety.safety_monitor import SafetyMonitor
from execution.scripting.execution_engine import ExecutionEngine
from risk_management.entry_sizing import EntrySizer


class Gates:
    """What judges the orders of a session; closes pass without being judged.

    Parameters
    ----------
    risk, safety, execution
        The three gates.
    statistics
        Counts the orders that are submitted.
    """

    def __init__(
        self, risk: EntrySizer, safety: SafetyMonitor, execution: ExecutionEngine, statistics: SessionStatistics
    ) -> None:
        self.risk = risk
        self.safety = safety
        self.execution = execution
        self.statistics = statistics

    def queue_close(self, symbol: str, time_ms: int, reason: ExitReason, quantity: Decimal | None = None) -> str:
        """Accept a market close of a position, or of a quantity of it, at the next open; return the order's id."""
        self.statistics.orders_submitted += 1
        return self.execution.submit_close(symbol, time_ms, reason, quantity)
