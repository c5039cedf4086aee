"""When a price meets an order: stops by a touch, limits by the venue's rule.

Mark prices judge liquidation and, where that is set, stops. They, and levels beside them, are whole numbers of a
symbol's mark unit.
"""

import numpy as np

from compiled.codes import BY_CHANCE, NONE, STOP_MARKET, STOP_ROLE, TARGET_ROLE, TOUCH
from compiled.compiler import kernel, routine
from compiled.layout import Core
from compiled.text.digest import PADDING, digest
from compiled.text.digits import put_whole

OF_TARGET, OF_RUNG = np.frombuffer(b"-target", np.uint8), np.frombuffer(b"-tp", np.uint8)
NO_RUNG = -1


@kernel
def stop_stands(core: Core, s: int) -> bool:
    """Return whether a position's stop is there and not triggered yet."""
    stop = core.exits[s, STOP_ROLE]
    return stop.working != 0 and stop.acts == STOP_MARKET


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
        return touch_fills(core, s, core.holdings[s].client_id, core.exits[s, place].rung)
    return price > level if core.holdings[s].sign > 0 else price < level


@routine
def meets_a_target(core: Core, s: int, price: int) -> bool:
    """Return whether a price meets any target of a position."""
    for place in range(TARGET_ROLE, TARGET_ROLE + core.holdings[s].targets):
        if core.exits[s, place].working and meets_target(core, s, place, price):
            return True
    return False


@routine
def meets_entry(core: Core, s: int, price: int) -> bool:
    """Return whether a price meets the waiting entry, which acts as a stop or a limit order."""
    order = core.entries[s]
    if price == order.price:
        return order.acts == STOP_MARKET or touch_fills(core, s, order.order_id, NO_RUNG)
    return price < order.price if waits_for_fall(core, s) else price > order.price


@kernel
def waits_for_fall(core: Core, s: int) -> bool:
    """Return whether the waiting entry is met by falling prices: a buy's limit, and a sell's stop."""
    order = core.entries[s]
    return (order.acts == STOP_MARKET) == (order.sign < 0)


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


@routine
def touch_fills(core: Core, s: int, order_id: int, rung: int) -> bool:
    """Return whether a price that equals its limit fills an entry, or a target of the position that it has opened."""
    rule = core.rules[0].limit_fill
    return drawn(core, s, order_id, rung) if rule == BY_CHANCE else rule == TOUCH


@routine
def drawn(core: Core, s: int, order_id: int, rung: int) -> bool:
    """Draw once for each order and candle whether a touch fills: the same candles always give the same fills."""
    rules, symbol = core.rules[0], core.symbols[s]
    at = symbol.end_letter - symbol.first_letter
    text = np.empty(at + 64 + PADDING, np.uint8)
    for place in range(at):
        text[place] = core.letters[symbol.first_letter + place]
    at = put_whole(text, at, order_id)
    if rung != NO_RUNG:
        for letter in OF_RUNG if rung else OF_TARGET:
            text[at] = letter
            at += 1
        if rung:
            at = put_whole(text, at, rung)
    text[at] = ord("|")
    at = put_whole(text, at + 1, core.open_ms[core.states[s].row])
    high, low = digest(text, at)
    return high < rules.chance_high or (high == rules.chance_high and low < rules.chance_low)
