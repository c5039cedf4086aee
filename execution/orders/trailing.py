"""Trailing stops: a stop price that follows closes and never loosens."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.exact import ONE, add, computed, multiply, received, subtract
from core.orders import OrderRequest


class Trail:
    """The distance at which a stop follows the close: a fraction of the close, or a distance in price.

    Parameters
    ----------
    long
        Whether the stop guards a long position (it sells).
    fraction, distance
        One of the two.
    """

    __slots__ = ("_best", "_distance", "_long", "_share")

    def __init__(self, *, long: bool, fraction: Decimal | None = None, distance: Decimal | None = None) -> None:
        self._long = long
        self._distance = distance
        self._share = ONE
        if fraction is not None:
            self._share = subtract(ONE, fraction) if long else add(ONE, fraction)
        self._best: float | None = None

    def level_after(self, close: float) -> Decimal | None:
        """Return the stop, before rounding, that a close sets; None where an earlier close set a tighter one."""
        if self._best is not None and not (close > self._best if self._long else close < self._best):
            return None
        self._best = close
        price = received(close)
        if self._distance is None:
            return multiply(price, self._share)
        return subtract(price, self._distance) if self._long else add(price, self._distance)


def trail_of(request: OrderRequest, fraction: Decimal | None = None, *, long: bool) -> Trail | None:
    """Return how a stop follows by an order's request, else by the fraction given; None where it does not."""
    if request.trailing_distance is not None:
        return Trail(long=long, distance=computed(request.trailing_distance))
    if request.trailing_fraction is not None:
        fraction = received(request.trailing_fraction)
    return None if fraction is None else Trail(long=long, fraction=fraction)


def trailing_fraction_of(risk_config: Mapping[str, Any]) -> Decimal | None:
    """Return the trailing fraction that risk settings in plain form enable; None where they enable none.

    Raises
    ------
    ValueError
        If trailing is enabled with a fraction outside (0, 1).
    """
    if not risk_config.get("enable_trailing_stop", False):
        return None
    fraction = float(risk_config.get("trailing_stop_pct", 0.0))
    if not 0.0 < fraction < 1.0:
        raise ValueError(f"trailing_stop_pct is a fraction between 0 and 1, got {fraction!r}")
    return received(fraction)
