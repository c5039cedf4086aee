"""The verbs that move candles: fetch, import and export."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from core.errors import ConfigurationError, DataUnavailableError
from core.instants import format_ms, parse_instant
from core.timeframe import floor_to_grid, timeframe_ms
from market_data.candle_export import check_target, export_candles
from market_data.commands.selection import open_store, stored_series
from market_data.store_layout import LAST_TIME_MS


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
    )


def import_candles(arguments: argparse.Namespace, now_ms: Callable[[], int]) -> int:
    """Import candle files and print what became of each."""
    from market_data.candle_import import describe, import_files

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
    sys.stdout.write(f"{files}, {added:,} candles added, {elapsed_s:.1f} s\n")
    return 0


def export(arguments: argparse.Namespace) -> int:
    """Write the chosen candles of one series to a file."""
    store = open_store(arguments.data_dir)
    target: Path = arguments.file
    check_target(target, force=arguments.force)
    (series,) = stored_series(store, arguments.exchange, arguments.symbol, arguments.timeframe)
    start_ms = 0 if arguments.start is None else parse_instant(arguments.start, name="--start")
    end_ms = LAST_TIME_MS if arguments.end is None else parse_instant(arguments.end, name="--end")
    _require_order(start_ms, end_ms)
    candles = store.read(*series, start_ms, end_ms - series.length_ms + 1)
    if not candles.rows:
        times = store.open_times(*series)
        stored = f"; stored: {format_ms(int(times[0]))} to {format_ms(int(times[-1]))}" if len(times) else ""
        raise DataUnavailableError(f"no candle of {series} is stored in that range{stored}")
    export_candles(candles, target, force=arguments.force)
    sys.stdout.write(f"{series}: {candles.rows:,} candles written to {target}\n")
    return 0


def _require_order(start_ms: int, end_ms: int) -> None:
    if start_ms >= end_ms:
        raise ConfigurationError(f"--start {format_ms(start_ms)} is not before --end {format_ms(end_ms)}")
