"""The order that a sized signal becomes, and what the venue checks before it accepts a limit or stop entry."""

import math

from compiled.codes import (
    ABOVE_MAX_QUANTITY,
    BELOW_MIN_NOTIONAL,
    BELOW_MIN_QUANTITY,
    CLOSE_PRICE,
    GTC,
    GTD,
    LIMIT,
    MARKET,
    NO_REASON,
    NONE,
    OVERFLOW,
    PERCENT_PRICE,
    PRICE,
)
from compiled.compiler import kernel, routine
from compiled.integers import DIGITS, LARGEST, LARGEST_QUOTIENT, directed_quotient, divided_product
from compiled.layout import Core, Record
from compiled.named_prices import computed_steps, named_number


@routine
def form_order(core: Core, s: int, signal: Record) -> None:
    """Make the symbol's entry the order that a signal asks for: as it says itself, else as the settings say."""
    rules, order, time_ms = core.rules[0], core.entries[s], core.account[0].time_ms
    row, said = core.states[s].row, core.words[signal.words]
    order.sign, order.decision_price, order.decision_units = signal.sign, core.close[row], core.units[row, CLOSE_PRICE]
    order.tag, order.stop_level, order.first_target = said.tag, said.stop_price, said.first_target
    order.targets, order.ladder, order.closes_all = said.targets, said.ladder, said.closes_all
    order.active_ms = time_ms + rules.latency_ms
    order.order_type = order.acts = order_type_of(core, signal)
    order.price = order.last_open_ms = order.expires_ms = NONE
    order.time_in_force, order.post_only, order.rested, order.filled = GTC, 0, 0, 0
    if order.order_type == MARKET:
        order.last_open_ms = time_ms + rules.order_wait_ms
        return
    below = stands_below(order.order_type, order.sign)
    if math.isnan(signal.entry_price):
        order.price = _offset_price(core, s, below)
    else:
        order.price = _named_price(core, s, signal.entry_price, below)
    order.time_in_force, candles = rules.time_in_force, rules.entry_expiry
    if signal.entry_expiry:
        order.time_in_force, candles = GTD, signal.entry_expiry
    if order.time_in_force == GTD:
        order.expires_ms = time_ms + candles * rules.timeframe_ms
    if order.order_type == LIMIT:
        order.post_only = rules.post_only


@kernel
def order_type_of(core: Core, signal: Record) -> int:
    """Return the type of the order that a signal's entry becomes: its own, else that of the settings."""
    return core.rules[0].entry_order if signal.entry == 0 else signal.entry - 1


@kernel
def stands_below(order_type: int, sign: int) -> bool:
    """Return whether an order stands below the close: a limit at an offset on its better side, a stop on the worse."""
    return (order_type == LIMIT) == (sign > 0)


@routine
def expected_entry(core: Core, s: int, signal: Record) -> tuple[int, int]:
    """Return the price at which a signal's entry is expected to fill, as digits × 10 ** -decimals."""
    rules, symbol, close = core.rules[0], core.symbols[s], core.units[core.states[s].row, CLOSE_PRICE]
    kind = order_type_of(core, signal)
    if kind == MARKET:
        return close, symbol.price_decimals
    if not math.isnan(signal.entry_price):
        return named_number(core, signal.entry_price)
    share = rules.entry_below if stands_below(kind, signal.sign) else rules.entry_above
    if float(close) * float(share) > LARGEST:
        core.account[0].status = OVERFLOW
        return close, symbol.price_decimals
    return close * share, symbol.price_decimals + rules.entry_decimals


@routine
def _offset_price(core: Core, s: int, below: bool) -> int:
    """Return the settings' price, on the tick: rounded down where the order stands below the close, else up."""
    rules, tick, close = core.rules[0], core.symbols[s].tick, core.units[core.states[s].row, CLOSE_PRICE]
    share, divisor = rules.entry_below if below else rules.entry_above, rules.entry_unit * tick
    if float(close) * float(share) >= LARGEST_QUOTIENT * float(divisor):
        core.account[0].status = OVERFLOW
        return 0
    return directed_quotient(close, share, divisor, not below) * tick


@routine
def _named_price(core: Core, s: int, price: float, below: bool) -> int:
    """Return a signal's price on the tick."""
    symbol = core.symbols[s]
    ticks = computed_steps(core, price, symbol.price_decimals, symbol.tick, not below)
    if ticks == NONE or float(ticks) * float(symbol.tick) >= float(DIGITS):
        core.account[0].status = OVERFLOW
        return 0
    return ticks * symbol.tick


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
    if float(order.price) * float(order.quantity) * float(symbol.cost_scale) > LARGEST:
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
    symbol, last = core.symbols[s], core.units[core.states[s].row, CLOSE_PRICE]
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
