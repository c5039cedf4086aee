"""Counts of what a session did."""

from collections import Counter


class SessionStatistics:
    """Counters of one session; reasons are counted by name."""

    __slots__ = (
        "candles_processed",
        "entries_filled",
        "funding_payments",
        "gaps",
        "halts",
        "orders_cancelled",
        "orders_expired",
        "orders_rejected",
        "orders_submitted",
        "partial_fills",
        "refusals",
        "signals_generated",
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
        self.orders_rejected = 0
        self.orders_expired = 0
        self.orders_cancelled = 0
        self.partial_fills = 0
        self.funding_payments = 0
        self.gaps = 0
        self.halts = 0
        self.refusals: Counter[str] = Counter()

    def to_dict(self) -> dict[str, int | float | dict[str, int]]:
        """Return the counts as plain values; ``exposure_time_pct`` is the share of steps that ended with a position."""
        steps = self.steps
        return {
            "candles_processed": self.candles_processed,
            "steps": steps,
            "signals_generated": self.signals_generated,
            "signals_refused": self.refusals.total(),
            "refusal_reasons": dict(sorted(self.refusals.items())),
            "orders_submitted": self.orders_submitted,
            "entries_filled": self.entries_filled,
            "orders_rejected": self.orders_rejected,
            "orders_expired": self.orders_expired,
            "orders_cancelled": self.orders_cancelled,
            "partial_fills": self.partial_fills,
            "funding_payments": self.funding_payments,
            "gaps": self.gaps,
            "halts": self.halts,
            "exposure_time_pct": 100.0 * self.steps_with_position / steps if steps else 0.0,
        }
