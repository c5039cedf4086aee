"""Where stops and targets stood over time, from the orders of a run."""

from typing import NamedTuple

import numpy as np

from core.candle_columns import Float64Array, Int64Array
from core.event_lines import ORDER_HEADER, cell_text
from runs.folder.file_names import ORDERS
from runs.reading.folder_text import table, times_of
from runs.reading.run_folder import StoredRun

_COLUMNS = ORDER_HEADER.strip().split(",")
_TIME, _ID, _SYMBOL, _TYPE, _EVENT, _PRICE, _STOP = map(
    _COLUMNS.index, ("timestamp", "client_order_id", "symbol", "order_type", "event", "price", "stop_price")
)
_PLACED = ("NEW", "REPLACED")


class ProtectiveLevels(NamedTuple):
    """Levels as they were placed and moved, in order; ``target`` says of each whether it is one, else it is a stop."""

    symbol: list[str]
    time_ms: Int64Array
    price: Float64Array
    target: list[bool]


def protective_levels(run: StoredRun, most: int) -> ProtectiveLevels:
    """Return the levels of a run's stops and targets; of more than ``most`` the first ones alone.

    Raises
    ------
    StoreError
        If the orders cannot be read.
    """
    path = run.folder / ORDERS
    times, symbols, prices, targets = [], [], [], []
    for row in table(path, ORDER_HEADER):
        if row[_EVENT] not in _PLACED:
            continue
        target = row[_TYPE] == "TAKE_PROFIT"
        price = row[_PRICE] if target else row[_STOP]
        if not price or not (target or row[_ID].endswith("-stop")):
            continue
        times.append(row[_TIME])
        symbols.append(cell_text(row[_SYMBOL]))
        prices.append(float(price))
        targets.append(target)
        if len(times) >= most:
            break
    return ProtectiveLevels(symbols, times_of(path, times), np.array(prices, np.float64), targets)
