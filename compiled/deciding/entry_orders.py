"""The order that a sized signal becomes."""

import math

from compiled.codes import GTC, GTD, LIMIT, MARKET, NONE, OVERFLOW
from compiled.compiler import routine
from compiled.integers import DIGITS, LARGEST_QUOTIENT, divided_product, in_steps, twelve_digits
from compiled.layout import Core, Record
from compiled.named_prices import LARGEST, named_number


@routine
def form_order(core: Core, s: int, signal: Record) -> None:
    """Make the symbol's entry the order that a signal asks for: as it says itself, else as the settings say."""
    rules, order, time_ms = core.rules[0], core.entries[s], core.account[0].time_ms
    row, said = core.states[s].row, core.words[signal.words]
    order.sign, order.decision_price, order.decision_units = signal.sign, core.close[row], core.units[row, 3]
    order.tag, order.stop_level, order.first_target = said.tag, said.stop_price, said.first_target
    order.targets, order.ladder, order.closes_all = said.targets, said.ladder, said.closes_all
    order.accepted_ms, order.active_ms = time_ms, time_ms + rules.latency_ms
    order.order_type = order.acts = rules.entry_order if signal.entry == 0 else signal.entry - 1
    order.price = order.last_open_ms = order.expires_ms = NONE
    order.time_in_force, order.post_only, order.rested = GTC, 0, 0
    if order.order_type == MARKET:
        order.last_open_ms = time_ms + rules.order_wait_ms
        return
    # At an offset a limit stands on the better side of the close, a stop on the worse.
    below = (order.order_type == LIMIT) == (order.sign > 0)
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


@routine
def expected_entry(core: Core, s: int, signal: Record) -> tuple[int, int]:
    """Return the price at which a signal's entry is expected to fill, as digits × 10 ** -decimals."""
    rules, symbol, close = core.rules[0], core.symbols[s], core.units[core.states[s].row, 3]
    kind = rules.entry_order if signal.entry == 0 else signal.entry - 1
    if kind == MARKET:
        return close, symbol.price_decimals
    if not math.isnan(signal.entry_price):
        return named_number(core, signal.entry_price)
    share = rules.entry_below if (kind == LIMIT) == (signal.sign > 0) else rules.entry_above
    if float(close) * float(share) > LARGEST:
        core.account[0].status = OVERFLOW
        return close, symbol.price_decimals
    return close * share, symbol.price_decimals + rules.entry_decimals


@routine
def _offset_price(core: Core, s: int, below: bool) -> int:
    """Return the settings' price, on the tick: rounded down where the order stands below the close, else up."""
    rules, tick, close = core.rules[0], core.symbols[s].tick, core.units[core.states[s].row, 3]
    share, divisor = rules.entry_below if below else rules.entry_above, rules.entry_unit * tick
    if float(close) * float(share) >= LARGEST_QUOTIENT * float(divisor):
        core.account[0].status = OVERFLOW
        return 0
    ticks, rest = divided_product(close, share, divisor)
    return (ticks if below or rest == 0 else ticks + 1) * tick


@routine
def _named_price(core: Core, s: int, price: float, below: bool) -> int:
    """Return a signal's price on the tick."""
    symbol = core.symbols[s]
    digits, decimals = twelve_digits(price)
    ticks = NONE if digits == NONE else in_steps(digits, decimals, symbol.price_decimals, symbol.tick, not below)
    if ticks == NONE or float(ticks) * float(symbol.tick) >= float(DIGITS):
        core.account[0].status = OVERFLOW
        return 0
    return ticks * symbol.tick
