"""Getting the open interest that a run lacks, where there is an exchange that serves it."""

from collections.abc import Sequence

from core.errors import ConfigurationError, DataUnavailableError, FeedError
from core.timeframe import ceil_to_grid, floor_to_grid, longest_dividing, timeframe_ms
from market_data.exchanges.exchange_description import described
from market_data.history.exchange_source import ExchangeSource
from market_data.history.missing_candles import MissingCandlesError
from market_data.history.series_pages import served_open_interest, serves
from market_data.perpetual.open_interest_data import dividing_periods
from market_data.series_names import open_interest_series
from market_data.store.candle_store import CandleStore


def complete_open_interest(
    source: ExchangeSource, store: CandleStore, symbols: Sequence[str], period: str, start_ms: int, end_ms: int
) -> dict[str, str]:
    """Fetch into the store what it lacks of a range of stamps, where there is an exchange that serves it.

    Of an exchange without the period the longest one that divides it is fetched. Nothing is asked for that is older
    than what the exchange is known to keep.

    Returns
    -------
    dict
        By symbol, why the exchange does not give what it was asked for.

    Raises
    ------
    DataUnavailableError
        If the exchange cannot be reached.
    """
    lacking = [symbol for symbol in symbols if not _answered(store, source.exchange, symbol, period, start_ms, end_ms)]
    if not source.known or not lacking or not serves(source.adapter(), "open-interest"):
        return {}
    asked = longest_dividing(period, served_open_interest(source.adapter()))
    if asked is None:
        return dict.fromkeys(lacking, f"{source.exchange} has no open interest of {period} or a period that divides it")
    length = timeframe_ms(asked)
    first_ms = max(0, ceil_to_grid(start_ms, length))
    kept_ms = described(source.exchange).contract_pages.open_interest_kept_ms
    try:
        if kept_ms is not None:
            first_ms = max(first_ms, ceil_to_grid(source.present_ms() - kept_ms, length))
    except FeedError as error:
        raise DataUnavailableError(
            f"{error}; without it open interest of {', '.join(lacking)} cannot be fetched; use what is stored with "
            "--offline",
            symbols=tuple(lacking),
        ) from error
    last_ms = ceil_to_grid(end_ms, length)
    if first_ms >= last_ms:
        return {}
    try:
        source.complete(lacking, open_interest_series(asked), first_ms, last_ms, needed_from_ms=first_ms, beside=period)
    except ConfigurationError as error:
        return dict.fromkeys(lacking, str(error))
    except MissingCandlesError as error:
        if error.out_of_reach:
            raise
        return dict.fromkeys(error.missing, error.cause)
    return {}


def _answered(store: CandleStore, exchange: str, symbol: str, period: str, start_ms: int, end_ms: int) -> bool:
    """Whether a source has already answered the range with the period, or one that divides it."""
    for stored in dividing_periods(store, exchange, symbol, period):
        length = timeframe_ms(stored)
        window = (floor_to_grid(start_ms, length), ceil_to_grid(end_ms, length))
        if not store.missing_ranges(exchange, symbol, open_interest_series(stored), *window):
            return True
    return False
