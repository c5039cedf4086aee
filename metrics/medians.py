"""Medians."""

import numpy as np

from core.candle_columns import Float64Array


def medians_of(rows: Float64Array) -> Float64Array:
    """Return the median of each row of numbers, of at least one each and none of them nan; shape (n, m) becomes (n,).

    It is ``numpy.median``, bit by bit, which loads masked arrays.

    Examples
    --------
    >>> medians_of(np.array([[3.0, 1.0, 2.0, 9.0]])).tolist()
    [2.5]
    """
    length = rows.shape[1]
    below, above = (length - 1) // 2, length // 2
    parted = np.partition(rows, (below, above), axis=1)
    middle: Float64Array = (parted[:, below] + parted[:, above]) / 2.0 if below != above else parted[:, above]
    return middle + 0.0  # Zero without a sign.
