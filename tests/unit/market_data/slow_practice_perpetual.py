"""A second, slow implementation of the practice market's marks and funding: Python integers, one minute at a time.

It is written from the recipe and shares neither code nor constants with the vectorised one; last prices and noise come
from the slow tape.
"""

from tests.unit.market_data.slow_practice_tape import _bell, _noise, _word, slow_candle

_DIGITS = {"BTC/USDT": 2, "XRP/USDT": 4, "DOGE/USDT": 5, "LINK/USDT": 3}
_EIGHT_HOURS = 8 * 60


def _premium(seed: int, symbol: str, minute: int) -> int:
    """Return the premium at the end of a minute, in nano."""
    at = minute + 1
    grids = ((480, 600_000), (60, 100_000), (1, 30_000))
    return sum(_noise(seed, f"{symbol}/premium/{length}", at, length, sd) for length, sd in grids)


def _ticks(seed: int, symbol: str, minute: int) -> tuple[int, int, int, int]:
    scale = 10 ** _DIGITS[symbol]
    opened, high, low, close = (round(price * scale) for price in slow_candle(seed, symbol, minute)[:4])
    return opened, high, low, close


def slow_mark(seed: int, symbol: str, minute: int) -> tuple[float, float, float, float]:
    """Return open, high, low and close of the mark price in a minute from the epoch."""
    opened, high, low, close = _ticks(seed, symbol, minute)
    before = _ticks(seed, symbol, minute - 1)[3]
    first = 100 * before + before * _premium(seed, symbol, minute - 1) // 10_000_000
    last = 100 * close + close * _premium(seed, symbol, minute) // 10_000_000
    word = _word(seed, f"{symbol}/mark-wicks", minute)
    top = max(first, last) + 25 * (high - max(opened, close)) * (word % 4)
    bottom = min(first, last) - 25 * (min(opened, close) - low) * (word // 4 % 4)
    unit = 10 ** (_DIGITS[symbol] + 2)
    return first / unit, top / unit, max(bottom, 1) / unit, last / unit


def slow_rate(seed: int, symbol: str, minute: int, hours: int) -> float:
    """Return the funding rate of a payment at a minute that comes so many hours after the one before it."""
    knot, place = divmod(minute, _EIGHT_HOURS)
    left, right = (_bell(seed, f"{symbol}/premium/480", knot + one) * 600_000 // 37_837 for one in (0, 1))
    premium = left + (right - left) * place // _EIGHT_HOURS
    if premium > 600_000:
        whole = premium - 500_000
    elif premium < -400_000:
        whole = premium + 500_000
    else:
        whole = 100_000
    return whole * hours // 8 // 10 / 100_000_000
