"""A second, slow implementation of the practice market's recipe: Python integers and floats, one minute at a time.

It is written from the recipe, as functions of a point in time, and shares neither code nor constants with the
vectorised one.
"""

import functools
import math

_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_KINDS = ("calm", "calm", "calm", "up", "up", "down", "down", "storm")
_REGIME_LEVEL = {"calm": -400_000_000, "up": 0, "down": 150_000_000, "storm": 700_000_000}
_REGIME_DRIFT = {"calm": 0, "up": 4_000_000, "down": -4_000_000, "storm": -1_000_000}
_GRIDS = {240: 300_000_000, 60: 280_000_000, 15: 280_000_000, 4: 250_000_000, 1: 300_000_000}
_MARKET_DAY_SD = 19_000_000

# symbol -> price in ticks, price digits, lot digits, beta in per cent, own day volatility in nano, turnover
_CHARACTERS = {
    "BTC/USDT": (4_000_000, 2, 5, 95, 8_000_000, 500_000),
    "XRP/USDT": (6_000, 4, 1, 105, 16_000_000, 90_000),
    "DOGE/USDT": (12_000, 5, 0, 115, 18_000_000, 70_000),
    "LINK/USDT": (14_000, 3, 2, 115, 16_000_000, 30_000),
}


def _splitmix(state: int) -> int:
    z = state & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


@functools.cache
def _key(seed: int, label: str) -> int:
    key = _splitmix(seed + _GOLDEN)
    for byte in label.encode("utf-8"):
        key = _splitmix((key ^ byte) + _GOLDEN)
    return key


def _word(seed: int, label: str, counter: int) -> int:
    return _splitmix(_key(seed, label) + counter * _GOLDEN)


def _quarters(word: int) -> list[int]:
    return [(word >> shift) & 0xFFFF for shift in (0, 16, 32, 48)]


@functools.cache
def _bell(seed: int, label: str, counter: int) -> int:
    return sum(_quarters(_word(seed, label, counter))) - 131_070


def _growth(nano: float) -> float:
    factor = 1.0 + nano / 1_024_000_000_000.0
    for _ in range(10):
        factor *= factor
    return factor


def _noise(seed: int, label: str, index: int, length: int, sd: int) -> int:
    cell, phase = divmod(index, length)
    left, right = (_bell(seed, label, knot) * sd // 37_837 for knot in (cell, cell + 1))
    return left + (right - left) * phase // length


def _regime(seed: int, day: int) -> str:
    cell, place = divmod(day, 16)
    word = _word(seed, "market/regimes", cell)
    cut = 3 + (word >> 32) % 11
    return _KINDS[word & 7] if place < cut else _KINDS[(word >> 8) & 7]


@functools.cache
def _day_level(seed: int, label: str, day: int) -> int:
    level = _REGIME_LEVEL[_regime(seed, day)]
    level += _noise(seed, "market/day-noise/8", day, 8, 300_000_000)
    level += _noise(seed, "market/day-noise/1", day, 1, 250_000_000)
    if label != "market":
        level += _noise(seed, f"{label}/day-noise/8", day, 8, 300_000_000)
    return level


@functools.cache
def _minute_level(seed: int, label: str, minute: int) -> int:
    day, place = divmod(minute, 1_440)
    left, right = _day_level(seed, label, day), _day_level(seed, label, day + 1)
    away = min(abs(place - 900), 1_440 - abs(place - 900))
    level = left + (right - left) * place // 1_440 + (360 - away) * 200_000_000 // 360
    for length, sd in _GRIDS.items():
        level += _noise(seed, f"market/noise/{length}", minute, length, sd)
        if label != "market":
            level += _noise(seed, f"{label}/noise/{length}", minute, length, sd // 2)
    return level


def _bounded(level: int) -> int:
    return max(-2_500_000_000, min(2_500_000_000, level))


def _volatility(ordinary: int, level: int) -> int:
    return math.floor(ordinary * _growth(_bounded(level)))


def _anchor(seed: int, label: str, era: int) -> int:
    return _bell(seed, f"{label}/eras", era) * 350_000_000 // 37_837


@functools.cache
def _day_sums(seed: int, label: str, day_sd: int, era: int) -> list[int]:
    sums = [0]
    for day in range(era * 512, (era + 1) * 512):
        sd = _volatility(day_sd, _day_level(seed, label, day))
        step = sd * _bell(seed, f"{label}/days", day) // 37_837
        sums.append(sums[-1] + step + (_REGIME_DRIFT[_regime(seed, day)] if label == "market" else 0))
    return sums


def _midnight(seed: int, label: str, day_sd: int, day: int) -> int:
    era, place = divmod(day, 512)
    start, end = _anchor(seed, label, era), _anchor(seed, label, era + 1)
    sums = _day_sums(seed, label, day_sd, era)
    return start + sums[place] + (end - start - sums[512]) * place // 512


@functools.cache
def _minute_sums(seed: int, label: str, day_sd: int, day: int) -> list[int]:
    sums = [0]
    for minute in range(day * 1_440, (day + 1) * 1_440):
        sd = _volatility(day_sd // 52, _minute_level(seed, label, minute))
        sums.append(sums[-1] + sd * _bell(seed, f"{label}/steps", minute) // 37_837)
    return sums


def _position(seed: int, label: str, day_sd: int, minute: int) -> int:
    """Return the factor's position at the start of a minute."""
    day, place = divmod(minute, 1_440)
    start, end = _midnight(seed, label, day_sd, day), _midnight(seed, label, day_sd, day + 1)
    sums = _minute_sums(seed, label, day_sd, day)
    return start + sums[place] + (end - start - sums[1_440]) * place // 1_440


def _reach(seed: int, label: str, minute: int, change: float, sd: float) -> float:
    first, second, third, fourth = _quarters(_word(seed, label, minute))
    squares = (first + second - 65_535) ** 2 + (third + fourth - 65_535) ** 2
    return math.sqrt(change * change + sd * sd * (squares / (2 * 26_755**2)))


def slow_candle(seed: int, symbol: str, minute: int) -> tuple[float, float, float, float, float]:
    """Return open, high, low, close and volume of the minute that many minutes after the epoch."""
    price_ticks, price_digits, lot_digits, beta, own_day_sd, turnover = _CHARACTERS[symbol]

    def ticks(position: float) -> int:
        return math.floor(price_ticks * _growth(position) + 0.5)

    a, b = (
        _position(seed, "market", _MARKET_DAY_SD, at) * beta // 100 + _position(seed, symbol, own_day_sd, at)
        for at in (minute, minute + 1)
    )
    market_sd = _volatility(_MARKET_DAY_SD // 52, _minute_level(seed, "market", minute)) * beta // 100
    own_sd = _volatility(own_day_sd // 52, _minute_level(seed, symbol, minute))
    sd = math.sqrt(float(market_sd) * float(market_sd) + float(own_sd) * float(own_sd))
    up = _reach(seed, f"{symbol}/highs", minute, float(b - a), sd)
    down = _reach(seed, f"{symbol}/lows", minute, float(b - a), sd)

    opened = ticks(a) + (-1, 0, 0, 1)[_word(seed, f"{symbol}/gaps", minute) & 3]
    closed = ticks(b)
    high = max(opened, closed, ticks((float(a + b) + up) / 2))
    low = min(opened, closed, ticks((float(a + b) - down) / 2))
    surprise = _bell(seed, f"{symbol}/volumes", minute) * 450_000_000 // 37_837
    busy = _growth(_bounded(_minute_level(seed, symbol, minute)) + surprise) * ((up + down) / 2 / sd * 0.5 + 0.25)
    lots = max(1, math.floor(turnover * 10 ** (price_digits + lot_digits) / closed * busy))
    unit, lot = 10**price_digits, 10**lot_digits
    return opened / unit, high / unit, low / unit, closed / unit, lots / lot
