"""Mark candles on the grid of a run's steps, and the mark price of a payment."""

from collections.abc import Mapping

import numpy as np

from core.candle_columns import CandleColumns, Float64Array, slots
from core.timeframe import MINUTE_MS, timeframe_ms
from market_data.series_columns import FundingColumns


def parts_of(timeframe: str, step_interval: str) -> int:
    """Return how many candles of a timeframe make one of the step's interval; 0 if they do not."""
    length, step = timeframe_ms(timeframe), timeframe_ms(step_interval)
    return step // length if step % length == 0 else 0


def joined_marks(candles: CandleColumns, length_ms: int, parts: int) -> CandleColumns:
    """Return finer candles joined to candles of ``length_ms``; one that lacks any of its ``parts`` is left out."""
    places = slots(candles.open_time_ms, length_ms)
    opens, first, counts = np.unique(places, return_index=True, return_counts=True)
    whole = counts == parts
    if not whole.any():
        return CandleColumns.empty()
    first, last = first[whole], (first + counts - 1)[whole]
    bounds = np.stack((first, last + 1), axis=1).ravel()
    # reduceat takes every other span; a trailing bound at the end of the array is not allowed and not needed.
    bounds = bounds[:-1] if bounds[-1] == candles.rows else bounds
    return CandleColumns(
        opens[whole],
        candles.open[first],
        np.maximum.reduceat(candles.high, bounds)[::2],
        np.minimum.reduceat(candles.low, bounds)[::2],
        candles.close[last],
        np.zeros(len(first)),
    )


def payment_marks(rates: FundingColumns, marks: Mapping[str, CandleColumns]) -> tuple[Float64Array, tuple[str, ...]]:
    """Return the mark price of each payment (nan where not known) and the timeframes of the marks that gave any.

    The open of a mark candle that opens with the payment, the finest timeframe first, else the close of one that closes
    then; ``marks`` are candles by timeframe, the finest first. A price given with the rate stands.
    """
    prices = rates.mark_price.copy()
    due = slots(rates.time_ms, MINUTE_MS)
    served: list[str] = []
    for column, closing in (("open", False), ("close", True)):
        for timeframe, candles in marks.items():
            times = candles.open_time_ms + (timeframe_ms(timeframe) if closing else 0)
            place = np.searchsorted(times, due)
            inside = place < len(times)
            found = np.zeros(rates.rows, np.bool)
            found[inside] = times[place[inside]] == due[inside]
            found &= np.isnan(prices)
            prices[found] = getattr(candles, column)[place[found]]
            if found.any() and timeframe not in served:
                served.append(timeframe)
    return prices, tuple(served)
