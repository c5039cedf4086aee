"""The walk through one candle: which orders its prices meet, in which order, by the path that is assumed."""

from compiled.best_case import gained_at_targets
from compiled.codes import (
    BY_LIMIT,
    BY_STOP,
    ENTRY_ROLE,
    LIMIT,
    LIQUIDATED,
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
from compiled.fill_pricing import commission_of, limit_price
from compiled.layout import Core
from compiled.order_book import rest_entry, rest_exit
from compiled.perpetual.contract_walk import adverse_of_contract, contract_rests_on_the_path, point_of_liquidation
from compiled.perpetual.funding_dues import settle_costs
from compiled.perpetual.liquidation import ruins
from compiled.perpetual.margin import bankruptcy_price
from compiled.reach_rules import (
    meets_a_target,
    meets_entry,
    meets_stop,
    meets_target,
    stop_stands,
)
from compiled.settlement import enter, exit_price, leave, liquidate, quantity_left
from compiled.symbol_orders import is_spent


@routine
def walk(core: Core, s: int, opened: int, high: int, low: int, close: int, time_ms: int) -> None:
    """Walk the legs to the end of the candle, or until nothing is left that they could meet."""
    holding, intrabar = core.holdings[s], core.rules[0].intrabar
    walked, ambiguous, held = holding.client_id, False, False
    if holding.sign != 0:
        ambiguous = rests_on_the_path(core, s, opened, high, low)
    first, second, legs = path(core, s, high, low)
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
            if place == LIQUIDATED:
                point = point_of_liquidation(core, s, price)
        elif meet_entry(core, s, price, core.entries[s].acts == LIMIT, time_ms):
            if intrabar in (PESSIMISTIC, OPTIMISTIC):
                # The path is a guess: after an entry its stop or its targets come first.
                first, second, legs = path(core, s, high, low)
                leg, held = 0, intrabar == PESSIMISTIC
            if holding.client_id != walked:
                walked, ambiguous = holding.client_id, False
                enter_inside(core, s, time_ms)
            ambiguous = ambiguous or rests_on_the_path(core, s, opened, high, low)
        elif holding.sign == 0:
            return


@routine
def path(core: Core, s: int, high: int, low: int) -> tuple[int, int, int]:
    """Return where the first two legs end, and how many there are; a third ends at the close.

    Without a position any order will do: an entry that is met sets out anew from its price.
    """
    holding, intrabar = core.holdings[s], core.rules[0].intrabar
    if intrabar == OHLC:
        return high, low, 3
    if intrabar == OLHC:
        return low, high, 3
    if (holding.sign > 0) == (intrabar == PESSIMISTIC):
        return low, high, 2
    return high, low, 2


@kernel
def rests(core: Core, s: int) -> bool:
    """Return whether the symbol has an entry that prices inside a candle can meet."""
    order = core.entries[s]
    return order.working != 0 and order.acts != MARKET


@routine
def nearest(core: Core, s: int, point: int, end: int, held: bool) -> tuple[int, int]:
    """Return what the leg from a point meets first, and where; adverse before favourable at one price.

    With ``held`` the targets wait for the next candle. Where a liquidation is met is told in mark units.
    """
    # A stop is triggered even where no volume is left to fill it.
    holding, scale, spent = core.holdings[s], core.symbols[s].mark_scale, is_spent(core, s)
    found, found_price, away, kind = NOTHING, 0, 0, BY_STOP
    if holding.sign != 0:
        if core.rules[0].perpetual:
            found, found_price, away, kind = adverse_of_contract(core, s, point, end)
        elif stop_stands(core, s):
            at_once = meets_stop(core, s, point)
            if at_once or meets_stop(core, s, end):
                found, found_price = STOP_ROLE, point if at_once else core.exits[s, STOP_ROLE].stop_price
                away = abs(found_price - point)
        if not (held or spent):
            place, price = nearest_target(core, s, point, end)
            nearer = abs(price - point) * scale - away
            if place != NOTHING and (found == NOTHING or nearer < 0 or (nearer == 0 and kind > BY_LIMIT)):
                found, found_price, away, kind = place, price, abs(price - point) * scale, BY_LIMIT
    if rests(core, s) and acts_inside(core, s) and not (spent and core.entries[s].acts == LIMIT):
        at_once = meets_entry(core, s, point)
        if at_once or meets_entry(core, s, end):
            order = core.entries[s]
            price, own = point if at_once else order.price, BY_STOP if order.acts == STOP_MARKET else BY_LIMIT
            nearer = abs(price - point) * scale - away
            if found == NOTHING or nearer < 0 or (nearer == 0 and own < kind):
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
    order, sign = core.entries[s], core.holdings[s].sign
    return order.active_ms <= core.open_ms[core.states[s].row] and (sign == 0 or sign == order.sign)


@routine
def rests_on_the_path(core: Core, s: int, opened: int, high: int, low: int) -> bool:
    """Return whether target and stop are both reached: only the assumed path decides."""
    holding = core.holdings[s]
    adverse, favourable = (low, high) if holding.sign > 0 else (high, low)
    if core.rules[0].perpetual:
        return contract_rests_on_the_path(core, s) and meets_a_target(core, s, favourable)
    if not stop_stands(core, s) or meets_stop(core, s, opened) or not meets_stop(core, s, adverse):
        return False
    return meets_a_target(core, s, favourable)


@routine
def meet(core: Core, s: int, place: int, point: int, favourable: int, time_ms: int, ambiguous: bool) -> None:
    """Fill the stop, at the market, a target, at its limit, or the liquidation, where the walk has met it."""
    if place == LIQUIDATED:
        price = 0
    elif place == STOP_ROLE:
        price = exit_price(core, s, place, point)
    else:
        price = limit_price(core, s, point, core.holdings[s].sign < 0)
    ruined = place == LIQUIDATED or ruins_at(core, s, place, price, time_ms)
    if ruined:
        price = bankruptcy_price(core, s)
    gained = 0
    if ambiguous and place < TARGET_ROLE:
        quantity = core.holdings[s].quantity if ruined else quantity_left(core, s, place)
        gained = gained_at_targets(core, s, price, quantity, favourable, time_ms)
    if ruined:
        liquidate(core, s, time_ms, gained if ambiguous else NONE)
    elif not leave(core, s, place, point, price, time_ms, ambiguous, gained):
        rest_exit(core, s, place, time_ms)


@routine
def ruins_at(core: Core, s: int, place: int, price: int, time_ms: int) -> bool:
    """Return whether an order that closes at a price would lose more than the margin of what it closes."""
    if core.rules[0].perpetual == 0:
        return False
    quantity = quantity_left(core, s, place)
    return ruins(core, s, price, quantity, commission_of(core, s, price, quantity, place >= TARGET_ROLE, time_ms))


@routine
def meet_entry(core: Core, s: int, point: int, maker: bool, time_ms: int) -> bool:
    """Fill a resting entry that a price has met; return whether it has filled."""
    if enter(core, s, point, maker, time_ms, NONE, 0.0):
        return True
    order = core.entries[s]
    if order.working and order.acts == STOP_MARKET:
        rest_entry(core, s, time_ms)
    return False


@routine
def enter_inside(core: Core, s: int, time_ms: int) -> None:
    """Note that the prices inside a candle have opened a position."""
    core.holdings[s].entered_inside = 1
    settle_costs(core, s, time_ms)
