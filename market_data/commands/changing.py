"""The verbs that change what is stored on purpose: forget and resample."""

import argparse
from collections.abc import Callable

import numpy as np

from core.command_line import say
from core.errors import ConfigurationError, DataUnavailableError
from core.instants import format_ms, parse_instant
from core.timeframe import timeframe_ms
from market_data.candle_resampling import resampled
from market_data.commands.selection import open_store, require_order, stored_series
from market_data.instruments.instrument_store import InstrumentStore
from market_data.series_names import Series
from market_data.store.candle_store import CandleStore
from market_data.store.finer_series import finer_timeframes, resampled_name
from market_data.store.store_layout import LAST_TIME_MS


def parse_range(text: str, name: str) -> tuple[int, int]:
    """Return the range ``START..END`` that a text names, the end exclusive; ConfigurationError if it names none."""
    start, dots, end = text.partition("..")
    if not dots:
        raise ConfigurationError(f"{name} {text!r} is no range; allowed: START..END, such as 2024-01-01..2024-01-03")
    bounds = parse_instant(start, name=name), parse_instant(end, name=name)
    require_order(*bounds)
    return bounds


def forget(arguments: argparse.Namespace, now_ms: Callable[[], int]) -> int:
    """Take a range out of one series, and what is known of it; say how many rows are kept as a revision."""
    store = open_store(arguments.data_dir)
    (series,) = stored_series(store, arguments.exchange, arguments.symbol, arguments.timeframe)
    start_ms, end_ms = parse_range(arguments.range, "RANGE")
    rows = store.forget(*series, start_ms, end_ms, at_ms=now_ms())
    words = "candles" if series.kind in ("candles", "mark") else "rows"
    say(
        f"{series}: {rows:,} {words} of {format_ms(start_ms)} .. {format_ms(end_ms)} forgotten, kept as a revision; "
        "the range counts as never asked for"
    )
    return 0


def resample(arguments: argparse.Namespace, now_ms: Callable[[], int]) -> int:
    """Make longer candles of stored ones, and store them in a set of their own, whose name says that."""
    store = open_store(arguments.data_dir)
    length = timeframe_ms(arguments.timeframe)
    source = _source(store, arguments, length)
    made = resampled(store.read(*source, 0, LAST_TIME_MS), source.length_ms, length)
    if not made.candles.rows:
        raise DataUnavailableError(f"{source} has no whole candle of {arguments.timeframe}", symbols=(source.symbol,))
    target = Series(resampled_name(source.exchange), source.symbol, arguments.timeframe)
    times = made.candles.open_time_ms
    before = store.read(*target, 0, LAST_TIME_MS)
    if not all(map(np.array_equal, before, made.candles)):
        # Whatever an earlier run made of other candles gives way as a whole.
        store.forget(*target, 0, LAST_TIME_MS, at_ms=now_ms())
    ground = f"resampled from {source}"
    store.write(*target, made.candles, source=ground)
    store.add_coverage(*target, int(times[0]), int(times[-1]) + length, ground)
    InstrumentStore(store.root).copy(source.exchange, source.symbol, target.exchange)
    say(
        f"{target}: {made.candles.rows:,} candles resampled from {source}, {made.incomplete:,} of them lack a part, "
        f"{made.left_out:,} at the ends left out",
        f"A set of its own: name {target.exchange} as the exchange, offline.",
    )
    return 0


def _source(store: CandleStore, arguments: argparse.Namespace, length_ms: int) -> Series:
    """Return the stored candles to resample: those that are named, else the longest that fit."""
    if arguments.source is not None:
        (series,) = stored_series(store, arguments.exchange, arguments.symbol, arguments.source)
    else:
        symbols = {series.symbol for series in stored_series(store, arguments.exchange, arguments.symbol)}
        (symbol,) = symbols
        finer = finer_timeframes(store, arguments.exchange, symbol, arguments.timeframe)
        if not finer:
            raise DataUnavailableError(
                f"no candles of {arguments.exchange} {symbol} are stored that {arguments.timeframe} can be made of",
                symbols=(symbol,),
            )
        series = Series(arguments.exchange, symbol, finer[-1])
    if series.kind != "candles" or length_ms % series.length_ms or length_ms == series.length_ms:
        raise ConfigurationError(f"candles of {arguments.timeframe} cannot be made of {series.timeframe}")
    return series
