"""What the cost models measure of every candle: columns over strategy candles, a symbol's warm-up before its window."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from compiled.driving.scaled_market import decimals_of, whole
from core.candle_columns import CandleColumns, Float64Array, one_after_the_other
from core.errors import Uncovered
from core.exact import EXACT, ZERO, received
from execution.costs.spread import build_spread
from execution.execution_settings import ExecutionSettings

MOST_DECIMALS = 27
_CURVATURE = 3.0 - 2.0 * math.sqrt(2.0)
_NOTHING = np.empty(0, np.float64)


class Measured(NamedTuple):
    """Range over close, volume, and the spread that a candle shows with the one before it; empty where not needed."""

    ranges: Float64Array
    volumes: Float64Array
    spreads: Float64Array


def measured_columns(settings: ExecutionSettings, series: Sequence[tuple[CandleColumns, CandleColumns]]) -> Measured:
    """Return what the models of the settings look at, of all symbols' warm-up and window one after another."""
    ranges = volumes = spreads = _NOTHING
    joined = [one_after_the_other(*both) for both in series]
    if settings.slippage_model.model != "fixed":
        ranges = np.concatenate([(one.high - one.low) / one.close for one in joined])
        volumes = np.concatenate([one.volume for one in joined])
    if settings.spread.model == "corwin_schultz":
        spreads = np.concatenate([corwin_schultz_spreads(one) for one in joined])
    return Measured(ranges, volumes, spreads)


def corwin_schultz_spreads(candles: CandleColumns) -> Float64Array:
    """Return the spread that each candle shows with the one before it, bit by bit as the kernel has it; 0 the first."""
    high, low = candles.high, candles.low
    spreads = np.zeros(candles.rows)
    if candles.rows < 2:
        return spreads
    logs = _logs(high / low)
    both = _logs(np.maximum(high[:-1], high[1:]) / np.minimum(low[:-1], low[1:]))
    beta = logs[:-1] * logs[:-1] + logs[1:] * logs[1:]
    alpha = (np.sqrt(2.0 * beta) - np.sqrt(beta)) / _CURVATURE - np.sqrt(both * both / _CURVATURE)
    # numpy's own logarithms and powers differ in their last bits from machine to machine.
    grown = np.array(list(map(math.exp, np.maximum(alpha, 0.0).tolist())))
    spreads[1:] = 2.0 * (grown - 1.0) / (1.0 + grown)
    return spreads


def _logs(ratios: Float64Array) -> Float64Array:
    return np.array(list(map(math.log, ratios.tolist())))


def measured_rules(settings: ExecutionSettings) -> dict[str, float]:
    """Return the rules of costs that are measured: windows, and the fixed fractions in parts of nine decimals.

    Raises
    ------
    Uncovered
        If a fraction has more than 27 decimals.
    """
    spread, slippage = settings.spread, settings.slippage_model
    by_candles, by_volume = slippage.model != "fixed", slippage.model == "square_root"
    constant = build_spread(spread).constant
    half = EXACT.multiply(received(spread.fraction), Decimal("0.5"))
    worse = nine_by_nine(EXACT.add(received(settings.slippage), ZERO if constant is None else constant))
    fallback = nine_by_nine(half)
    return {
        "observes": by_candles or constant is None,
        "slippage_candles": slippage.candles if by_candles else 0,
        "slippage_by_volume": by_volume,
        "slippage_coefficient": slippage.coefficient,
        "spread_candles": spread.candles if constant is None else 0,
        **{f"worse_{name}": part for name, part in zip(("whole", "first", "second", "third"), worse, strict=True)},
        **{f"half_{name}": part for name, part in zip(("first", "second", "third"), fallback[1:], strict=True)},
    }


def nine_by_nine(number: Decimal) -> tuple[int, int, int, int]:
    """Return the whole part of a number, and its decimals nine by nine."""
    if decimals_of(number) > MOST_DECIMALS:
        raise Uncovered(f"a cost of {number} has too many digits")
    above, third = divmod(whole(number, MOST_DECIMALS), 10**9)
    above, second = divmod(above, 10**9)
    above, first = divmod(above, 10**9)
    return above, first, second, third
