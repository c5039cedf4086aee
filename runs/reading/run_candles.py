"""The candles that a stored run was fed, where they are at hand without asking an exchange."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import UNSET

from core.candle_columns import CandleColumns
from core.errors import HarnessError
from engine.journal import read_journal
from engine.journal_records import CandleFields, StepRecord
from market_data.exchanges.exchange_names import PRACTICE
from market_data.history.historical_data_provider import HistoricalDataProvider
from runs.documents.symbol_result import SymbolResult
from runs.folder.file_names import JOURNAL
from runs.reading.run_folder import StoredRun


def candles_of(run: StoredRun, data_dir: str | Path | None = None) -> dict[str, CandleColumns]:
    """Return the candles of a run's window by symbol as configured: those that orders were matched with.

    Those of a session are in its journal; those of a backtest are in the candle store that it used, or are made again
    by the practice market. Symbols of which not all, or other, candles are at hand are left out.

    Parameters
    ----------
    run
        As :func:`~runs.reading.run_folder.read_run` has it.
    data_dir
        Candle store, in place of the one that the run's settings name.
    """
    try:
        found = _journalled(run) if run.kind == "live" else _stored(run, data_dir)
    except HarnessError:
        return {}
    return {symbol: one for symbol, one in found.items() if one.rows == _fed(run.result.symbols[symbol])}


def _fed(symbol: SymbolResult) -> int:
    return symbol.candles if symbol.detail_candles is UNSET else symbol.detail_candles


def _stored(run: StoredRun, data_dir: str | Path | None) -> Mapping[str, CandleColumns]:
    live: dict[str, Any] = run.manifest.settings["live"]
    start_ms, end_ms = run.window
    provider = HistoricalDataProvider(
        live["exchange"],
        cache_dir=data_dir or live["data"]["cache_dir"],
        # The practice market is made here and needs no network.
        offline=live["exchange"] != PRACTICE,
        off_grid=live["data"]["off_grid"],
        progress=False,
        now_ms=lambda: end_ms,
    )
    interval = live.get("detail_interval") or live["timeframe"]
    loaded = provider.load(run.symbols, interval, start_ms, end_ms)
    return {symbol: one.window for symbol, one in loaded.items()}


def _journalled(run: StoredRun) -> Mapping[str, CandleColumns]:
    finer = run.result.config.detail_interval is not None
    rows: dict[str, list[CandleFields]] = defaultdict(list)
    for line in read_journal(run.folder / JOURNAL):
        if isinstance(line.record, StepRecord):
            shown = line.record.detail if finer else line.record.candles
            for symbol, candle in zip(run.symbols, shown, strict=False):
                if candle is not None:
                    rows[symbol].append(candle)
    return {symbol: CandleColumns.from_rows(candles) for symbol, candles in rows.items()}
