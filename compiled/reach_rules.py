"""When a price meets an order: stops by a touch, limits by the venue's rule."""

import numpy as np

from compiled.codes import BY_CHANCE, STOP_MARKET, TOUCH
from compiled.compiler import kernel, routine
from compiled.layout import Core
from compiled.text.digest import PADDING, digest
from compiled.text.digits import put_whole

TARGET_LETTERS = np.frombuffer(b"-target", np.uint8)
NO_LETTERS = TARGET_LETTERS[:0]


@kernel
def meets_stop(core: Core, s: int, price: int) -> bool:
    """Return whether a price meets the stop of a position."""
    holding = core.holdings[s]
    return price <= holding.stop_price if holding.sign > 0 else price >= holding.stop_price


@routine
def meets_target(core: Core, s: int, price: int) -> bool:
    """Return whether a price meets the target of a position."""
    holding = core.holdings[s]
    if price == holding.target_price:
        return touch_fills(core, s, holding.client_id, True)
    return price > holding.target_price if holding.sign > 0 else price < holding.target_price


@routine
def meets_entry(core: Core, s: int, price: int) -> bool:
    """Return whether a price meets the waiting entry, which acts as a stop or a limit order."""
    order = core.entries[s]
    if price == order.price:
        return order.acts == STOP_MARKET or touch_fills(core, s, order.order_id, False)
    falls = (order.acts == STOP_MARKET) == (order.sign < 0)
    return price < order.price if falls else price > order.price


@routine
def touch_fills(core: Core, s: int, order_id: int, of_target: bool) -> bool:
    """Return whether a price that equals its limit fills an order, of a position where ``of_target`` says so."""
    rule = core.rules[0].limit_fill
    return drawn(core, s, order_id, of_target) if rule == BY_CHANCE else rule == TOUCH


@routine
def drawn(core: Core, s: int, order_id: int, of_target: bool) -> bool:
    """Draw once for each order and candle whether a touch fills: the same candles always give the same fills."""
    rules, symbol, row = core.rules[0], core.symbols[s], core.states[s].row
    first = symbol.end_letter - symbol.first_letter
    text = np.empty(first + 48 + PADDING, np.uint8)
    for place in range(first):
        text[place] = core.letters[symbol.first_letter + place]
    at = put_whole(text, first, order_id)
    for letter in TARGET_LETTERS if of_target else NO_LETTERS:
        text[at] = letter
        at += 1
    text[at] = ord("|")
    at = put_whole(text, at + 1, core.open_ms[row])
    high, low = digest(text, at)
    return high < rules.chance_high or (high == rules.chance_high and low < rules.chance_low)
