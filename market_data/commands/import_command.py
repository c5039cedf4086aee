"""The verbs that take files in: import and import-tiers."""

import argparse
import re
import time
from collections.abc import Callable

from core.command_line import say
from core.errors import ConfigurationError
from core.instants import format_ms, parse_instant
from core.timeframe import HOUR_MS, MINUTE_MS
from market_data.commands.selection import open_store
from market_data.files.candle_import import ImportWishes, import_files
from market_data.files.import_report import describe
from market_data.instruments.margin_tables import import_tiers

_UTC_OFFSET = re.compile(r"(?P<sign>[+-]?)(?P<hours>[0-9]{1,2})(?::?(?P<minutes>[0-9]{2}))?")
_MOST_HOURS = 14
_MINUTES_OF_AN_HOUR = 60


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
        wishes=ImportWishes(
            flag=arguments.format or "",
            no_volume=arguments.no_volume,
            utc_offset_ms=utc_offset_ms(arguments.utc_offset),
            allow_partial=arguments.allow_partial,
            replace=arguments.replace,
            infer_rules=arguments.infer_rules,
        ),
    )
    for one in imported:
        say(*describe(one))
    added = sum(one.result.added for one in imported)
    elapsed_s = time.perf_counter() - started_s
    files = f"{len(imported)} file{'' if len(imported) == 1 else 's'}"
    words = "candles" if all(one.series.kind == "candles" for one in imported) else "rows"
    say(f"{files}, {added:,} {words} added, {elapsed_s:.1f} s")
    return 0


def utc_offset_ms(text: str | None) -> int:
    """Return how far times are ahead of UTC, of text such as ``+05:30``, ``-8`` or ``+0900``.

    Raises
    ------
    ConfigurationError
        If it is none.

    Examples
    --------
    >>> utc_offset_ms("+05:30"), utc_offset_ms("-8")
    (19800000, -28800000)
    """
    if text is None:
        return 0
    match = _UTC_OFFSET.fullmatch(text.strip())
    if match is None or int(match["hours"]) > _MOST_HOURS or int(match["minutes"] or 0) >= _MINUTES_OF_AN_HOUR:
        raise ConfigurationError(f"--utc-offset {text!r} is none; allowed: hours and minutes, such as +05:30 or -8")
    length = int(match["hours"]) * HOUR_MS + int(match["minutes"] or 0) * MINUTE_MS
    return -length if match["sign"] == "-" else length


def import_margin_tables(arguments: argparse.Namespace, now_ms: Callable[[], int]) -> int:
    """Import the margin tables of a file and print whose they are."""
    as_of_ms = now_ms() if arguments.as_of is None else parse_instant(arguments.as_of, name="--as-of")
    imported = import_tiers(
        open_store(arguments.data_dir), arguments.file, exchange=arguments.exchange, as_of_ms=as_of_ms
    )
    for symbol, tiers in sorted(imported.stored.items()):
        say(f"{arguments.exchange} {symbol}: {tiers} tiers from {format_ms(as_of_ms)} on")
    if imported.ignored:
        say(f"{imported.ignored:,} tables of symbols that are not known here are left out")
    return 0
