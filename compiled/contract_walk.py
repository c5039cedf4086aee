"""What the walk through a candle meets of a perpetual contract: its liquidation, and stops that mark prices trigger."""

from compiled.codes import LIQUIDATION_ROLE, NONE, STOP_ROLE, TARGET_ROLE
from compiled.compiler import routine
from compiled.layout import Core
from compiled.reach_rules import knows_mark, liquidates, mark_at, marks_trigger, meets_stop, triggers_stop

OPEN, HIGH, LOW = 0, 1, 2


@routine
def nearest_of_contract(
    core: Core, s: int, point: int, end: int, by_target: bool, target_price: int
) -> tuple[int, int]:
    """Return what the leg from a point meets first, and where; ``by_target`` says that it meets the target.

    At one price liquidation comes first, then the stop, then the target, and behind them what the mark price alone has
    reached: of that the one to which the mark price had the shortest way.
    """
    holding, scale = core.holdings[s], core.symbols[s].fine_scale
    role, price, distance, late, far = 0, 0, 0, False, 0
    if by_target:
        role, price, distance = TARGET_ROLE, target_price, abs(target_price - point) * scale
    if holding.stop:
        level, late_stop = stop_on(core, s, point, end)
        away = NONE if level == NONE else abs(level - point) * scale
        if level != NONE and (role == 0 or away < distance or (away == distance and not late_stop)):
            role, price, distance, late = STOP_ROLE, level, away, late_stop
            far = far_of(core, s, holding.stop_price * scale)
    if holding.liquidation != NONE:
        level, late_level = liquidation_on(core, s, point * scale, end * scale)
        if level != NONE:
            away = abs(level - point * scale)
            first = role == 0 or away < distance or (away == distance and not late_level)
            if role != 0 and away == distance and late and late_level:
                first = far_of(core, s, holding.liquidation) <= far
            if first:
                # Nothing of the position is left to meet beyond it.
                role, price = LIQUIDATION_ROLE, end
    return role, price


@routine
def stop_on(core: Core, s: int, point: int, end: int) -> tuple[int, bool]:
    """Return where a leg meets the stop, and whether the mark price alone has reached it; NONE where it does not."""
    holding, row, scale = core.holdings[s], core.states[s].row, core.symbols[s].fine_scale
    if not marks_trigger(core, row):
        if meets_stop(core, s, point):
            return point, False
        return (holding.stop_price if meets_stop(core, s, end) else NONE), False
    if not triggers_stop(core, s, row, LOW if holding.sign > 0 else HIGH):
        return NONE, False
    price = marked_on(core, s, point * scale, end * scale, holding.stop_price * scale)
    if price == NONE:
        return NONE, False
    return price // scale, price != holding.stop_price * scale


@routine
def liquidation_on(core: Core, s: int, point: int, end: int) -> tuple[int, bool]:
    """Return where a leg meets the liquidation price, all in fine units, and whether the mark price alone has."""
    holding, row = core.holdings[s], core.states[s].row
    opened = core.marks[row, OPEN] if knows_mark(core, row) else point
    if liquidates(core, s, max(point, opened) if holding.sign > 0 else min(point, opened)):
        return point, False
    if not liquidates(core, s, mark_at(core, s, row, LOW if holding.sign > 0 else HIGH)):
        return NONE, False
    price = marked_on(core, s, point, end, holding.liquidation)
    return price, price != NONE and price != holding.liquidation


@routine
def marked_on(core: Core, s: int, point: int, end: int, level: int) -> int:
    """Return where a leg meets a level that the mark price has reached; all in fine units, NONE where it does not.

    At the level where the leg goes through it, else at the end of the leg that ends at the adverse extreme.
    """
    row, scale = core.states[s].row, core.symbols[s].fine_scale
    long = core.holdings[s].sign > 0
    if end <= level < point if long else point < level <= end:
        return level
    adverse = core.units[row, LOW] if long else core.units[row, HIGH]
    return end if end == adverse * scale else NONE


@routine
def far_of(core: Core, s: int, level: int) -> int:
    """Return how far the mark price was from a level when the candle opened, in fine units."""
    return abs(level - mark_at(core, s, core.states[s].row, OPEN))


@routine
def contract_rests_on_the_path(core: Core, s: int) -> bool:
    """Return whether stop or liquidation is reached that the open had not passed: a target then rests on the path."""
    holding, row = core.holdings[s], core.states[s].row
    adverse = LOW if holding.sign > 0 else HIGH
    if holding.stop:
        if triggers_stop(core, s, row, OPEN):
            return False
        if triggers_stop(core, s, row, adverse):
            return True
    if holding.liquidation == NONE or liquidates(core, s, mark_at(core, s, row, OPEN)):
        return False
    return liquidates(core, s, mark_at(core, s, row, adverse))
