"""Writes a run as a Parquet file: a row for each candle of each traded symbol."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import UNSET
from pyarrow import parquet

from core.candle_columns import Int64Array
from core.errors import ConfigurationError, StrategyError
from core.timeframe import timeframe_ms
from engine.assembly import build_strategy_of, prepare_strategy
from market_data.store.atomic_files import replacing
from runs.dataset.decision_table import NO_DECISIONS, decision_columns, read_decisions
from runs.dataset.feature_table import FeatureTable, session_segments
from runs.dataset.fed_candles import fed_candles
from runs.dataset.forward_outcomes import TradeOutcomes, price_outcomes
from runs.dataset.indicator_frames import indicator_columns
from runs.folder.file_names import DECISIONS
from runs.folder.write_errors import store_errors
from runs.reading.run_folder import StoredRun, trades_with_excursions
from runs.reading.run_settings import settings_of_run
from strategies.features.feature_strategy import FeatureStrategy

HORIZONS = (1, 5, 15, 60)
"""How many candles ahead outcomes look unless it is said."""


class DatasetFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a dataset holds; it stands in the file's metadata under ``dataset``, too.

    ``rows`` by symbol, ``features`` without their prefix; ``warmup_candles`` is from when on ``decision_warm`` holds.
    """

    run_id: str
    strategy: str
    timeframe: str
    rows: dict[str, int]
    features: list[str]
    horizons: list[int]
    warmup_candles: int
    settings_sha256: str
    strategy_sha256: str | None
    data_sha256: str | None


def write_dataset(
    run: StoredRun, target: Path, *, horizons: Sequence[int] = HORIZONS, data_dir: str | Path | None = None
) -> DatasetFacts:
    """Write the table of a run and return what it holds.

    Columns are ``symbol``, ``open_time``, ``close_time`` (when the decision was made), the candle's prices, then
    ``feature_…`` and ``decision_…``, which were known at the close, and ``forward_…``, which were not.

    Parameters
    ----------
    run
        Of a backtest, or of a live session.
    target
        The file; it is replaced as a whole.
    horizons
        How many candles ahead ``forward_return_h``, ``forward_high_h`` and ``forward_low_h`` look.
    data_dir
        Candle store, in place of the one that the run used.

    Raises
    ------
    ConfigurationError
        If a horizon is none, or the strategy cannot be had or is not the one that ran.
    DataUnavailableError
        If the candles of the run are not at hand.
    StoreError
        If the run cannot be read, or the file not written.
    StrategyError
        If ``add_indicators`` of a frame strategy fails or looks ahead.
    """
    table = _RunTable(run, _checked_horizons(horizons), data_dir)
    parts = (table.of_symbol(symbol) for symbol in run.symbols if table.rows_of(symbol))
    with store_errors(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as temporary:
        first = next(parts)
        facts = table.facts(first.column_names)
        schema = first.schema.with_metadata({"dataset": json.dumps(msgspec.to_builtins(facts))})
        with parquet.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for part in itertools.chain([first], parts):
                writer.write_table(part.cast(schema))
    return facts


class _RunTable:
    """Makes the rows of one symbol after the other."""

    def __init__(self, run: StoredRun, horizons: Sequence[int], data_dir: str | Path | None) -> None:
        self._run = run
        self._horizons = horizons
        settings = self._settings = settings_of_run(run)
        self._strategy = build_strategy_of(settings)
        prepare_strategy(self._strategy, settings)
        self._length_ms = timeframe_ms(settings.live.timeframe)
        self._longest_ms = (settings.live.execution.max_gap + 1) * self._length_ms
        self._fed = fed_candles(run, settings, self._strategy, data_dir)
        self._features = (
            FeatureTable(self._strategy, self._fed, self._longest_ms)
            if isinstance(self._strategy, FeatureStrategy)
            else None
        )
        self._added: list[str] = []
        self._told = read_decisions(run.folder / DECISIONS)
        finest = self._fed.detail or {symbol: one.window for symbol, one in self._fed.traded.items()}
        self._outcomes = TradeOutcomes(run.rows, run.round_trips, trades_with_excursions(run, finest))

    def facts(self, columns: Sequence[str]) -> DatasetFacts:
        """Return what the whole holds."""
        result = self._run.result
        prefix = "feature_"
        return DatasetFacts(
            run_id=self._run.run_id,
            strategy=result.config.strategy,
            timeframe=result.config.interval,
            rows={symbol: self.rows_of(symbol) for symbol in self._run.symbols},
            features=[name.removeprefix(prefix) for name in columns if name.startswith(prefix)],
            horizons=list(self._horizons),
            warmup_candles=self._strategy.warmup_candles,
            settings_sha256=result.settings_sha256,
            strategy_sha256=None if result.strategy_sha256 is UNSET else result.strategy_sha256,
            data_sha256=None if result.data_sha256 is UNSET else result.data_sha256,
        )

    def rows_of(self, symbol: str) -> int:
        """Return how many candles of a symbol the run came to."""
        closes = self._fed.traded[symbol].window.open_time_ms + self._length_ms
        return int(np.searchsorted(closes, self._run.window[1], side="right"))

    def of_symbol(self, symbol: str) -> pa.Table:
        """Return the rows of a symbol."""
        fed = self._fed.traded[symbol]
        rows = self.rows_of(symbol)
        window, length = fed.window.slice(0, rows), self._length_ms
        starts = session_segments(fed.candles, self._fed.detail.get(symbol), length, self._longest_ms)
        shown = slice(fed.warmup_rows, fed.warmup_rows + rows)
        close_ms = window.open_time_ms + length
        columns: dict[str, Any] = {
            "symbol": pa.array([symbol] * rows, pa.string()),
            "open_time": _times(window.open_time_ms),
            "close_time": _times(close_ms),
            **dict(zip(window._fields[1:], window[1:], strict=True)),
        }
        for name, values in self._feature_columns(symbol, starts).items():
            columns[f"feature_{name}"] = values[shown]
        warm = _seen_before(starts, fed.candles.rows)[shown] >= self._strategy.warmup_candles
        decided = decision_columns(self._told.get(symbol, NO_DECISIONS), close_ms, warm)
        columns |= decided
        columns |= price_outcomes(window, length, self._horizons)
        columns |= self._outcomes.columns(decided["decision_order_id"].to_pylist())
        return pa.table(columns)

    def _feature_columns(self, symbol: str, starts: Int64Array) -> dict[str, Any]:
        """Return what the strategy is known to compute: declared features, or the columns that a frame form adds."""
        if self._features is not None:
            return dict(self._features.columns(symbol))
        strategy: Any = self._strategy
        if not hasattr(strategy, "add_indicators"):
            return {}
        candles = self._fed.traded[symbol].candles
        found = indicator_columns(strategy, symbol, candles, starts, self._length_ms)
        names = self._added = self._added or list(found)
        if found.keys() - set(names):
            raise StrategyError(
                f"add_indicators adds {', '.join(sorted(found.keys() - set(names)))} for {symbol}, and not for the "
                "symbols before it — allowed: the same columns for all"
            )
        return {name: found.get(name, np.full(candles.rows, np.nan)) for name in names}


def _checked_horizons(horizons: Sequence[int]) -> list[int]:
    found = sorted(set(horizons))
    if any(isinstance(one, bool) or not isinstance(one, int) or one < 1 for one in found):
        raise ConfigurationError(f"horizons {list(horizons)!r} — allowed: numbers of candles, at least 1")
    return found


def _seen_before(starts: Int64Array, rows: int) -> Int64Array:
    """Return how many candles of its segment come before each."""
    numbers = np.arange(rows)
    return numbers - starts[np.searchsorted(starts, numbers, side="right") - 1] if rows else numbers


def _times(times_ms: Int64Array) -> pa.Array:
    return pa.array(times_ms, pa.int64()).cast(pa.timestamp("ms", tz="UTC"))
