"""Trading rules read off the decimals of imported candles, for symbols that no market list holds."""

from decimal import Decimal

import numpy as np

from core.instrument import Instrument
from core.tolerance import TOLERANCE
from market_data.candle_columns import CandleColumns, Float64Array
from market_data.instruments.instrument_store import INFERRED

MOST_DECIMALS = 8
"""Inferred ticks and lots are not finer than this power of ten, unless the price itself is that small."""

_TICKS_PER_PRICE = 10_000


def infer_instrument(symbol: str, candles: CandleColumns, length_ms: int) -> Instrument:
    """Infer tick and lot from the decimals that the candles use; zeros that only pad a number do not count.

    The tick is the power of ten that every price is a multiple of, not finer than 1e-8, but at most a ten-thousandth
    of the smallest price; the lot likewise from the volumes that are not 0. The rules hold from the last candle's
    close.
    """
    places = max(decimals(price) for price in candles[1:5])
    smallest = float(candles.low.min())
    while 10.0**-places * _TICKS_PER_PRICE > smallest * TOLERANCE:
        places += 1
    traded = candles.volume[candles.volume > 0]
    lot_places = decimals(traded) if len(traded) else MOST_DECIMALS
    return Instrument(
        symbol=symbol,
        tick_size=Decimal(1).scaleb(-places),
        lot_size=Decimal(1).scaleb(-lot_places),
        as_of_ms=int(candles.open_time_ms[-1]) + length_ms,
        source=INFERRED,
    )


def decimals(values: Float64Array) -> int:
    """Return how many decimals the shortest text of any value needs, at most 8.

    Examples
    --------
    >>> decimals(np.array([1.0, 2.50, 0.125]))
    3
    """
    rest = values
    for places in range(MOST_DECIMALS):
        # For a decimal of up to 15 digits, scaling, rounding and dividing give back the very float it was read as.
        scale = 10.0**places
        rest = rest[np.rint(rest * scale) / scale != rest]
        if not len(rest):
            return places
    return MOST_DECIMALS
