"""Candles of the series that a run watches and does not trade."""

from collections.abc import Sequence
from typing import Any

from backtests.input_candles import RunRequest, load_candles
from core.timeframe import floor_to_grid
from core.watched_series import WatchedSeries
from market_data.history.loaded_candles import LoadedCandles
from runs.documents.watched_input import WatchedInput
from runs.figures.missing_candles import candle_ends


def load_watched(
    provider: Any, request: RunRequest, series: Sequence[WatchedSeries]
) -> dict[WatchedSeries, LoadedCandles]:
    """Return the candles of every series, some or all of them without any; ``request`` is that of the run.

    The window of a series holds what closes after the run's start, so that a long candle that is open then is known at
    its close; its warm-up is what closed before. Several quote currencies are no matter: nothing is traded.
    """
    found = {}
    for one in series:
        asked = request._replace(
            symbols=(one.symbol,),
            timeframe=one.timeframe,
            start_ms=floor_to_grid(request.start_ms, one.length_ms),
            warmup_candles=one.warmup_candles,
        )
        found[one] = load_candles(provider, asked)[one.symbol]
    return found


def watched_input(series: WatchedSeries, loaded: LoadedCandles, start_ms: int, end_ms: int) -> WatchedInput:
    """Return what a run was fed of one series."""
    opens = loaded.window.open_time_ms
    span = (int(opens[0]), int(opens[-1])) if len(opens) else None
    # A candle that is open at the start belongs to the window.
    ends = candle_ends(span, floor_to_grid(start_ms, series.length_ms), end_ms, series.length_ms)
    return WatchedInput(
        canonical=loaded.symbol,
        timeframe=series.timeframe,
        warmup_candles=loaded.warmup.rows,
        candles=loaded.window.rows,
        missing_candles=loaded.quality.get("missing", 0),
        missing_before=ends.missing_before,
        missing_after=ends.missing_after,
        candles_from=ends.candles_from,
        candles_to=ends.candles_to,
    )
