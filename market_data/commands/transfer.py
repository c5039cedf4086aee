"""The verbs that move candles: fetch, import and export."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from core.errors import ConfigurationError, DataUnavailableError
from core.instants import format_ms, parse_instant
from core.timeframe import floor_to_grid, timeframe_ms
from market_data.commands.selection import open_store, stored_series
from market_data.files.candle_export import check_target, export_candles
from market_data.perpetual.perpetual_columns import SeriesColumns
from market_data.store.candle_store import CandleStore
from market_data.store.store_layout import LAST_TIME_MS, Series, kind_and_period


def fetch(arguments: argparse.Namespace, now_ms: Callable[[], int]) -> int:
    """Fetch what the store lacks of the given range."""
    from market_data.commands.fetch_command import fetch_command

    symbols = [symbol.strip() for symbol in arguments.symbols.split(",") if symbol.strip()]
    if not symbols:
        raise ConfigurationError("--symbols names no symbol")
    start_ms = parse_instant(arguments.start, name="--start")
    if arguments.end is None:
        end_ms = floor_to_grid(now_ms(), timeframe_ms(arguments.timeframe))
    else:
        end_ms = parse_instant(arguments.end, name="--end")
    _require_order(start_ms, end_ms)
    open_store(arguments.data_dir)
    return fetch_command(
        arguments.exchange,
        symbols,
        arguments.timeframe,
        start_ms,
        end_ms,
        arguments.data_dir,
        now_ms=now_ms,
        off_grid=arguments.off_grid,
        beside=[name.strip() for name in arguments.beside.split(",") if name.strip()],
    )


def import_candles(arguments: argparse.Namespace, now_ms: Callable[[], int]) -> int:
    """Import files and print what became of each."""
    from market_data.files.candle_import import describe, import_files

    started_s = time.perf_counter()
    symbol = (
        arguments.symbol.replace("-", "/", 1) if arguments.symbol and "/" not in arguments.symbol else arguments.symbol
    )
    imported = import_files(
        open_store(arguments.data_dir),
        arguments.files,
        exchange=arguments.exchange,
        symbol=symbol,
        timeframe=arguments.timeframe,
        off_grid=arguments.off_grid,
        now_ms=now_ms(),
    )
    for one in imported:
        sys.stdout.writelines(f"{line}\n" for line in describe(one))
    added = sum(one.result.added for one in imported)
    elapsed_s = time.perf_counter() - started_s
    files = f"{len(imported)} file{'' if len(imported) == 1 else 's'}"
    words = "candles" if all(one.series.kind == "candles" for one in imported) else "rows"
    sys.stdout.write(f"{files}, {added:,} {words} added, {elapsed_s:.1f} s\n")
    return 0


def import_margin_tables(arguments: argparse.Namespace, now_ms: Callable[[], int]) -> int:
    """Import the margin tables of a file and print whose they are."""
    from market_data.instruments.margin_tables import import_tiers

    as_of_ms = now_ms() if arguments.as_of is None else parse_instant(arguments.as_of, name="--as-of")
    imported = import_tiers(
        open_store(arguments.data_dir), arguments.file, exchange=arguments.exchange, as_of_ms=as_of_ms
    )
    for symbol, tiers in sorted(imported.stored.items()):
        sys.stdout.write(f"{arguments.exchange} {symbol}: {tiers} tiers from {format_ms(as_of_ms)} on\n")
    if imported.ignored:
        sys.stdout.write(f"{imported.ignored:,} tables of symbols that are not known here are left out\n")
    return 0


def export(arguments: argparse.Namespace) -> int:
    """Write the chosen rows of one series to a file."""
    store = open_store(arguments.data_dir)
    target: Path = arguments.file
    check_target(target, force=arguments.force)
    (series,) = stored_series(store, arguments.exchange, arguments.symbol, arguments.timeframe)
    start_ms = 0 if arguments.start is None else parse_instant(arguments.start, name="--start")
    end_ms = LAST_TIME_MS if arguments.end is None else parse_instant(arguments.end, name="--end")
    _require_order(start_ms, end_ms)
    rows = _rows_between(store, series, start_ms, end_ms)
    if not rows.rows:
        times = store.open_times(*series)
        stored = f"; stored: {format_ms(int(times[0]))} to {format_ms(int(times[-1]))}" if len(times) else ""
        what = "candle" if series.kind == "candles" else "row"
        raise DataUnavailableError(f"no {what} of {series} is stored in that range{stored}", symbols=(series.symbol,))
    export_candles(rows, target, force=arguments.force)
    words = "candles" if series.kind == "candles" else "rows"
    sys.stdout.write(f"{series}: {rows.rows:,} {words} written to {target}\n")
    return 0


def _rows_between(store: CandleStore, series: Series, start_ms: int, end_ms: int) -> SeriesColumns:
    """Return the candles that open and close in a range, or the rows whose time lies in it, the end exclusive."""
    if series.kind == "funding":
        return store.read_funding(series.exchange, series.symbol, start_ms, end_ms)
    if series.kind == "open-interest":
        period = kind_and_period(series.timeframe)[1]
        return store.read_open_interest(series.exchange, series.symbol, period, start_ms, end_ms)
    return store.read(*series, start_ms, end_ms - series.length_ms + 1)


def _require_order(start_ms: int, end_ms: int) -> None:
    if start_ms >= end_ms:
        raise ConfigurationError(f"--start {format_ms(start_ms)} is not before --end {format_ms(end_ms)}")
