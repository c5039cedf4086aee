"""Counts of what a session did."""

from array import array
from collections import Counter
from typing import Any

from core.events import CandleMove, Decision, Event, FundingPayment, Gap, Halt, OrderTransition
from core.programs.program_call import ProgramCall
from core.verdicts import RiskVerdict
from engine.program_counts import ProgramCounts


class SessionStatistics:
    """Counters of one session; refusals and what became of orders are counted by reason.

    Steps and candles are counted where they pass, everything else by its events. ``first_refused`` has time and
    symbol of the first decision that each reason refused. Of accepted entries ``sizes_bound_by`` counts what set their
    sizes; ``risks_taken`` has, for each, the fraction of equity that its stop loses. ``program`` counts the calls of
    a user's program; None without one.
    """

    kinds = frozenset((OrderTransition, Decision, FundingPayment, Gap, Halt, CandleMove, ProgramCall))
    """The events that are counted."""

    __slots__ = (
        "cancelled",
        "candle_moves",
        "candles_processed",
        "entries_filled",
        "expired",
        "first_refused",
        "funding_payments",
        "gaps",
        "halts",
        "orders_submitted",
        "partial_fills",
        "program",
        "refusals",
        "rejected",
        "risks_taken",
        "signals_generated",
        "sizes_bound_by",
        "steps",
        "steps_with_position",
    )

    def __init__(self) -> None:
        self.steps = 0
        self.steps_with_position = 0
        self.candles_processed = 0
        self.signals_generated = 0
        self.orders_submitted = 0
        self.entries_filled = 0
        self.partial_fills = 0
        self.funding_payments = 0
        self.gaps = 0
        self.halts = 0
        self.candle_moves = 0
        self.first_refused: dict[str, tuple[int, str]] = {}
        self.refusals: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.expired: Counter[str] = Counter()
        self.cancelled: Counter[str] = Counter()
        self.sizes_bound_by: Counter[str] = Counter()
        self.risks_taken = array("d")
        self.program: ProgramCounts | None = None

    def count(self, event: Event) -> None:
        """Count an event."""
        if isinstance(event, OrderTransition):
            if event.role not in ("stop", "target"):
                self._count_transition(event)
        elif isinstance(event, Decision):
            self.signals_generated += 1
            reason = event.reason
            if reason is not None:
                self.refusals[reason] += 1
                self.first_refused.setdefault(reason, (event.time_ms, event.symbol))
            if event.entry_order_id is not None:
                self._count_size(event)
        elif isinstance(event, FundingPayment):
            self.funding_payments += 1
        elif isinstance(event, Gap):
            self.gaps += 1
        elif isinstance(event, Halt):
            self.halts += 1
        elif isinstance(event, CandleMove):
            self.candle_moves += 1
        elif isinstance(event, ProgramCall) and self.program is not None:
            self.program.count(event)

    def _count_size(self, decision: Decision) -> None:
        """Count what set the size of an accepted entry, and what it risks."""
        for verdict in decision.verdicts:
            if isinstance(verdict, RiskVerdict) and verdict.bound is not None and verdict.risk_taken is not None:
                self.sizes_bound_by[verdict.bound] += 1
                self.risks_taken.append(verdict.risk_taken / verdict.equity)

    def _count_transition(self, change: OrderTransition) -> None:
        """Count what became of an entry or a close; one that was never accepted counts as a refusal of its decision."""
        event, entry = change.event, change.role == "entry"
        if event in ("FILLED", "PARTIALLY_FILLED"):
            self.partial_fills += entry and event == "PARTIALLY_FILLED"
            self.entries_filled += entry and event == "FILLED"
        elif event in ("REJECTED", "EXPIRED", "CANCELED") and change.order_id is not None:
            self.entries_filled += entry and change.filled > 0
            ended = {"REJECTED": self.rejected, "EXPIRED": self.expired, "CANCELED": self.cancelled}
            ended[event][change.reason] += 1

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as plain values; ``exposure_time_pct`` is the share of steps that ended with a position."""
        steps = self.steps
        return {
            "candles_processed": self.candles_processed,
            "steps": steps,
            "signals_generated": self.signals_generated,
            "signals_refused": self.refusals.total(),
            "refusal_reasons": dict(sorted(self.refusals.items())),
            "orders_submitted": self.orders_submitted,
            "sizes_bound_by": dict(sorted(self.sizes_bound_by.items())),
            "entries_filled": self.entries_filled,
            "orders_rejected": self.rejected.total(),
            "rejection_reasons": dict(sorted(self.rejected.items())),
            "orders_expired": self.expired.total(),
            "expiry_reasons": dict(sorted(self.expired.items())),
            "orders_cancelled": self.cancelled.total(),
            "cancellation_reasons": dict(sorted(self.cancelled.items())),
            "partial_fills": self.partial_fills,
            "funding_payments": self.funding_payments,
            "gaps": self.gaps,
            "halts": self.halts,
            "candle_moves": self.candle_moves,
            "exposure_time_pct": 100.0 * self.steps_with_position / steps if steps else 0.0,
        }
