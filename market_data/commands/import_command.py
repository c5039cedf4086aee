"""The verbs that take files in: import and import-tiers."""

import argparse
import sys
import time
from collections.abc import Callable

from core.instants import format_ms, parse_instant
from market_data.commands.selection import open_store
from market_data.files.candle_import import import_files
from market_data.files.import_report import describe
from market_data.instruments.margin_tables import import_tiers


def import_candles(arguments: argparse.Namespace, now_ms: Callable[[], int]) -> int:
    """Import files and print what became of each."""
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
    as_of_ms = now_ms() if arguments.as_of is None else parse_instant(arguments.as_of, name="--as-of")
    imported = import_tiers(
        open_store(arguments.data_dir), arguments.file, exchange=arguments.exchange, as_of_ms=as_of_ms
    )
    for symbol, tiers in sorted(imported.stored.items()):
        sys.stdout.write(f"{arguments.exchange} {symbol}: {tiers} tiers from {format_ms(as_of_ms)} on\n")
    if imported.ignored:
        sys.stdout.write(f"{imported.ignored:,} tables of symbols that are not known here are left out\n")
    return 0
