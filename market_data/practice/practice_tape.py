"""How the practice market makes its candles: one-minute candles of one symbol, from counters alone.

Positions are logarithms of price in integers of 1e-9 (*nano*), so sums are exact and need no order. The recipe:

1. **Factors.** A symbol's position is ``beta`` times the market factor plus its own factor. Both are paths made alike.
2. **Eras.** At every 512th day a factor stands at a draw around 0: this is the pull towards the symbol's usual price.
3. **Days.** Between two eras runs a path of daily steps: drift of the regime plus daily volatility times a bell draw,
   summed and *pinned*: what is missing to the next era's position is spread evenly, so that the path ends there.
4. **Minutes.** Between two midnights runs a path of 1,440 steps (minute volatility times a bell draw), pinned likewise.
   A minute therefore needs its own day and its own era, never the history before them.
5. **Regimes.** Each 16 days are cut in two spells at a drawn day; a spell is calm, a trend up, a trend down or a storm.
   All symbols share it.
6. **Volatility** is the growth of a log-volatility: regime and slow noise by the day, then a shape over the day's
   minutes, then noise on grids of 240, 60, 15, 4 and 1 minutes, interpolated. Many scales give clusters; their product
   gives fat tails. A symbol adds noise of its own to the market's.
7. **Candle.** Open is the previous close or one tick beside it. With a and b the minute's two ends, high and low are
   ``(a + b ± sqrt((b - a)² + σ² e)) / 2``, ``e`` nearly exponential. (With ``2 σ²`` this would be the law of the
   extremes of a Brownian bridge; traded prices, coming one by one, span less.) Volume is the symbol's turnover, times
   activity (log-volatility and noise), times how far the minute swung, over its price.

``growth(x) = (1 + x / 1024) ** 1024`` by ten squarings stands in for the exponential. Everything is integers, or one
IEEE operation (add, subtract, multiply, divide, sqrt, floor) on float64 elements at a time, with no sum over floats
anywhere: the bytes are the same on every machine.
"""

from typing import NamedTuple

import numpy as np

from core.candle_columns import Float64Array, Int64Array
from market_data.practice.practice_listings import Listing
from market_data.practice.practice_random import BELL_SD, TRIANGLE_SD, Words, bell, stream, triangles, words

DAY = 1_440
"""Minutes of a day."""

MARKET = "market"
ERA_DAYS = 512
ERA_SD = 350_000_000
MARKET_DAY_SD = 19_000_000
NANO_PER_PPM = 1_000
SPELL_CELL_DAYS = 16
REGIMES = ("calm", "calm", "calm", "up", "up", "down", "down", "storm")
"""A spell is one of these, each as likely as the other."""

REGIME_LOG_VOLATILITY = {"calm": -400_000_000, "up": 0, "down": 150_000_000, "storm": 700_000_000}
REGIME_DRIFT = {"calm": 0, "up": 4_000_000, "down": -4_000_000, "storm": -1_000_000}
MARKET_DAY_NOISE = ((8, 300_000_000), (1, 250_000_000))
OWN_DAY_NOISE = (8, 300_000_000)
MINUTE_NOISE = ((240, 300_000_000), (60, 280_000_000), (15, 280_000_000), (4, 250_000_000), (1, 300_000_000))
"""Grids of log-volatility noise: (length of a cell in days or minutes, standard deviation in nano)."""

BUSIEST_MINUTE = 900
SHAPE = 200_000_000
LOG_VOLATILITY_BOUND = 2_500_000_000
STEPS_PER_DAY_SD = 52
"""A day's volatility over an ordinary minute's: sqrt(1440) times what the minute noise adds to the mean square."""

VOLUME_NOISE_SD = 450_000_000


class MinuteTicks(NamedTuple):
    """One-minute candles in integers: prices in ticks, volume in lots; equally long arrays."""

    open: Int64Array
    high: Int64Array
    low: Int64Array
    close: Int64Array
    volume: Int64Array


def growth(nano: Int64Array | Float64Array) -> Float64Array:
    """Return the factor by which a price grows over a log-distance in nano, ``(1 + x / 1024) ** 1024``."""
    factor = 1.0 + nano / 1_024e9
    for _ in range(10):
        factor = factor * factor
    return factor


def noise(key: int, first: int, count: int, length: int, sd: int) -> Int64Array:
    """Return bell noise of ``sd`` at ``count`` indices from ``first`` on, drawn every ``length`` and interpolated."""
    cell = first // length
    knots = bell(words(key, cell, (first + count - 1) // length + 2 - cell)) * sd // BELL_SD
    return knots[:-1] if length == 1 else _interpolated(knots, length)[first - cell * length :][:count]


def pinned(start: Int64Array, end: Int64Array, steps: Int64Array) -> Int64Array:
    """Return paths (rows) of summed steps from ``start``, bent evenly so that each ends exactly on ``end``."""
    sums = np.cumsum(steps, axis=1)
    missing = end - start - sums[:, -1]
    share = np.arange(1, steps.shape[1] + 1, dtype=np.int64)
    paths: Int64Array = start[:, None] + sums + missing[:, None] * share // steps.shape[1]
    return paths


def regimes(seed: int, first_day: int, count: int) -> Int64Array:
    """Return the regime of each day as an index into ``REGIMES``; days are counted from the epoch."""
    days = np.arange(first_day, first_day + count, dtype=np.int64)
    cell, place = np.divmod(days, SPELL_CELL_DAYS)
    word = words(stream(seed, f"{MARKET}/regimes"), int(cell[0]), int(cell[-1] - cell[0]) + 1)[cell - cell[0]]
    cut = ((word >> np.uint64(32)) % np.uint64(11)).view(np.int64) + 3
    before, after = ((word >> np.uint64(shift)) & np.uint64(7) for shift in (0, 8))
    kinds: Int64Array = np.where(place < cut, before, after).astype(np.int64)
    return kinds


class PracticeTape:
    """The endless tape of one symbol under one seed; it keeps no state between calls."""

    def __init__(self, seed: int, listing: Listing) -> None:
        self._seed = seed
        self._listing = listing

    def minutes(self, first: int, last: int) -> MinuteTicks:
        """Return the candles of the minutes ``first … last - 1``, counted from the epoch; ``first < last``."""
        first_day, last_day = first // DAY, -(-last // DAY)
        candles = self._whole_days(first_day, last_day)
        window = slice(first - first_day * DAY, last - first_day * DAY)
        return MinuteTicks(*(column[window] for column in candles))

    def _whole_days(self, first_day: int, last_day: int) -> MinuteTicks:
        listing = self._listing
        own_day_sd = listing.own_sd_ppm * NANO_PER_PPM
        market_activity, own_activity = self._minute_log_volatilities(first_day, last_day)
        market_sd = _volatility(MARKET_DAY_SD // STEPS_PER_DAY_SD, market_activity)
        own_sd = _volatility(own_day_sd // STEPS_PER_DAY_SD, own_activity)
        market = self._factor(MARKET, MARKET_DAY_SD, market_sd, first_day, last_day)
        own = self._factor(listing.symbol, own_day_sd, own_sd, first_day, last_day)
        shared_part = (market_sd * listing.beta_pct // 100).astype(np.float64)
        own_part = own_sd.astype(np.float64)
        sd = np.sqrt(shared_part * shared_part + own_part * own_part)
        return self._candles(market * listing.beta_pct // 100 + own, sd, own_activity, first_day * DAY)

    def _day_log_volatility(self, label: str, first_day: int, count: int) -> Int64Array:
        """Return the log-volatility of a factor at the midnights that begin ``count`` days."""
        kinds = regimes(self._seed, first_day, count)
        level = np.array([REGIME_LOG_VOLATILITY[kind] for kind in REGIMES], np.int64)[kinds]
        for length, sd in MARKET_DAY_NOISE:
            level = level + noise(self._key(f"{MARKET}/day-noise/{length}"), first_day, count, length, sd)
        if label == MARKET:
            return level
        length, sd = OWN_DAY_NOISE
        return level + noise(self._key(f"{label}/day-noise/{length}"), first_day, count, length, sd)

    def _minute_log_volatilities(self, first_day: int, last_day: int) -> tuple[Int64Array, Int64Array]:
        """Return the log-volatility of the market's and of the symbol's own factor in every minute of whole days."""
        symbol, midnights = self._listing.symbol, last_day - first_day + 1
        market = _interpolated(self._day_log_volatility(MARKET, first_day, midnights), DAY)
        own = _interpolated(self._day_log_volatility(symbol, first_day, midnights), DAY)
        shared = np.tile(_hour_shape(), last_day - first_day)
        for length, sd in MINUTE_NOISE:
            first, count = first_day * DAY, len(shared)
            shared = shared + noise(self._key(f"{MARKET}/noise/{length}"), first, count, length, sd)
            own = own + noise(self._key(f"{symbol}/noise/{length}"), first, count, length, sd // 2)
        return market + shared, own + shared

    def _factor(self, label: str, day_sd: int, minute_sd: Int64Array, first_day: int, last_day: int) -> Int64Array:
        """Return the factor's position at the first midnight and at the end of every minute after it."""
        midnights = self._midnights(label, day_sd, first_day, last_day)
        draws = bell(words(self._key(f"{label}/steps"), first_day * DAY, len(minute_sd)))
        steps = (minute_sd * draws // BELL_SD).reshape(-1, DAY)
        path = pinned(midnights[:-1], midnights[1:], steps).reshape(-1)
        return np.concatenate((midnights[:1], path))

    def _midnights(self, label: str, day_sd: int, first_day: int, last_day: int) -> Int64Array:
        """Return the factor's position at the midnights that begin the days ``first_day … last_day`` included."""
        era, last_era = first_day // ERA_DAYS, last_day // ERA_DAYS + 1
        anchors = bell(words(self._key(f"{label}/eras"), era, last_era - era + 1)) * ERA_SD // BELL_SD
        start, count = era * ERA_DAYS, (last_era - era) * ERA_DAYS
        sd = _volatility(day_sd, self._day_log_volatility(label, start, count))
        steps = sd * bell(words(self._key(f"{label}/days"), start, count)) // BELL_SD
        if label == MARKET:
            drift = np.array([REGIME_DRIFT[kind] for kind in REGIMES], np.int64)
            steps = steps + drift[regimes(self._seed, start, count)]
        path = pinned(anchors[:-1], anchors[1:], steps.reshape(-1, ERA_DAYS)).reshape(-1)
        midnights = np.concatenate((anchors[:1], path))
        return midnights[first_day - start : last_day - start + 1]

    def _candles(self, position: Int64Array, sd: Float64Array, activity: Int64Array, first: int) -> MinuteTicks:
        listing, count = self._listing, len(sd)
        ticks = self._ticks(position)
        word = words(self._key(f"{listing.symbol}/gaps"), first, count)
        sides = np.array((-1, 0, 0, 1), np.int64)[word & np.uint64(3)]
        opens, closes = ticks[:-1] + sides, ticks[1:]

        middle = (position[:-1] + position[1:]).astype(np.float64)
        change = (position[1:] - position[:-1]).astype(np.float64)
        up = _reach(change, sd, words(self._key(f"{listing.symbol}/highs"), first, count))
        down = _reach(change, sd, words(self._key(f"{listing.symbol}/lows"), first, count))
        highs = np.maximum(np.maximum(opens, closes), self._ticks((middle + up) * 0.5))
        lows = np.minimum(np.minimum(opens, closes), self._ticks((middle - down) * 0.5))

        surprise = bell(words(self._key(f"{listing.symbol}/volumes"), first, count)) * VOLUME_NOISE_SD // BELL_SD
        swing = (up + down) * 0.5 / sd
        busy = growth(_bounded(activity) + surprise) * (swing * 0.5 + 0.25)
        lots = np.floor(listing.turnover * 10 ** (listing.price_digits + listing.lot_digits) / closes * busy)
        return MinuteTicks(opens, highs, lows, closes, np.maximum(lots.astype(np.int64), 1))

    def _ticks(self, position: Int64Array | Float64Array) -> Int64Array:
        return np.floor(self._listing.price_ticks * growth(position) + 0.5).astype(np.int64)

    def _key(self, label: str) -> int:
        return stream(self._seed, label)


def _volatility(ordinary: int, log_volatility: Int64Array) -> Int64Array:
    return np.floor(ordinary * growth(_bounded(log_volatility))).astype(np.int64)


def _bounded(log_volatility: Int64Array) -> Int64Array:
    """Keep log-volatility where no product of the recipe can leave 64 bits and no candle is absurd."""
    return np.minimum(np.maximum(log_volatility, -LOG_VOLATILITY_BOUND), LOG_VOLATILITY_BOUND)


def _interpolated(knots: Int64Array, length: int) -> Int64Array:
    """Return ``length`` values from each knot on, along the line to the next one; the last knot only ends a line."""
    rise = (knots[1:] - knots[:-1])[:, None] * np.arange(length, dtype=np.int64) // length
    return (knots[:-1, None] + rise).reshape(-1)


def _hour_shape() -> Int64Array:
    """Return the log-volatility of a minute's place in the day: a triangle wave with its top at ``BUSIEST_MINUTE``."""
    distance = np.abs(np.arange(DAY, dtype=np.int64) - BUSIEST_MINUTE)
    shape: Int64Array = (DAY // 4 - np.minimum(distance, DAY - distance)) * SHAPE // (DAY // 4)
    return shape


def _reach(change: Float64Array, sd: Float64Array, word: Words) -> Float64Array:
    """Return ``sqrt(change² + sd² e)``; half the sum of two squared draws makes e nearly exponential, of mean 1."""
    first, second = triangles(word)
    exponential = (first * first + second * second) / (2.0 * TRIANGLE_SD * TRIANGLE_SD)
    return np.sqrt(change * change + sd * sd * exponential)
