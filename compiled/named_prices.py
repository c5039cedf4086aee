"""Floats, named or computed, as whole digits × 10 ** -decimals: twelve digits of them, as the kernel has them."""

from compiled.codes import NONE, OVERFLOW
from compiled.compiler import routine
from compiled.integers import LARGEST, POWERS, in_steps, twelve_digits
from compiled.layout import Core


@routine
def named_number(core: Core, value: float) -> tuple[int, int]:
    """Return a number above 0 with no more decimals than it needs."""
    digits, decimals = twelve_digits(value)
    if digits == NONE:
        core.account[0].status = OVERFLOW
        return 1, 0
    while decimals > 0 and digits % 10 == 0:
        digits //= 10
        decimals -= 1
    return digits, decimals


@routine
def computed_steps(core: Core, value: float, unit_decimals: int, step: int, up: bool) -> int:
    """Return how many steps of a unit a computed number above 0 is, rounded up or down; NONE beyond 64 bits."""
    digits, decimals = twelve_digits(value)
    steps = NONE if digits == NONE else in_steps(digits, decimals, unit_decimals, step, up)
    if steps == NONE:
        core.account[0].status = OVERFLOW
    return steps


@routine
def scaled(core: Core, digits: int, by: int) -> int:
    """Return digits × 10 ** by."""
    if by > 18 or abs(float(digits)) * float(POWERS[min(by, 18)]) > LARGEST:
        core.account[0].status = OVERFLOW
        return 0
    return digits * POWERS[by]


@routine
def difference(core: Core, left: int, left_decimals: int, right: int, right_decimals: int) -> tuple[int, int]:
    """Return left − right, exactly."""
    decimals = max(left_decimals, right_decimals)
    return scaled(core, left, decimals - left_decimals) - scaled(core, right, decimals - right_decimals), decimals


@routine
def on_tick(core: Core, s: int, digits: int, decimals: int, up: bool) -> int:
    """Return a price on the symbol's tick, in its units."""
    symbol = core.symbols[s]
    ticks = in_steps(digits, decimals, symbol.price_decimals, symbol.tick, up)
    below_all = digits < 0 and decimals - symbol.price_decimals > 18
    if ticks == NONE or below_all or abs(float(ticks)) * float(symbol.tick) > LARGEST:
        core.account[0].status = OVERFLOW
        return 0
    return ticks * symbol.tick
