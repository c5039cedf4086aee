"""Fewer points of long curves, their extremes kept."""

from collections.abc import Sequence

import numpy as np

from core.candle_columns import Float64Array, Int64Array


def extremes_kept(columns: Sequence[Float64Array], most: int) -> Int64Array:
    """Return the places of at most ``most`` points that draw as all points do.

    The points are cut into stretches of equal length. Of each its first and its last point stay, and for each column
    the places of its least and its greatest value; nan is passed over. A stretch that needs fewer keeps further points,
    so that all have the same number: a chart that gives every point the same room keeps its scale of time.

    Parameters
    ----------
    columns
        Curves of one length, at least one.
    most
        How many points may stay; every point does where there are no more.

    Examples
    --------
    >>> import numpy as np
    >>> extremes_kept([np.array([0.0, 1.0, 9.0, 1.0, 0.0, 1.0, 1.0, -9.0, 1.0, 1.0])], 8).tolist()
    [0, 1, 2, 4, 5, 6, 7, 9]
    """
    rows = len(columns[0])
    if rows <= most:
        return np.arange(rows, dtype=np.int64)
    each = 2 * len(columns) + 2
    length = -(-rows // max(1, most // each))
    starts = np.arange(0, rows, length, dtype=np.int64)
    kept = [starts, np.minimum(starts + length, rows) - 1]
    for column in columns:
        for filler, place in ((np.inf, np.argmin), (-np.inf, np.argmax)):
            whole = np.full(len(starts) * length, filler)
            whole[:rows] = np.where(np.isnan(column), filler, column)
            kept.append(np.minimum(starts + place(whole.reshape(len(starts), length), axis=1), rows - 1))
    found: list[int] = []
    for start, places in zip(starts.tolist(), np.stack(kept, axis=1).tolist(), strict=True):
        own = set(places)
        for further in range(start, min(start + length, rows), max(1, length // (2 * each))):
            if len(own) >= each:
                break
            own.add(further)
        found += sorted(own)
    return np.array(found, np.int64)
