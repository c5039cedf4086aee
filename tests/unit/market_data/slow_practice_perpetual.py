"""A second, slow implementation of the practice market's marks, funding and open interest in Python integers.

It is written from the recipe and shares neither code nor constants with the vectorised one; last prices and noise come
from the slow tape.
"""

from tests.unit.market_data.slow_practice_tape import _CHARACTERS, _bell, _noise, _word, slow_candle

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


def slow_open_interest(seed: int, symbol: str, minute: int) -> tuple[float, float]:
    """Return amount and value of the open interest at the beginning of a minute from the epoch."""
    price, digits, lot_digits, _, _, turnover = _CHARACTERS[symbol]
    usual = turnover * 1440 * 10 ** (lot_digits + digits) // price
    grids = ((23_040, 120_000_000), (1_440, 40_000_000), (240, 15_000_000), (5, 1_000_000))
    nano = sum(_noise(seed, f"{symbol}/open-interest/{length}", minute, length, sd) for length, sd in grids)
    lots = usual + usual * (nano // 1_000) // 1_000_000
    mark = round(slow_mark(seed, symbol, minute - 1)[3] * 10 ** (digits + 2))
    return lots / 10**lot_digits, lots * mark // 10 ** (digits + lot_digits) / 100
