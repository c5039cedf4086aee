"""When a price meets an order: a stop by a touch, a limit by a trade through it, or by a touch where that is set.

Mark prices judge liquidation and, where that is set, stops. They, and levels beside them, are whole numbers of a
symbol's mark unit.
"""

from compiled.codes import NONE, STOP_MARKET, STOP_ROLE, TARGET_ROLE
from compiled.compiler import kernel, routine
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


@routine
def knows_mark(core: Core, row: int) -> bool:
    """Return whether a candle has a mark candle beside it."""
    return core.marks.shape[0] > 0 and core.marks[row, 0] != NONE


@routine
def mark_at(core: Core, s: int, row: int, column: int) -> int:
    """Return a price of a candle's mark candle; where there is none, the candle's own."""
    if knows_mark(core, row):
        return core.marks[row, column]
    return core.units[row, column] * core.symbols[s].mark_scale


@routine
def marks_trigger(core: Core, row: int) -> bool:
    """Return whether the mark price triggers stops in a candle."""
    return core.rules[0].mark_triggers != 0 and knows_mark(core, row)


@routine
def triggers_stop(core: Core, s: int, row: int, column: int) -> bool:
    """Return whether a price of a candle, or of its mark candle where that triggers, meets the stop of a position."""
    if not marks_trigger(core, row):
        return meets_stop(core, s, core.units[row, column])
    mark, scale = core.marks[row, column], core.symbols[s].mark_scale
    if core.holdings[s].sign > 0:
        return -(-mark // scale) <= core.exits[s, STOP_ROLE].stop_price
    return mark // scale >= core.exits[s, STOP_ROLE].stop_price


@routine
def liquidates(core: Core, s: int, mark: int) -> bool:
    """Return whether a mark price is at or beyond the liquidation price of a position."""
    holding = core.holdings[s]
    if holding.liquidation == NONE:
        return False
    return mark <= holding.liquidation if holding.sign > 0 else mark >= holding.liquidation
