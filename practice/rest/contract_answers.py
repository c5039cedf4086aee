"""Answers of Binance's public REST interface for USDT-margined perpetual contracts, and of its statistics."""

from collections.abc import Callable, Mapping

from core.candle import OPEN_INTEREST_PERIODS, FundingRate
from core.instrument import Instrument
from core.timeframe import DAY_MS, ceil_to_grid, floor_to_grid, timeframe_ms
from practice.market.published_contracts import MARK_DIGITS, PublishedContracts
from practice.messages import contract_messages as messages
from practice.messages.binance_messages import INVALID_SYMBOL, KlineRow, invalid_parameter, missing_parameter
from practice.rest.kline_pages import kline_page
from practice.rest.rest_queries import BadRequest, asked_interval, asked_limit, asked_number

MARK_LIMIT, MOST_MARK_ROWS = 500, 1500
FUNDING_LIMIT, MOST_FUNDING_ROWS = 100, 1000
INTEREST_LIMIT, MOST_INTEREST_ROWS = 30, 500
INTEREST_KEPT_MS = 30 * DAY_MS
"""How far back open interest is served."""

_INTERVAL_MS = 28_800_000
_FIRST_MS = 1_262_304_000_000
"""2010-01-01: nothing is looked for before it."""


class ContractAnswers:
    """The parts of the interface that the spot interface has not.

    Parameters
    ----------
    contracts
        Marks, rates and open interest.
    clock
        The exchange's time in UTC milliseconds.
    told_time
        The time that it tells.
    """

    def __init__(self, contracts: PublishedContracts, clock: Callable[[], int], told_time: Callable[[], int]) -> None:
        self._contracts = contracts
        self._clock = clock
        self._told_time = told_time

    def mark_klines(self, symbol: str, query: Mapping[str, str], *, other_time: bool) -> list[KlineRow]:
        """Return a page of mark candles; ``other_time`` gives the latest whatever was asked."""
        interval = asked_interval(query)
        length = timeframe_ms(interval)
        start_ms, end_ms = asked_number(query, "startTime"), asked_number(query, "endTime")
        limit = asked_limit(query, MARK_LIMIT, MOST_MARK_ROWS)
        if other_time:
            start_ms = end_ms = None
        candles = kline_page(
            lambda since_ms, until_ms: self._contracts.mark_candles(symbol, interval, since_ms, until_ms),
            length,
            start_ms,
            end_ms,
            limit,
            now_ms=self._clock(),
            digits=MARK_DIGITS,
        )
        return messages.mark_rows(candles, length)

    def funding_rows(self, symbol: str, query: Mapping[str, str], *, other_time: bool) -> list[dict[str, object]]:
        """Return payments, oldest first: the first ones from a start on, else the latest up to the end."""
        start_ms, end_ms = asked_number(query, "startTime"), asked_number(query, "endTime")
        limit = asked_limit(query, FUNDING_LIMIT, MOST_FUNDING_ROWS)
        if other_time:
            start_ms = end_ms = None
        until_ms = min(self._clock(), self._clock() if end_ms is None else end_ms) + 1
        return messages.funding_rows(symbol, self._payments(symbol, start_ms, until_ms, limit))

    def open_interest_rows(self, symbol: str, query: Mapping[str, str], *, other_time: bool) -> list[dict[str, object]]:
        """Return open interest, oldest first: the first rows from a start on, else the latest up to the end.

        A start that is older than what is kept is refused.
        """
        if not query.get("period"):
            raise BadRequest(missing_parameter("period"))
        if (period := query["period"]) not in OPEN_INTEREST_PERIODS:
            raise BadRequest(invalid_parameter("period"))
        length, now_ms = timeframe_ms(period), self._clock()
        start_ms, end_ms = asked_number(query, "startTime"), asked_number(query, "endTime")
        limit = asked_limit(query, INTEREST_LIMIT, MOST_INTEREST_ROWS)
        if other_time:
            start_ms = end_ms = None
        kept_ms = now_ms - INTEREST_KEPT_MS
        if start_ms is not None and start_ms < kept_ms:
            raise BadRequest(invalid_parameter("startTime"))
        until_ms = min(now_ms, now_ms if end_ms is None else end_ms) + 1
        if start_ms is not None:
            span_ms = min(until_ms, ceil_to_grid(start_ms, length) + limit * length)
            rows = self._contracts.open_interest(symbol, period, start_ms, span_ms)
        else:
            # One more than asked for: the newest may not be published yet.
            first_ms = max(kept_ms, floor_to_grid(until_ms, length) - (limit + 1) * length)
            rows = self._contracts.open_interest(symbol, period, first_ms, until_ms)[-limit:]
        return messages.open_interest_rows(symbol, rows)

    def premium_index(self, query: Mapping[str, str], markets: Mapping[str, Instrument]) -> object:
        """Return mark price and funding of one contract, or a list of all when none is named."""
        if query.get("symbol"):
            if query["symbol"] not in markets or (one := self._premium(markets[query["symbol"]].symbol)) is None:
                raise BadRequest(INVALID_SYMBOL)
            return one
        found = (self._premium(rules.symbol) for rules in markets.values())
        return [one for one in found if one is not None]

    def _payments(self, symbol: str, start_ms: int | None, until_ms: int, limit: int) -> list[FundingRate]:
        found: list[FundingRate] = []
        span = limit * _INTERVAL_MS
        if start_ms is not None:
            while len(found) < limit and start_ms < until_ms:
                found += self._contracts.funding_rates(symbol, start_ms, min(until_ms, start_ms + span))
                start_ms, span = start_ms + span, span * 2
            return found[:limit]
        while len(found) < limit and until_ms > _FIRST_MS:
            found = self._contracts.funding_rates(symbol, until_ms - span, until_ms) + found
            until_ms, span = until_ms - span, span * 2
        return found[-limit:]

    def _premium(self, symbol: str) -> dict[str, object] | None:
        mark = self._contracts.mark(symbol)
        if mark is None:
            return None
        last, next_ms = self._contracts.last_payment(symbol), self._contracts.next_funding_ms(symbol)
        return messages.premium_index(symbol, mark, last, next_ms, self._told_time())
