"""The features of a run as columns, as its session computed them: nothing in a row is of a later candle."""

from typing import Any

import numpy as np

from core.candle_columns import CandleColumns, Float64Array, Int64Array
from core.timeframe import floor_to_grid
from indicators.features.series import segment_starts, series_columns
from runs.dataset.fed_candles import FedCandles, FedSeries
from strategies.features.feature_plan import FeaturePlan, SeriesKey
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.readers import SeriesTable, SymbolTable

_WORTH_COMPILING = 3_000_000
"""Values of a series from which loading the compiler costs less than it saves; it changes no bit."""


class FeatureTable:
    """Computes a strategy's declared features over the candles of a run, each series once.

    Parameters
    ----------
    strategy
        Knows the timeframe and the symbols: ``prepare_features`` was called.
    fed
        What the run was shown.
    longest_open_distance_ms
        Two opens further apart belong to different segments; for the strategy's timeframe.
    """

    def __init__(self, strategy: FeatureStrategy, fed: FedCandles, longest_open_distance_ms: int) -> None:
        self._own_ms = strategy.timeframe_ms
        self._fed = fed
        self._longest_ms = longest_open_distance_ms
        watched = [symbol for symbol, length in fed.watched if length == self._own_ms and symbol not in fed.traded]
        self._plan = FeaturePlan(strategy.declared, self._own_ms, (*fed.traded, *watched))
        self._tables: dict[SeriesKey, SeriesTable] = {}

    def columns(self, symbol: str) -> dict[str, Float64Array]:
        """Return a traded symbol's features over its candles, those of the warm-up first; nan where undefined."""
        layout = self._plan.layouts[symbol]
        own = self._fed.traded[symbol]
        series = [self._table(key) for key in layout.series]
        rows_of = [
            np.searchsorted(self._series(key).known_ms, own.known_ms, side="right") - 1 for key in layout.series[1:]
        ]
        table = SymbolTable(series, rows_of)
        found = {}
        for name, slot in layout.slots.items():
            outputs: Any = slot.outputs
            names = [name] if outputs is None else [f"{name}_{output}" for output in outputs._fields]
            for place, column in enumerate(names, slot.place):
                found[column] = table.column(slot.series, place, 0)
        return found

    def _table(self, key: SeriesKey) -> SeriesTable:
        if key not in self._tables:
            candles, plan = self._series(key).candles, self._plan.series[key]
            if key[1] == self._own_ms and key[0] in self._fed.traded:
                starts = session_segments(candles, self._fed.detail.get(key[0]), self._own_ms, self._longest_ms)
            else:
                starts = segment_starts(candles.open_time_ms, self._longest_ms // self._own_ms * key[1])
            compiled = plan.width * candles.rows >= _WORTH_COMPILING
            self._tables[key] = SeriesTable(candles, series_columns(plan, candles, starts, compiled=compiled), starts)
        return self._tables[key]

    def _series(self, key: SeriesKey) -> FedSeries:
        traded = self._fed.traded.get(key[0]) if key[1] == self._own_ms else None
        return self._fed.watched[key] if traded is None else traded


def session_segments(
    candles: CandleColumns, detail: CandleColumns | None, length_ms: int, longest_open_distance_ms: int
) -> Int64Array:
    """Return the rows at which a session's strategy starts empty.

    A finer candle bridges a gap between two candles of the strategy, as it does in the session.
    """
    opens = candles.open_time_ms
    if detail is None or not detail.rows:
        return segment_starts(opens, longest_open_distance_ms)
    slots = np.unique(np.concatenate([opens, [floor_to_grid(one, length_ms) for one in detail.open_time_ms.tolist()]]))
    segment = np.concatenate([[0], np.cumsum(np.diff(slots) > longest_open_distance_ms)])
    own = segment[np.searchsorted(slots, opens)]
    return np.append(np.zeros(min(len(opens), 1), np.int64), np.flatnonzero(np.diff(own)) + 1)
