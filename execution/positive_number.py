"""The check of a number that a caller gives and that must be positive."""

import math


def positive_number(value: float, name: str) -> float:
    """Return ``value`` as a float.

    Raises
    ------
    ValueError
        If it is not positive and finite.
    """
    number = float(value)
    if not math.isfinite(number) or number <= 0.0:
        raise ValueError(f"{name}: a positive finite number is needed, got {value!r}")
    return number
