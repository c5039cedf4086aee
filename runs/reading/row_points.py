"""Which point of an equity curve is the first to show a fill."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

import numpy as np

from core.candle_columns import Int64Array
from core.exact import EXACT, ZERO, plain
from runs.reading.log_rows import LogRow
from runs.reading.stored_curve import AccountRows


def points_of(
    rows: Sequence[LogRow], times_ms: Int64Array, account: AccountRows, starting_balance: str, *, at_close: bool
) -> Int64Array:
    """Return for each fill the index of the first point of the curve that shows it.

    A fill inside a candle bears the time of its close, and so does one at the open of the next candle. The first is
    part of that step's equity and the second is not: ``equity.csv`` says how balance and positions stood at it.

    Parameters
    ----------
    rows
        The trade log.
    times_ms
        The points of the curve.
    account
        The rows of ``equity.csv``.
    starting_balance
        As ``equity.csv`` writes it.
    at_close
        Whether entries fill at the close of the candle that decided them; equity has them from the next step on.
    """
    points = np.zeros(len(rows), np.int64)
    if not len(times_ms):
        return points
    last = len(times_ms) - 1
    stood = dict(zip(account.times_ms[::-1].tolist(), _states(account)[::-1], strict=True))
    held: dict[str, Decimal] = {}
    state = (starting_balance, 0)
    row = 0
    for time_ms, group in groupby(rows, lambda one: one.time_ms):
        states = [state]
        for one in group:
            rest = EXACT.add(held.pop(one.symbol, ZERO), one.quantity if one.opens else -one.quantity)
            if rest:
                held[one.symbol] = rest
            states.append((plain(one.balance), len(held)))
        state = states[-1]
        point = min(int(np.searchsorted(times_ms, time_ms)), last)
        shown = len(states) - 1
        if times_ms[point] == time_ms:
            then = stood.get(time_ms)
            shown = 0 if then is None else next((n for n, one in enumerate(states) if one == then), shown)
        for number in range(len(states) - 1):
            late = number >= shown or (at_close and rows[row].opens and times_ms[point] == time_ms)
            points[row] = min(point + late, last)
            row += 1
    return points


def _states(account: AccountRows) -> list[tuple[str, int]]:
    return list(zip(account.balances, account.open_positions.tolist(), strict=True))
