"""What the venue checks before it accepts a limit or stop entry: its level, minimums, the band around the close."""

from compiled.account import LARGEST_MONEY
from compiled.codes import (
    ABOVE_MAX_QUANTITY,
    BELOW_MIN_NOTIONAL,
    BELOW_MIN_QUANTITY,
    LIMIT,
    MARKET,
    NO_REASON,
    OVERFLOW,
    PERCENT_PRICE,
    PRICE,
)
from compiled.compiler import routine
from compiled.integers import LARGEST_QUOTIENT, divided_product
from compiled.layout import Core


@routine
def refusal_of(core: Core, s: int) -> int:
    """Return why the symbol's entry, formed and sized, is not accepted."""
    order, symbol = core.entries[s], core.symbols[s]
    if order.order_type == MARKET:
        return NO_REASON
    if order.price <= 0:
        return PRICE
    if order.quantity < symbol.least_quantity:
        return BELOW_MIN_QUANTITY
    if order.quantity > symbol.most_quantity:
        return ABOVE_MAX_QUANTITY
    if float(order.price) * float(order.quantity) * float(symbol.cost_scale) > LARGEST_MONEY:
        core.account[0].status = OVERFLOW
        return PRICE
    if order.price * order.quantity * symbol.cost_scale < symbol.least_value:
        return BELOW_MIN_NOTIONAL
    if order.order_type == LIMIT and outside_band(core, s, order.price):
        return PERCENT_PRICE
    return NO_REASON


@routine
def outside_band(core: Core, s: int, price: int) -> bool:
    """Return whether a limit price lies outside the band that the venue allows around the last close."""
    symbol, last = core.symbols[s], core.units[core.states[s].row, 3]
    if float(last) * float(max(symbol.band_up, symbol.band_down)) >= LARGEST_QUOTIENT * float(symbol.band_unit):
        core.account[0].status = OVERFLOW
        return True
    if symbol.band_down:
        bound, rest = divided_product(last, symbol.band_down, symbol.band_unit)
        if price < bound or (price == bound and rest > 0):
            return True
    if symbol.band_up:
        bound, _ = divided_product(last, symbol.band_up, symbol.band_unit)
        return price > bound
    return False
