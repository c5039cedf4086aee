"""The protective orders of a position: its stop, which may follow the close, its target or the rungs of its ladder."""

import math

from compiled.codes import (
    BREAK_EVEN,
    NEW,
    NO_REASON,
    NO_STOP,
    NONE,
    OVERFLOW,
    POSITION,
    REPLACED,
    SIGNAL,
    STOP,
    STOP_MARKET,
    STOP_NOT_TIGHTER,
    STOP_PASSED,
    STOP_ROLE,
    TARGET,
    TARGET_PASSED,
    TARGET_ROLE,
    TARGETS_ARE_A_LADDER,
    TRAILING_STOP,
    YES,
)
from compiled.compiler import routine
from compiled.integers import LARGEST_DIVISOR, ceil_to, directed_quotient, floor_to, long_quotient
from compiled.layout import Core
from compiled.named_prices import difference, named_number, on_tick
from compiled.order_book import place_exit, tell_exit
from compiled.target_ladder import target_level


@routine
def protect(core: Core, s: int, time_ms: int) -> None:
    """Place the protective orders of a position that has just opened, at the distances of its entry from its fill."""
    rules, order, holding, tick = core.rules[0], core.entries[s], core.holdings[s], core.symbols[s].tick
    stop = place_exit(core, s, STOP_ROLE, STOP_ROLE, holding.quantity, STOP)
    stop.stop_price = holding.price - holding.sign * order.stop_ticks * tick
    if not math.isnan(order.stop_level):
        stop.stop_price = stand_at_price(core, s, order.stop_level)
    holding.trail_units = order.trail_units
    holding.targets = holding.ladder = holding.break_even_due = 0
    if order.targets and not order.ladder:
        holding.targets = 1
        target = place_exit(core, s, TARGET_ROLE, TARGET_ROLE, holding.quantity, TARGET)
        target.price = target_level(core, s, core.targets[order.first_target])
    elif order.targets:
        rest_on_rungs(core, s, order.first_target, order.targets, order.closes_all)
    elif rules.rungs:
        rest_on_rungs(core, s, 0, rules.rungs, rules.closes_all)
    elif order.target_ticks != NONE:
        holding.targets = 1
        target = place_exit(core, s, TARGET_ROLE, TARGET_ROLE, holding.quantity, TARGET)
        target.price = holding.price + holding.sign * order.target_ticks * tick
    resize(core, s, time_ms, YES, YES)
    tell_exit(core, s, STOP_ROLE, NEW, NO_REASON, time_ms)
    for place in range(TARGET_ROLE, TARGET_ROLE + holding.targets):
        if core.exits[s, place].placed:
            tell_exit(core, s, place, NEW, NO_REASON, time_ms)


@routine
def stand_at_price(core: Core, s: int, price: float) -> int:
    """Return the stop at a price that a signal names; its distance from the fill is what targets are measured in."""
    order, holding, symbol = core.entries[s], core.holdings[s], core.symbols[s]
    digits, decimals = named_number(core, price)
    away, order.stop_decimals = difference(core, holding.price, symbol.price_decimals, digits, decimals)
    order.stop_digits = abs(away)
    return on_tick(core, s, digits, decimals, holding.sign < 0)


@routine
def move_stop(core: Core, s: int, level: int, time_ms: int) -> int:
    """Move a position's stop to a level that a strategy names, for the symbol's next candle; return why it stays.

    It only ever comes nearer, and never to where the last price is already.
    """
    stop, holding = core.exits[s, STOP_ROLE], core.holdings[s]
    if not stop.working or stop.acts != STOP_MARKET:
        return NO_STOP
    if not (level > stop.stop_price if holding.sign > 0 else level < stop.stop_price):
        return STOP_NOT_TIGHTER
    if level >= holding.mark_units if holding.sign > 0 else level <= holding.mark_units:
        return STOP_PASSED
    stop.stop_price, stop.reason = level, STOP
    tell_exit(core, s, STOP_ROLE, REPLACED, SIGNAL, time_ms)
    return NO_REASON


@routine
def move_target(core: Core, s: int, level: int, time_ms: int) -> int:
    """Move a position's one target to a level that a strategy names, or place it; return why it is not done."""
    holding = core.holdings[s]
    if holding.ladder:
        return TARGETS_ARE_A_LADDER
    if level <= holding.mark_units if holding.sign > 0 else level >= holding.mark_units:
        return TARGET_PASSED
    if holding.targets:
        core.exits[s, TARGET_ROLE].price = level
        tell_exit(core, s, TARGET_ROLE, REPLACED, SIGNAL, time_ms)
    else:
        holding.targets = 1
        place_exit(core, s, TARGET_ROLE, TARGET_ROLE, holding.quantity, TARGET)
        core.exits[s, TARGET_ROLE].price = level
        tell_exit(core, s, TARGET_ROLE, NEW, NO_REASON, time_ms)
    return NO_REASON


@routine
def rest_on_rungs(core: Core, s: int, first: int, count: int, closes_all: int) -> None:
    """Give a position the ladder that it is opened with."""
    holding = core.holdings[s]
    holding.targets, holding.ladder, holding.closes_all = count, 1, closes_all
    for number in range(count):
        rung, target = core.exits[s, TARGET_ROLE + number], core.targets[first + number]
        rung.placed, rung.filled, rung.level = 0, 0, target_level(core, s, target)
        rung.fraction, rung.fraction_unit = target.fraction, target.fraction_unit


@routine
def resize(core: Core, s: int, time_ms: int, adding: bool, placing: bool) -> None:
    """Let the orders stand for the position as it is now, after a fill that added to it or reduced it."""
    holding = core.holdings[s]
    if holding.ladder and adding:
        share_rungs(core, s, time_ms, placing)
    if core.exits[s, STOP_ROLE].working:
        stand_for(core, s, STOP_ROLE, holding.quantity, time_ms, placing)
    for place in range(TARGET_ROLE, TARGET_ROLE + holding.targets):
        order = core.exits[s, place]
        if not order.working:
            continue
        if not holding.ladder:
            stand_for(core, s, place, holding.quantity, time_ms, placing)
        elif adding and order.wanted:
            stand_for(core, s, place, order.wanted, time_ms, placing)


@routine
def stand_for(core: Core, s: int, place: int, rest: int, time_ms: int, placing: bool) -> None:
    """Let an order close a quantity beyond what it has closed."""
    order = core.exits[s, place]
    if order.filled + rest != order.quantity:
        order.quantity = order.filled + rest
        if not placing:
            tell_exit(core, s, place, REPLACED, POSITION, time_ms)


@routine
def share_rungs(core: Core, s: int, time_ms: int, placing: bool) -> None:
    """Find the quantity that every rung still closes, placing those that are not there yet."""
    holding, lot, waiting = core.holdings[s], core.symbols[s].lot, 0
    for number in range(holding.targets):
        place = TARGET_ROLE + number
        rung = core.exits[s, place]
        if float(rung.fraction_unit) * float(lot) > LARGEST_DIVISOR:
            core.account[0].status = OVERFLOW
            return
        lots, _ = long_quotient(rung.fraction, holding.entered, rung.fraction_unit * lot)
        rest, rung.wanted = lots * lot - rung.filled, 0
        if holding.closes_all and number == holding.targets - 1:
            rest = holding.quantity - waiting
        if rest <= 0 or (rung.placed and not rung.working):
            continue
        waiting += rest
        rung.wanted = rest
        if not rung.placed:
            place_exit(core, s, place, TARGET_ROLE, rest, TARGET)
            rung.price, rung.rung = rung.level, number + 1
            if not placing:
                tell_exit(core, s, place, NEW, NO_REASON, time_ms)


@routine
def follow(core: Core, s: int, close: int, time_ms: int) -> None:
    """Let a position's stop follow a close and a filled rung, for the symbol's next candle; it is never loosened."""
    holding, tick = core.holdings[s], core.symbols[s].tick
    if core.rules[0].trailing:
        trail(core, s, close, time_ms)
    if holding.break_even_due:
        holding.break_even_due = 0
        grid = holding.quantity * tick * core.symbols[s].cost_scale
        level = holding.cost // grid * tick if holding.sign > 0 else -(-holding.cost // grid) * tick
        tighten(core, s, level, BREAK_EVEN, time_ms)


@routine
def trail(core: Core, s: int, close: int, time_ms: int) -> None:
    """Let a position's stop follow a close, for the symbol's next candle; it is never loosened."""
    rules, holding, tick = core.rules[0], core.holdings[s], core.symbols[s].tick
    long = holding.sign > 0
    if rules.trail_by_atr:
        away = holding.trail_units
        level = floor_to(close - away, tick) if long else ceil_to(close + away, tick)
    else:
        share = rules.trailing_long if long else rules.trailing_short
        level = directed_quotient(close, share, rules.trailing_unit * tick, not long) * tick
    tighten(core, s, level, TRAILING_STOP, time_ms)


@routine
def tighten(core: Core, s: int, level: int, reason: int, time_ms: int) -> None:
    """Move a position's stop to a level that is nearer."""
    stop = core.exits[s, STOP_ROLE]
    if stop.acts != STOP_MARKET:
        return
    if level > stop.stop_price if core.holdings[s].sign > 0 else level < stop.stop_price:
        stop.stop_price, stop.reason = level, reason
        tell_exit(core, s, STOP_ROLE, REPLACED, reason, time_ms)
