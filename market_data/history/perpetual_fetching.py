"""Getting what a run of perpetual contracts lacks, where there is an exchange that serves it."""

from collections.abc import Mapping, Sequence

from core.candle_columns import Interval
from core.errors import ConfigurationError
from core.timeframe import DAY_MS, MINUTE_MS, ceil_to_grid, floor_to_grid, timeframe_ms
from market_data.history.exchange_source import ExchangeSource
from market_data.history.missing_candles import MissingCandlesError
from market_data.perpetual.mark_prices import parts_of
from market_data.perpetual.perpetual_data import PerpetualRequest, mark_timeframes
from market_data.series_names import FUNDING, mark_series
from market_data.store.candle_store import CandleStore


def complete_perpetual(
    source: ExchangeSource, store: CandleStore, symbols: Sequence[str], request: PerpetualRequest
) -> dict[str, tuple[str, ...]]:
    """Fetch into the store what it lacks for a run, where there is an exchange that serves it.

    Returns
    -------
    dict
        For each symbol, what the exchange does not serve, as warnings; what follows from it is judged when it is read.

    Raises
    ------
    DataUnavailableError
        If the exchange cannot be reached.
    """
    warnings: dict[str, list[str]] = {symbol: [] for symbol in symbols}
    if not source.known:
        return dict.fromkeys(symbols, ())
    if request.use_mark:
        length = timeframe_ms(request.step_interval)
        # The candle that opens at the end has the mark price of a payment there.
        window = (ceil_to_grid(request.start_ms, length), floor_to_grid(request.end_ms, length) + length)
        lacking = [symbol for symbol in warnings if not _marks_stored(store, source.exchange, symbol, request, window)]
        _fetch(source, lacking, mark_series(request.step_interval), window, request.step_interval, warnings)
    if request.use_funding:
        # A day more before the window, so that the interval of the payments shows; the minute of the end belongs to it.
        first_ms = max(0, floor_to_grid(request.start_ms - DAY_MS, MINUTE_MS))
        window = (first_ms, floor_to_grid(request.end_ms, MINUTE_MS) + MINUTE_MS)
        _fetch(source, list(warnings), FUNDING, window, request.step_interval, warnings)
    return {symbol: tuple(texts) for symbol, texts in warnings.items()}


def _fetch(
    source: ExchangeSource,
    symbols: Sequence[str],
    series: str,
    window: Interval,
    beside: str,
    warnings: Mapping[str, list[str]],
) -> None:
    """Fetch what one series lacks; add to the warnings why the exchange does not give it."""
    if not symbols or window[0] >= window[1]:
        return
    try:
        source.complete(symbols, series, *window, needed_from_ms=window[0], beside=beside)
    except ConfigurationError as error:
        for symbol in symbols:
            warnings[symbol].append(f"{symbol}: {error}")
    except MissingCandlesError as error:
        if error.out_of_reach:
            raise
        for symbol in error.missing:
            warnings[symbol].append(f"{symbol}: {error.cause}")


def _marks_stored(store: CandleStore, exchange: str, symbol: str, request: PerpetualRequest, window: Interval) -> bool:
    """Whether a source has already answered the window with mark candles of the step's interval or finer ones."""
    return any(
        not store.missing_ranges(exchange, symbol, mark_series(timeframe), *window)
        for timeframe in mark_timeframes(store, exchange, symbol)
        if parts_of(timeframe, request.step_interval)
    )
