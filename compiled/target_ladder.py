"""Where the targets of a position stand."""

from compiled.codes import AS_DISTANCE, AS_PRICE, OVERFLOW
from compiled.compiler import routine
from compiled.integers import LARGEST_DIVISOR, POWERS, in_steps, long_quotient
from compiled.layout import Core, Record


@routine
def target_level(core: Core, s: int, target: Record) -> int:
    """Return the price of a target from the fill of its position, on the tick away from the entry."""
    symbol, holding, order = core.symbols[s], core.holdings[s], core.entries[s]
    long = holding.sign > 0
    if target.measure == AS_PRICE:
        ticks = in_steps(target.digits, target.decimals, symbol.price_decimals, symbol.tick, long)
        return checked(core, ticks) * symbol.tick
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
