"""What the practice market adds to a symbol's last prices for a perpetual contract: marks, funding, open interest.

All come from streams of their own, so that the last prices are the same with and without them. The recipe:

1. **Premium.** The mark price stands away from the last price by a share in nano (1e-9): a slow part, drawn every eight
   hours and interpolated, and two fast ones of 60 minutes and one minute. Draws are bounded, so it stays below 0.4 %.
2. **Mark candles.** A minute's mark closes at the last close plus premium and opens at the mark close before it. Its
   high and low reach beyond the two by a drawn number of quarters of how far the last price did: marks swing less.
   Mark prices have two decimals more than last prices. Longer candles are joins of minutes.
3. **Funding.** A payment every eight hours from midnight. The rate is Binance's: premium P plus the difference of an
   interest I of 0.01 % and P, the difference bounded to ±0.05 %; P is the slow part at the payment, and a payment after
   four hours is half of that. (Source: Binance Futures, "Introduction to Funding Rates"; there P is a weighted average
   over the interval.)
4. **Interval changes.** A symbol whose listing says so pays every four hours in the second half of each 16 days.
5. **Stamps.** One payment in three is stamped 1 to 16 ms late, as real ones are.
6. **Open interest** is a day's ordinary turnover at the symbol's usual price, moved by bounded noise on grids of 16
   days, a day, four hours and five minutes, in whole lots. Its value is that amount at the mark price, in whole
   hundredths of the quote currency. It is a function of the instant: periods differ in which instants they show.
"""

import numpy as np

from core.candle import FundingRate, OpenInterest
from core.candle_columns import Int64Array
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, ceil_to_grid
from market_data.practice.practice_listings import Listing
from market_data.practice.practice_random import stream, words
from market_data.practice.practice_tape import DAY, MinuteTicks, PracticeTape, noise

MARK_DIGITS = 2
"""Decimals of a mark price beyond those of the last price."""

LONG_INTERVAL_MS = 8 * HOUR_MS
SHORT_INTERVAL_MS = 4 * HOUR_MS
CHANGE_CELL_DAYS = 16
LATEST_STAMP_MS = 16

SLOW_MINUTES, SLOW_SD = 480, 600_000
FAST_NOISE = ((60, 100_000), (1, 30_000))
"""Grids of the premium: length of a cell in minutes, standard deviation in nano."""

INTEREST = 100_000
INTEREST_BOUND = 500_000
"""Interest of eight hours and the bound of its difference from the premium, in nano."""

INTEREST_NOISE = ((16 * DAY, 120_000_000), (DAY, 40_000_000), (240, 15_000_000), (5, 1_000_000))
"""Grids of the open interest: length of a cell in minutes, standard deviation in nano of the usual amount."""

_BATCH_MS = 16 * DAY_MS
_NANO = 1_000_000_000
_RATE_STEP = 10
"""Rates are whole multiples of 1e-8."""


def mark_minutes(seed: int, listing: Listing, first: int, last: int) -> MinuteTicks:
    """Return mark candles of the minutes ``first … last - 1`` from the epoch, in hundredths of a tick, volume 0."""
    tape = PracticeTape(seed, listing)
    before = tape.minutes(first - 1, last)
    opens, highs, lows, closes = (column[1:] for column in before[:4])
    marks = _marks(seed, listing, before.close, first - 1)
    mark_opens, mark_closes = marks[:-1], marks[1:]
    word = words(stream(seed, f"{listing.symbol}/mark-wicks"), first, last - first)
    up, down = ((word >> np.uint64(shift) & np.uint64(3)).view(np.int64) for shift in (0, 2))
    # A wick of the last price in ticks times a number of quarters, in hundredths of a tick.
    above = (highs - np.maximum(opens, closes)) * up * 25
    below = (np.minimum(opens, closes) - lows) * down * 25
    mark_highs = np.maximum(mark_opens, mark_closes) + above
    mark_lows = np.maximum(np.minimum(mark_opens, mark_closes) - below, 1)
    return MinuteTicks(mark_opens, mark_highs, mark_lows, mark_closes, np.zeros_like(mark_opens))


def payment_times(listing: Listing, start_ms: int, end_ms: int) -> list[int]:
    """Return the times of the payments in ``[start_ms, end_ms)``, before any lateness of their stamps."""
    times, time_ms = [], next_payment_ms(listing, start_ms - 1)
    while time_ms < end_ms:
        times.append(time_ms)
        time_ms = next_payment_ms(listing, time_ms)
    return times


def next_payment_ms(listing: Listing, after_ms: int) -> int:
    """Return the time of the first payment after an instant."""
    interval = interval_ms(listing, after_ms + 1)
    return after_ms // interval * interval + interval


def interval_ms(listing: Listing, time_ms: int) -> int:
    """Return the time between two payments that holds in the millisecond before an instant."""
    place = (time_ms - 1) // DAY_MS % CHANGE_CELL_DAYS
    return SHORT_INTERVAL_MS if listing.funding_changes and 2 * place >= CHANGE_CELL_DAYS else LONG_INTERVAL_MS


def funding_payments(seed: int, listing: Listing, start_ms: int, end_ms: int) -> list[FundingRate]:
    """Return the payments whose stamps lie in ``[start_ms, end_ms)``, oldest first, with their mark prices."""
    due = payment_times(listing, start_ms - LATEST_STAMP_MS, end_ms)
    if not due:
        return []
    first = due[0] // MINUTE_MS - 1
    closes = PracticeTape(seed, listing).minutes(first, due[-1] // MINUTE_MS).close
    marks = _marks(seed, listing, closes, first)
    per_unit = 10 ** (listing.price_digits + MARK_DIGITS)
    found = []
    for time_ms in due:
        stamp_ms = time_ms + _lateness(seed, listing, time_ms)
        if start_ms <= stamp_ms < end_ms:
            # A minute's mark closes when the next one begins.
            mark = int(marks[time_ms // MINUTE_MS - 1 - first])
            found.append(FundingRate(stamp_ms, rate_units(seed, listing, time_ms) / 10**8, mark / per_unit))
    return found


def rate_units(seed: int, listing: Listing, time_ms: int) -> int:
    """Return the rate of the payment at a time in units of 1e-8."""
    premium = int(_slow_premium(seed, listing, time_ms // MINUTE_MS, 1)[0])
    nano = premium + min(max(INTEREST - premium, -INTEREST_BOUND), INTEREST_BOUND)
    return nano * interval_ms(listing, time_ms) // LONG_INTERVAL_MS // _RATE_STEP


def open_interest_rows(seed: int, listing: Listing, length_ms: int, start_ms: int, end_ms: int) -> list[OpenInterest]:
    """Return the open interest at the stamps in ``[start_ms, end_ms)`` on a period's grid, oldest first."""
    tape, found = PracticeTape(seed, listing), []
    per_lot, per_hundredth = 10**listing.lot_digits, 10 ** (listing.price_digits + listing.lot_digits)
    start_ms = ceil_to_grid(start_ms, length_ms)
    for first_ms in range(start_ms, end_ms, _BATCH_MS):
        stamps = range(first_ms, min(end_ms, first_ms + _BATCH_MS), length_ms)
        # A minute's mark closes when the next one begins.
        first, last = stamps[0] // MINUTE_MS - 1, stamps[-1] // MINUTE_MS
        step = length_ms // MINUTE_MS
        marks = _marks(seed, listing, tape.minutes(first, last).close, first)[::step].tolist()
        lots = _open_lots(seed, listing, first + 1, last - first)[::step].tolist()
        for stamp_ms, held, mark in zip(stamps, lots, marks, strict=True):
            found.append(OpenInterest(stamp_ms, held / per_lot, held * mark // per_hundredth / 100))
    return found


def _open_lots(seed: int, listing: Listing, first: int, count: int) -> Int64Array:
    """Return the open interest at the beginnings of minutes, in lots."""
    usual = int(listing.turnover * DAY * 10**listing.lot_digits // listing.price)
    level = np.zeros(count, np.int64)
    for length, sd in INTEREST_NOISE:
        level += noise(stream(seed, f"{listing.symbol}/open-interest/{length}"), first, count, length, sd)
    # In parts per million, so that no product leaves 64 bits.
    lots: Int64Array = usual + usual * (level // 1_000) // 1_000_000
    return lots


def _marks(seed: int, listing: Listing, closes: Int64Array, first: int) -> Int64Array:
    """Return the mark closes of minutes from ``first`` on, in hundredths of a tick."""
    premium = _slow_premium(seed, listing, first + 1, len(closes))
    for length, sd in FAST_NOISE:
        key = stream(seed, f"{listing.symbol}/premium/{length}")
        premium = premium + noise(key, first + 1, len(closes), length, sd)
    scale = 10**MARK_DIGITS
    marks: Int64Array = closes * scale + closes * premium // (_NANO // scale)
    return marks


def _slow_premium(seed: int, listing: Listing, first: int, count: int) -> Int64Array:
    """Return the slow part of the premium at the beginnings of minutes."""
    return noise(stream(seed, f"{listing.symbol}/premium/{SLOW_MINUTES}"), first, count, SLOW_MINUTES, SLOW_SD)


def _lateness(seed: int, listing: Listing, time_ms: int) -> int:
    word = int(words(stream(seed, f"{listing.symbol}/funding-stamps"), time_ms // HOUR_MS, 1)[0])
    return 1 + (word >> 32) % LATEST_STAMP_MS if word % 3 == 0 else 0
