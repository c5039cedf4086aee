"""Fewer points of long curves, their extremes kept."""

from collections.abc import Sequence

import numpy as np

from core.candle_columns import Float64Array, Int64Array


def extremes_kept(columns: Sequence[Float64Array], most: int) -> Int64Array:
    """Return the places of at most ``most`` points that draw as all points do.

    The points are cut into stretches of equal length. Of each stretch its first and last point stay, and for each
    column the places of its least and its greatest value; nan is passed over.

    Parameters
    ----------
    columns
        Curves of one length, at least one.
    most
        How many points may stay; every point does where there are no more.

    Examples
    --------
    >>> import numpy as np
    >>> extremes_kept([np.array([0.0, 1.0, 9.0, 1.0, 0.0, 1.0, -9.0, 1.0])], 6).tolist()
    [0, 2, 6, 7]
    """
    rows = len(columns[0])
    if rows <= most:
        return np.arange(rows, dtype=np.int64)
    stretches = max(1, most // (2 * len(columns) + 2))
    length = -(-rows // stretches)
    starts = np.arange(0, rows, length, dtype=np.int64)
    kept = [starts, np.minimum(starts + length, rows) - 1]
    for column in columns:
        for filler, place in ((np.inf, np.argmin), (-np.inf, np.argmax)):
            whole = np.full(len(starts) * length, filler)
            whole[:rows] = np.where(np.isnan(column), filler, column)
            kept.append(starts + place(whole.reshape(len(starts), length), axis=1))
    found: Int64Array = np.unique(np.minimum(np.concatenate(kept), rows - 1))
    return found
