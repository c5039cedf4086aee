"""What the volume cap leaves of a candle for the orders of a symbol."""

import math

from compiled.codes import OVERFLOW
from compiled.compiler import kernel, routine
from compiled.integers import LARGEST, LARGEST_DIVISOR, LARGEST_QUOTIENT, POWERS, long_quotient
from compiled.layout import Core
from compiled.text.floats import shortest

WHOLE_VOLUME = 1 << 61
"""Stands for more than any orders of a candle can be."""
SPENT_WITHOUT_COUNT = 1 << 49


@kernel
def open_budget(core: Core, s: int, row: int) -> None:
    """Take a candle's volume as what its fills share, once for each candle; an infinite one caps nothing."""
    if core.rules[0].cap and core.states[s].budget_open_ms != core.open_ms[row]:
        core.states[s].budget_open_ms = core.open_ms[row]
        core.states[s].budget = budget_of(core, s, core.traded[row])


@routine
def budget_of(core: Core, s: int, volume: float) -> int:
    """Return the share of a volume that is filled, down to the lot."""
    rules, symbol = core.rules[0], core.symbols[s]
    if not math.isfinite(volume):
        return WHOLE_VOLUME
    if volume <= 0.0:
        return 0
    share = float(rules.cap) / float(rules.cap_unit)
    if volume * share * symbol.quantity_unit >= 0.99 * LARGEST_QUOTIENT * float(symbol.lot):
        return WHOLE_VOLUME
    digits, exponent = shortest(volume)
    exponent += symbol.quantity_decimals
    if exponent < -18:
        return 0
    factor, divisor = rules.cap, rules.cap_unit * symbol.lot
    finer, coarser = POWERS[max(0, exponent)], POWERS[max(0, -exponent)]
    if exponent > 18 or float(factor) * float(finer) > LARGEST or float(divisor) * float(coarser) > LARGEST_DIVISOR:
        core.account[0].status = OVERFLOW
        return 0
    lots, _ = long_quotient(digits, factor * finer, divisor * coarser)
    return lots * symbol.lot


@kernel
def is_spent(core: Core, s: int) -> bool:
    """Return whether nothing is left of the candle's volume."""
    return core.rules[0].cap != 0 and core.states[s].budget == 0


@kernel
def spend(core: Core, s: int, quantity: int) -> None:
    """Take a fill out of the candle's budget."""
    state = core.states[s]
    if core.rules[0].cap:
        state.budget -= quantity
        if WHOLE_VOLUME - SPENT_WITHOUT_COUNT > state.budget > WHOLE_VOLUME >> 1:
            core.account[0].status = OVERFLOW
