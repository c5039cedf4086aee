"""The probability that what is best in one half of the data is worse than the middle in the other.

References
----------
D. H. Bailey, J. M. Borwein, M. López de Prado and Q. J. Zhu, The Probability of Backtest Overfitting, Journal of
Computational Finance (2017): combinatorially symmetric cross-validation.
"""

import itertools
import math
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from core.candle_columns import Float64Array
from metrics.figures.undefined import Undefined

BLOCKS = 16
"""Into how many blocks of time the returns are cut: 12,870 ways to take half of them."""

_LEAST_RETURNS = 4
_CELLS = 1 << 18
"""How many Sharpe ratios are in memory at a time."""


class Overfitting(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the best of one half in the other, over all ways to halve the blocks.

    ``probability`` is how often its rank there is in the lower half, ``loss_probability`` how often its mean return
    there is below 0. ``slope`` is by how much its Sharpe ratio there grows with that in its own half, None where the
    latter does not vary. ``median_rank`` is its middle relative rank, 0.5 for a choice that means nothing.
    """

    probability: float
    loss_probability: float
    slope: float | None
    median_rank: float
    trials: int
    observations: int
    blocks: int
    combinations: int


def backtest_overfitting(returns: npt.ArrayLike, blocks: int = BLOCKS) -> Overfitting | Undefined:
    """Return the probability of backtest overfitting by combinatorially symmetric cross-validation.

    The rows are cut into S blocks of time, of lengths that differ by 1 at most. For each of the S! ÷ (S/2)!² ways to
    take half of them, the trial with the best Sharpe ratio there is looked up in the other half: ω is its rank divided
    by N + 1, tied trials share the mean of their ranks, and PBO is the share of ways with ln(ω ÷ (1 − ω)) ≤ 0.

    The rows of a half are taken out of their order: what lasts longer than a block is cut. It judges the way to choose
    among these trials, not the one that was chosen; trials that are all good, or all alike, give about one half too.
    The halves share one mean, so that on pure noise what is above it in one is below it in the other: a little above
    one half is no sign of anything.

    Parameters
    ----------
    returns
        Returns of equal periods, a row each, and a column for each trial, the bad ones too; shape (T, N). A trial that
        does not vary in a half, as one without a trade, has a Sharpe ratio of 0 there.
    blocks
        S, even.

    Returns
    -------
    Overfitting or Undefined
        Undefined for fewer than two trials, or fewer rows than blocks; so few say little.

    Raises
    ------
    ValueError
        If the returns are no table of finite numbers, or ``blocks`` is odd or not between 2 and 20.
    """
    table = np.asarray(returns, np.float64)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise ValueError("returns are no table of finite numbers, a row a period and a column a trial")
    if blocks % 2 or not 2 <= blocks <= 20:
        raise ValueError(f"blocks are an even number from 2 to 20, got {blocks!r}")
    observations, trials = table.shape
    if trials < 2:
        return Undefined(f"{trials} trial{'' if trials == 1 else 's'} with returns; it needs 2")
    if observations < max(blocks, _LEAST_RETURNS):
        return Undefined(f"{observations} returns in {blocks} blocks; it needs {max(blocks, _LEAST_RETURNS)}")
    ways = np.array(list(itertools.combinations(range(blocks), blocks // 2)))
    # Of a way and its complement, which stands as far from the end of the list, both halves are needed twice.
    ways = ways[: len(ways) // 2]
    halved = _Blocks.of(table, blocks)
    at_once = max(1, _CELLS // trials)
    parts = [halved.of_both_halves(ways[first : first + at_once]) for first in range(0, len(ways), at_once)]
    inside, outside, rank, lost = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Overfitting(
        probability=float(np.mean(rank <= 0.5)),
        loss_probability=float(np.mean(lost)),
        slope=_slope(inside, outside),
        median_rank=float(np.median(rank)),
        trials=trials,
        observations=observations,
        blocks=blocks,
        combinations=len(rank),
    )


class _Blocks(NamedTuple):
    """Rows, and sums and sums of squares by trial, of each block of time."""

    rows: Float64Array
    sums: Float64Array
    squares: Float64Array

    @classmethod
    def of(cls, table: Float64Array, blocks: int) -> "_Blocks":
        """Return the blocks of a table of returns."""
        cuts = np.array_split(table, blocks)
        sums = [(len(cut), cut.sum(axis=0), (cut * cut).sum(axis=0)) for cut in cuts]
        return cls(*(np.array(column, np.float64) for column in zip(*sums, strict=True)))

    def of_both_halves(self, ways: npt.NDArray[np.int64]) -> tuple[Float64Array, ...]:
        """Return what became of the best, for ways to take half of the blocks and for their complements.

        Its Sharpe ratio in its half and in the other, its relative rank there, and whether it lost.
        """
        taken = np.zeros((len(ways), len(self.rows)))
        np.put_along_axis(taken, ways, 1.0, axis=1)
        one, other = self._sharpes(taken), self._sharpes(1.0 - taken)
        found = [_best_elsewhere(one, other), _best_elsewhere(other, one)]
        return tuple(np.concatenate(columns) for columns in zip(*found, strict=True))

    def _sharpes(self, taken: Float64Array) -> Float64Array:
        """Return the Sharpe ratio of every trial over the blocks that are taken, shape (ways, trials).

        Block by block and not as a product of matrices: equal trials have equal values, to the last bit.
        """
        total, square = np.zeros((2, len(taken), self.sums.shape[1]))
        for block, sums, squares in zip(taken.T, self.sums, self.squares, strict=True):
            total += block[:, None] * sums
            square += block[:, None] * squares
        rows = (taken * self.rows).sum(axis=1, keepdims=True)
        mean = total / rows
        variance = np.maximum(square - mean * total, 0.0) / (rows - 1.0)
        found: Float64Array = np.divide(mean, np.sqrt(variance), out=np.zeros_like(mean), where=variance > 0.0)
        return found


def _best_elsewhere(inside: Float64Array, outside: Float64Array) -> tuple[Float64Array, ...]:
    rows, best = np.arange(len(inside)), inside.argmax(axis=1)
    there = outside[rows, best]
    lower = (outside < there[:, None]).sum(axis=1)
    tied = (outside == there[:, None]).sum(axis=1)
    rank = (lower + (tied + 1) / 2.0) / (outside.shape[1] + 1)
    return inside[rows, best], there, rank, (there < 0.0).astype(np.float64)


def _slope(inside: Float64Array, outside: Float64Array) -> float | None:
    off = inside - math.fsum(inside.tolist()) / len(inside)
    below = math.fsum((off * off).tolist())
    return math.fsum((off * outside).tolist()) / below if below > 0.0 else None
