"""The phases of a candle at the venue: exits at the open, entries at the open, what the prices inside meet, marks."""

from compiled.candle_walk import (
    meet_entry,
    rests,
    walk,
)
from compiled.codes import (
    CLOSE_PRICE,
    CLOSE_ROLE,
    EXPIRED,
    GAP,
    GAP_NOTE,
    HIGH,
    IOC,
    IOC_ENDED,
    LIMIT,
    LOW,
    MARKET,
    NO,
    NONE,
    OPEN,
    STOP_ROLE,
    TARGET_ROLE,
    WOULD_TAKE,
    ZERO,
)
from compiled.compiler import kernel, routine
from compiled.fill_pricing import limit_price
from compiled.layout import Core
from compiled.order_book import (
    cancel_close,
    cancel_entry,
    end_entry,
    next_exit,
    next_note,
    refuse_fill,
    rest_exit,
)
from compiled.perpetual.funding_dues import settle_after, settle_before, settle_costs
from compiled.protective_orders import follow
from compiled.reach_rules import (
    liquidates,
    mark_at,
    meets_a_target,
    meets_entry,
    meets_stop,
    meets_target,
    stop_stands,
    triggers_stop,
)
from compiled.settlement import enter, exit_price, leave, leave_now, liquidate
from compiled.symbol_orders import open_budget


@kernel
def match(core: Core, time_ms: int) -> None:
    """Let the candles of a step meet the orders, each phase over all symbols before the next."""
    account, states = core.account[0], core.states
    funded = core.payments.shape[0] > 0
    if funded:
        for s in range(states.shape[0]):
            if states[s].present:
                settle_before(core, s)
    for s in range(states.shape[0]):
        if states[s].present:
            if states[s].gap:
                close_at_gap(core, s)
            if core.holdings[s].sign != 0:
                exits_at_open(core, s)
    if account.entries_waiting:
        for s in range(states.shape[0]):
            if states[s].present and core.entries[s].working:
                entries_at_open(core, s)
    if funded:
        for s in range(states.shape[0]):
            if states[s].present:
                settle_costs(core, s, time_ms)
    if account.open_positions or account.entries_waiting:
        for s in range(states.shape[0]):
            if not states[s].present:
                continue
            prices = core.units[states[s].row]
            open_budget(core, s, states[s].row)
            if rests(core, s) or reaches_exit(core, s, prices[HIGH], prices[LOW]):
                walk(core, s, prices[OPEN], prices[HIGH], prices[LOW], prices[CLOSE_PRICE], time_ms)
    if funded:
        for s in range(states.shape[0]):
            if states[s].present:
                settle_after(core, s, time_ms)
    if account.open_positions:
        for s in range(states.shape[0]):
            holding, row = core.holdings[s], states[s].row
            if states[s].present and holding.sign != 0:
                holding.mark, holding.mark_units, holding.marked = core.close[row], core.units[row, CLOSE_PRICE], 1
                if core.rules[0].trailing or holding.break_even_due:
                    follow(core, s, core.units[row, CLOSE_PRICE], time_ms)


@kernel
def reaches_exit(core: Core, s: int, high: int, low: int) -> bool:
    """Return whether the prices of a candle come to an exit of a position; mark prices may always."""
    sign = core.holdings[s].sign
    if sign == 0 or core.rules[0].perpetual:
        return sign != 0
    adverse, favourable = (low, high) if sign > 0 else (high, low)
    by_stop = stop_stands(core, s) and meets_stop(core, s, adverse)
    return by_stop or meets_a_target(core, s, favourable)


@routine
def close_at_gap(core: Core, s: int) -> None:
    """Close the position at the open after a gap, whatever else waits."""
    state = core.states[s]
    open_ms = core.open_ms[state.row]
    cancel_entry(core, s, open_ms, GAP)
    cancel_close(core, s, open_ms, GAP)
    if core.holdings[s].sign != 0:
        leave_now(core, s, core.units[state.row, OPEN], open_ms, GAP)
    state.observed = 0
    note = next_note(core, open_ms, s, GAP_NOTE)
    note.missing = state.missing


@kernel
def exits_at_open(core: Core, s: int) -> None:
    """Phase A1: the waiting closes, liquidation, then the stop or the targets that the open has passed."""
    row, holding = core.states[s].row, core.holdings[s]
    opened, open_ms = core.units[row, OPEN], core.open_ms[row]
    open_budget(core, s, row)
    # Waiting closes, the whole one first, come before what is left of a stop that was triggered earlier.
    for place in range(CLOSE_ROLE, STOP_ROLE + 1):
        order = core.exits[s, place]
        if order.working and order.acts == MARKET and order.active_ms <= open_ms and holding.sign != 0:
            leave(core, s, place, opened, exit_price(core, s, place, opened), open_ms, NO, ZERO)
    if holding.sign == 0:
        return
    if holding.liquidation != NONE and liquidates(core, s, mark_at(core, s, row, OPEN)):
        liquidate(core, s, open_ms, NONE)
    elif stop_stands(core, s) and triggers_stop(core, s, row, OPEN):
        if not leave(core, s, STOP_ROLE, opened, exit_price(core, s, STOP_ROLE, opened), open_ms, NO, ZERO):
            rest_exit(core, s, STOP_ROLE, open_ms)
    elif meets_a_target(core, s, opened):
        targets_at_open(core, s, opened, open_ms)


@routine
def targets_at_open(core: Core, s: int, opened: int, open_ms: int) -> None:
    """Fill the targets that the open has passed, in order of acceptance."""
    holding, after = core.holdings[s], 0
    buying = holding.sign < 0
    while holding.sign != 0:
        place = next_exit(core, s, TARGET_ROLE, after)
        if place == 0:
            return
        after = core.exits[s, place].sequence
        if meets_target(core, s, place, opened):
            leave(core, s, place, opened, limit_price(core, s, opened, buying), open_ms, NO, ZERO)


@routine
def entries_at_open(core: Core, s: int) -> None:
    """Phase A2: the waiting entry, at the market or, where the open satisfies it, a resting one."""
    row, order, holding = core.states[s].row, core.entries[s], core.holdings[s]
    opened, open_ms = core.units[row, OPEN], core.open_ms[row]
    if order.active_ms > open_ms:
        return
    open_budget(core, s, row)
    if holding.sign != 0 and holding.sign != order.sign:
        # A position against it that is not closed yet holds it back; its open has passed all the same.
        if order.acts == MARKET:
            return
    elif order.acts == MARKET:
        enter(core, s, opened, False, open_ms, NONE, 0.0)
    elif meets_entry(core, s, opened):
        if order.post_only and not order.rested:
            refuse_fill(core, s, opened, WOULD_TAKE, open_ms)
        else:
            meet_entry(core, s, opened, order.acts == LIMIT and order.rested != 0, open_ms)
    if order.working:
        order.rested = 1
        if order.time_in_force == IOC:
            end_entry(core, s, EXPIRED, IOC_ENDED, open_ms)
