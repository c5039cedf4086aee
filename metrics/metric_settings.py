"""Conventions that a reader of figures may choose."""

import msgspec

from metrics.annualised import daily_rate


class MetricSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Conventions of the figures of a run.

    ``risk_free_rate`` is a fraction a year, compounded daily. Annualised figures need a run of ``shortest_days``;
    ``tail`` is the share of days that value at risk speaks of.
    """

    risk_free_rate: float = 0.0
    periods_per_year: int = 365
    shortest_days: int = 30
    tail: float = 0.05

    @property
    def daily_rate(self) -> float:
        """The risk-free return of a day, a fraction: (1 + rate) ^ (1 / periods) − 1."""
        return daily_rate(self.risk_free_rate, self.periods_per_year)
