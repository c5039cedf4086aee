"""What the walk through a candle meets of a perpetual contract: its liquidation, and stops that mark prices trigger."""

from compiled.codes import (
    BY_LIQUIDATION,
    BY_MARK_ALONE,
    BY_STOP,
    HIGH,
    LIQUIDATED,
    LOW,
    NONE,
    NOTHING,
    OPEN,
    OVERFLOW,
    STOP_ROLE,
)
from compiled.compiler import Whole, routine
from compiled.layout import Core
from compiled.reach_rules import (
    knows_mark,
    liquidates,
    mark_at,
    marks_trigger,
    meets_stop,
    stop_stands,
    triggers_stop,
    waits_for_fall,
)


@routine
def adverse_of_contract(core: Core, s: int, point: int, end: int) -> tuple[int, int, int, int]:
    """Return which of stop and liquidation the leg from a point meets first, and where.

    How far away that is, in mark units, and whether the mark price alone has reached it say what comes first of all.
    Where a liquidation is met is told in mark units.
    """
    holding, scale = core.holdings[s], core.symbols[s].mark_scale
    role, price, away, kind, far = NOTHING, Whole(0), Whole(0), BY_STOP, Whole(0)
    if stop_stands(core, s):
        level, alone = stop_on(core, s, point, end)
        if level != NONE:
            role, price, away = STOP_ROLE, level, abs(level - point) * scale
            if alone:
                kind, far = BY_MARK_ALONE, far_of(core, s, core.exits[s, STOP_ROLE].stop_price * scale)
    if holding.liquidation != NONE:
        level, alone = liquidation_on(core, s, point * scale, end * scale)
        if level != NONE:
            distance, own = abs(level - point * scale), BY_MARK_ALONE if alone else BY_LIQUIDATION
            first = role == NOTHING or distance < away or (distance == away and own < kind)
            if role != NOTHING and distance == away and alone and kind == BY_MARK_ALONE:
                # Of what the mark price alone has reached, that to which it had the shortest way.
                first = far_of(core, s, holding.liquidation) <= far
            if first:
                role, price, away, kind = LIQUIDATED, level, distance, own
    return role, price, away, kind


@routine
def stop_on(core: Core, s: int, point: int, end: int) -> tuple[int, bool]:
    """Return where a leg meets the stop, and whether the mark price alone has reached it; NONE where it does not."""
    holding, row, scale = core.holdings[s], core.states[s].row, core.symbols[s].mark_scale
    if not marks_trigger(core, row):
        if meets_stop(core, s, point):
            return point, False
        return (core.exits[s, STOP_ROLE].stop_price if meets_stop(core, s, end) else NONE), False
    if not triggers_stop(core, s, row, LOW if holding.sign > 0 else HIGH):
        return NONE, False
    price = marked_on(core, s, point * scale, end * scale, core.exits[s, STOP_ROLE].stop_price * scale)
    if price == NONE:
        return NONE, False
    return price // scale, price != core.exits[s, STOP_ROLE].stop_price * scale


@routine
def liquidation_on(core: Core, s: int, point: int, end: int) -> tuple[int, bool]:
    """Return where a leg meets the liquidation price, all in mark units, and whether the mark price alone has."""
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
    """Return where a leg meets a level that the mark price has reached; all in mark units, NONE where it does not.

    At the level where the leg goes through it, else at the end of the leg that ends at the adverse extreme.
    """
    row, scale = core.states[s].row, core.symbols[s].mark_scale
    long = core.holdings[s].sign > 0
    if end <= level < point if long else point < level <= end:
        return level
    adverse = core.units[row, LOW] if long else core.units[row, HIGH]
    return end if end == adverse * scale else NONE


@routine
def far_of(core: Core, s: int, level: int) -> int:
    """Return how far the mark price was from a level when the candle opened, in mark units."""
    return abs(level - mark_at(core, s, core.states[s].row, OPEN))


@routine
def contract_rests_on_the_path(core: Core, s: int) -> bool:
    """Return whether stop or liquidation is reached that the open had not passed: a target then rests on the path."""
    holding, row = core.holdings[s], core.states[s].row
    adverse = LOW if holding.sign > 0 else HIGH
    if stop_stands(core, s):
        if triggers_stop(core, s, row, OPEN):
            return False
        if triggers_stop(core, s, row, adverse):
            return True
    if holding.liquidation == NONE or liquidates(core, s, mark_at(core, s, row, OPEN)):
        return False
    return liquidates(core, s, mark_at(core, s, row, adverse))


@routine
def point_of_liquidation(core: Core, s: int, level: int) -> int:
    """Return where the walk goes on after a liquidation at a price in mark units, for an entry that rests.

    Between two prices that is the one at which the entry is not met either; one that is met there needs digits that
    money does not have.
    """
    scale, order = core.symbols[s].mark_scale, core.entries[s]
    if level % scale == 0:
        return level // scale
    falls = waits_for_fall(core, s)
    point = level // scale + (1 if falls else 0)
    if point <= order.price if falls else point >= order.price:
        core.account[0].status = OVERFLOW
    return point
