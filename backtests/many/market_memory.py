"""What is computed of a market once, however many runs are fed with it."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from core.candle_columns import Float64Array

Found = TypeVar("Found")

MOST_BYTES = 256 * 1024 * 1024
"""How much the features of a market may take in a process; those that were not read for longest go first."""


class KeptColumns:
    """Columns of features by what they are computed of, the last ones read."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._columns: OrderedDict[Hashable, Float64Array] = OrderedDict()

    def get(self, key: Hashable) -> Float64Array | None:
        """Return a column; None where it is not kept."""
        column = self._columns.get(key)
        if column is not None:
            self._columns.move_to_end(key)
        return column

    def put(self, key: Hashable, column: Float64Array) -> None:
        """Keep a column, which nobody changes any more."""
        self._columns[key] = column
        self._bytes += column.nbytes
        while self._bytes > self._most:
            self._bytes -= self._columns.popitem(last=False)[1].nbytes


class MarketMemory:
    """Facts of one market and its features.

    Parameters
    ----------
    runs
        How many runs are fed with it.
    """

    def __init__(self, runs: int) -> None:
        self.runs = runs
        self.columns = KeptColumns()
        self._facts: dict[Hashable, Any] = {}

    def knows(self, key: Hashable) -> bool:
        """Return whether anything was computed under a key."""
        return key in self._facts

    def once(self, key: Hashable, compute: Callable[[], Found]) -> Found:
        """Return what was computed under a key, or compute it."""
        if key not in self._facts:
            self._facts[key] = compute()
        found: Found = self._facts[key]
        return found
