"""Operations on a number or on a column of them, with the same bits for either."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Values = Any
"""A float, or a float64 column with a value a row."""


_ADDS_IN_ORDER = sum([1e16, 1.0, 1.0, -1e16], 0.0) == 0.0
"""Whether Python's own sum adds floats one after the other: newer ones carry what was rounded away."""


def ratio(above: Values, below: Values, otherwise: float) -> Values:
    """Return ``above / below``; ``otherwise`` where ``below`` is 0."""
    if isinstance(below, float):
        return above / below if below != 0.0 else otherwise
    return np.where(below != 0.0, above / below, otherwise)


def square_root(values: Values) -> Values:
    """Return the square root of values that are not negative."""
    return math.sqrt(values) if isinstance(values, float) else np.sqrt(values)


def choose(condition: Values, values: Values, otherwise: Values) -> Values:
    """Return ``values`` where the condition holds, else ``otherwise``."""
    if isinstance(condition, np.ndarray):
        return np.where(condition, values, otherwise)
    return values if condition else otherwise


def total(window: Sequence[Values]) -> Values:
    """Return the sum, added oldest to newest: what left the window is forgotten to the last bit."""
    if _ADDS_IN_ORDER and isinstance(window[0], float):
        return sum(window, 0.0)
    result: Values = 0.0
    for values in window:
        result += values
    return result


def highest(window: Sequence[Values]) -> Values:
    """Return the largest value; a zero is returned without its sign."""
    if isinstance(window[0], float):
        return max(window) + 0.0
    result = window[0] + 0.0
    for values in window:
        np.maximum(result, values, out=result)
    result += 0.0
    return result


def lowest(window: Sequence[Values]) -> Values:
    """Return the smallest value; a zero is returned without its sign."""
    if isinstance(window[0], float):
        return min(window) + 0.0
    result = window[0] + 0.0
    for values in window:
        np.minimum(result, values, out=result)
    result += 0.0
    return result
