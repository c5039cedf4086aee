"""The verb that writes stored rows to a file: export."""

import argparse
from pathlib import Path

from core.command_line import say
from core.errors import DataUnavailableError
from core.instants import format_ms, parse_instant
from market_data.commands.selection import open_store, require_order, stored_series
from market_data.files.candle_export import check_target, export_candles
from market_data.series_columns import SeriesColumns
from market_data.series_names import Series, kind_and_period
from market_data.store.candle_store import CandleStore
from market_data.store.store_layout import LAST_TIME_MS


def export(arguments: argparse.Namespace) -> int:
    """Write the chosen rows of one series to a file."""
    store = open_store(arguments.data_dir)
    target: Path = arguments.file
    check_target(target, force=arguments.force)
    (series,) = stored_series(store, arguments.exchange, arguments.symbol, arguments.timeframe)
    start_ms = 0 if arguments.start is None else parse_instant(arguments.start, name="--start")
    end_ms = LAST_TIME_MS if arguments.end is None else parse_instant(arguments.end, name="--end")
    require_order(start_ms, end_ms)
    rows = _rows_between(store, series, start_ms, end_ms)
    if not rows.rows:
        times = store.open_times(*series)
        stored = f"; stored: {format_ms(int(times[0]))} to {format_ms(int(times[-1]))}" if len(times) else ""
        what = "candle" if series.kind == "candles" else "row"
        raise DataUnavailableError(f"no {what} of {series} is stored in that range{stored}", symbols=(series.symbol,))
    export_candles(rows, target, force=arguments.force)
    words = "candles" if series.kind == "candles" else "rows"
    say(f"{series}: {rows.rows:,} {words} written to {target}")
    return 0


def _rows_between(store: CandleStore, series: Series, start_ms: int, end_ms: int) -> SeriesColumns:
    """Return the candles that open and close in a range, or the rows whose time lies in it, the end exclusive."""
    if series.kind == "funding":
        return store.read_funding(series.exchange, series.symbol, start_ms, end_ms)
    if series.kind == "open-interest":
        period = kind_and_period(series.timeframe)[1]
        return store.read_open_interest(series.exchange, series.symbol, period, start_ms, end_ms)
    return store.read(*series, start_ms, end_ms - series.length_ms + 1)
