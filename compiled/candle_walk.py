"""The walk through one candle: whether its prices meet the stop or the target first, by the order that is assumed."""

from compiled.best_case import gained_at_target
from compiled.codes import LIQUIDATION_ROLE, OHLC, OLHC, PESSIMISTIC, STOP_ROLE, TARGET_ROLE
from compiled.compiler import kernel
from compiled.contract_walk import contract_rests_on_the_path, nearest_of_contract
from compiled.fill_pricing import commission_of, limit_price, market_price
from compiled.layout import Core
from compiled.liquidation import ruins
from compiled.margin import bankruptcy_price
from compiled.reach_rules import meets_stop, meets_target
from compiled.settlement import leave, liquidate


@kernel
def walk(core: Core, s: int, opened: int, high: int, low: int, close: int, time_ms: int) -> None:
    """Walk the legs to the end of the candle, or to the order that is met first."""
    holding, intrabar = core.holdings[s], core.rules[0].intrabar
    adverse, favourable = (low, high) if holding.sign > 0 else (high, low)
    ambiguous = rests_on_the_path(core, s, opened, adverse, favourable)
    if intrabar == OHLC:
        first, second, third = high, low, close
    elif intrabar == OLHC:
        first, second, third = low, high, close
    elif intrabar == PESSIMISTIC:
        first, second, third = adverse, favourable, favourable
    else:
        first, second, third = favourable, adverse, adverse
    point = opened
    for leg in range(3):
        end = first if leg == 0 else (second if leg == 1 else third)
        role, price = nearest(core, s, point, end)
        if role != 0:
            meet(core, s, role, price, time_ms, ambiguous)
            return
        point = end


@kernel
def nearest(core: Core, s: int, point: int, end: int) -> tuple[int, int]:
    """Return what the leg from a point meets first, and where; adverse before favourable at one price, 0 is nothing."""
    holding = core.holdings[s]
    stop_price = target_price = 0
    by_stop = by_target = False
    if holding.target:
        at_once = meets_target(core, s, point)
        by_target = at_once or meets_target(core, s, end)
        target_price = point if at_once else holding.target_price
    if core.rules[0].perpetual:
        return nearest_of_contract(core, s, point, end, by_target, target_price)
    if holding.stop:
        at_once = meets_stop(core, s, point)
        by_stop = at_once or meets_stop(core, s, end)
        stop_price = point if at_once else holding.stop_price
    if by_stop and (not by_target or abs(stop_price - point) <= abs(target_price - point)):
        return STOP_ROLE, stop_price
    if by_target:
        return TARGET_ROLE, target_price
    return 0, 0


@kernel
def rests_on_the_path(core: Core, s: int, opened: int, adverse: int, favourable: int) -> bool:
    """Return whether target and stop are both reached: only the assumed path decides."""
    holding = core.holdings[s]
    if core.rules[0].perpetual:
        return contract_rests_on_the_path(core, s) and holding.target != 0 and meets_target(core, s, favourable)
    if not holding.stop or meets_stop(core, s, opened) or not meets_stop(core, s, adverse):
        return False
    return holding.target != 0 and meets_target(core, s, favourable)


@kernel
def meet(core: Core, s: int, role: int, point: int, time_ms: int, ambiguous: bool) -> None:
    """Fill the stop, at the market, the target, at its limit, or the liquidation, where the walk has met it."""
    holding, account = core.holdings[s], core.account[0]
    buying = holding.sign < 0
    if role == STOP_ROLE:
        price = market_price(core, s, point, buying)
    else:
        price = limit_price(core, s, point, buying)
        price = min(price, holding.target_price) if buying else max(price, holding.target_price)
    ruined = role == LIQUIDATION_ROLE or ruins(
        core, s, price, commission_of(core, s, price, holding.quantity, role == TARGET_ROLE)
    )
    if ruined:
        price = bankruptcy_price(core, s)
    gained = gained_at_target(core, s, price) if ambiguous and role != TARGET_ROLE else 0
    if ruined:
        liquidate(core, s, time_ms)
    else:
        leave(core, s, role, point, price, time_ms)
    if ambiguous:
        row = core.fills[account.fills - 1]
        row.ambiguous, row.gained = 1, gained
