"""Prices and quantities of a run as whole numbers: which units they need, and whether these are enough."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from compiled.integers import DIGITS, FLOAT_POWERS
from core.candle_columns import CandleColumns, Int64Array
from core.errors import Uncovered
from core.instrument import Instrument

MOST_DECIMALS = 15


class Scaled(NamedTuple):
    """A symbol's prices in whole units of 10 ** -decimals, one column each of open, high, low and close.

    ``largest`` is the largest of them, at least 1.
    """

    decimals: int
    units: Int64Array
    largest: int


def decimals_of(number: Decimal) -> int:
    """Return how many decimals a number has."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def whole(number: Decimal, decimals: int) -> int:
    """Return a number as a whole one of units of 10 ** -decimals, which it is a multiple of."""
    return int(number.scaleb(decimals))


def scaled_prices(series: Sequence[CandleColumns], rules: Instrument) -> Scaled:
    """Return the prices of a symbol's series, one after another, in the coarsest unit that holds them and the tick.

    Raises
    ------
    Uncovered
        If a price has more digits than 15: its float64 has no decimal number of its own then.
    """
    table = np.concatenate([np.stack((one.open, one.high, one.low, one.close), axis=1) for one in series])
    return whole_units(table, decimals_of(rules.tick_size), rules.symbol)


def whole_units(table: "np.typing.NDArray[np.float64]", least: int, name: str) -> Scaled:
    """Return prices in the coarsest unit that holds them, of at least so many decimals.

    Raises
    ------
    Uncovered
        As :func:`scaled_prices`.
    """
    for decimals in range(least, MOST_DECIMALS + 1):
        if len(table) and not _fits(table[:: max(1, len(table) // 64)], decimals):
            continue
        units = _units(table, decimals)
        if units is not None:
            return Scaled(decimals, units, int(units.max(initial=1)))
    raise Uncovered(f"prices of {name} have more than 15 digits")


def _fits(table: "np.typing.NDArray[np.float64]", decimals: int) -> bool:
    return _units(table, decimals) is not None


def _units(table: "np.typing.NDArray[np.float64]", decimals: int) -> Int64Array | None:
    """Return prices in units; None where one is no multiple of them, or has more than 15 digits."""
    power = FLOAT_POWERS[decimals]
    scaled = np.rint(table * power)
    if len(table) and (scaled.max() >= DIGITS or not (scaled / power == table).all()):
        return None
    return scaled.astype(np.int64)


class Share(NamedTuple):
    """A fraction as a whole number over a power of ten."""

    number: int
    unit: int


def shares_of(*numbers: Decimal) -> Sequence[Share]:
    """Return numbers over one power of ten."""
    decimals = max(map(decimals_of, numbers))
    return [Share(whole(one, decimals), 10**decimals) for one in numbers]
