"""The verb that gets candles from an exchange: fetch."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from core.errors import ConfigurationError
from core.instants import parse_instant
from core.timeframe import floor_to_grid, timeframe_ms
from market_data.commands.selection import open_store, require_order
from market_data.history.fetching import FetchOutcome
from market_data.history.historical_data_provider import HistoricalDataProvider
from market_data.series_names import SeriesKind, kind_and_period, series_order

_WORDS: dict[SeriesKind, str] = {
    "candles": "candles",
    "mark": "mark candles",
    "funding": "funding rates",
    "open-interest": "rows of open interest",
}


def fetch(arguments: argparse.Namespace, now_ms: Callable[[], int]) -> int:
    """Fetch what the store lacks of the given range."""
    symbols = [symbol.strip() for symbol in arguments.symbols.split(",") if symbol.strip()]
    if not symbols:
        raise ConfigurationError("--symbols names no symbol")
    start_ms = parse_instant(arguments.start, name="--start")
    if arguments.end is None:
        end_ms = floor_to_grid(now_ms(), timeframe_ms(arguments.timeframe))
    else:
        end_ms = parse_instant(arguments.end, name="--end")
    require_order(start_ms, end_ms)
    open_store(arguments.data_dir)
    beside = [name.strip() for name in arguments.beside.split(",") if name.strip()]
    provider = HistoricalDataProvider(
        arguments.exchange, arguments.data_dir, off_grid=arguments.off_grid, now_ms=now_ms
    )
    return fetch_series(provider, symbols, arguments.timeframe, start_ms, end_ms, beside=beside)


def fetch_series(
    provider: HistoricalDataProvider,
    symbols: Sequence[str],
    timeframe: str,
    start_ms: int,
    end_ms: int,
    *,
    beside: Sequence[str] = (),
) -> int:
    """Fetch what is missing of several symbols into the store, print a summary, and return the exit code.

    Parameters
    ----------
    symbols
        In any spelling.
    start_ms, end_ms
        Range of open times, the end exclusive.
    beside
        What contracts have beside candles: ``mark``, ``funding``, ``open-interest``, or a series' name. Without a
        period mark candles have that of the candles, and open interest the shortest that is served and not shorter.

    Raises
    ------
    ConfigurationError
        For an unknown exchange, symbol or timeframe, or an empty range.
    DataUnavailableError
        If the exchange cannot be reached; what came before is kept.
    """
    started_s = time.monotonic()
    named = [provider.series_beside(name, timeframe) for name in beside]
    for series in (timeframe, *sorted(dict.fromkeys(named), key=series_order)):
        outcomes = provider.fetch(symbols, series, start_ms, end_ms, beside=timeframe)
        words = _WORDS[kind_and_period(series)[0]]
        for symbol, outcome in outcomes.items():
            sys.stdout.write(f"{symbol} {series}: {summary_line(outcome, words)}\n")
        rows = sum(outcome.rows for outcome in outcomes.values())
        elapsed_s = time.monotonic() - started_s
        sys.stdout.write(f"{provider.exchange}: {rows} {words} of {len(outcomes)} symbols in {elapsed_s:.1f} s\n")
    return 0


def summary_line(outcome: FetchOutcome, words: str = "candles") -> str:
    """Return what a fetch brought for one symbol, in a line."""
    if not outcome.pages:
        return "nothing to fetch, the store has it all"
    quality = outcome.quality
    parts = [f"{outcome.rows} {words} in {outcome.pages} pages"]
    if quality.refused_rows:
        reasons = ", ".join(f"{reason} {count}" for reason, count in quality.refused.items())
        parts.append(f"{quality.refused_rows} refused ({reasons})")
    if quality.snapped:
        parts.append(f"{quality.snapped} moved to the grid")
    if quality.outliers:
        parts.append(f"{quality.outliers} flagged as outliers")
    return ", ".join(parts)
