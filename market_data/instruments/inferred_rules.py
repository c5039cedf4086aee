"""Trading rules read off the decimals of imported candles, for symbols that no market list holds."""

from decimal import Decimal

import numpy as np

from core.candle_columns import CandleColumns, Float64Array
from core.instrument import Instrument
from market_data.instruments.instrument_store import INFERRED

MOST_DECIMALS = 8
"""Inferred ticks and lots are not finer than this power of ten, unless the price itself is that small."""

_DIGITS_OF_A_SMALL_PRICE = 4


def infer_instrument(symbol: str, candles: CandleColumns, length_ms: int) -> Instrument:
    """Infer tick and lot from the decimals that the candles use; zeros that only pad a number do not count.

    The tick is the power of ten that every price is a multiple of, never finer than the decimals printed; beyond 1e-8
    decimals count as far as they are among the first four digits of the smallest price, for what follows is the noise
    of floats. The lot likewise, down to 1e-8, from the volumes that are not 0. The rules hold from the last candle's
    close.
    """
    smallest = float(candles.low.min())
    most = max(MOST_DECIMALS, _DIGITS_OF_A_SMALL_PRICE - 1 - int(np.floor(np.log10(smallest))))
    places = max(decimals(price, most) for price in candles[1:5])
    traded = candles.volume[candles.volume > 0]
    lot_places = decimals(traded) if len(traded) else MOST_DECIMALS
    return Instrument(
        symbol=symbol,
        tick_size=Decimal(1).scaleb(-places),
        lot_size=Decimal(1).scaleb(-lot_places),
        as_of_ms=int(candles.open_time_ms[-1]) + length_ms,
        source=INFERRED,
    )


def decimals(values: Float64Array, most: int = MOST_DECIMALS) -> int:
    """Return how many decimals the shortest text of any value needs, at most ``most``.

    Examples
    --------
    >>> decimals(np.array([1.0, 2.50, 0.125]))
    3
    """
    rest = values
    for places in range(most):
        # For a decimal of up to 15 digits, scaling, rounding and dividing give back the very float it was read as.
        scale = 10.0**places
        rest = rest[np.rint(rest * scale) / scale != rest]
        if not len(rest):
            return places
    return most
