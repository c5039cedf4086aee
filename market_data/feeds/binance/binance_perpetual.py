"""Marks, funding and open interest of USDT-margined contracts at Binance, and at whoever speaks as it does."""

from core.candle import Candle, FundingRate, OpenInterest
from core.timeframe import timeframe_ms
from market_data.exchanges.exchange_description import FUTURES_DATA_PATH, FUTURES_PATH, described
from market_data.exchanges.parsers.binance_contract import (
    parse_binance_funding,
    parse_binance_next_funding,
    parse_binance_open_interest,
)
from market_data.exchanges.request_failures import TransientError
from market_data.feeds.binance.binance_rest import BinanceRest, market_id
from market_data.feeds.feed_event import Unreadable
from market_data.feeds.feed_limits import FeedLimits
from market_data.feeds.rest_pages import paged_funding, paged_open_interest

FUNDING_PAGE_ROWS = described("binanceusdm").contract_pages.funding
INTEREST_PAGE_ROWS = described("binanceusdm").contract_pages.open_interest


class BinancePerpetual:
    """Implements ``PerpetualSource``. A symbol ``BASE/QUOTE`` stands for the contract ``BASE/QUOTE:QUOTE``.

    Parameters
    ----------
    rest_url
        Scheme and host, such as ``https://fapi.binance.com``; the interface lies below ``/fapi/v1``, its statistics
        below ``/futures/data``.
    limits
        Waits and bounds; None takes the defaults.
    """

    serves_open_interest = True

    def __init__(self, rest_url: str, *, limits: FeedLimits | None = None) -> None:
        self._url = rest_url.rstrip("/")
        self._rest = BinanceRest(rest_url, limits if limits is not None else FeedLimits(), FUTURES_PATH)

    async def mark_candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> list[Candle]:
        """Return closed mark candles; see the protocol."""
        return await self._rest.closed_candles(market_id(symbol), timeframe, start_ms, end_ms, kind="markPriceKlines")

    async def funding_rates(self, symbol: str, start_ms: int, end_ms: int) -> list[FundingRate]:
        """Return the payments of a range; see the protocol."""
        name = market_id(symbol)

        async def page(since_ms: int) -> list[FundingRate]:
            query = {
                "symbol": name,
                "startTime": str(since_ms),
                "endTime": str(end_ms - 1),
                "limit": str(FUNDING_PAGE_ROWS),
            }
            read = parse_binance_funding(await self._rest.get("fundingRate", query), name)
            if isinstance(read, Unreadable):
                raise TransientError(f"{self._url} gives funding rates of {name} that cannot be read: {read.reason}")
            if not all(since_ms <= one.time_ms < end_ms for one in read):
                raise TransientError(f"{self._url} gives funding rates of {name} of another time than was asked for")
            return read

        return await paged_funding(page, start_ms, end_ms)

    async def next_funding_ms(self, symbol: str) -> int | None:
        """Return the time of the next payment; see the protocol."""
        name = market_id(symbol)
        read = parse_binance_next_funding(await self._rest.get("premiumIndex", {"symbol": name}), name)
        if isinstance(read, Unreadable):
            raise TransientError(f"{self._url} does not tell the next payment of {name}: {read.reason}")
        return read

    async def open_interest(self, symbol: str, period: str, start_ms: int, end_ms: int) -> list[OpenInterest]:
        """Return the open interest of a range; see the protocol. Binance keeps that of the last 30 days."""
        name = market_id(symbol)

        async def page(since_ms: int, until_ms: int) -> list[OpenInterest]:
            query = {
                "symbol": name,
                "period": period,
                "startTime": str(since_ms),
                "endTime": str(until_ms - 1),
                "limit": str(INTEREST_PAGE_ROWS),
            }
            body = await self._rest.get("openInterestHist", query, FUTURES_DATA_PATH)
            read = parse_binance_open_interest(body, name)
            if isinstance(read, Unreadable):
                raise TransientError(f"{self._url} gives open interest of {name} that cannot be read: {read.reason}")
            if not all(since_ms <= one.time_ms < until_ms for one in read):
                raise TransientError(f"{self._url} gives open interest of {name} of another time than was asked for")
            return read

        return await paged_open_interest(
            page, start_ms, end_ms, length_ms=timeframe_ms(period), page_rows=INTEREST_PAGE_ROWS
        )

    async def close(self) -> None:
        """Close the connections; requests raise FeedError from now on."""
        await self._rest.close()
