"""Where the targets of a position stand."""

import math

from compiled.codes import AS_DISTANCE, AS_PRICE, NO_REASON, OVERFLOW, STOP_PASSED, TARGET_PASSED
from compiled.compiler import routine
from compiled.integers import LARGEST_DIVISOR, POWERS, in_steps, long_quotient
from compiled.layout import Core, Record
from compiled.named_prices import named_number, on_tick


@routine
def target_level(core: Core, s: int, target: Record) -> int:
    """Return the price of a target from the fill of its position, on the tick away from the entry."""
    symbol, holding, order = core.symbols[s], core.holdings[s], core.entries[s]
    long = holding.sign > 0
    if target.measure == AS_PRICE:
        return on_tick(core, s, target.digits, target.decimals, long)
    if target.measure == AS_DISTANCE:
        ticks = checked(core, in_steps(target.digits, target.decimals, symbol.price_decimals, symbol.tick, True))
    else:
        ticks = ticks_of_product(core, s, order.stop_digits, order.stop_decimals, target)
    return holding.price + holding.sign * ticks * symbol.tick


@routine
def checked(core: Core, ticks: int) -> int:
    """Return a number of ticks; one beyond what prices can be is an overflow."""
    if not 0 <= ticks < 1 << 50:
        core.account[0].status = OVERFLOW
        return 0
    return ticks


@routine
def ticks_of_product(core: Core, s: int, digits: int, decimals: int, target: Record) -> int:
    """Return how many ticks a distance of the stop times the number of a target is, rounded up."""
    symbol = core.symbols[s]
    finer = decimals + target.decimals - symbol.price_decimals
    unit = 1
    if finer >= 0:
        if finer > 18 or float(POWERS[finer]) * float(symbol.tick) > LARGEST_DIVISOR:
            return checked(core, -1)
        unit = POWERS[finer]
    else:
        if -finer > 6:
            return checked(core, -1)
        digits *= POWERS[-finer]
    if float(digits) * float(target.digits) > float(unit) * float(symbol.tick) * float(1 << 50):
        return checked(core, -1)
    ticks, rest = long_quotient(digits, target.digits, unit * symbol.tick)
    return ticks + 1 if rest else ticks


@routine
def passed_level(core: Core, s: int, price: int) -> int:
    """Return which level of the waiting entry, that stands at a price, its fill is at or beyond; 0 where none is."""
    order = core.entries[s]
    long = order.sign > 0
    if not math.isnan(order.stop_level):
        digits, decimals = named_number(core, order.stop_level)
        stop = on_tick(core, s, digits, decimals, not long)
        if stop >= price if long else stop <= price:
            return STOP_PASSED
    for number in range(order.targets):
        target = core.targets[order.first_target + number]
        if target.measure == AS_PRICE:
            level = on_tick(core, s, target.digits, target.decimals, long)
            if level <= price if long else level >= price:
                return TARGET_PASSED
    return NO_REASON
