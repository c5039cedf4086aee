"""The body of ``python -m market_data fetch``."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from market_data.history.fetching import FetchOutcome
from market_data.history.historical_data_provider import HistoricalDataProvider
from market_data.quality.candle_quality import OffGrid
from market_data.store.store_layout import SeriesKind, kind_and_period, series_order

_WORDS: dict[SeriesKind, str] = {
    "candles": "candles",
    "mark": "mark candles",
    "funding": "funding rates",
    "open-interest": "rows of open interest",
}


def fetch_command(
    exchange: str,
    symbols: Sequence[str],
    timeframe: str,
    start_ms: int,
    end_ms: int,
    data_dir: str | Path,
    *,
    now_ms: Callable[[], int] | None = None,
    off_grid: OffGrid = "snap",
    beside: Sequence[str] = (),
) -> int:
    """Fetch what is missing of several symbols into the store, print a summary, and return the exit code.

    Parameters
    ----------
    symbols
        In any spelling.
    start_ms, end_ms
        Range of open times, the end exclusive.
    data_dir
        Folder of the candle store.
    now_ms
        The present; what the practice market takes for now, and a fall-back for exchanges that tell no time.
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
    provider = HistoricalDataProvider(exchange, data_dir, off_grid=off_grid, now_ms=now_ms)
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
