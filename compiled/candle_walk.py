"""The walk through one candle: which of its orders its prices meet first, by the order that is assumed."""

from compiled.best_case import gained_at_targets
from compiled.codes import OHLC, OLHC, PESSIMISTIC, STOP_ROLE, TARGET_ROLE
from compiled.compiler import kernel, routine
from compiled.fill_pricing import market_price, target_price
from compiled.layout import Core
from compiled.reach_rules import meets_a_target, meets_stop, meets_target
from compiled.settlement import leave


@kernel
def walk(core: Core, s: int, opened: int, high: int, low: int, close: int, time_ms: int) -> None:
    """Walk the legs to the end of the candle, or until nothing is left that they could meet."""
    holding, intrabar = core.holdings[s], core.rules[0].intrabar
    adverse, favourable = (low, high) if holding.sign > 0 else (high, low)
    by_stop = core.exits[s, STOP_ROLE].working != 0 and meets_stop(core, s, adverse)
    by_target = meets_a_target(core, s, favourable)
    if not (by_stop or by_target):
        return
    # Target and stop are both reached: only the assumed path decides.
    ambiguous = by_stop and by_target and not meets_stop(core, s, opened)
    if intrabar == OHLC:
        first, second, third = high, low, close
    elif intrabar == OLHC:
        first, second, third = low, high, close
    elif intrabar == PESSIMISTIC:
        first, second, third = adverse, favourable, favourable
    else:
        first, second, third = favourable, adverse, adverse
    point, leg = opened, 0
    while leg < 3 and holding.sign != 0:
        end = first if leg == 0 else (second if leg == 1 else third)
        place, price = nearest(core, s, point, end)
        if place != 0:
            meet(core, s, place, price, favourable, time_ms, ambiguous)
            point = price
        else:
            point = end
            leg += 1


@routine
def nearest(core: Core, s: int, point: int, end: int) -> tuple[int, int]:
    """Return what the leg from a point meets first, and where; adverse before favourable at one price, 0 is nothing."""
    holding, found, found_at = core.holdings[s], 0, 0
    stop = core.exits[s, STOP_ROLE]
    if stop.working:
        at_once = meets_stop(core, s, point)
        if at_once or meets_stop(core, s, end):
            found, found_at = STOP_ROLE, point if at_once else stop.stop_price
    for place in range(TARGET_ROLE, TARGET_ROLE + holding.targets):
        target = core.exits[s, place]
        if not target.working:
            continue
        at_once = meets_target(core, s, place, point)
        if not (at_once or meets_target(core, s, place, end)):
            continue
        price = point if at_once else target.price
        nearer = abs(found_at - point) - abs(price - point)
        first = found >= TARGET_ROLE and target.sequence < core.exits[s, found].sequence
        if found == 0 or nearer > 0 or (nearer == 0 and first):
            found, found_at = place, price
    return found, found_at


@routine
def meet(core: Core, s: int, place: int, point: int, favourable: int, time_ms: int, ambiguous: bool) -> None:
    """Fill the stop, at the market, or a target, at its limit, where the walk has met it."""
    buying = core.holdings[s].sign < 0
    if place == STOP_ROLE:
        price = market_price(core, s, point, buying)
    else:
        price = target_price(core, s, place, point, buying)
    gained = gained_at_targets(core, s, price, favourable) if ambiguous and place == STOP_ROLE else 0
    leave(core, s, place, point, price, time_ms, ambiguous, gained)
