"""The phases of a candle at the venue: exits at the open, entries at the open, what the prices inside meet, marks."""

from compiled.candle_walk import walk
from compiled.codes import CLOSE_ROLE, GAP, GAP_NOTE, NONE, STOP_ROLE, TARGET_ROLE, numbers
from compiled.compiler import kernel, routine
from compiled.fill_pricing import market_price, target_price
from compiled.layout import Core
from compiled.order_book import cancel_close, cancel_entry, next_exit, next_note
from compiled.protective_orders import follow
from compiled.reach_rules import meets_a_target, meets_stop, meets_target
from compiled.settlement import enter, leave, leave_now

OPEN, HIGH, LOW, CLOSE_PRICE = numbers(4)


@kernel
def match(core: Core, time_ms: int) -> None:
    """Let the candles of a step meet the orders, each phase over all symbols before the next."""
    account, states = core.account[0], core.states
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
    if account.open_positions:
        for s in range(states.shape[0]):
            if states[s].present and core.holdings[s].sign != 0:
                prices = core.units[states[s].row]
                walk(core, s, prices[OPEN], prices[HIGH], prices[LOW], prices[CLOSE_PRICE], time_ms)
        for s in range(states.shape[0]):
            holding, row = core.holdings[s], states[s].row
            if states[s].present and holding.sign != 0:
                holding.mark, holding.mark_units, holding.marked = core.close[row], core.units[row, CLOSE_PRICE], 1
                if holding.trails or holding.break_even_due:
                    follow(core, s, core.close[row], core.units[row, CLOSE_PRICE], time_ms)


@kernel
def close_at_gap(core: Core, s: int) -> None:
    """Close the position at the open after a gap, whatever else waits."""
    state = core.states[s]
    open_ms = core.open_ms[state.row]
    cancel_entry(core, s, open_ms, GAP)
    cancel_close(core, s, open_ms, GAP)
    if core.holdings[s].sign != 0:
        leave_now(core, s, core.units[state.row, OPEN], open_ms, GAP)
    note = next_note(core, open_ms, s, GAP_NOTE)
    note.missing = state.missing


@kernel
def exits_at_open(core: Core, s: int) -> None:
    """Phase A1: the waiting closes, then the stop or the targets that the open has passed, filled at the open."""
    row, holding = core.states[s].row, core.holdings[s]
    opened, open_ms = core.units[row, OPEN], core.open_ms[row]
    for place in range(CLOSE_ROLE, STOP_ROLE):
        order = core.exits[s, place]
        if order.working and order.active_ms <= open_ms:
            leave(core, s, place, opened, market_price(core, s, opened, holding.sign < 0), open_ms, False, 0)
    if holding.sign == 0:
        return
    if core.exits[s, STOP_ROLE].working and meets_stop(core, s, opened):
        leave(core, s, STOP_ROLE, opened, market_price(core, s, opened, holding.sign < 0), open_ms, False, 0)
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
            leave(core, s, place, opened, target_price(core, s, place, opened, buying), open_ms, False, 0)


@kernel
def entries_at_open(core: Core, s: int) -> None:
    """Phase A2: the waiting market entry."""
    row, order, holding = core.states[s].row, core.entries[s], core.holdings[s]
    open_ms = core.open_ms[row]
    if order.active_ms > open_ms or open_ms > order.last_open_ms or holding.sign != 0:
        return
    enter(core, s, core.units[row, OPEN], open_ms, NONE, 0.0)
