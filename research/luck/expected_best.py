"""What the best of many worthless strategies comes to, and what is left of a result beside it.

Every trial counts that was ever run on the data: those that failed, lost, or were made by hand too. What has no Sharpe
ratio counts among the trials and not in their variance.

References
----------
D. H. Bailey and M. López de Prado, The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest Overfitting and
Non-Normality, Journal of Portfolio Management (2014).
"""

import math
from statistics import NormalDist

import msgspec
import numpy as np
import numpy.typing as npt

from core.candle_columns import Float64Array
from metrics.figures.undefined import Measured, Undefined, deviation
from research.luck.sharpe_statistics import SharpeSample, normal_cdf, probabilistic_sharpe

EULER_GAMMA = 0.5772156649015329
"""The Euler–Mascheroni constant."""

_NORMAL = NormalDist()
_STEP = 1.0 / 32.0
_BELL = [(at * _STEP, _STEP * _NORMAL.pdf(at * _STEP)) for at in range(-192, 193)]
"""Points of the normal distribution, and the probability of each."""


class SharpesTried(msgspec.Struct, frozen=True, eq=False):
    """All trials on some data: ``sharpes`` are those of one period, ``count`` is how many trials there were in all."""

    sharpes: Float64Array
    count: int

    @classmethod
    def of(cls, sharpes: npt.ArrayLike, count: int | None = None, *, periods_per_year: int = 1) -> "SharpesTried":
        """Return trials from their Sharpe ratios.

        Parameters
        ----------
        sharpes
            One a trial; nan or None where a trial has none.
        count
            All trials; None are as many as there are Sharpe ratios given.
        periods_per_year
            By the root of which the ratios were annualised; 1 are ratios of one period.

        Raises
        ------
        ValueError
            If there are more Sharpe ratios than trials.
        """
        given = np.asarray(sharpes, np.float64)
        tried = len(given) if count is None else count
        if len(given) > tried:
            raise ValueError(f"{len(given)} Sharpe ratios of {tried} trials")
        return cls(given[np.isfinite(given)] / math.sqrt(periods_per_year), tried)

    @property
    def deviation(self) -> Measured:
        """Standard deviation (n − 1) of the Sharpe ratios."""
        if len(self.sharpes) < 2:
            return Undefined(f"{len(self.sharpes)} of {self.count} trials have a Sharpe ratio; it needs 2")
        return deviation(self.sharpes)


def expected_best_sharpe(tried: SharpesTried) -> Measured:
    """Return the Sharpe ratio that the best of so many trials is expected to have where none is worth anything.

    √V · ((1 − γ) · Φ⁻¹(1 − 1/N) + γ · Φ⁻¹(1 − 1/(N·e))), V the variance of the trials' Sharpe ratios, N all trials, γ
    the Euler–Mascheroni constant; Bailey and López de Prado (2014). It is 0 of one trial.

    It takes the trials to be independent of each other, with normal Sharpe ratios around 0. Neighbouring parameters are
    not independent: then N is too many, which errs on the safe side, and V too small, which does not.

    Returns
    -------
    float or Undefined
        Of one period; undefined without a trial, or where fewer than two of several have a Sharpe ratio.
    """
    if tried.count < 1:
        return Undefined("there is no trial")
    if tried.count == 1:
        return 0.0
    spread = tried.deviation
    if isinstance(spread, Undefined):
        return spread
    highest = (1.0 - EULER_GAMMA) * _upper(1.0 / tried.count) + EULER_GAMMA * _upper(1.0 / (tried.count * math.e))
    return spread * highest


def deflated_sharpe(best: SharpeSample, tried: SharpesTried) -> Measured:
    """Return the probability that the true Sharpe ratio of the best trial is above what luck would have found.

    The probabilistic Sharpe ratio against :func:`expected_best_sharpe`; Bailey and López de Prado (2014). It is usually
    asked to be above 0.95. Of one trial it is the probabilistic Sharpe ratio.

    Limits are those of both. It is no probability of losing: read it beside that of overfitting
    (:mod:`~research.luck.overfitting`) and the reality check (:mod:`~research.luck.reality_check`).
    """
    hurdle = expected_best_sharpe(tried)
    return hurdle if isinstance(hurdle, Undefined) else probabilistic_sharpe(best, hurdle)


def beaten_by_chance(best: SharpeSample, tried: SharpesTried) -> Measured:
    """Return how probable it is that the best of so many worthless trials has a higher Sharpe ratio than one.

    1 − E[Φ((SR − c · Z) ÷ √V)^N], Z normal and c² = max(0, E² − V): E² = (1 − skew · SR + (kurtosis − 1) / 4 · SR²) ÷
    (n − 1) is the variance by which the ratio of one worthless trial errs, and V is how much of it the trials do not
    share. What trials of one market share, as all longs do, moves the best of them and is not in V. Trials that are
    independent share nothing, V is E² or more, and it is 1 − Φ(SR ÷ √V)^N, the distribution of which
    :func:`expected_best_sharpe` is the mean; of trials that are all alike, or of one alone, it is one less the
    probabilistic Sharpe ratio. In between it takes any two trials to share as much as any two others, and returns to be
    independent of each other.

    Parameters
    ----------
    best
        Of one period; its length and shape are taken to be those of all.
    tried
        All trials, this one among them.

    Returns
    -------
    float or Undefined
        Undefined where the probabilistic Sharpe ratio is, or where fewer than two of several trials have a ratio.
    """
    alone = probabilistic_sharpe(best)
    if isinstance(alone, Undefined):
        return alone
    own = 0.0 if tried.count == 1 else tried.deviation
    if isinstance(own, Undefined):
        return own
    if not own > 0.0:
        return 1.0 - alone
    shared = math.sqrt(max(0.0, best.spread / (best.observations - 1) - own * own))
    weighed = _BELL if shared > 0.0 else [(0.0, 1.0)]
    return math.fsum(weight * _highest_above((best.sharpe - shared * at) / own, tried.count) for at, weight in weighed)


def _highest_above(value: float, count: int) -> float:
    """Return the probability that the highest of independent normal values is above one."""
    above = normal_cdf(-value)
    return 1.0 if above >= 1.0 else -math.expm1(count * math.log1p(-above))


def _upper(tail: float) -> float:
    """Return Φ⁻¹(1 − tail) without loss of digits."""
    return -_NORMAL.inv_cdf(tail)
