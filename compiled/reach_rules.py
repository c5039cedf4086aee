"""When a price meets an order: a stop by a touch, a limit by a trade through it, or by a touch where that is set."""

from compiled.codes import STOP_MARKET
from compiled.compiler import kernel
from compiled.layout import Core


@kernel
def meets_stop(core: Core, s: int, price: int) -> bool:
    """Return whether a price meets the stop of a position."""
    holding = core.holdings[s]
    return price <= holding.stop_price if holding.sign > 0 else price >= holding.stop_price


@kernel
def meets_target(core: Core, s: int, price: int) -> bool:
    """Return whether a price meets the target of a position."""
    holding = core.holdings[s]
    if price == holding.target_price:
        return core.rules[0].touch_fills != 0
    return price > holding.target_price if holding.sign > 0 else price < holding.target_price


@kernel
def meets_entry(core: Core, s: int, price: int) -> bool:
    """Return whether a price meets the waiting entry, which acts as a stop or a limit order."""
    order = core.entries[s]
    if price == order.price:
        return order.acts == STOP_MARKET or core.rules[0].touch_fills != 0
    falls = (order.acts == STOP_MARKET) == (order.sign < 0)
    return price < order.price if falls else price > order.price
