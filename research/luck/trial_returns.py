"""Daily returns of many trials as one table."""

from collections.abc import Sequence

import numpy as np

from core.candle_columns import Float64Array
from metrics.equity_curve import DailyCloses


def returns_of_trials(trials: Sequence[DailyCloses], daily_rate: float = 0.0) -> Float64Array:
    """Return the daily returns of trials, a row for each day that any of them has and a column for each trial.

    A trial earns nothing on days that it does not have, and none after its equity has fallen to 0 or below.

    Parameters
    ----------
    trials
        Equity by day.
    daily_rate
        Risk-free return of a day, which every return is less.
    """
    known = [one for one in trials if len(one.equity)]
    if not known:
        return np.empty((0, len(trials)))
    first = min(one.first_day for one in known)
    last = max(one.first_day + len(one.equity) for one in known)
    table = np.zeros((last - first, len(trials)))
    for column, one in enumerate(trials):
        equity = np.concatenate([[one.starting_balance], one.equity])
        gone = np.flatnonzero(~(equity > 0.0))
        alive = int(gone[0]) if len(gone) else len(equity) - 1
        returns = np.maximum(equity[1 : alive + 1], 0.0) / equity[:alive] - 1.0
        start = one.first_day - first
        table[start : start + alive, column] = returns
    table -= daily_rate
    return table
