"""The walk through one candle: which orders its prices meet, in which order, by the path that is assumed."""

from compiled.best_case import gained_at_targets
from compiled.codes import (
    ENTRY_ROLE,
    LIMIT,
    MARKET,
    NONE,
    NOTHING,
    OHLC,
    OLHC,
    OPTIMISTIC,
    PESSIMISTIC,
    STOP_MARKET,
    STOP_ROLE,
    TARGET_ROLE,
)
from compiled.compiler import kernel, routine
from compiled.fill_pricing import target_price
from compiled.layout import Core
from compiled.reach_rules import meets_a_target, meets_entry, meets_stop, meets_target
from compiled.settlement import enter, exit_price, leave


@routine
def walk(core: Core, s: int, opened: int, high: int, low: int, close: int, time_ms: int) -> None:
    """Walk the legs to the end of the candle, or until nothing is left that they could meet."""
    holding, intrabar = core.holdings[s], core.rules[0].intrabar
    walked, ambiguous, held = holding.client_id, False, False
    if holding.sign != 0:
        ambiguous = rests_on_the_path(core, s, opened, high, low)
    first, second, legs = path(core, s, opened, high, low)
    point, leg = opened, 0
    while leg < legs:
        end = first if leg == 0 else (second if leg == 1 else close)
        place, price = nearest(core, s, point, end, held)
        if place == NOTHING:
            point = end
            leg += 1
            continue
        point = price
        if place != ENTRY_ROLE:
            meet(core, s, place, price, high if holding.sign > 0 else low, time_ms, ambiguous)
            if holding.sign == 0 and not rests(core, s):
                return
        elif meet_entry(core, s, price, time_ms):
            if intrabar in (PESSIMISTIC, OPTIMISTIC):
                # The path is a guess: after an entry its stop or its targets come first.
                first, second, legs = path(core, s, opened, high, low)
                leg, held = 0, intrabar == PESSIMISTIC
            if holding.client_id != walked:
                walked, ambiguous = holding.client_id, False
            ambiguous = ambiguous or rests_on_the_path(core, s, opened, high, low)
        elif holding.sign == 0:
            return


@routine
def path(core: Core, s: int, opened: int, high: int, low: int) -> tuple[int, int, int]:
    """Return where the first two legs end, and how many there are; a third ends at the close."""
    holding, intrabar = core.holdings[s], core.rules[0].intrabar
    if intrabar == OHLC:
        return high, low, 3
    if intrabar == OLHC:
        return low, high, 3
    if holding.sign == 0:
        return (low, high, 2) if nearest_lies_below(core, s, opened, high, low) else (high, low, 2)
    if (holding.sign > 0) == (intrabar == PESSIMISTIC):
        return low, high, 2
    return high, low, 2


@routine
def nearest_lies_below(core: Core, s: int, opened: int, high: int, low: int) -> bool:
    """Return whether, without a position, what is met first within the range lies below the open."""
    below, below_price = nearest(core, s, opened, low, False)
    above, above_price = nearest(core, s, opened, high, False)
    if below == NOTHING or above == NOTHING:
        return above == NOTHING
    return abs(below_price - opened) <= abs(above_price - opened)


@kernel
def rests(core: Core, s: int) -> bool:
    """Return whether the symbol has an entry that prices inside a candle can meet."""
    order = core.entries[s]
    return order.working != 0 and order.acts != MARKET


@routine
def nearest(core: Core, s: int, point: int, end: int, held: bool) -> tuple[int, int]:
    """Return what the leg from a point meets first, and where; adverse before favourable at one price.

    With ``held`` the targets wait for the next candle.
    """
    holding = core.holdings[s]
    found, found_price, found_stops = NOTHING, 0, False
    if holding.sign != 0:
        stop = core.exits[s, STOP_ROLE]
        if stop.working:
            at_once = meets_stop(core, s, point)
            if at_once or meets_stop(core, s, end):
                found, found_price, found_stops = STOP_ROLE, point if at_once else stop.stop_price, True
        if not held:
            place, price = nearest_target(core, s, point, end)
            if place != NOTHING and (found == NOTHING or abs(price - point) < abs(found_price - point)):
                found, found_price, found_stops = place, price, False
    if rests(core, s) and acts_inside(core, s):
        at_once = meets_entry(core, s, point)
        if at_once or meets_entry(core, s, end):
            order = core.entries[s]
            price, stops = point if at_once else order.price, order.acts == STOP_MARKET
            nearer = abs(price - point) - abs(found_price - point)
            if found == NOTHING or nearer < 0 or (nearer == 0 and stops and not found_stops):
                return ENTRY_ROLE, price
    return found, found_price


@routine
def nearest_target(core: Core, s: int, point: int, end: int) -> tuple[int, int]:
    """Return which target the leg from a point meets first, and where; of several at one price the first accepted."""
    found, found_price = NOTHING, 0
    for place in range(TARGET_ROLE, TARGET_ROLE + core.holdings[s].targets):
        target = core.exits[s, place]
        if not target.working:
            continue
        at_once = meets_target(core, s, place, point)
        if not (at_once or meets_target(core, s, place, end)):
            continue
        price = point if at_once else target.price
        nearer = abs(price - point) - abs(found_price - point)
        if found == NOTHING or nearer < 0 or (nearer == 0 and target.sequence < core.exits[s, found].sequence):
            found, found_price = place, price
    return found, found_price


@routine
def acts_inside(core: Core, s: int) -> bool:
    """Return whether the symbol's resting entry may fill in the candle."""
    order, sign, open_ms = core.entries[s], core.holdings[s].sign, core.open_ms[core.states[s].row]
    if order.active_ms > open_ms or (order.expires_ms != NONE and open_ms >= order.expires_ms):
        return False
    return sign == 0 or sign == order.sign


@routine
def rests_on_the_path(core: Core, s: int, opened: int, high: int, low: int) -> bool:
    """Return whether target and stop are both reached: only the assumed path decides."""
    holding = core.holdings[s]
    adverse, favourable = (low, high) if holding.sign > 0 else (high, low)
    if not core.exits[s, STOP_ROLE].working or meets_stop(core, s, opened) or not meets_stop(core, s, adverse):
        return False
    return meets_a_target(core, s, favourable)


@routine
def meet(core: Core, s: int, place: int, point: int, favourable: int, time_ms: int, ambiguous: bool) -> None:
    """Fill the stop, at the market, or a target, at its limit, where the walk has met it."""
    if place == STOP_ROLE:
        price = exit_price(core, s, place, point)
    else:
        price = target_price(core, s, place, point, core.holdings[s].sign < 0)
    gained = gained_at_targets(core, s, price, favourable) if ambiguous and place == STOP_ROLE else 0
    leave(core, s, place, point, price, time_ms, ambiguous, gained)


@routine
def meet_entry(core: Core, s: int, point: int, time_ms: int) -> bool:
    """Fill the entry that the walk has met; return whether it has opened a position."""
    holding = core.holdings[s]
    before = holding.sign
    opened = enter(core, s, point, core.entries[s].acts == LIMIT, time_ms, NONE, 0.0)
    if opened and before == 0:
        holding.entered_inside = 1
    return opened
