"""Candles for a compiled run, some at a time: however long it is, no more than these lie beside those that were loaded.

What a core has of a series begins one candle before those that are new: the last that was matched may be asked for.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from compiled.codes import RUNNING
from compiled.driving.scaled_market import put_units
from compiled.layout import Core
from core.candle_columns import CandleColumns, Float64Array, Int64Array

CANDLES_AT_ONCE = 1 << 16

Column = TypeVar("Column", Int64Array, Float64Array)


class FedSeries(NamedTuple):
    """Candles of one length of one symbol, and what prices multiply by to be whole.

    ``marks`` are mark prices row by row beside them, or of no row where the run has none. ``units`` are the prices as
    whole numbers, where these are known.
    """

    candles: CandleColumns
    length_ms: int
    decimals: int
    marks: Int64Array
    units: Int64Array | None = None


class CandleFeed:
    """Gives a core its candles in order of time.

    Parameters
    ----------
    own, finer
        The strategy's candles of every symbol, and the finer ones, of no row where there are none.
    volumes
        Whether the run looks at the volume of a candle.
    """

    def __init__(self, own: Sequence[FedSeries], finer: Sequence[FedSeries], *, volumes: bool) -> None:
        self._series = [*own, *finer]
        self._symbols = len(own)
        self._volumes = volumes
        self._marked = any(len(one.marks) for one in self._series)
        self._places = [0] * len(self._series)
        self._until_ms: int | None = None
        self._each = max(1, CANDLES_AT_ONCE // max(1, sum(one.candles.rows > 0 for one in self._series)))
        self._units = np.empty((self.most_rows + len(self._series), 4), np.int64)

    @property
    def most_rows(self) -> int:
        """The most candles that are new at once."""
        return self._each * len(self._series)

    @property
    def first_ms(self) -> int:
        """When the first candle of all closes, of a run that has one."""
        return min(int(one.candles.open_time_ms[0]) + one.length_ms for one in self._series if one.candles.rows)

    def next(self, core: Core) -> Core:
        """Return a core with the candles that follow; its symbols' states stand at the first of them."""
        ends = self._ends()
        firsts = [max(0, place - 1) for place in self._places]
        rows = [slice(first, end) for first, end in zip(firsts, ends, strict=True)]
        at = 0
        for number, (place, first, end) in enumerate(zip(self._places, firsts, ends, strict=True)):
            s, name = number % self._symbols, "row" if number < self._symbols else "fine_row"
            core.states[name][s] = at + place - first
            core.symbols["end_row" if name == "row" else "end_fine"][s] = at + end - first
            if name == "row":
                core.states["own_row"][s] = at + place - first
                core.symbols["rows_before"][s] = first - at
            at += end - first
        self._places = ends
        account = core.account[0]
        account["status"] = RUNNING
        account["follow"] = ends != self._rows_until(self._until_ms)
        parts = list(zip(self._series, rows, strict=True))
        return core._replace(
            open_ms=_joined([one.candles.open_time_ms[own] for one, own in parts]),
            close=_joined([one.candles.close[own] for one, own in parts]),
            high=_joined([one.candles.high[own] for one, own in parts]),
            low=_joined([one.candles.low[own] for one, own in parts]),
            traded=_joined([one.candles.volume[own] for one, own in parts]) if self._volumes else core.traded,
            marks=np.concatenate([one.marks[own] for one, own in parts]) if self._marked else core.marks,
            units=self._units_of(parts),
        )

    def _units_of(self, parts: Sequence[tuple[FedSeries, slice]]) -> Int64Array:
        """Return the prices of some candles of all series as whole numbers."""
        filled, at = [(one, rows) for one, rows in parts if rows.stop > rows.start], 0
        if len(filled) == 1 and filled[0][0].units is not None:
            return filled[0][0].units[filled[0][1]]
        for one, rows in filled:
            end = at + rows.stop - rows.start
            if one.units is None:
                put_units(one.candles.slice(rows.start, rows.stop), one.decimals, self._units[at:end])
            else:
                self._units[at:end] = one.units[rows]
            at = end
        return self._units[:at]

    def up_to(self, time_ms: int, core: Core) -> Core:
        """Return a core with the candles that follow, as :meth:`next`; no later ones are given than close at a time."""
        self._until_ms = time_ms
        if not core.account[0]["steps"]:
            self._places = [0] * len(self._series)
        return self.next(core)

    def _ends(self) -> list[int]:
        """Return up to which candle each series is fed: the same time, by which none has more new ones than may be."""
        closes = [
            int(one.candles.open_time_ms[place + self._each - 1]) + one.length_ms
            for one, place in zip(self._series, self._places, strict=True)
            if one.candles.rows > place + self._each
        ]
        if self._until_ms is not None:
            closes.append(self._until_ms)
        return self._rows_until(min(closes, default=None))

    def _rows_until(self, time_ms: int | None) -> list[int]:
        """Return how many candles of each series close up to a time; None is the last of all."""
        if time_ms is None:
            return [one.candles.rows for one in self._series]
        return [
            int(np.searchsorted(one.candles.open_time_ms, time_ms - one.length_ms, side="right"))
            for one in self._series
        ]


def _joined(columns: Sequence[Column]) -> Column:
    """Return the columns of all series one behind the other."""
    filled = [one for one in columns if len(one)] or columns[:1]
    return np.ascontiguousarray(filled[0]) if len(filled) == 1 else np.concatenate(filled)
