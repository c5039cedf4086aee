"""What holding the same symbols would have returned."""

import math
from collections.abc import Iterable


def buy_and_hold(first_open: float, last_close: float) -> float:
    """Return the return of one symbol bought at the first open and valued at the last close, without costs.

    Returns
    -------
    float
        A fraction: 0.1 is 10 %.

    Raises
    ------
    ValueError
        If a price is not positive and finite.

    Examples
    --------
    >>> buy_and_hold(200.0, 250.0)
    0.25
    """
    for price in (first_open, last_close):
        if not (math.isfinite(price) and price > 0.0):
            raise ValueError(f"a price is positive and finite, got {price!r}")
    return last_close / first_open - 1.0


def equal_weighted(returns: Iterable[float]) -> float | None:
    """Return the return of equal amounts put into each symbol at its first open and never rebalanced.

    ``returns`` are fractions, one a symbol; the result is a fraction too, None without a symbol.
    """
    values = list(returns)
    return math.fsum(values) / len(values) if values else None
