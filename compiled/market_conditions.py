"""Spread and slippage that are measured on a symbol's last closed candles, and what they make of a price.

A fraction of the price is three whole numbers of nine decimals each, so that a price times it is exact.
"""

import math

import numpy as np

from compiled.codes import OVERFLOW
from compiled.compiler import routine
from compiled.integers import POWERS, ceil_to, floor_to
from compiled.layout import Core
from compiled.named_prices import named_number

NINE = 10**9
LARGEST_PARTS = 64
"""More partial sums than float64 has room for."""


@routine
def exact_sum(values: "np.typing.NDArray[np.float64]", first: int, end: int) -> float:
    """Return the float64 nearest to a sum: math.fsum (J. R. Shewchuk 1997), step by step."""
    parts, count = np.empty(LARGEST_PARTS, np.float64), 0
    for number in range(first, end):
        value, kept = values[number], 0
        for place in range(count):
            other = parts[place]
            if abs(value) < abs(other):
                value, other = other, value
            high = value + other
            low = other - (high - value)
            if low != 0.0:
                parts[kept] = low
                kept += 1
            value = high
        count = kept
        if value != 0.0:
            parts[count] = value
            count += 1
    if count == 0:
        return 0.0
    count -= 1
    total, low = parts[count], 0.0
    while count > 0 and low == 0.0:
        count -= 1
        value = total
        total = value + parts[count]
        low = parts[count] - (total - value)
    # Half-way cases go by the part below.
    if count > 0 and ((low < 0.0 and parts[count - 1] < 0.0) or (low > 0.0 and parts[count - 1] > 0.0)):
        twice = low * 2.0
        value = total + twice
        if twice == value - total:
            total = value
    return total


@routine
def mean_of(core: Core, s: int, values: "np.typing.NDArray[np.float64]", window: int) -> float:
    """Return the mean of the last closed candles' values."""
    last = core.states[s].measured
    return exact_sum(values, last - window + 1, last + 1) / window


@routine
def slippage_of(core: Core, s: int, quantity: int) -> float:
    """Return what volatility and volume add to the fixed slippage of a quantity; 0 until they are known."""
    rules = core.rules[0]
    window = rules.slippage_candles
    if core.states[s].observed < window:
        return 0.0
    impact = rules.slippage_coefficient * mean_of(core, s, core.ranges, window)
    if rules.slippage_by_volume:
        volume = mean_of(core, s, core.volumes, window)
        if volume > 0.0:
            impact *= math.sqrt(float(quantity) / core.symbols[s].quantity_unit / volume)
    return impact


@routine
def plus(fraction: tuple[int, int, int, int], digits: int, decimals: int) -> tuple[int, int, int, int]:
    """Return a fraction plus a number of decimals, of which there are at most 27; whole ones stand first."""
    whole, first, second, third = fraction
    missing = 27 - decimals
    factor, place = POWERS[missing % 9], missing // 9
    low, high = digits % NINE * factor, digits // NINE * factor
    if place == 0:
        third += low
        second += high
    elif place == 1:
        second += low
        first += high
    elif place == 2:
        first += low
        whole += high
    else:
        whole += low + high * NINE
    second += third // NINE
    first += second // NINE
    return whole + first // NINE, first % NINE, second % NINE, third % NINE


@routine
def worse_by(core: Core, s: int, quantity: int) -> tuple[int, int, int, int]:
    """Return the fraction by which a market fill is worse than its reference: half the spread, and slippage."""
    rules = core.rules[0]
    worse = rules.worse_whole, rules.worse_first, rules.worse_second, rules.worse_third
    spread, half = 0.0, rules.spread_candles != 0
    if half and core.states[s].observed > rules.spread_candles:
        spread = mean_of(core, s, core.spreads, rules.spread_candles)
    elif half:
        worse = plus(worse, rules.half_first, 9)
        worse = plus(worse, rules.half_second, 18)
        worse = plus(worse, rules.half_third, 27)
    slippage = slippage_of(core, s, quantity) if rules.slippage_candles else 0.0
    if spread > 0.0:
        digits, decimals = named_number(core, spread)
        worse = plus(worse, digits * 5, decimals + 1)
    if slippage > 0.0:
        digits, decimals = named_number(core, slippage)
        worse = plus(worse, digits, decimals)
    return worse


@routine
def measured_price(core: Core, s: int, reference: int, quantity: int, buying: bool) -> int:
    """Return the price of a market fill on the tick, never below 0."""
    worse = worse_by(core, s, quantity)
    if worse[0] > 0:
        if buying:
            # Twice the price may need more than 64 bits.
            core.account[0].status = OVERFLOW
        return 0
    return moved_price(reference, core.symbols[s].tick, worse, buying)


@routine
def moved_price(reference: int, tick: int, fraction: tuple[int, int, int, int], buying: bool) -> int:
    """Return a price worse by a fraction below 1, on the tick: a buy's rounded up, a sell's down."""
    _, first, second, third = fraction
    high, low = reference // NINE, reference % NINE
    carried = low * third
    rest = carried % NINE
    carried = high * third + low * second + carried // NINE
    rest |= carried % NINE
    carried = high * second + low * first + carried // NINE
    rest |= carried % NINE
    moved = high * first + carried // NINE + (1 if rest else 0)
    return ceil_to(reference + moved, tick) if buying else floor_to(reference - moved, tick)
