"""Marks, funding and open interest of perpetual contracts through ccxt."""

from collections.abc import Mapping

import ccxt

from core.candle import Candle, FundingRate, OpenInterest
from core.errors import ConfigurationError
from core.timeframe import floor_to_grid, longest_dividing, timeframe_ms
from market_data.exchanges.ccxt_contracts import perpetual_kinds
from market_data.exchanges.ccxt_core import CcxtRequest, funding_request, interest_request
from market_data.exchanges.exchange_description import described
from market_data.exchanges.exchange_names import timeframes_of
from market_data.exchanges.parsers.exchange_candle import LAST_TIME_MS, number, open_interest
from market_data.exchanges.request_failures import TransientError
from market_data.feeds.ccxt.ccxt_rest import CcxtRest
from market_data.feeds.feed_limits import FeedLimits
from market_data.feeds.rest_pages import paged_funding, paged_open_interest

_NEXT = ("fundingTimestamp", "nextFundingTimestamp")


class CcxtPerpetual:
    """Implements ``PerpetualSource`` for any ccxt exchange that has funding rates.

    Parameters
    ----------
    exchange_name
        ccxt's name of the exchange.
    rest_url
        Scheme and host that stand for the exchange's own.
    limits
        Waits and bounds; None takes the defaults.

    Raises
    ------
    ConfigurationError
        If ccxt has no history of the exchange's funding rates.
    """

    def __init__(self, exchange_name: str, *, rest_url: str | None = None, limits: FeedLimits | None = None) -> None:
        exchange = getattr(ccxt, exchange_name)()
        self._kinds = perpetual_kinds(exchange)
        self._pages = described(exchange_name).contract_pages
        self._periods = self._pages.periods or timeframes_of(exchange_name)
        self._tells_next = bool(exchange.has.get("fetchFundingRate"))
        if "funding" not in self._kinds:
            raise ConfigurationError(f"{exchange_name} has no perpetual contracts whose funding rates can be read")
        self._name = exchange_name
        self._rest = CcxtRest(exchange_name, rest_url, limits if limits is not None else FeedLimits())

    async def mark_candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> list[Candle]:
        """Return closed mark candles; see the protocol."""
        if "mark" not in self._kinds:
            return []
        await self._rest.market_id(symbol)
        return await self._rest.closed_candles(symbol, timeframe, start_ms, end_ms, marks=True)

    async def funding_rates(self, symbol: str, start_ms: int, end_ms: int) -> list[FundingRate]:
        """Return the payments of a range; see the protocol."""
        await self._rest.market_id(symbol)
        limit = self._pages.funding

        async def page(since_ms: int) -> list[FundingRate]:
            request = funding_request(symbol, since_ms, end_ms, limit)
            return await self._rest.ask(
                request, lambda answers, rows: [_payment(row) for row in answers.entries(rows, symbol)]
            )

        return await paged_funding(page, start_ms, end_ms)

    async def next_funding_ms(self, symbol: str) -> int | None:
        """Return the time of the next payment; see the protocol. None where ccxt does not have it."""
        await self._rest.market_id(symbol)
        if not self._tells_next:
            return None
        told = await self._rest.ask(
            CcxtRequest(f"the funding of {symbol}", "fetch_funding_rate", (symbol,)), lambda _, answer: answer
        )
        if not isinstance(told, dict) or told.get("fundingRate") is None:
            raise TransientError(f"{self._name} tells no funding of {symbol}")
        now_ms = await self._rest.server_time_ms()
        # Exchanges differ in which of the two is the next one; one that has passed is none.
        times = [told.get(key) for key in _NEXT]
        return min((time for time in times if isinstance(time, int) and time > now_ms), default=None)

    @property
    def serves_open_interest(self) -> bool:
        """Whether ccxt has a history of the exchange's open interest."""
        return "open-interest" in self._kinds

    async def open_interest(self, symbol: str, period: str, start_ms: int, end_ms: int) -> list[OpenInterest]:
        """Return the open interest of a range; see the protocol.

        Of an exchange without the period the longest one that divides it is asked for.
        """
        asked = longest_dividing(period, self._periods) if self.serves_open_interest else None
        if asked is None:
            return []
        await self._rest.market_id(symbol)
        rows = self._pages.open_interest

        async def page(since_ms: int, until_ms: int) -> list[OpenInterest]:
            request = interest_request(symbol, asked, since_ms, until_ms, rows)
            return await self._rest.ask(
                request, lambda answers, found: [_interest(row) for row in answers.entries(found, symbol)]
            )

        found = await paged_open_interest(page, start_ms, end_ms, length_ms=timeframe_ms(asked), page_rows=rows)
        return [one for one in found if one.time_ms == floor_to_grid(one.time_ms, timeframe_ms(period))]

    async def close(self) -> None:
        """Close the connections; requests raise FeedError from now on."""
        await self._rest.close()


def _payment(row: Mapping[str, object]) -> FundingRate:
    """Return one row of ccxt; the mark price is the exchange's own field, which ccxt leaves in ``info``."""
    time_ms, rate, info = row["timestamp"], row["fundingRate"], row.get("info")
    if not isinstance(time_ms, int) or time_ms > LAST_TIME_MS or not isinstance(rate, int | float | str):
        raise ValueError(f"{time_ms!r} with {rate!r} is no payment")
    told = info.get("markPrice") if isinstance(info, dict) else None
    mark = number(told) if isinstance(told, int | float | str) and told != "" else 0.0
    return FundingRate(time_ms, number(rate), mark if mark > 0.0 else None)


def _interest(row: Mapping[str, object]) -> OpenInterest:
    """Return one row of ccxt; ValueError for one without a time or an amount."""
    time_ms, amount, value = row["timestamp"], row.get("openInterestAmount"), row.get("openInterestValue")
    if not isinstance(time_ms, int) or not isinstance(amount, int | float | str):
        raise ValueError(f"{time_ms!r} with {amount!r} is no open interest")
    return open_interest(time_ms, amount, value if isinstance(value, int | float | str) else None)
