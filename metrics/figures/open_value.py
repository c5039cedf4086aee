"""What open positions were worth at every step, from what they cost and from equity less cash."""

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from metrics.equity_curve import EquityCurve
from metrics.exposure_path import ExposurePath


class OpenValue(msgspec.Struct, frozen=True, eq=False):
    """Open positions after each step, in quote currency.

    ``gross`` is the value of all of them, ``net`` that of the longs less that of the shorts. With positions of one side
    both are exact at the marks; with longs and shorts at once ``gross`` counts what they cost.
    """

    long_cost: Float64Array
    short_cost: Float64Array
    gross: Float64Array
    net: Float64Array
    margin: Float64Array


def open_value(curve: EquityCurve, path: ExposurePath) -> OpenValue:
    """Return what was open after each step; without cash in the curve positions count what they cost."""
    long_cost, short_cost, margin = path.at(len(curve.equity))
    held = (long_cost > 0.0) | (short_cost > 0.0)
    unrealized = curve.unrealized
    gained = np.zeros(len(curve.equity)) if unrealized is None else np.where(held, unrealized, 0.0)
    net = long_cost - short_cost + gained
    both = (long_cost > 0.0) & (short_cost > 0.0)
    return OpenValue(long_cost, short_cost, np.where(both, long_cost + short_cost, np.abs(net)), net, margin)
