"""The practice market: a seeded synthetic exchange that needs no network.

How its prices are made stands in ``practice_tape``. This module serves them as an exchange does: markets, pages of
candles, a clock. Candles exist from ``OPENING_MS`` on, without holes, and are served once they are closed by the clock.
Every symbol has mark prices, funding rates and open interest too, as a perpetual contract has them;
``practice_perpetual`` makes them.
"""

import functools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np

from core.candle import OPEN_INTEREST_PERIODS, FundingRate, OpenInterest
from core.candle_columns import CandleColumns
from core.errors import ConfigurationError
from core.instrument import Instrument
from core.timeframe import MINUTE_MS, ceil_to_grid, floor_to_grid, timeframe_ms
from market_data.exchange_adapter import CandleRow, FundingRow, OpenInterestRow, PerpetualKind
from market_data.practice.practice_listings import LISTINGS, Listing
from market_data.practice.practice_listings import TIMEFRAMES as TIMEFRAMES
from market_data.practice.practice_perpetual import (
    MARK_DIGITS,
    funding_payments,
    mark_minutes,
    next_payment_ms,
    open_interest_rows,
)
from market_data.practice.practice_tape import MinuteTicks, PracticeTape

OPENING_MS = 1_262_304_000_000
"""2010-01-01T00:00Z: there are no candles before it."""

FAR_END_MS = 4_102_444_800_000
"""2100-01-01T00:00Z, the time of a market without a clock: all candles before it are closed."""

PAGE_LIMIT = 1_000
_BATCH_MINUTES = 16 * 1_440
"""Candles are made in batches of about this many minutes: small arrays stay in the processor's cache."""


class PracticeMarket:
    """A synthetic exchange; implements ``PerpetualAdapter``.

    It keeps no state but its arguments, so one object may serve several threads. A symbol that is not listed and a
    timeframe that is not served are ConfigurationErrors.

    Parameters
    ----------
    seed
        Names one history out of 2**64; the same seed gives the same bytes on every machine.
    clock
        Returns the present in UTC milliseconds. A candle is served when it is closed by then. Whoever serves a user who
        asks for "the last 24 hours" hands in the wall clock; None stands for a present at ``FAR_END_MS``.
    listings
        Symbols listed, by their unified names.

    Raises
    ------
    ConfigurationError
        If the seed is not an integer from 0 to 2**64 - 1.
    """

    name = "practice"
    timeframes: Sequence[str] = TIMEFRAMES
    page_limit = PAGE_LIMIT
    opening_ms: int | None = OPENING_MS
    perpetual_kinds: Collection[PerpetualKind] = ("mark", "funding", "open-interest")
    open_interest_periods: Sequence[str] = OPEN_INTEREST_PERIODS
    open_interest_page_limit = 500
    funding_page_ms = 1_000 * 60 * MINUTE_MS

    def __init__(
        self,
        seed: int = 1,
        clock: Callable[[], int] | None = None,
        listings: Mapping[str, Listing] = LISTINGS,
    ) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
            raise ConfigurationError(
                f"practice market: seed {seed!r} is not allowed; allowed: an integer from 0 to 2**64 - 1"
            )
        self.seed = seed
        self._clock = clock
        self._listings = listings

    def markets(self) -> Mapping[str, Instrument]:
        """Return the trading rules of every listed symbol, keyed by unified symbol."""
        return {symbol: listing.instrument for symbol, listing in self._listings.items()}

    def server_time_ms(self) -> int:
        """Return the time of the clock handed in, in UTC milliseconds; ``FAR_END_MS`` without one."""
        return FAR_END_MS if self._clock is None else self._clock()

    def fetch_page(self, symbol: str, timeframe: str, since_ms: int, until_ms: int) -> list[CandleRow]:
        """Return closed candles with ``since_ms <= open_time_ms < until_ms``, oldest first, at most ``page_limit``."""
        length = _served_length(timeframe)
        first = ceil_to_grid(max(since_ms, OPENING_MS), length)
        columns = self.candles(symbol, timeframe, first, min(until_ms, first + PAGE_LIMIT * length))
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return all closed candles with ``start_ms <= open_time_ms < end_ms`` as columns.

        Prices and volumes are multiples of the symbol's tick and lot, as the floats their shortest decimals name.
        """
        listing = self._listing(symbol)
        tape = PracticeTape(self.seed, listing)
        return self._closed(timeframe, start_ms, end_ms, tape.minutes, listing.price_digits, listing.lot_digits)

    def mark_candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return all closed mark candles with ``start_ms <= open_time_ms < end_ms``; their volume is 0."""
        listing = self._listing(symbol)
        minutes = functools.partial(mark_minutes, self.seed, listing)
        return self._closed(timeframe, start_ms, end_ms, minutes, listing.price_digits + MARK_DIGITS, 0)

    def funding_rates(self, symbol: str, start_ms: int, end_ms: int) -> list[FundingRate]:
        """Return the funding payments stamped in ``[start_ms, end_ms)`` and not after the clock, oldest first."""
        listing = self._listing(symbol)
        end_ms = min(end_ms, self.server_time_ms() + 1)
        return funding_payments(self.seed, listing, max(start_ms, OPENING_MS), end_ms)

    def open_interest(self, symbol: str, period: str, start_ms: int, end_ms: int) -> list[OpenInterest]:
        """Return the open interest stamped in ``[start_ms, end_ms)`` and not after the clock, oldest first."""
        listing = self._listing(symbol)
        end_ms = min(end_ms, self.server_time_ms() + 1)
        return open_interest_rows(self.seed, listing, _period_length(period), max(start_ms, OPENING_MS), end_ms)

    def next_funding_ms(self, symbol: str, after_ms: int) -> int:
        """Return the time of the first funding payment after an instant; ConfigurationError for an unknown symbol."""
        return next_payment_ms(self._listing(symbol), after_ms)

    def fetch_mark_page(self, symbol: str, timeframe: str, since_ms: int, until_ms: int) -> list[CandleRow]:
        """Return closed mark candles with ``since_ms <= open_time_ms < until_ms``, as ``fetch_page`` does candles."""
        length = _served_length(timeframe)
        first = ceil_to_grid(max(since_ms, OPENING_MS), length)
        columns = self.mark_candles(symbol, timeframe, first, min(until_ms, first + PAGE_LIMIT * length))
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def fetch_funding_page(self, symbol: str, since_ms: int, until_ms: int) -> list[FundingRow]:
        """Return the funding payments stamped in ``[since_ms, until_ms)``, oldest first, with their mark prices."""
        return [(one.time_ms, one.rate, one.mark_price) for one in self.funding_rates(symbol, since_ms, until_ms)]

    def fetch_open_interest_page(self, symbol: str, period: str, since_ms: int, until_ms: int) -> list[OpenInterestRow]:
        """Return the open interest stamped in ``[since_ms, until_ms)`` on the period's grid, a page of it."""
        length = _period_length(period)
        first_ms = ceil_to_grid(max(since_ms, OPENING_MS), length)
        until_ms = min(until_ms, first_ms + self.open_interest_page_limit * length)
        nan = float("nan")
        return [
            (one.time_ms, one.amount, nan if one.value is None else one.value)
            for one in self.open_interest(symbol, period, first_ms, until_ms)
        ]

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _listing(self, symbol: str) -> Listing:
        if symbol not in self._listings:
            listed = ", ".join(self._listings)
            raise ConfigurationError(f"practice market: symbol {symbol!r} is not listed; allowed: {listed}")
        return self._listings[symbol]

    def _closed(
        self,
        timeframe: str,
        start_ms: int,
        end_ms: int,
        minutes: Callable[[int, int], MinuteTicks],
        price_digits: int,
        lot_digits: int,
    ) -> CandleColumns:
        """Return the candles of a range that are closed by the clock, joined of minutes."""
        length = _served_length(timeframe)
        start = ceil_to_grid(max(start_ms, OPENING_MS), length)
        end = min(ceil_to_grid(end_ms, length), floor_to_grid(self.server_time_ms(), length))
        if start >= end:
            return CandleColumns.empty()
        batches = list(_batches(minutes, length, start, end))
        opens, highs, lows, closes, volumes = (np.concatenate(column) for column in zip(*batches, strict=True))
        # Integer over power of ten is one correctly rounded division: the float nearest to the short decimal.
        ticks_per_unit, lots_per_unit = 10**price_digits, 10**lot_digits
        return CandleColumns(
            np.arange(start, end, length, dtype=np.int64),
            opens / ticks_per_unit,
            highs / ticks_per_unit,
            lows / ticks_per_unit,
            closes / ticks_per_unit,
            volumes / lots_per_unit,
        )


def _batches(minutes: Callable[[int, int], MinuteTicks], length: int, start: int, end: int) -> Iterator[MinuteTicks]:
    span = max(1, _BATCH_MINUTES * MINUTE_MS // length) * length
    for first in range(start, end, span):
        part = minutes(first // MINUTE_MS, min(first + span, end) // MINUTE_MS)
        yield _joined(part, length // MINUTE_MS)


def _joined(minutes: MinuteTicks, count: int) -> MinuteTicks:
    """Return candles of ``count`` minutes each: first open, highest high, lowest low, last close, all lots."""
    if count == 1:
        return minutes
    opens, highs, lows, closes, volumes = (column.reshape(-1, count) for column in minutes)
    return type(minutes)(opens[:, 0], highs.max(axis=1), lows.min(axis=1), closes[:, -1], volumes.sum(axis=1))


def _served_length(timeframe: str) -> int:
    if timeframe not in TIMEFRAMES:
        raise ConfigurationError(
            f"practice market: timeframe {timeframe!r} is not served; allowed: {', '.join(TIMEFRAMES)}"
        )
    return timeframe_ms(timeframe)


def _period_length(period: str) -> int:
    if period not in OPEN_INTEREST_PERIODS:
        raise ConfigurationError(
            f"practice market: open interest period {period!r} is not served; allowed: "
            f"{', '.join(OPEN_INTEREST_PERIODS)}"
        )
    return timeframe_ms(period)
