"""The practice market: a seeded synthetic exchange that needs no network.

How its prices are made stands in ``practice_tape``. This module serves them as an exchange does: markets, pages of
candles, a clock. Candles exist from ``OPENING_MS`` on, without holes, and are served once they are closed by the clock.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from core.errors import ConfigurationError
from core.instrument import Instrument
from core.timeframe import MINUTE_MS, ceil_to_grid, floor_to_grid, timeframe_ms
from market_data.adapters.practice_listings import LISTINGS, Listing
from market_data.adapters.protocol import CandleRow

if TYPE_CHECKING:
    from market_data.adapters.practice_tape import MinuteTicks
    from market_data.candle_columns import CandleColumns

TIMEFRAMES = (
    *("1m", "2m", "3m", "5m", "10m", "15m", "20m", "30m", "45m"),
    *("1h", "2h", "3h", "4h", "6h", "8h", "12h", "1d", "1w"),
)
OPENING_MS = 1_262_304_000_000
"""2010-01-01T00:00Z: there are no candles before it."""

FAR_END_MS = 4_102_444_800_000
"""2100-01-01T00:00Z, the time of a market without a clock: all candles before it are closed."""

PAGE_LIMIT = 1_000
_BATCH_MINUTES = 16 * 1_440
"""Candles are made in batches of about this many minutes: small arrays stay in the processor's cache."""


class PracticeMarket:
    """A synthetic exchange; implements ``ExchangeAdapter``.

    It keeps no state but its arguments, so one object may serve several threads.

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
        """Return closed candles with ``since_ms <= open_time_ms < until_ms``, oldest first, at most ``page_limit``.

        Raises
        ------
        ConfigurationError
            If the symbol is not listed or the timeframe not served.
        """
        length = _served_length(timeframe)
        first = ceil_to_grid(max(since_ms, OPENING_MS), length)
        columns = self.candles(symbol, timeframe, first, min(until_ms, first + PAGE_LIMIT * length))
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> "CandleColumns":
        """Return all closed candles with ``start_ms <= open_time_ms < end_ms`` as columns.

        Prices and volumes are multiples of the symbol's tick and lot, as the floats their shortest decimals name.

        Raises
        ------
        ConfigurationError
            If the symbol is not listed or the timeframe not served.
        """
        import numpy as np

        from market_data.candle_columns import CandleColumns

        listing = self._listing(symbol)
        length = _served_length(timeframe)
        start = ceil_to_grid(max(start_ms, OPENING_MS), length)
        end = min(ceil_to_grid(end_ms, length), floor_to_grid(self.server_time_ms(), length))
        if start >= end:
            return CandleColumns.empty()
        batches = list(self._batches(listing, length, start, end))
        opens, highs, lows, closes, volumes = (np.concatenate(column) for column in zip(*batches, strict=True))
        # Integer over power of ten is one correctly rounded division: the float nearest to the short decimal.
        ticks_per_unit, lots_per_unit = 10**listing.price_digits, 10**listing.lot_digits
        return CandleColumns(
            np.arange(start, end, length, dtype=np.int64),
            opens / ticks_per_unit,
            highs / ticks_per_unit,
            lows / ticks_per_unit,
            closes / ticks_per_unit,
            volumes / lots_per_unit,
        )

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _listing(self, symbol: str) -> Listing:
        if symbol not in self._listings:
            listed = ", ".join(self._listings)
            raise ConfigurationError(f"practice market: symbol {symbol!r} is not listed; allowed: {listed}")
        return self._listings[symbol]

    def _batches(self, listing: Listing, length: int, start: int, end: int) -> "Iterator[MinuteTicks]":
        from market_data.adapters.practice_tape import PracticeTape

        tape = PracticeTape(self.seed, listing)
        span = max(1, _BATCH_MINUTES * MINUTE_MS // length) * length
        for first in range(start, end, span):
            minutes = tape.minutes(first // MINUTE_MS, min(first + span, end) // MINUTE_MS)
            yield _joined(minutes, length // MINUTE_MS)


def _joined(minutes: "MinuteTicks", count: int) -> "MinuteTicks":
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
