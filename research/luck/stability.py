"""Whether the best parameters stand on a plateau or on a needle.

References
----------
R. Pardo, The Evaluation and Optimization of Trading Strategies (2008): the shape of the optimisation profile.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from metrics.figures.undefined import Undefined
from metrics.trade_columns import BoolArray

Parameter = float | str | bool
Shape = Literal["plateau", "slope", "needle"]

REACH = 0.1
"""How far neighbours may be, as a share of the range that was tried of each parameter."""

_PLATEAU, _NEEDLE = 0.75, 0.5


class ParameterStability(msgspec.Struct, frozen=True, kw_only=True):
    """The best trial and those near it.

    ``best`` is its place among the trials, ``value`` what it reached. ``neighbours`` are near it: ``median`` and
    ``worst`` of what they reached, and ``kept``, the share of what the best has over the middle of all trials that the
    middle neighbour has too: 1 is a plateau, 0 is no better than the middle trial. ``undefined_near`` are those near it
    without a value.
    """

    best: int
    value: float
    neighbours: int
    median: float
    worst: float
    kept: float
    shape: Shape
    undefined_near: int

    @property
    def sentence(self) -> str:
        """What it comes to, in one plain sentence."""
        share = f"keeps {100 * self.kept:.0f} % of what the best has over the middle of all"
        return (
            f"the best parameters stand on a {self.shape}: the middle one of {self.neighbours} trials near them "
            f"{share if self.kept >= 0.0 else 'is worse than the middle of all'}"
        )


def parameter_stability(
    points: Sequence[Mapping[str, Parameter]],
    values: Sequence[float | None],
    *,
    reach: float = REACH,
    logarithmic: Collection[str] = (),
) -> ParameterStability | Undefined:
    """Return how much of the best value is left in its neighbourhood.

    A trial is a neighbour of the best where each parameter differs by no more than ``reach`` of the range that was
    tried of it, or stands next to the best's on the values that were tried, if these are further apart; texts and
    booleans must be equal. ``kept`` = (median of the neighbours − median of all) ÷ (best − median of all). It is a
    plateau from 0.75, a needle below 0.5, and a slope between; a trial without a value counts as the worst of all.

    Its limits: it sees what was tried. A sampler that gathers around the best shows more good neighbours than a grid;
    with many parameters few trials are near, and the shape rests on little. It says nothing of other data.

    Parameters
    ----------
    points
        The parameters of each trial, all with the same names.
    values
        What each reached, higher is better; None where it has no value.
    reach
        Share of the range, above 0.
    logarithmic
        Parameters whose range is that of their logarithms.

    Returns
    -------
    ParameterStability or Undefined
        Undefined for fewer than three trials with a value, values that are all the same, or without a neighbour.

    Raises
    ------
    ValueError
        If points and values differ in number, or points in their names.
    """
    if len(points) != len(values) or any(one.keys() != points[0].keys() for one in points):
        raise ValueError(f"{len(points)} points and {len(values)} values are not of the same trials and parameters")
    reached = np.array([math.nan if one is None else one for one in values], np.float64)
    known = np.isfinite(reached)
    if known.sum() < 3:
        return Undefined(f"{int(known.sum())} of {len(values)} trials have a value; it needs 3")
    best = int(np.argmax(np.where(known, reached, -math.inf)))
    if not reached[best] > np.median(reached[known]):
        return Undefined("the best trial is no better than the middle one")
    near = np.ones(len(points), bool)
    for name in points[0]:
        near &= _near([one[name] for one in points], best, reach, logarithmic=name in logarithmic)
    near[best] = False
    if not near.any():
        return Undefined("no other trial was made near the best")
    return _judged(reached, known, near, best)


def _judged(reached: Float64Array, known: BoolArray, near: BoolArray, best: int) -> ParameterStability:
    least, middle = float(reached[known].min()), float(np.median(reached[known]))
    # One without a value keeps nothing: it counts as the worst of all.
    beside = np.where(known[near], reached[near], least)
    median = float(np.median(beside))
    kept = (median - middle) / (float(reached[best]) - middle)
    return ParameterStability(
        best=best,
        value=float(reached[best]),
        neighbours=len(beside),
        median=median,
        worst=float(beside.min()),
        kept=kept,
        shape="plateau" if kept >= _PLATEAU else "slope" if kept >= _NEEDLE else "needle",
        undefined_near=int((near & ~known).sum()),
    )


def _near(column: Sequence[Parameter], best: int, reach: float, *, logarithmic: bool) -> BoolArray:
    """Return which trials have a value of one parameter near that of the best."""
    if any(isinstance(one, str | bool) for one in column):
        return np.array([one == column[best] for one in column], bool)
    places: Float64Array = np.array(column, np.float64)
    if logarithmic:
        places = np.log(places)
    far = places[best]
    apart = np.abs(places - far)
    above, below = apart[places > far], apart[places < far]
    share = reach * float(np.ptp(places))
    # The next value that was tried is a neighbour, however far apart the values of a grid are; a rounding's breadth
    # decides nothing.
    upper, lower = (max(share, float(one.min())) if len(one) else share for one in (above, below))
    close: BoolArray = np.where(places > far, apart <= upper, apart <= lower)
    return close
