"""The orders of each symbol: a waiting entry, a waiting close, and how every transition is told."""

from compiled.codes import (
    CANCELED,
    CLOSE_ROLE,
    ENTRY_ROLE,
    EXPIRED,
    FILLED,
    GTC,
    GTD_ENDED,
    LIMIT,
    MARKET,
    MAX_ORDER_WAIT,
    NEW,
    NO_REASON,
    NONE,
    OCO,
    ORDER,
    POSITION_CLOSED,
    REJECTED,
    SIGNAL,
    STOP_MARKET,
    STOP_ROLE,
    TAKE_PROFIT,
    TARGET_ROLE,
)
from compiled.compiler import routine
from compiled.layout import Core, Record


@routine
def next_order_id(core: Core) -> int:
    """Return the next order id."""
    account = core.account[0]
    account.order_count += 1
    return account.order_count


@routine
def next_note(core: Core, time_ms: int, s: int, kind: int) -> Record:
    """Begin a line of the decisions."""
    account = core.account[0]
    note = core.notes[account.decisions]
    account.decisions += 1
    note.time_ms, note.symbol, note.kind = time_ms, s, kind
    return note


@routine
def next_transition(core: Core, time_ms: int, s: int, event: int, role: int) -> Record:
    """Begin the transition of an order."""
    account = core.account[0]
    told = core.transitions[account.transitions]
    account.transitions += 1
    told.time_ms, told.symbol, told.event, told.role = time_ms, s, event, role
    told.price = told.stop_price = told.last_price = NONE
    told.last_quantity, told.filled, told.suffix, told.reason = 0, 0, 0, NO_REASON
    told.order_type, told.time_in_force = MARKET, GTC
    return told


@routine
def tell_waiting(core: Core, s: int, order: Record, role: int, event: int, reason: int, time_ms: int) -> Record:
    """Tell a transition of a waiting entry or close; the decisions tell the end of one that was accepted."""
    told = next_transition(core, time_ms, s, event, role)
    told.order_id = told.client_id = order.order_id
    told.sign, told.quantity, told.reason = order.sign, order.quantity, reason
    told.order_type, told.time_in_force = order.order_type, order.time_in_force
    if order.order_type == LIMIT:
        told.price = order.price
    elif order.order_type == STOP_MARKET:
        told.stop_price = order.price
    if event >= CANCELED and order.order_id:
        note = next_note(core, time_ms, s, ORDER)
        note.order_id, note.reason, note.event, note.role = order.order_id, reason, event, role
    return told


@routine
def tell_protective(core: Core, s: int, role: int, event: int, reason: int, time_ms: int) -> Record:
    """Tell a transition of the stop or the target of a position."""
    holding = core.holdings[s]
    told = next_transition(core, time_ms, s, event, role)
    told.order_id, told.client_id, told.suffix = 0, holding.client_id, role
    told.sign, told.quantity, told.reason = -holding.sign, holding.quantity, reason
    if role == STOP_ROLE:
        told.order_type, told.stop_price = STOP_MARKET, holding.stop_price
    else:
        told.order_type, told.price = TAKE_PROFIT, holding.target_price
    return told


@routine
def tell_fill(told: Record, order_id: int, quantity: int, price: int) -> None:
    """Complete the transition of an order that has filled."""
    told.order_id, told.filled, told.last_quantity, told.last_price = order_id, quantity, quantity, price


@routine
def accept_entry(core: Core, s: int, time_ms: int) -> int:
    """Accept the entry whose facts stand in its record; return its id."""
    order = core.entries[s]
    order.working, order.order_id = 1, next_order_id(core)
    core.account[0].entries_waiting += 1
    tell_waiting(core, s, order, ENTRY_ROLE, NEW, NO_REASON, time_ms)
    return order.order_id


@routine
def reject_entry(core: Core, s: int, time_ms: int, reason: int) -> None:
    """Tell that the entry whose facts stand in its record is not accepted; its decision says why."""
    order = core.entries[s]
    order.order_id = 0
    tell_waiting(core, s, order, ENTRY_ROLE, REJECTED, reason, time_ms)


@routine
def submit_close(core: Core, s: int, time_ms: int, reason: int) -> int:
    """Accept a market close of a position; it never expires."""
    order, holding = core.closes[s], core.holdings[s]
    order.working, order.order_id = 1, next_order_id(core)
    order.sign, order.quantity, order.reason = -holding.sign, holding.quantity, reason
    order.accepted_ms, order.active_ms = time_ms, time_ms + core.rules[0].latency_ms
    core.account[0].orders_submitted += 1
    tell_waiting(core, s, order, CLOSE_ROLE, NEW, NO_REASON, time_ms)
    return order.order_id


@routine
def end_entry(core: Core, s: int, event: int, reason: int, time_ms: int) -> None:
    """End a waiting entry that does not fill."""
    order = core.entries[s]
    tell_waiting(core, s, order, ENTRY_ROLE, event, reason, time_ms)
    order.working = 0
    core.account[0].entries_waiting -= 1


@routine
def cancel_entry(core: Core, s: int, time_ms: int, reason: int) -> None:
    """Cancel a symbol's waiting entry, if there is one."""
    if core.entries[s].working:
        end_entry(core, s, CANCELED, reason, time_ms)


@routine
def cancel_close(core: Core, s: int, time_ms: int, reason: int) -> None:
    """Cancel a symbol's waiting close, if there is one."""
    order = core.closes[s]
    if order.working:
        tell_waiting(core, s, order, CLOSE_ROLE, CANCELED, reason, time_ms)
        order.working = 0


@routine
def cancel_reducing(core: Core, s: int, closed_by: int, time_ms: int) -> None:
    """Cancel what can only reduce a position that is gone, in order of acceptance."""
    holding = core.holdings[s]
    by_own = closed_by in (STOP_ROLE, TARGET_ROLE)
    reason = OCO if by_own else POSITION_CLOSED
    if holding.stop and closed_by != STOP_ROLE:
        tell_protective(core, s, STOP_ROLE, CANCELED, reason, time_ms)
    if holding.target and closed_by != TARGET_ROLE:
        tell_protective(core, s, TARGET_ROLE, CANCELED, reason, time_ms)
    holding.stop = holding.target = 0
    if closed_by != CLOSE_ROLE:
        cancel_close(core, s, time_ms, POSITION_CLOSED)


@routine
def expire_entries(core: Core, time_ms: int) -> None:
    """Expire the entries whose time is over and that no candle of the step can fill, in order of their ends."""
    while True:
        first, first_ms = -1, NONE
        for s in range(core.entries.shape[0]):
            order, state = core.entries[s], core.states[s]
            # One that acts at the market may fill at its end, one that rests only before it.
            waits = order.last_open_ms != NONE
            end_ms = order.last_open_ms if waits else order.expires_ms
            if not order.working or end_ms == NONE or time_ms <= end_ms:
                continue
            if state.present and core.open_ms[state.row] < end_ms + waits:
                continue
            if first < 0 or end_ms < first_ms:
                first, first_ms = s, end_ms
        if first < 0:
            return
        reason = GTD_ENDED if core.entries[first].last_open_ms == NONE else MAX_ORDER_WAIT
        end_entry(core, first, EXPIRED, reason, first_ms)


@routine
def fill_entry(core: Core, s: int, price: int, time_ms: int) -> None:
    """Tell that a waiting entry has filled, which ends it."""
    order = core.entries[s]
    told = tell_waiting(core, s, order, ENTRY_ROLE, FILLED, SIGNAL, time_ms)
    tell_fill(told, order.order_id, order.quantity, price)
    order.working = 0
    core.account[0].entries_waiting -= 1
