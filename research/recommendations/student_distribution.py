"""Student's t distribution, for intervals of means of few values.

Source: NIST Digital Library of Mathematical Functions, 8.17.22 (the continued fraction of the incomplete beta
function) and 8.17.4 (its symmetry).
"""

import math
from collections.abc import Callable

_TINY = 1e-300
_CLOSE = 1e-15
_STEPS = 10_000


def upper_tail(value: float, freedom: float) -> float:
    """Return the probability that a t-distributed value is above one.

    Examples
    --------
    >>> round(upper_tail(2.228139, 10), 6)
    0.025
    """
    tail = 0.5 * _incomplete_beta(freedom / (freedom + value * value), 0.5 * freedom, 0.5)
    return tail if value >= 0.0 else 1.0 - tail


def upper_bound(probability: float, freedom: float) -> float:
    """Return the value that is exceeded with a probability, above 0 and at most a half.

    Examples
    --------
    >>> round(upper_bound(0.025, 10), 4)
    2.2281
    """
    high = 1.0
    while upper_tail(high, freedom) > probability and high < 1e12:
        high *= 2.0
    return _root(lambda value: upper_tail(value, freedom) - probability, 0.0, high)


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if falling(middle) > 0.0 else (low, middle)
    return 0.5 * (low + high)


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _incomplete_beta(1.0 - x, b, a)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(scale) * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction by Lentz's method."""
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    found = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d = 1.0 + term * d
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = 1.0 + term / (c if abs(c) > _TINY else _TINY)
            found *= c * d
        if abs(c * d - 1.0) < _CLOSE:
            break
    return found
