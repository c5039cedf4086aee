"""Whether a Sharpe ratio can be told from a lower one, given how long and how crooked the returns are.

A Sharpe ratio here is that of one period, not annualised, kurtosis is 3 for the normal distribution (not excess), and
skewness and kurtosis are the adjusted estimators G1 and G2 + 3 that the figures of a run have.

References
----------
D. H. Bailey and M. López de Prado, The Sharpe Ratio Efficient Frontier, Journal of Risk (2012).
"""

import math
from statistics import NormalDist

import msgspec

from core.candle_columns import Float64Array
from metrics.figures.risk_figures import FLAT, excess_kurtosis, skewness
from metrics.figures.undefined import Measured, Undefined, deviation, mean

_NORMAL = NormalDist()
_LEAST_RETURNS = 4


class SharpeSample(msgspec.Struct, frozen=True, kw_only=True):
    """A Sharpe ratio and what its error depends on.

    ``sharpe`` is mean over standard deviation (n − 1) of one period's excess returns, ``observations`` their number,
    ``kurtosis`` is 3 for the normal distribution.
    """

    sharpe: float
    observations: int
    skew: float = 0.0
    kurtosis: float = 3.0

    @property
    def spread(self) -> float:
        """1 − skew · SR + (kurtosis − 1) / 4 · SR²: the variance of the estimate times n − 1."""
        return 1.0 - self.skew * self.sharpe + (self.kurtosis - 1.0) / 4.0 * self.sharpe * self.sharpe


def sharpe_sample(excess: Float64Array) -> SharpeSample | Undefined:
    """Return the Sharpe ratio of a period's returns and the shape of these.

    Parameters
    ----------
    excess
        Returns of equal periods less the risk-free rate, shape (n,).

    Returns
    -------
    SharpeSample or Undefined
        Undefined for fewer than four returns, or returns that do not vary.
    """
    if len(excess) < _LEAST_RETURNS:
        return Undefined(f"{len(excess)} returns; it needs {_LEAST_RETURNS}")
    spread, skew, kurtosis = deviation(excess), skewness(excess), excess_kurtosis(excess)
    if not spread > 0.0 or isinstance(skew, Undefined) or isinstance(kurtosis, Undefined):
        return Undefined(FLAT)
    return SharpeSample(
        sharpe=mean(excess) / spread, observations=len(excess), skew=float(skew), kurtosis=float(kurtosis) + 3.0
    )


def probabilistic_sharpe(sample: SharpeSample, benchmark: float = 0.0) -> Measured:
    """Return the probability that the true Sharpe ratio is above a benchmark.

    Φ((SR − SR*) · √(n − 1) ÷ √(1 − skew · SR + (kurtosis − 1) / 4 · SR²)), Bailey and López de Prado (2012).

    It knows of one strategy only: of the best of many it says too much, see
    :func:`~research.luck.expected_best.deflated_sharpe`. It takes returns to be independent of each other, and holds
    for many of them.

    Parameters
    ----------
    sample
        What was measured.
    benchmark
        SR*, of one period.

    Returns
    -------
    float or Undefined
        Undefined for fewer than two observations, or a skewness that no distribution with that kurtosis has.

    Examples
    --------
    The worked example of the paper: 24 months at a yearly 1.59.

    >>> monthly = SharpeSample(sharpe=0.458, observations=24, skew=-2.448, kurtosis=10.164)
    >>> round(probabilistic_sharpe(monthly), 3)
    0.913
    """
    if sample.observations < 2:
        return Undefined(f"{sample.observations} returns; it needs 2")
    if not sample.spread > 0.0:
        return Undefined("skewness and kurtosis of the returns do not go together")
    return normal_cdf((sample.sharpe - benchmark) * math.sqrt((sample.observations - 1) / sample.spread))


def minimum_track_record(sample: SharpeSample, benchmark: float = 0.0, confidence: float = 0.95) -> Measured:
    """Return how many periods it takes until a Sharpe ratio is above a benchmark with a confidence.

    1 + (1 − skew · SR + (kurtosis − 1) / 4 · SR²) · (Z ÷ (SR − SR*))², Bailey and López de Prado (2012); limits are
    those of :func:`probabilistic_sharpe`.

    Returns
    -------
    float or Undefined
        Periods, not rounded; undefined where the Sharpe ratio is not above the benchmark.

    Raises
    ------
    ValueError
        If the confidence is not between 0.5 and 1.

    Examples
    --------
    The worked example of the paper: months at a yearly 2, against a yearly 1.

    >>> monthly = SharpeSample(sharpe=2 / 12**0.5, observations=24, skew=-0.72, kurtosis=5.78)
    >>> round(minimum_track_record(monthly, 1 / 12**0.5) / 12, 2)
    4.99
    """
    if not 0.5 < confidence < 1.0:
        raise ValueError(f"a confidence is between 0.5 and 1, got {confidence!r}")
    if not sample.sharpe > benchmark:
        return Undefined("the Sharpe ratio is not above the benchmark: no length would do")
    if not sample.spread > 0.0:
        return Undefined("skewness and kurtosis of the returns do not go together")
    score = _NORMAL.inv_cdf(confidence) / (sample.sharpe - benchmark)
    return 1.0 + sample.spread * score * score


def normal_cdf(value: float) -> float:
    """Return Φ, to the last digits in the lower tail too."""
    return 0.5 * math.erfc(-value / math.sqrt(2.0))
