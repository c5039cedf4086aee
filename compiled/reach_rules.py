"""When a price meets an order: a stop by a touch, a limit by a trade through it, or by a touch where that is set."""

from compiled.codes import STOP_MARKET, STOP_ROLE, TARGET_ROLE
from compiled.compiler import kernel
from compiled.layout import Core


@kernel
def meets_stop(core: Core, s: int, price: int) -> bool:
    """Return whether a price meets the stop of a position."""
    level = core.exits[s, STOP_ROLE].stop_price
    return price <= level if core.holdings[s].sign > 0 else price >= level


@kernel
def meets_target(core: Core, s: int, place: int, price: int) -> bool:
    """Return whether a price meets a target of a position."""
    level = core.exits[s, place].price
    if price == level:
        return core.rules[0].touch_fills != 0
    return price > level if core.holdings[s].sign > 0 else price < level


@kernel
def meets_a_target(core: Core, s: int, price: int) -> bool:
    """Return whether a price meets any target of a position."""
    for place in range(TARGET_ROLE, TARGET_ROLE + core.holdings[s].targets):
        if core.exits[s, place].working and meets_target(core, s, place, price):
            return True
    return False


@kernel
def meets_entry(core: Core, s: int, price: int) -> bool:
    """Return whether a price meets the waiting entry, which acts as a stop or a limit order."""
    order = core.entries[s]
    if price == order.price:
        return order.acts == STOP_MARKET or core.rules[0].touch_fills != 0
    falls = (order.acts == STOP_MARKET) == (order.sign < 0)
    return price < order.price if falls else price > order.price
