"""Mark candles, funding rates and open interest as the practice exchange has published them by its clock."""

import functools
from collections.abc import Callable, Mapping

from core.candle import Candle, FundingRate, OpenInterest
from core.candle_columns import CandleColumns
from core.instrument import Instrument
from core.timeframe import DAY_MS, MINUTE_MS, floor_to_grid, timeframe_ms
from practice.market.candle_sources import CandleSource, ContractSource, contract_source
from practice.market.published_candles import BlockCache
from practice.messages.binance_messages import forming

MARK_DIGITS = 8
"""Decimals of a mark price as it forms."""

_LOOK_BACK_MS = 3 * DAY_MS
"""How far back the last payment is looked for; no exchange's interval is longer than a day."""

_DAYS_KEPT = 256
"""Days of open interest, by symbol and period, that are kept for who asks for one row after the other."""


Delay = Callable[[str, int], int]


def _at_once(symbol: str, due_ms: int) -> int:
    return 0


class PublishedContracts:
    """What the exchange has published of its perpetual contracts.

    Parameters
    ----------
    source
        Where marks, rates and open interest come from; one that has none gives empty answers.
    clock
        The exchange's time, in UTC milliseconds.
    delay
        Returns, for a symbol and the minute of a payment, how long after its stamp the rate is published; at once by
        default.
    interest_delay
        Returns the same for a symbol and the stamp of its open interest.
    """

    def __init__(
        self, source: CandleSource, clock: Callable[[], int], delay: Delay = _at_once, interest_delay: Delay = _at_once
    ) -> None:
        self._contracts = contract_source(source)
        self._marks = BlockCache(_MarkCandles(source, self._contracts))
        self._clock = clock
        self._delay = delay
        self._interest_delay = interest_delay
        self._interest_of_day = functools.lru_cache(maxsize=_DAYS_KEPT)(self._made_interest)

    def mark_candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the source's mark candles of a range, those of the future too."""
        return self._marks.candles(symbol, timeframe, start_ms, end_ms)

    def mark_truth(self, symbol: str, timeframe: str, start_ms: int, now_ms: int) -> CandleColumns:
        """Return the mark candles from a start on that are closed at an instant."""
        return self.mark_candles(symbol, timeframe, start_ms, floor_to_grid(now_ms, timeframe_ms(timeframe)))

    def mark(self, symbol: str) -> Candle | None:
        """Return the minute of the mark price as it stands now, None where there is none."""
        now_ms = self._clock()
        open_ms = floor_to_grid(now_ms, MINUTE_MS)
        columns = self.mark_candles(symbol, "1m", open_ms, open_ms + 1)
        if not columns.rows:
            return None
        return Candle(*(column[0].item() for column in forming(columns, now_ms, MINUTE_MS, MARK_DIGITS)))

    def funding_rates(self, symbol: str, start_ms: int, end_ms: int, now_ms: int | None = None) -> list[FundingRate]:
        """Return the payments stamped in ``[start_ms, end_ms)`` that are published by now, or by an instant."""
        now_ms = self._clock() if now_ms is None else now_ms
        found = self._contracts.funding_rates(symbol, start_ms, min(end_ms, now_ms + 1))
        return [one for one in found if one.time_ms + self._delay(symbol, one.due_ms) <= now_ms]

    def open_interest(
        self, symbol: str, period: str, start_ms: int, end_ms: int, now_ms: int | None = None
    ) -> list[OpenInterest]:
        """Return the open interest stamped in ``[start_ms, end_ms)`` that is published by now, or by an instant."""
        now_ms = self._clock() if now_ms is None else now_ms
        end_ms = min(end_ms, now_ms + 1)
        if end_ms - start_ms > _LOOK_BACK_MS:
            found = self._contracts.open_interest(symbol, period, start_ms, end_ms)
        else:
            days = range(floor_to_grid(start_ms, DAY_MS), end_ms, DAY_MS)
            rows = (one for day_ms in days for one in self._interest_of_day(symbol, period, day_ms))
            found = [one for one in rows if start_ms <= one.time_ms < end_ms]
        return [one for one in found if one.time_ms + self._interest_delay(symbol, one.time_ms) <= now_ms]

    def _made_interest(self, symbol: str, period: str, day_ms: int) -> list[OpenInterest]:
        return self._contracts.open_interest(symbol, period, day_ms, day_ms + DAY_MS)

    def last_payment(self, symbol: str) -> FundingRate | None:
        """Return the latest payment that is published, None where there is none of the last days."""
        now_ms = self._clock()
        found = self.funding_rates(symbol, now_ms - _LOOK_BACK_MS, now_ms + 1)
        return found[-1] if found else None

    def next_funding_ms(self, symbol: str) -> int | None:
        """Return the time of the next payment."""
        return self._contracts.next_funding_ms(symbol, self._clock())


class _MarkCandles:
    """Mark candles in the place of candles, for the cache."""

    def __init__(self, source: CandleSource, contracts: ContractSource) -> None:
        self._source = source
        self._contracts = contracts

    def markets(self) -> Mapping[str, Instrument]:
        return self._source.markets()

    def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        return self._contracts.mark_candles(symbol, timeframe, start_ms, end_ms)
