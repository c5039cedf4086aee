"""What many paths come to: final equity, draw-down, lowest equity, and quantiles along the way."""

import msgspec
import numpy as np

from core.candle_columns import Float64Array, Int64Array
from research.monte_carlo.drawn_paths import PathSource

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Which quantiles are told, of every distribution and along the curve."""

_CELLS = 1 << 17
"""How many steps are in memory at a time: about what a processor's cache holds."""
_BAND_POINTS = 100


class PathOutcomes(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Outcomes of paths that begin at 1, one a path; draw-downs are fractions, the first peak is the beginning.

    ``band_steps`` are after how many steps ``bands`` has the quantiles of equity, shape (points, quantiles).
    """

    final: Float64Array
    drawdown: Float64Array
    lowest: Float64Array
    band_steps: Int64Array
    bands: Float64Array


def path_outcomes(source: PathSource, paths: int) -> PathOutcomes:
    """Return what the first so many paths of a source come to.

    Memory grows with the number of paths and not with their length: they are made a few at a time, which changes no
    value.
    """
    steps = len(source.factors_of)
    final, drawdown, lowest = (np.empty(paths) for _ in range(3))
    band_steps = np.unique(np.linspace(0, steps, min(steps, _BAND_POINTS) + 1).round().astype(np.int64))
    seen = np.empty((paths, len(band_steps)))
    at_once = max(1, _CELLS // max(steps, 1))
    for first in range(0, paths, at_once):
        count = min(at_once, paths - first)
        here = slice(first, first + count)
        equity = source.factors(first, count)
        equity = np.cumprod(equity, axis=1, dtype=np.float64)
        seen[here, 0] = 1.0
        seen[here, 1:] = equity[:, band_steps[1:] - 1]
        final[here] = seen[here, -1]
        lowest[here] = equity.min(axis=1, initial=1.0)
        drawdown[here] = _deepest(equity)
    return PathOutcomes(
        final=final,
        drawdown=drawdown,
        lowest=lowest,
        band_steps=band_steps,
        bands=np.quantile(seen, QUANTILES, axis=0).T,
    )


def _deepest(equity: Float64Array) -> Float64Array:
    """Return the deepest draw-down of each path, a fraction."""
    peak = np.maximum.accumulate(equity, axis=1)
    np.maximum(peak, 1.0, out=peak)
    np.divide(equity, peak, out=peak)
    deepest: Float64Array = 1.0 - peak.min(axis=1, initial=1.0)
    return deepest


class _AsItWas(msgspec.Struct, frozen=True, eq=False):
    factors_of: Float64Array

    def factors(self, first: int, count: int) -> Float64Array:
        return np.maximum(np.broadcast_to(self.factors_of, (count, len(self.factors_of))), 0.0)


def actual_outcome(factors: Float64Array) -> PathOutcomes:
    """Return what the path that was taken came to, measured as those that were drawn are."""
    return path_outcomes(_AsItWas(factors), 1)
