"""Opinions as records of :data:`~compiled.layout.SIGNAL_ROW`."""

import math

from compiled.codes import LIMIT, MARKET, STOP_MARKET
from core.errors import Uncovered
from core.trading_signal import Signal

Row = tuple[int, int, int, int, float, float, float, float]

_ENTRIES = {None: 0, "market": 1 + MARKET, "limit": 1 + LIMIT, "stop": 1 + STOP_MARKET}
_LONGEST_EXPIRY = 1_000_000


def signal_row(row: int, signal: Signal) -> Row:
    """Return an entry's signal, said at a row, as a record.

    Raises
    ------
    Uncovered
        If its numbers are none of the records'.
    """
    numbers = (signal.sl_distance, signal.tp_distance, signal.atr, signal.entry_price)
    if not all(one is None or isinstance(one, float) for one in numbers):
        raise Uncovered("the strategy gives distances that are whole numbers")
    expiry = signal.entry_expiry or 0
    if expiry > _LONGEST_EXPIRY:
        raise Uncovered("the strategy gives an entry too many candles")
    stop, target, atr, price = (math.nan if one is None else one for one in numbers)
    sign = 1 if signal.direction == "LONG" else -1
    return row, sign, int(_ENTRIES[signal.entry]), expiry, stop, target, atr, price
