"""Candles and features as columns, for ``candidates`` and ``signals``."""

from typing import Any

import numpy as np
import numpy.typing as npt

from core.candle_columns import Float64Array, Int64Array
from core.symbol_spelling import same_symbols
from strategies.features.feature_plan import FeaturePlan
from strategies.features.moment import Slot, no_feature
from strategies.features.readers import SymbolTable


class FeatureColumns:
    """All candles of a symbol and its features by name, as read-only columns of shape (n,); nan where undefined.

    ``before`` and ``ago(n)`` have in each row what the row n candles before has, of the same unbroken segment.
    ``rows`` makes them columns of some rows alone.
    """

    def __init__(
        self, symbol: str, table: SymbolTable, plan: FeaturePlan, ago: int = 0, rows: slice | None = None
    ) -> None:
        self.symbol = symbol
        self._table = table
        self._plan = plan
        self._layout = plan.layouts[symbol]
        self._ago = ago
        self._rows = rows

    def __getattr__(self, name: str) -> Any:
        slot = self._layout.slots.get(name)
        if slot is None:
            raise AttributeError(no_feature(name, self._layout.slots))
        columns = [self._column(slot, slot.place + one) for one in range(slot.size)]
        return columns[0] if slot.outputs is None else slot.outputs(*columns)

    @property
    def open_time_ms(self) -> Int64Array:
        """Opens of the candles, whatever ``ago`` is."""
        opens = self._table.series[0].candles.open_time_ms
        return opens if self._rows is None else opens[self._rows]

    @property
    def open(self) -> Float64Array:
        """First prices."""
        return self._price(0)

    @property
    def high(self) -> Float64Array:
        """Highest prices."""
        return self._price(1)

    @property
    def low(self) -> Float64Array:
        """Lowest prices."""
        return self._price(2)

    @property
    def close(self) -> Float64Array:
        """Last prices."""
        return self._price(3)

    @property
    def volume(self) -> Float64Array:
        """Volumes in base units."""
        return self._price(4)

    @property
    def ready(self) -> npt.NDArray[np.bool_]:
        """Whether every feature has a value."""
        ready = np.ones(len(self.open_time_ms), np.bool_)
        for slot in self._layout.slots.values():
            for one in range(slot.size):
                ready &= ~np.isnan(self._column(slot, slot.place + one))
        return ready

    def is_of(self, symbol: str) -> bool:
        """Return whether they are the columns of a symbol, however that is spelt."""
        return same_symbols(symbol, self._plan.symbols) == [self.symbol]

    def missing(self, feature: str) -> Float64Array:
        """Return how many parts the candle lacks that the feature was last computed on; nan where there is none."""
        slot = self._layout.slots.get(feature)
        if slot is None:
            raise AttributeError(no_feature(feature, self._layout.slots))
        return self._column(slot, slot.missing)

    def ago(self, candles: int) -> "FeatureColumns":
        """Return the columns so many candles before."""
        if candles < 0:
            raise ValueError(f"ago({candles}): columns look back, not ahead")
        return FeatureColumns(self.symbol, self._table, self._plan, self._ago + candles, self._rows)

    @property
    def before(self) -> "FeatureColumns":
        """The columns one candle before."""
        return self.ago(1)

    def _column(self, slot: Slot, place: int) -> Float64Array:
        return self._table.column(slot.series, place, self._ago, self._rows)

    def _price(self, field: int) -> Float64Array:
        _, *prices = self._table.series[0].candles
        return self._table.back(prices[field].__getitem__, self._ago, self._rows)
