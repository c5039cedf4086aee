"""Prices and quantities of a run as whole numbers: which units they need, and whether these are enough."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from compiled.compiler import Whole, entry
from compiled.integers import DIGITS, FLOAT_POWERS
from core.candle_columns import CandleColumns, Float64Array, Int64Array, read_only
from core.errors import Uncovered

MOST_DECIMALS = 15


class Scale(NamedTuple):
    """What a symbol's prices multiply by to be whole, a power of ten, and the largest of them then, at least 1."""

    decimals: int
    largest: int


def decimals_of(number: Decimal) -> int:
    """Return how many decimals a number has."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def whole(number: Decimal, decimals: int) -> int:
    """Return a number as a whole one of units of 10 ** -decimals, which it is a multiple of."""
    return int(number.scaleb(decimals))


def scale_of(series: Sequence[CandleColumns], least: int, name: str) -> Scale:
    """Return the coarsest unit that holds all prices of a symbol's series, of at least so many decimals.

    Raises
    ------
    Uncovered
        If a price has more digits than 15: its float64 has no decimal number of its own then.
    """
    columns = [column for one in series for column in (one.open, one.high, one.low, one.close) if len(column)]
    for decimals in range(least, MOST_DECIMALS + 1):
        if any(_largest(column[:: max(1, len(column) // 64)], decimals) is None for column in columns):
            continue
        largest = [_largest(column, decimals) for column in columns]
        found = [one for one in largest if one is not None]
        if len(found) == len(columns):
            return Scale(decimals, max(1, *map(int, found)) if found else 1)
    raise Uncovered(f"prices of {name} have more than 15 digits")


def _largest(column: Float64Array, decimals: int) -> float | None:
    """Return the largest price in units; None where one is no multiple of them, or has more than 15 digits."""
    power = float(FLOAT_POWERS[decimals])
    largest = float(np.rint(float(column.max()) * power))
    return largest if largest < DIGITS and are_multiples(read_only(column), power) else None


@entry
def are_multiples(prices: Float64Array, power: float) -> bool:
    """Return whether all prices are whole numbers over a power of ten."""
    found = True
    for row in range(prices.shape[0]):
        found &= np.rint(prices[row] * power) / power == prices[row]
    return found


def put_units(candles: CandleColumns, decimals: int, out: Int64Array) -> None:
    """Put the prices of candles in units of 10 ** -decimals, one column each of open, high, low and close."""
    opened, high, low, close = map(read_only, candles[1:5])
    put_whole(opened, high, low, close, float(FLOAT_POWERS[decimals]), out)


@entry
def put_whole(
    opened: Float64Array, high: Float64Array, low: Float64Array, close: Float64Array, power: float, out: Int64Array
) -> None:
    """Put four columns of prices, multiplied by a power of ten, as whole numbers."""
    for row in range(out.shape[0]):
        out[row, 0] = Whole(np.rint(opened[row] * power))
        out[row, 1] = Whole(np.rint(high[row] * power))
        out[row, 2] = Whole(np.rint(low[row] * power))
        out[row, 3] = Whole(np.rint(close[row] * power))


def units_of(candles: CandleColumns, decimals: int) -> Int64Array:
    """Return the prices of candles in units of 10 ** -decimals, as :func:`put_units`."""
    units = np.empty((candles.rows, 4), np.int64)
    put_units(candles, decimals, units)
    return units


class Share(NamedTuple):
    """A fraction as a whole number over a power of ten."""

    number: int
    unit: int


def shares_of(*numbers: Decimal) -> Sequence[Share]:
    """Return numbers over one power of ten."""
    decimals = max(map(decimals_of, numbers))
    return [Share(whole(one, decimals), 10**decimals) for one in numbers]
