"""How much of what trials reached each parameter explains by itself.

References
----------
W. H. Kruskal and W. A. Wallis, Use of Ranks in One-Criterion Variance Analysis, Journal of the American Statistical
Association (1952).
M. Tomczak and E. Tomczak, The need to report effect size estimates revisited, Trends in Sport Sciences (2014).
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from core.candle_columns import Float64Array, Int64Array
from metrics.figures.undefined import Undefined
from research.spaces.parameter import Parameter, Value

LEAST_TRIALS = 10
"""Fewer points say nothing of what matters."""
_MOST_GROUPS, _OF_A_GROUP = 10, 5


class Importance(msgspec.Struct, frozen=True, kw_only=True):
    """How much a parameter explains of one objective: ``share``, from 0 to 1.

    ``groups`` are those of its values that were compared; ``best`` are the values of the one that reached most, the
    lowest and the highest of a range, or one choice.
    """

    name: str
    share: float
    groups: int
    best: tuple[Value, ...]


def parameter_importance(
    parameter: Parameter, column: Sequence[Value], values: Sequence[float]
) -> Importance | Undefined:
    """Return the share of the variance of the trials' ranks that lies between groups of a parameter's values.

    η² = (H − k + 1) ÷ (n − k), of the H of Kruskal and Wallis with k groups and n trials, and 0 where that is below:
    what chance alone would explain is taken off. Ranks, because one trial that lost everything would outweigh all
    others. Groups are the values that were tried, or up to ten stretches with about as many trials each, at least five.

    Its limits: it sees what a parameter does by itself. Two that matter only together have 0 each, and shares need not
    come to 1: the rest is what they do together, and chance. A sampler that learns gathers where the best ones are, so
    that it shows less there than a grid or random points would.

    Parameters
    ----------
    parameter
        Of the search.
    column
        Its value in each trial.
    values
        What each trial reached, higher is better; all finite.

    Returns
    -------
    Importance or Undefined
        Undefined for fewer than ten trials, one value alone, or trials that all reached the same.
    """
    count = len(values)
    if count < LEAST_TRIALS:
        return Undefined(f"{count} points have a value; it needs {LEAST_TRIALS}")
    codes = _groups(parameter, column)
    sizes = np.bincount(codes)
    if len(sizes) < 2:
        return Undefined("it has one value in all trials")
    if len(sizes) == count:
        return Undefined("every trial has a value of its own")
    ranks = _ranks(np.asarray(values, np.float64))
    off = ranks - (count + 1) / 2.0
    total = float(np.sum(off * off))
    if not total > 0.0:
        return Undefined("all trials reached the same")
    means = np.bincount(codes, off) / sizes
    explained = float(np.sum(sizes * means * means)) / total
    share = 1.0 - (1.0 - explained) * (count - 1) / (count - len(sizes))
    best = [one for one, code in zip(column, codes.tolist(), strict=True) if code == int(np.argmax(means))]
    ends = (min(best), max(best)) if parameter.ordered else (best[0],)
    return Importance(name=parameter.name, share=max(0.0, share), groups=len(sizes), best=tuple(dict.fromkeys(ends)))


def _groups(parameter: Parameter, column: Sequence[Value]) -> Int64Array:
    """Return the number of each trial's group, from 0 without a gap."""
    if not parameter.ordered:
        places = {one: place for place, one in enumerate(dict.fromkeys(map(repr, column)))}
        return np.array([places[repr(one)] for one in column], np.int64)
    _, codes, sizes = np.unique(np.asarray(column, np.float64), return_inverse=True, return_counts=True)
    most = max(2, min(_MOST_GROUPS, len(column) // _OF_A_GROUP))
    if len(sizes) <= most:
        return codes
    before = np.cumsum(sizes) - sizes
    found: Int64Array = np.unique((before * most // len(column))[codes], return_inverse=True)[1]
    return found


def _ranks(values: Float64Array) -> Float64Array:
    """Return ranks from 1, of equal values their mean."""
    _, codes, sizes = np.unique(values, return_inverse=True, return_counts=True)
    found: Float64Array = (np.cumsum(sizes) - (sizes - 1) / 2.0)[codes]
    return found
