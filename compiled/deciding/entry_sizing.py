"""How large an entry is and how far its levels stand, or why there is none."""

import math

from compiled.codes import (
    ABOVE_MAX_QUANTITY,
    AS_PRICE,
    BELOW_LOT_SIZE,
    BELOW_MIN_NOTIONAL,
    BELOW_MIN_POSITION_SIZE,
    BELOW_MIN_QUANTITY,
    CAP_BOUND,
    NO_EXPOSURE_ROOM,
    NO_REASON,
    NONE,
    NOTIONAL_BOUND,
    OVERFLOW,
    RISK_BOUND,
    ROUNDING_BOUND,
    STOP_DISTANCE,
    STOP_WITHIN_TICK,
    TARGET_DISTANCE,
)
from compiled.compiler import routine
from compiled.deciding.entry_orders import expected_entry
from compiled.integers import DIGITS, EXACT_FLOATS, FLOAT_POWERS, float_of, in_steps, twelve_digits
from compiled.layout import Core, Record
from compiled.named_prices import computed_steps, difference, named_number
from core.tolerance import TOLERANCE


@routine
def distances(core: Core, s: int, signal: Record) -> tuple[float, float]:
    """Return a signal's stop and target distances: its own, else ATR multiples of the settings, else nan.

    A stop that is a price is measured from where the entry is expected; targets that are named otherwise have none.
    """
    rules, said = core.rules[0], core.words[signal.words]
    stop, target = signal.sl_distance, signal.tp_distance
    if not math.isnan(said.stop_price):
        stop = distance_from(core, s, signal, said.stop_price)
    elif math.isnan(stop):
        stop = signal.atr * rules.sl_atr_mult
    if said.targets:
        target = math.nan
    elif math.isnan(target):
        target = signal.atr * rules.tp_atr_mult
    return stop, target


@routine
def distance_from(core: Core, s: int, signal: Record, price: float) -> float:
    """Return how far a stop that is a price lies from where an entry is expected; below 0 on the other side."""
    digits, decimals = named_number(core, price)
    expected, expected_decimals = expected_entry(core, s, signal)
    away, decimals = difference(core, expected, expected_decimals, digits, decimals)
    away *= signal.sign
    if decimals > 22 or (decimals > 15 and abs(away) >= EXACT_FLOATS):
        core.account[0].status = OVERFLOW
        return math.nan
    return float_of(away, FLOAT_POWERS[decimals])


@routine
def leads_away(core: Core, s: int, signal: Record, target: Record) -> bool:
    """Return whether a target lies beyond an entry, in the direction of profit."""
    if target.measure != AS_PRICE:
        return target.digits > 0
    expected, decimals = expected_entry(core, s, signal)
    away, _ = difference(core, target.digits, target.decimals, expected, decimals)
    return away * signal.sign > 0


@routine
def lots_of(core: Core, s: int, size: float) -> int:
    """Return a computed size as a quantity rounded down to the lot."""
    symbol = core.symbols[s]
    if size == 0.0:
        return 0
    lots = computed_steps(core, size, symbol.quantity_decimals, symbol.lot, False)
    # Beyond these the kernel's decimals have more digits than a float64 tells apart.
    if lots == NONE or float(lots) * float(symbol.lot) >= float(DIGITS):
        core.account[0].status = OVERFLOW
        return 0
    return lots * symbol.lot


@routine
def bounded_size(core: Core, stop: float, shown: Record) -> tuple[float, int]:
    """Return the quantity that risks its fraction of equity to its stop, capped by exposure and by room."""
    rules, equity, price = core.rules[0], shown.equity, shown.price
    size, bound = equity * rules.risk_per_trade / stop, RISK_BOUND
    if not math.isnan(rules.max_exposure) and equity * rules.max_exposure / price < size:
        size, bound = equity * rules.max_exposure / price, CAP_BOUND
    if shown.room / price < size:
        size, bound = shown.room / price, shown.room_of
    return size, bound


@routine
def levels_of(core: Core, s: int, stop: float, target: float) -> int:
    """Put the distances of stop and target, in ticks, into the symbol's entry; return why they are refused."""
    order, symbol = core.entries[s], core.symbols[s]
    if not stop > 0.0:
        return STOP_DISTANCE
    digits, decimals = twelve_digits(stop)
    order.stop_ticks, order.stop_digits, order.stop_decimals = NONE, digits, decimals
    if digits != NONE:
        order.stop_ticks = in_steps(digits, decimals, symbol.price_decimals, symbol.tick, True)
        if in_steps(digits, decimals, symbol.price_decimals, symbol.tick, False) == 0:
            return STOP_WITHIN_TICK
    if order.stop_ticks == NONE:
        core.account[0].status = OVERFLOW
        return STOP_DISTANCE
    order.target_ticks = NONE
    if math.isnan(target):
        return NO_REASON
    if not target > 0.0:
        return TARGET_DISTANCE
    order.target_ticks = computed_steps(core, target, symbol.price_decimals, symbol.tick, True)
    return NO_REASON


@routine
def size_entry(core: Core, s: int, signal: Record, shown: Record, risk_limit: float) -> int:
    """Size an entry at a decision price, on the instrument's lot; return why it is refused.

    Where the worst that rounding can make of its loss is above the limit of risk, the size is reduced to it.
    """
    order, symbol = core.entries[s], core.symbols[s]
    said = core.words[signal.words]
    stop, target = distances(core, s, signal)
    refused = levels_of(core, s, stop, target)
    if refused != NO_REASON:
        return refused
    for number in range(said.targets):
        if not leads_away(core, s, signal, core.targets[said.first_target + number]):
            return TARGET_DISTANCE
    if shown.room <= 0.0:
        return NO_EXPOSURE_ROOM
    size, shown.bound = bounded_size(core, stop, shown)
    if said.share != 1.0:
        size *= said.share
    if said.notional / shown.price < size:
        size, shown.bound = said.notional / shown.price, NOTIONAL_BOUND
    order.quantity = lots_of(core, s, size)
    quantity = float(order.quantity) / symbol.quantity_unit
    worst = float((order.stop_ticks + 2) * symbol.tick) / symbol.price_unit
    if quantity * worst > risk_limit * TOLERANCE:
        order.quantity, shown.bound = lots_of(core, s, risk_limit / worst), ROUNDING_BOUND
        quantity = float(order.quantity) / symbol.quantity_unit
    refused = shortfall_of(core, s, quantity, shown.price)
    if refused != NO_REASON:
        return refused
    shown.quantity, shown.stop_distance = quantity, stop
    shown.risk_taken = quantity * (float(order.stop_ticks * symbol.tick) / symbol.price_unit)
    shown.risk, shown.value = quantity * worst, quantity * shown.price
    return NO_REASON


@routine
def shortfall_of(core: Core, s: int, quantity: float, price: float) -> int:
    """Return which bound of the venue or the settings the rounded quantity breaks."""
    symbol = core.symbols[s]
    if quantity <= 0.0:
        return BELOW_LOT_SIZE
    if quantity * TOLERANCE < symbol.min_quantity:
        return BELOW_MIN_QUANTITY
    if symbol.max_quantity != 0.0 and quantity > symbol.max_quantity * TOLERANCE:
        return ABOVE_MAX_QUANTITY
    value = quantity * price
    if value * TOLERANCE < core.rules[0].min_position_size:
        return BELOW_MIN_POSITION_SIZE
    if value * TOLERANCE < symbol.min_notional:
        return BELOW_MIN_NOTIONAL
    return NO_REASON
