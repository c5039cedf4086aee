"""Maximum drawdown of an equity curve."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Drawdown(NamedTuple):
    """The deepest fall from a peak.

    ``depth`` is a fraction of the peak (0.1 is 10 %). ``peak_index`` is the first value of the curve that reached the
    peak, ``trough_index`` the first that fell to the depth; both are None for a curve that never falls (depth 0.0).
    """

    depth: float
    peak_index: int | None
    trough_index: int | None


class MaxDrawdown:
    """Deepest fall so far of a curve that is given value by value.

    ``value`` is None before the first value. To count a fall from the starting balance, give that first.
    """

    __slots__ = ("_count", "_peak", "_peak_index", "value")

    def __init__(self) -> None:
        self._count = 0
        self._peak = 0.0
        self._peak_index = 0
        self.value: Drawdown | None = None

    def update(self, equity: float) -> Drawdown:
        """Take the next value of the curve and return the deepest fall so far.

        Raises
        ------
        ValueError
            If the value is not finite, or the first one is not above 0: a fall is then no fraction of the peak.
        """
        deepest = self.value
        if deepest is None:
            _check_first(equity)
            deepest = Drawdown(0.0, None, None)
        if not math.isfinite(equity):
            raise ValueError(f"equity must be finite, got {equity!r} at index {self._count}")
        if equity > self._peak:
            self._peak, self._peak_index = equity, self._count
        else:
            depth = (self._peak - equity) / self._peak
            if depth > deepest.depth:
                deepest = Drawdown(depth, self._peak_index, self._count)
        self._count += 1
        self.value = deepest
        return deepest


def max_drawdown(curve: Sequence[float] | npt.NDArray[np.float64]) -> Drawdown | None:
    """Return the deepest fall of a whole curve; batch twin of :class:`MaxDrawdown`.

    Parameters
    ----------
    curve
        Equity, shape (n,), finite, the first value above 0.

    Returns
    -------
    Drawdown or None
        None for an empty curve.

    Raises
    ------
    ValueError
        As for the streaming form.

    Examples
    --------
    >>> max_drawdown([100.0, 120.0, 90.0, 130.0])
    Drawdown(depth=0.25, peak_index=1, trough_index=2)
    """
    values = np.asarray(curve, np.float64)
    if not len(values):
        return None
    _check_first(float(values[0]))
    finite = np.isfinite(values)
    if not finite.all():
        index = int(np.argmin(finite))
        raise ValueError(f"equity must be finite, got {float(values[index])!r} at index {index}")
    peaks = np.maximum.accumulate(values)
    depths = (peaks - values) / peaks
    trough = int(np.argmax(depths))
    depth = float(depths[trough])
    if depth == 0.0:
        return Drawdown(0.0, None, None)
    return Drawdown(depth, int(np.argmax(values[: trough + 1])), trough)


def _check_first(equity: float) -> None:
    if not equity > 0.0:
        raise ValueError(f"the first value of an equity curve must be above 0, got {equity!r}")
