"""Candles of a journal, taken one by one and read as columns."""

from array import array

import numpy as np

from core.candle_columns import CandleColumns
from engine.journal_records import CandleFields

_FIELDS = len(CandleColumns._fields)


class GrownColumns:
    """Candles in order of time, a few bytes each."""

    def __init__(self) -> None:
        self._fields = array("d")
        self.add = self._fields.extend
        """Takes the fields of the next candle."""

    def __len__(self) -> int:
        return len(self._fields) // _FIELDS

    def columns(self) -> CandleColumns:
        """Return what was taken; nothing can be taken while that is in use."""
        if not self._fields:
            return CandleColumns.empty()
        opens, *values = (np.ascontiguousarray(column) for column in np.frombuffer(self._fields).reshape(-1, _FIELDS).T)
        return CandleColumns(opens.astype(np.int64), *values)


class SessionCandles:
    """One symbol's candles as a journal's steps hold them, and where each came from."""

    def __init__(self) -> None:
        self._rows = GrownColumns()
        self._add = self._rows.add
        self._names: dict[str | None, int] = {None: 0}
        self._sources = bytearray()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, candle: CandleFields, source: str | None) -> None:
        """Append a candle; later ones follow in order of time."""
        self._add(candle)
        self._sources.append(self._names.setdefault(source, len(self._names)))

    def columns(self) -> CandleColumns:
        """Return the candles; none can be appended while they are in use."""
        return self._rows.columns()

    def source(self, row: int) -> str | None:
        """Return where the candle of a row came from; None where the journal does not say."""
        return list(self._names)[self._sources[row]]
