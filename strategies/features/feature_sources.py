"""Where a session's features come from: candles as they come, or columns of candles that lie ready."""

import sys
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from core.candle import Candle
from core.candle_columns import CandleColumns
from core.errors import InvariantError
from indicators.features.series import segment_starts, series_columns
from strategies.features.feature_plan import FeaturePlan, SeriesKey
from strategies.features.moment import Reader
from strategies.features.readers import Notes, RunningSeries, SeriesTable, SymbolTable, TableReader
from strategies.known_candles import KnownCandles

_WORTH_COMPILING = 3_000_000
"""Values of a session's columns from which loading the compiler costs less than it saves."""
_WORTH_LOOPS = 300_000
"""The same where the compiler is loaded, and loops that were compiled before are not."""


class _Taken(NamedTuple):
    """A candle that closes at a time, and whether its series starts empty with it."""

    close_ms: int
    key: SeriesKey
    candle: Candle
    fresh: bool


class RunningFeatures:
    """Computes features candle by candle.

    All series of an instant take their candles before anything of it is noted; candles from before the first instant
    are put in order of time first, so that a symbol that reads others finds them as they were.
    """

    takes_candles = True

    def __init__(self, plan: FeaturePlan, lookback: int) -> None:
        self._plan = plan
        self._series = {key: RunningSeries(one) for key, one in plan.series.items()}
        self.notes = {
            symbol: Notes([self._series[key] for key in layout.series], lookback)
            for symbol, layout in plan.layouts.items()
        }
        own_ms = plan.timeframe_ms
        self._own = {symbol: (self._series[symbol, own_ms], notes) for symbol, notes in self.notes.items()}
        self._waiting: list[_Taken] = []
        self._several = plan.several
        self._begun = not plan.several

    def restart(self, symbol: str) -> None:
        """Let a symbol's own series start empty with its next candle."""
        self._series[symbol, self._plan.timeframe_ms].fresh = True

    def warm(self, symbol: str, candle: Candle) -> None:
        """Take a symbol's candle from before the first instant."""
        taken = self._taken((symbol, self._plan.timeframe_ms), candle)
        if self._begun:
            self._take([taken])
        else:
            self._waiting.append(taken)

    def watch(self, key: SeriesKey, candle: Candle, longest_distance_ms: int) -> None:
        """Take a candle of the coming instant, or from before the first, of a series that is not traded."""
        series = self._series[key]
        if series.last_open_ms is not None and candle.open_time_ms - series.last_open_ms > longest_distance_ms:
            series.fresh = True
        series.last_open_ms = candle.open_time_ms
        self._waiting.append(self._taken(key, candle))

    def begin(self, present: Sequence[tuple[str, Candle]]) -> None:
        """Take the traded symbols' candles of an instant."""
        if self._begun and not self._waiting:
            own, several = self._own, self._several
            for symbol, candle in present:
                series, notes = own[symbol]
                if series.fresh:
                    series.restart()
                    notes.forget()
                series.take(candle)
                if not several:
                    notes.add(candle)
            if several:
                for symbol, candle in present:
                    own[symbol][1].add(candle)
            return
        self._begun = True
        own_ms = self._plan.timeframe_ms
        taken = [self._taken((symbol, own_ms), candle) for symbol, candle in present]
        waiting = sorted([*self._waiting, *taken], key=lambda one: one.close_ms)
        self._waiting = []
        for _, together in groupby(waiting, key=lambda one: one.close_ms):
            self._take(list(together))

    def reader(self, symbol: str, time_ms: int) -> Reader:
        """Return a reader of a symbol's last candle."""
        return self.notes[symbol].reader()

    def _taken(self, key: SeriesKey, candle: Candle) -> _Taken:
        series = self._series[key]
        fresh, series.fresh = series.fresh, False
        return _Taken(candle.open_time_ms + key[1], key, candle, fresh)

    def _take(self, together: Sequence[_Taken]) -> None:
        own_ms = self._plan.timeframe_ms
        for _, key, candle, fresh in together:
            series = self._series[key]
            if fresh:
                series.restart()
            series.take(candle)
        for _, (symbol, length), candle, fresh in together:
            if length == own_ms:
                notes = self.notes[symbol]
                if fresh:
                    notes.forget()
                notes.add(candle)


class KnownFeatures:
    """Computes features on columns, each series once and only when it is read."""

    takes_candles = False

    def __init__(self, plan: FeaturePlan, known: KnownCandles) -> None:
        self._plan = plan
        self._known = known
        self._series: dict[SeriesKey, SeriesTable] = {}
        self._tables: dict[str, SymbolTable] = {}
        values = sum(plan.series[key].width * self._candles(key).rows for key in plan.series)
        self._compiled = values >= (_WORTH_LOOPS if "numba" in sys.modules else _WORTH_COMPILING)

    @staticmethod
    def covers(plan: FeaturePlan, known: KnownCandles) -> bool:
        """Return whether all series that are read lie ready."""
        return all(known.series(*key) is not None for key in plan.series)

    def restart(self, symbol: str) -> None:
        """Change nothing: the columns begin anew by themselves."""

    def warm(self, symbol: str, candle: Candle) -> None:
        """Change nothing."""

    def watch(self, key: SeriesKey, candle: Candle, longest_distance_ms: int) -> None:
        """Change nothing."""

    def begin(self, present: Sequence[tuple[str, Candle]]) -> None:
        """Change nothing."""

    def table(self, symbol: str) -> SymbolTable:
        """Return all that a symbol reads."""
        table = self._tables.get(symbol)
        if table is None:
            keys = self._plan.layouts[symbol].series
            series = [self._on_columns(key) for key in keys]
            opens = series[0].candles.open_time_ms
            rows_of = []
            for (_, length), one in zip(keys[1:], series[1:], strict=True):
                # What has closed when the own candle closes.
                latest = opens + self._plan.timeframe_ms - length
                rows_of.append(np.searchsorted(one.candles.open_time_ms, latest, side="right") - 1)
            table = self._tables[symbol] = SymbolTable(series, rows_of)
        return table

    def forget(self, symbol: str) -> None:
        """Let go of all that a symbol reads and no other does; asked for again, it is computed again."""
        self._tables.pop(symbol, None)
        for key in self._plan.layouts[symbol].series:
            self._series.pop(key, None)

    def reader(self, symbol: str, time_ms: int) -> Reader:
        """Return a reader of a symbol's last candle that has closed at a time."""
        opens = self._candles((symbol, self._plan.timeframe_ms)).open_time_ms
        row = int(np.searchsorted(opens, time_ms - self._plan.timeframe_ms, side="right")) - 1
        return TableReader(self.table(symbol), row)

    def _candles(self, key: SeriesKey) -> CandleColumns:
        candles = self._known.series(*key)
        if candles is None:
            raise InvariantError(f"{key[0]}: its candles do not lie ready")
        return candles

    def _on_columns(self, key: SeriesKey) -> SeriesTable:
        table = self._series.get(key)
        if table is None:
            candles = self._candles(key)
            longest = self._known.longest_open_distance_ms // self._plan.timeframe_ms * key[1]
            starts = segment_starts(candles.open_time_ms, longest)
            first_ms = int(candles.open_time_ms[0]) if candles.rows else 0
            columns = series_columns(
                self._plan.series[key],
                candles,
                starts,
                compiled=self._compiled,
                kept=self._known.kept,
                of=(key, first_ms, candles.rows, longest),
            )
            table = self._series[key] = SeriesTable(candles, columns, starts)
        return table
