"""What a change is worth by day, out of sample: the mean of paired daily differences, and how sure it is.

References
----------
D. N. Politis and J. P. Romano, The Stationary Bootstrap, Journal of the American Statistical Association (1994).
"""

import math
from typing import Literal

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from metrics.figures.undefined import Undefined, deviation, mean
from research.monte_carlo.block_length import block_length
from research.recommendations.student_distribution import upper_bound, upper_tail

LEAST_DIFFERING = 20
"""Days on which something has to differ: of fewer, one that is not there yet would say the opposite."""
FEW_DAYS = 60
"""Below so many days their dependence cannot be seen, and they are taken to be independent."""

Method = Literal["blocks", "days"]


class MeanChange(msgspec.Struct, frozen=True, kw_only=True):
    """The mean of daily differences, its standard error, and what that is of.

    ``error`` is the standard error of the mean; with ``blocks`` that of the stationary bootstrap with blocks of
    ``block`` days on average, with ``days`` that of independent days. ``differing`` of the ``days`` are not 0.
    """

    mean: float
    error: float
    days: int
    differing: int
    method: Method
    block: float

    @property
    def p_value(self) -> float:
        """How probable a mean as high is where the change is worth nothing."""
        return upper_tail(self.mean / self.error, self.differing - 1)

    def interval(self, level: float) -> tuple[float, float]:
        """Return the interval that holds the true mean with a probability: Student's t times the standard error."""
        reach = upper_bound(0.5 * (1.0 - level), self.differing - 1) * self.error
        return self.mean - reach, self.mean + reach


def mean_change(differences: Float64Array) -> MeanChange | Undefined:
    """Return what a change is worth a day.

    The standard error is the one that the stationary bootstrap of the mean has, in closed form (Politis and Romano
    1994, lemma 1: γ₀ + 2 Σ ((1 − k/n) (1 − p)ᵏ + k/n (1 − p)ⁿ⁻ᵏ) γₖ, p one over the mean length of the blocks, which is
    automatic), so that nothing is drawn; it is not taken below that of independent days, and is that below 60 days.
    It is told apart from chance by Student's t with as many degrees of freedom as days differ, less one: what trades
    seldom is less sure than its number of days says.

    Parameters
    ----------
    differences
        Return of each day with the change less that without it, in order of time.

    Returns
    -------
    MeanChange or Undefined
        Undefined where fewer than 20 days differ, or all by the same.
    """
    days, differing = len(differences), int(np.count_nonzero(differences))
    if differing < LEAST_DIFFERING:
        return Undefined(f"{differing} days differ; it needs {LEAST_DIFFERING}")
    independent = deviation(differences) / math.sqrt(days)
    if not independent > 0.0:
        return Undefined("all days differ by the same")
    block = block_length(differences) if days >= FEW_DAYS else 1.0
    drawn = math.sqrt(bootstrap_variance(differences, block) / (days - 1)) if days >= FEW_DAYS else 0.0
    return MeanChange(
        mean=mean(differences),
        error=max(independent, drawn),
        days=days,
        differing=differing,
        method="blocks" if days >= FEW_DAYS else "days",
        block=block,
    )


def bootstrap_variance(values: Float64Array, block: float) -> float:
    """Return n times the variance that the mean has over all stationary bootstraps of n values."""
    count = len(values)
    off = values - mean(values)
    lags = np.arange(1, count)
    products = np.correlate(off, off, mode="full")[count:] / count
    stay = 1.0 - 1.0 / block
    weights = (1.0 - lags / count) * stay**lags + lags / count * stay ** (count - lags)
    return max(0.0, float(off @ off) / count + 2.0 * math.fsum((weights * products).tolist()))
