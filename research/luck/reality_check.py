"""Whether the best of many trials is better than doing nothing, given that it was looked for.

References
----------
H. White, A Reality Check for Data Snooping, Econometrica (2000).
P. R. Hansen, A Test for Superior Predictive Ability, Journal of Business and Economic Statistics (2005).
"""

import importlib.util

import msgspec
import numpy as np
import numpy.typing as npt

from core.candle_columns import Float64Array
from metrics.figures.undefined import Undefined
from research.monte_carlo.block_length import block_length

DRAWS = 1000
_LEAST_RETURNS = 30


class SuperiorAbility(msgspec.Struct, frozen=True, kw_only=True):
    """How often resampled worthless trials had a best one as good: small values speak against luck.

    ``reality_check`` is White's p-value, ``spa`` Hansen's consistent one and ``lower`` his lower bound of it;
    ``block`` is the mean length of the blocks of the stationary bootstrap.
    """

    reality_check: float
    spa: float
    lower: float
    trials: int
    observations: int
    block: int
    draws: int
    seed: int


def superior_ability(
    returns: npt.ArrayLike, *, seed: int = 0, block: int | None = None, draws: int = DRAWS
) -> SuperiorAbility | Undefined:
    """Return the p-values of White's reality check and of Hansen's test of superior predictive ability.

    Both ask whether the best mean return of N trials is above 0, the return of no position: how often is the best of N
    resampled means higher, after each trial's own mean is taken off? White takes it off every trial, Hansen not where
    it is so far below 0 that the trial cannot be the best, so that bad trials do not hide a good one. Both are those of
    the library arch, whose statistic is not divided by each trial's deviation as Hansen's is: trials that take much
    risk weigh more.

    Their limits: returns are taken to be stationary, and dependent over little more than a block. Means are tested, not
    Sharpe ratios.

    Parameters
    ----------
    returns
        Excess returns of equal periods, a row each, and a column for each trial, the bad ones too; shape (T, N).
    seed
        Of the bootstrap; the same seed gives the same values in one version of arch and numpy.
    block
        Mean length of a block; None is the automatic one of the trial with the best mean, see
        :func:`~research.monte_carlo.block_length.block_length`.
    draws
        How many samples are drawn.

    Returns
    -------
    SuperiorAbility or Undefined
        Undefined without a trial, or for fewer than 30 returns, or where nothing varies.

    Raises
    ------
    ValueError
        If the returns are no table of finite numbers.
    """
    table = np.asarray(returns, np.float64)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise ValueError("returns are no table of finite numbers, a row a period and a column a trial")
    reason = _why_not(table)
    if reason is not None:
        return Undefined(reason)
    length = max(1, round(block_length(_best(table)))) if block is None else block
    found = _p_values(table, length, draws, seed)
    return SuperiorAbility(
        reality_check=found["upper"],
        spa=found["consistent"],
        lower=found["lower"],
        trials=table.shape[1],
        observations=len(table),
        block=length,
        draws=draws,
        seed=seed,
    )


def _why_not(table: Float64Array) -> str | None:
    if table.shape[1] < 1:
        return "there is no trial with returns"
    if len(table) < _LEAST_RETURNS:
        return f"{len(table)} returns; it needs {_LEAST_RETURNS}"
    best = _best(table)
    if best.min() == best.max():
        return "the returns of the best trial do not vary"
    if importlib.util.find_spec("arch") is None:
        return "arch is not installed: requirements-research.txt"
    return None


def _best(table: Float64Array) -> Float64Array:
    best: Float64Array = table[:, table.mean(axis=0).argmax()]
    return best


def _p_values(table: Float64Array, block: int, draws: int, seed: int) -> dict[str, float]:
    from arch.bootstrap import SPA  # It takes seconds to load, and nothing else here needs it.

    # It compares losses: that of the benchmark, 0, with those of the trials.
    test = SPA(np.zeros(len(table)), -table, block_size=block, reps=draws, bootstrap="stationary", seed=seed)
    test.compute()
    return {str(name): float(value) for name, value in test.pvalues.items()}
