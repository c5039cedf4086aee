"""How long blocks of a time series must be so that drawing them keeps what its values have to do with each other.

References
----------
D. N. Politis and H. White, Automatic Block-Length Selection for the Dependent Bootstrap, Econometric Reviews (2004).
A. Patton, D. N. Politis and H. White, Correction to it, Econometric Reviews (2009).
"""

import math

import numpy as np

from core.candle_columns import Float64Array
from metrics.figures.undefined import mean

_LEAST_LENGTH = 1.0


def block_length(values: Float64Array) -> float:
    """Return the automatic mean length of the blocks of a stationary bootstrap.

    (2 g² ÷ d · n)^(1/3) with g = Σ λ(k/m) |k| γₖ and d = 2 (Σ λ(k/m) γₖ)², γₖ the autocovariances, λ the flat-top
    window, and m twice the lag after which max(5, log₁₀ n) autocorrelations in a row are within ± 2 √(log₁₀ n ÷ n).

    It looks at the mean's error, and sees dependence of the values and not of their size: volatility that comes in
    clusters gives no longer blocks.

    Parameters
    ----------
    values
        In order of time, shape (n,).

    Returns
    -------
    float
        At least 1, at most min(3 √n, n / 3); 1 for fewer than 10 values or values that do not vary.
    """
    count = len(values)
    if count < 10 or values.min() == values.max():
        return _LEAST_LENGTH
    off = values - mean(values)
    run = max(5, int(math.log10(count)))
    longest = min(math.ceil(math.sqrt(count)) + run, count - 2)
    covariances = np.array([_product(off[lag:], off[: count - lag]) / count for lag in range(longest + 1)])
    lag = _after_which_nothing(off, run, longest)
    reach = longest if lag is None else min(2 * max(lag, 1), longest)
    lags = np.arange(1, reach + 1)
    window = np.minimum(1.0, 2.0 * (1.0 - lags / reach))
    slope = 2.0 * _product(window * lags, covariances[1 : reach + 1])
    variance = float(covariances[0]) + 2.0 * _product(window, covariances[1 : reach + 1])
    if not variance * variance > 0.0:
        return _LEAST_LENGTH
    found = math.cbrt(slope * slope / (variance * variance) * count)
    return max(_LEAST_LENGTH, min(found, math.ceil(min(3.0 * math.sqrt(count), count / 3.0))))


def _after_which_nothing(off: Float64Array, run: int, longest: int) -> int | None:
    """Return the lag after which so many autocorrelations in a row are small; None where there is none."""
    count = len(off)
    bound = 2.0 * math.sqrt(math.log10(count) / count)
    small = 0
    for lag in range(longest):
        early, late = off[: count - lag - 1], off[lag + 1 :]
        scale = math.sqrt(_product(early, early) * _product(late, late))
        correlation = abs(_product(off[lag:], off[: count - lag])) / scale if scale > 0.0 else 0.0
        small = small + 1 if correlation < bound else 0
        if small == run:
            return lag + 1 - run
    return None


def _product(one: Float64Array, other: Float64Array) -> float:
    return math.fsum((one * other).tolist())
