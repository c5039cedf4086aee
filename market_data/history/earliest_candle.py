"""The first candle that an exchange has of a symbol."""

from collections.abc import Callable

from core.errors import ConfigurationError, FeedError
from core.timeframe import WEEK_MS, ceil_to_grid, floor_to_grid, timeframe_ms
from market_data.exchange_adapter import ExchangeAdapter
from market_data.exchanges.request_failures import RangeNotServedError
from market_data.quality.sound_candle import FIRST_TRADE_MS


def earliest_open(adapter: ExchangeAdapter, symbol: str, timeframe: str, now_ms: int) -> int | None:
    """Return the open of the first candle that an exchange has of a symbol; None if it has none, or does not say.

    Where the exchange tells when all candles begin, that is it. Else it is looked for among the exchange's longest
    candles, of which a few pages hold all there are, and then among those of the timeframe. Where the former are not
    there, or the latter do not reach back as far, it is found by halving.

    Raises
    ------
    FeedError
        If the exchange does not answer.
    ConfigurationError
        If it does not serve the symbol or the timeframe.
    """
    length = timeframe_ms(timeframe)

    def first_in(one: str, start_ms: int, end_ms: int) -> int | None:
        """Return the first open in a range, which is asked page by page."""
        page_ms = adapter.page_limit * timeframe_ms(one)
        while start_ms < end_ms:
            until_ms = min(end_ms, start_ms + page_ms)
            try:
                rows = adapter.fetch_page(symbol, one, start_ms, until_ms)
            except RangeNotServedError:
                rows = []
            if rows:
                return floor_to_grid(min(row[0] for row in rows), timeframe_ms(one))
            start_ms = until_ms
        return None

    if adapter.opening_ms is not None:
        begin_ms = ceil_to_grid(adapter.opening_ms, length)
        return first_in(timeframe, begin_ms, min(begin_ms + length, now_ms))
    coarse = max((one for one in adapter.timeframes if _fixed(one) >= length), key=_fixed, default=timeframe)
    begin_ms = floor_to_grid(FIRST_TRADE_MS, timeframe_ms(coarse))
    found = first_in(coarse, begin_ms, now_ms)
    if coarse == timeframe:
        return found
    after_ms = begin_ms
    if found is not None:
        after_ms = min(now_ms, found + timeframe_ms(coarse))
        first = first_in(timeframe, found, after_ms)
        if first is not None:
            return first
    return _halved(first_in, timeframe, (after_ms, now_ms), adapter.page_limit * length)


def _halved(
    first_in: Callable[[str, int, int], int | None], timeframe: str, within: tuple[int, int], page_ms: int
) -> int | None:
    """Return the first open of a timeframe of which the exchange keeps the latest candles only."""
    low_ms, high_ms = within
    first = first_in(timeframe, max(low_ms, high_ms - page_ms), high_ms)
    while first is not None and high_ms - low_ms > page_ms:
        middle_ms = floor_to_grid((low_ms + high_ms) // 2, timeframe_ms(timeframe))
        found = first_in(timeframe, middle_ms, middle_ms + page_ms)
        if found is None:
            low_ms = middle_ms + page_ms
        else:
            high_ms, first = middle_ms, found
    before = None if first is None else first_in(timeframe, low_ms, high_ms)
    return first if before is None else before


def _fixed(timeframe: str) -> int:
    """Return the length of a timeframe, 0 for one that has none."""
    try:
        return min(timeframe_ms(timeframe), WEEK_MS)
    except ConfigurationError:
        return 0


def known_or_none(adapter: ExchangeAdapter, symbol: str, timeframe: str, now_ms: int) -> int | None:
    """Return the first open, None also where the exchange cannot be asked for it."""
    try:
        return earliest_open(adapter, symbol, timeframe, now_ms)
    except (FeedError, ConfigurationError):
        return None
