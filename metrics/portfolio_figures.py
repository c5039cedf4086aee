"""How the members of one account go together, and what each brings to the whole, from equity at the ends of days."""

from collections.abc import Sequence

import msgspec
import numpy as np

from core.candle_columns import Float64Array

Matrix = list[list[float | None]]


class Contribution(msgspec.Struct, frozen=True):
    """What one member brings to the whole; over all members each adds up to that of the whole. None: undefined.

    ``return_pct`` is its profit in per cent of the capital, ``volatility_share`` its part of the variance of the
    whole's daily returns (the marginal contribution at the weights that it had), ``drawdown_pct`` what it lost from the
    peak to the trough of the whole's deepest draw-down by days, in per cent of the peak (below 0: it earned then).
    ``volatility_without_pct`` is the standard deviation of the daily returns had its account stood still, in per cent.
    """

    return_pct: float | None
    volatility_share: float | None
    drawdown_pct: float | None
    volatility_without_pct: float | None


def correlations(columns: Sequence[Float64Array]) -> Matrix:
    """Return Pearson's correlation of every two columns; None where one of them does not vary, or is too short."""
    varies = [len(one) > 1 and bool((one != one[0]).any()) for one in columns]
    found: Matrix = [[None] * len(columns) for _ in columns]
    for i, left in enumerate(columns):
        for j, right in enumerate(columns):
            if varies[i] and varies[j]:
                found[i][j] = 1.0 if i == j else float(np.corrcoef(left, right)[0, 1])
    return found


def underwater(worth: Float64Array) -> Float64Array:
    """Return how far each value is below the highest until then, a fraction not above 0."""
    peaks = np.maximum.accumulate(worth)
    below: Float64Array = np.where(peaks > 0.0, worth / np.where(peaks > 0.0, peaks, 1.0) - 1.0, 0.0)
    return below


def contributions(profits: Sequence[Float64Array], capital: float) -> list[Contribution]:
    """Return what each member brings to the whole.

    Parameters
    ----------
    profits
        Of each member what it earned on each day, in quote currency, all of the same days; cash that came from others
        is no profit.
    capital
        The whole account before the first day.

    Returns
    -------
    list of Contribution
        In the order of the members. All but the first figure are None from the day on which the whole is gone.
    """
    earned = np.array(profits, np.float64)
    whole = capital + np.concatenate([[0.0], np.cumsum(earned.sum(axis=0))])
    total = [100.0 * float(one.sum()) / capital for one in earned]
    if earned.shape[1] < 2 or not (whole > 0.0).all():
        return [Contribution(one, None, None, None) for one in total]
    returns = earned / whole[:-1]
    of_whole = returns.sum(axis=0)
    variance = float(of_whole.var(ddof=1))
    first, last = _deepest(whole)
    lost = -100.0 * earned[:, first:last].sum(axis=1) / whole[first]
    found = []
    for place, one in enumerate(returns):
        share = float(np.cov(one, of_whole)[0, 1]) / variance if variance > 0.0 else None
        without = 100.0 * float((of_whole - one).std(ddof=1))
        found.append(Contribution(total[place], share, float(lost[place]), without))
    return found


def _deepest(worth: Float64Array) -> tuple[int, int]:
    """Return the places of the peak and the trough of the deepest draw-down; one place twice where there is none."""
    below = underwater(worth)
    trough = int(np.argmin(below))
    return int(np.argmax(worth[: trough + 1])), trough
