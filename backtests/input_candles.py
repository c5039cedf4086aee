"""The candles a run is made of: from the data provider, checked and with their trading rules."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from core.candle_columns import CandleColumns
from core.errors import DataUnavailableError
from core.instants import format_ms, to_datetime
from core.instrument import Instrument
from core.timeframe import floor_to_grid, timeframe_ms
from core.watched_series import WatchedSeries
from market_data.history.historical_data_provider import HistoricalDataProvider, LoadedCandles
from market_data.quality.candle_quality import check_candles, find_holes
from validation.symbol_rules import currency_of, require_one_currency

if TYPE_CHECKING:
    import pandas as pd

PRICES = ("open", "high", "low", "close", "volume")
_OWN_FETCH = HistoricalDataProvider.fetch_ohlcv


class RunRequest(NamedTuple):
    """What a run asks for: symbols as configured, the timeframe, the window in ms and the warm-up's length."""

    symbols: Sequence[str]
    timeframe: str
    start_ms: int
    end_ms: int
    warmup_candles: int
    off_grid: Any


def load_input(provider: Any, request: RunRequest) -> dict[str, LoadedCandles]:
    """Return the candles of every traded symbol, as :func:`load_candles`.

    Raises
    ------
    ConfigurationError
        If the symbols are of several currencies.
    DataUnavailableError
        If no symbol has a candle in the window.
    """
    if isinstance(provider, HistoricalDataProvider) and _fetches_by_itself(provider):
        _refuse_currencies(provider, request.symbols)
    loaded = load_candles(provider, request)
    require_candles(provider, request, loaded)
    return loaded


def require_candles(provider: Any, request: RunRequest, loaded: Mapping[str, LoadedCandles]) -> None:
    """Refuse a run of which no symbol has a candle in the window; DataUnavailableError says where to look for some."""
    if not any(one.window.rows for one in loaded.values()):
        finer = ""
        if isinstance(provider, HistoricalDataProvider):
            finer = provider.finer_stored([one.symbol for one in loaded.values()], request.timeframe)
        raise DataUnavailableError(
            f"no candle of {', '.join(request.symbols)} ({request.timeframe}) from {format_ms(request.start_ms)} to "
            f"{format_ms(request.end_ms)}; see `python -m market_data list`, then fetch or import that range"
            f"{'; ' if finer else ''}{finer}",
            symbols=tuple(request.symbols),
            timeframe=request.timeframe,
            start_ms=request.start_ms,
            end_ms=request.end_ms,
        )


def load_candles(provider: Any, request: RunRequest) -> dict[str, LoadedCandles]:
    """Return the candles of every symbol, some or all of them without any.

    The program's own provider hands over columns; any other object is asked through ``fetch_ohlcv`` alone, so that a
    provider can be replaced by whatever answers with frames.
    """
    if isinstance(provider, HistoricalDataProvider) and _fetches_by_itself(provider):
        return provider.load(
            request.symbols, request.timeframe, request.start_ms, request.end_ms, warmup_candles=request.warmup_candles
        )
    return {symbol: _from_frame(provider, symbol, request) for symbol in request.symbols}


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


def _refuse_currencies(provider: HistoricalDataProvider, symbols: Sequence[str]) -> None:
    """Refuse symbols of several currencies before anything is fetched, where their spelling does not say it."""
    if len(symbols) > 1 and any(currency_of(symbol) is None for symbol in symbols):
        # What cannot be looked up is told by the fetch, with its range.
        with contextlib.suppress(DataUnavailableError):
            require_one_currency({symbol: provider.resolve(symbol) for symbol in symbols})


def _fetches_by_itself(provider: HistoricalDataProvider) -> bool:
    """Return whether nobody replaced the provider's ``fetch_ohlcv``."""
    return type(provider).fetch_ohlcv is _OWN_FETCH and "fetch_ohlcv" not in vars(provider)


def _from_frame(provider: Any, symbol: str, request: RunRequest) -> LoadedCandles:
    """Ask for a frame from the warm-up's start on and cut it at the window's."""
    length = timeframe_ms(request.timeframe)
    first_ms = max(floor_to_grid(request.start_ms, length) - request.warmup_candles * length, 0)
    frame = provider.fetch_ohlcv(symbol, request.timeframe, to_datetime(first_ms), to_datetime(request.end_ms))
    columns, report = check_candles(_columns(frame), length, off_grid=request.off_grid)
    # A candle that is open at the start is known to neither: not closed by then, not opened after.
    before = columns.between(0, request.start_ms - length + 1)
    window = columns.between(request.start_ms, request.end_ms - length + 1)
    holes = find_holes(window.open_time_ms, length)
    quality = {
        "candles": window.rows,
        "holes": len(holes),
        "missing": sum(hole.missing for hole in holes),
        "refused": report.refused_rows,
        "snapped": report.snapped,
    }
    kept = before.slice(max(0, before.rows - request.warmup_candles), before.rows)
    return LoadedCandles(symbol, kept, window, Instrument(symbol), quality)


def _columns(frame: "pd.DataFrame | None") -> CandleColumns:
    """Return a frame's candles.

    Its times are the column ``timestamp`` or the index: datetimes or text, without a zone UTC, or numbers in ms.
    """
    if frame is None or len(frame) == 0:
        return CandleColumns.empty()
    lacking = [name for name in PRICES if name not in frame]
    if lacking:
        raise DataUnavailableError(
            f"a replaced fetch_ohlcv returned a frame without {', '.join(lacking)}; its columns are "
            f"{', '.join(map(str, frame.columns))}"
        )
    import pandas as pd

    stamps = pd.Series(frame.get("timestamp", frame.index))
    if pd.api.types.is_numeric_dtype(stamps):
        times = pd.DatetimeIndex(pd.to_datetime(stamps, utc=True, unit="ms"))
    else:
        times = pd.DatetimeIndex(pd.to_datetime(stamps, utc=True))
    opens = times.as_unit("ms").asi8.astype(np.int64)
    prices = [frame[name].to_numpy(np.float64) for name in PRICES]
    # A row without a time is no candle: without a price it is refused and counted like any other bad row.
    prices[0] = np.where(times.isna(), np.nan, prices[0])
    return CandleColumns(opens, *prices)
