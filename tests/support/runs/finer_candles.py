"""Finer candles inside drawn ones: some are missing, of some candles all, and some stand where a candle is missing."""

import random
from collections.abc import Iterator, Mapping, Sequence

from core.candle import Candle
from core.timeframe import timeframe_ms

FINER = {"1m": "15s", "1h": "20m", "4h": "1h", "1d": "6h", "1w": "1d"}
"""A detail interval for each timeframe."""

Prices = Sequence[float]


def finer_candles(candles: Mapping[str, Sequence[Candle]], timeframe: str, seed: int) -> dict[str, list[Candle]]:
    """Return finer candles of every symbol, made of the prices of its candles; the same for the same seed."""
    chance = random.Random(seed)
    lengths = timeframe_ms(timeframe), timeframe_ms(FINER[timeframe])
    return {symbol: list(_inside(own, *lengths, chance)) for symbol, own in candles.items()}


def _inside(candles: Sequence[Candle], length_ms: int, part_ms: int, chance: random.Random) -> Iterator[Candle]:
    for candle, follower in zip(candles, (*candles[1:], None), strict=True):
        prices = (candle.open, candle.high, candle.low, candle.close)
        if chance.random() < 0.85:
            yield from _parts(candle.open_time_ms, length_ms // part_ms, part_ms, prices, chance)
        ends_ms = candle.open_time_ms + 2 * length_ms if follower is None else follower.open_time_ms
        for open_ms in range(candle.open_time_ms + length_ms, ends_ms, length_ms):
            if chance.random() < 0.4:
                yield from _parts(open_ms, length_ms // part_ms, part_ms, prices, chance)


def _parts(open_ms: int, count: int, part_ms: int, prices: Prices, chance: random.Random) -> Iterator[Candle]:
    last, close = prices[0], prices[-1]
    for number in range(count):
        opened = last if chance.random() < 0.8 else chance.choice(prices)
        last = close if number == count - 1 else chance.choice(prices)
        reached, volume = (opened, last, chance.choice(prices)), float(chance.randrange(9))
        if chance.random() < 0.9:
            yield Candle(open_ms + number * part_ms, opened, max(reached), min(reached), last, volume)
