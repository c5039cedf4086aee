"""The orders of each symbol: a waiting entry, what can reduce its position, and how every transition is told."""

from compiled.codes import (
    CANCELED,
    CLOSE_ROLE,
    ENTRY_ROLE,
    EXIT_ROLE,
    EXPIRED,
    FILLED,
    FULL,
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
    OWN,
    PARTIALLY_FILLED,
    POSITION_CLOSED,
    REJECTED,
    REPLACED,
    SIGNAL,
    STOP_MARKET,
    STOP_ROLE,
    TAKE_PROFIT,
    TRIGGERED,
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
def place_of_next(core: Core, count: int, room: int) -> int:
    """Return where the next event of a kind stands; one that finds no room ends the run in another's place."""
    if count < room:
        return count
    core.account[0].status = FULL
    return room - 1


@routine
def next_note(core: Core, time_ms: int, s: int, kind: int) -> Record:
    """Begin a line of the decisions."""
    account = core.account[0]
    place = place_of_next(core, account.decisions, core.notes.shape[0])
    note, account.decisions = core.notes[place], place + 1
    note.time_ms, note.symbol, note.kind = time_ms, s, kind
    return note


@routine
def next_transition(core: Core, time_ms: int, s: int, event: int, role: int) -> Record:
    """Begin the transition of an order."""
    account = core.account[0]
    place = place_of_next(core, account.transitions, core.transitions.shape[0])
    told, account.transitions = core.transitions[place], place + 1
    told.time_ms, told.symbol, told.event, told.role = time_ms, s, event, role
    told.price = told.stop_price = told.last_price = NONE
    told.last_quantity, told.filled, told.suffix, told.rung, told.reason = 0, 0, 0, 0, NO_REASON
    told.order_type, told.time_in_force = MARKET, GTC
    return told


@routine
def tell_entry(core: Core, s: int, event: int, reason: int, time_ms: int) -> Record:
    """Tell a transition of the waiting entry."""
    order = core.entries[s]
    told = next_transition(core, time_ms, s, event, ENTRY_ROLE)
    told.order_id = told.client_id = order.order_id
    told.sign, told.quantity, told.filled, told.reason = order.sign, order.quantity, order.filled, reason
    told.order_type, told.time_in_force = order.order_type, order.time_in_force
    if order.order_type == LIMIT:
        told.price = order.price
    elif order.order_type == STOP_MARKET:
        told.stop_price = order.price
    return told


@routine
def tell_exit(core: Core, s: int, place: int, event: int, reason: int, time_ms: int) -> Record:
    """Tell a transition of an order that reduces the position; those of the position itself are named beside it."""
    order = core.exits[s, place]
    told = next_transition(core, time_ms, s, event, order.role)
    told.order_id = told.client_id = order.order_id
    if place == OWN:
        told.client_id, told.suffix = core.holdings[s].client_id, order.reason
    elif place >= STOP_ROLE:
        told.client_id, told.suffix, told.rung = core.holdings[s].client_id, order.role, order.rung
        told.order_type = STOP_MARKET if place == STOP_ROLE else TAKE_PROFIT
    told.sign, told.quantity, told.filled, told.reason = order.sign, order.quantity, order.filled, reason
    told.price, told.stop_price = order.price, order.stop_price
    return told


@routine
def note_ended(core: Core, s: int, event: int, role: int, order_id: int, reason: int, time_ms: int) -> Record:
    """Note that an order that a decision made has ended without a fill."""
    note = next_note(core, time_ms, s, ORDER)
    note.order_id, note.reason, note.event, note.role = order_id, reason, event, role
    return note


@routine
def accept_entry(core: Core, s: int, time_ms: int) -> int:
    """Accept the entry whose facts stand in its record; return its id."""
    order = core.entries[s]
    order.working, order.order_id = 1, next_order_id(core)
    core.account[0].entries_waiting += 1
    tell_entry(core, s, NEW, NO_REASON, time_ms)
    return order.order_id


@routine
def reject_entry(core: Core, s: int, time_ms: int, reason: int) -> None:
    """Tell that the entry whose facts stand in its record is not accepted; its decision says why."""
    core.entries[s].order_id = 0
    tell_entry(core, s, REJECTED, reason, time_ms)


@routine
def place_exit(core: Core, s: int, place: int, role: int, quantity: int, reason: int) -> Record:
    """Put an order among those that reduce the position, behind all that were accepted or placed before it."""
    account, order = core.account[0], core.exits[s, place]
    account.sequence += 1
    order.working, order.placed, order.role, order.sequence = 1, 1, role, account.sequence
    order.sign, order.quantity, order.filled, order.reason = -core.holdings[s].sign, quantity, 0, reason
    order.order_id, order.active_ms, order.rung = 0, 0, 0
    order.acts = STOP_MARKET if role == STOP_ROLE else (LIMIT if role > STOP_ROLE else MARKET)
    order.price = order.stop_price = NONE
    return order


@routine
def submit_close(core: Core, s: int, place: int, quantity: int, time_ms: int, reason: int) -> int:
    """Accept a market close of a position, or of a quantity of it; it never expires."""
    order = place_exit(core, s, place, place, quantity, reason)
    order.order_id, order.active_ms = next_order_id(core), time_ms + core.rules[0].latency_ms
    core.account[0].orders_submitted += 1
    tell_exit(core, s, place, NEW, NO_REASON, time_ms)
    return order.order_id


@routine
def close_all(core: Core, s: int, time_ms: int, reason: int) -> int:
    """Accept a market close of the whole position."""
    return submit_close(core, s, CLOSE_ROLE, core.holdings[s].quantity, time_ms, reason)


@routine
def end_entry(core: Core, s: int, event: int, reason: int, time_ms: int) -> Record:
    """End a waiting entry that does not fill."""
    order = core.entries[s]
    tell_entry(core, s, event, reason, time_ms)
    order.working = 0
    core.account[0].entries_waiting -= 1
    return note_ended(core, s, event, ENTRY_ROLE, order.order_id, reason, time_ms)


@routine
def refuse_fill(core: Core, s: int, price: int, reason: int, time_ms: int) -> None:
    """End a waiting entry that is not carried out at a price; its note shows price and quantity."""
    order, symbol = core.entries[s], core.symbols[s]
    note = end_entry(core, s, CANCELED if order.filled else REJECTED, reason, time_ms)
    note.price = float(price) / symbol.price_unit
    note.quantity = float(order.quantity) / symbol.quantity_unit


@routine
def cancel_entry(core: Core, s: int, time_ms: int, reason: int) -> None:
    """Cancel a symbol's waiting entry, if there is one."""
    if core.entries[s].working:
        end_entry(core, s, CANCELED, reason, time_ms)


@routine
def cancel_exit(core: Core, s: int, place: int, time_ms: int, reason: int) -> None:
    """Cancel an order that reduces the position, if it is there."""
    order = core.exits[s, place]
    if order.working:
        tell_exit(core, s, place, CANCELED, reason, time_ms)
        order.working = 0
        if place < STOP_ROLE:
            note_ended(core, s, CANCELED, place, order.order_id, reason, time_ms)


@routine
def cancel_close(core: Core, s: int, time_ms: int, reason: int) -> None:
    """Cancel a symbol's waiting close, whole and of a part."""
    cancel_exit(core, s, CLOSE_ROLE, time_ms, reason)
    cancel_exit(core, s, EXIT_ROLE, time_ms, reason)


@routine
def next_exit(core: Core, s: int, first: int, after: int) -> int:
    """Return the place, from one on, of the working order that was accepted next after a number; 0 without one."""
    found = 0
    for place in range(first, core.exits.shape[1]):
        order = core.exits[s, place]
        first_of_all = found == 0 or order.sequence < core.exits[s, found].sequence
        if order.working and order.sequence > after and first_of_all:
            found = place
    return found


@routine
def cancel_reducing(core: Core, s: int, closed_by: int, time_ms: int) -> None:
    """Cancel what else can only reduce a position that is gone, in order of acceptance, and the rest of its entry."""
    reason = OCO if closed_by >= STOP_ROLE else POSITION_CLOSED
    after = 0
    while True:
        place = next_exit(core, s, CLOSE_ROLE, after)
        if place == 0:
            break
        after = core.exits[s, place].sequence
        if place != closed_by:
            cancel_exit(core, s, place, time_ms, reason if place >= STOP_ROLE else POSITION_CLOSED)
    entry = core.entries[s]
    if entry.filled and entry.sign != core.exits[s, closed_by].sign:
        cancel_entry(core, s, time_ms, POSITION_CLOSED)


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
def fill_entry(core: Core, s: int, price: int, quantity: int, time_ms: int) -> None:
    """Tell a fill of a waiting entry, which ends it; what the volume cap has left of a stop acts at the market."""
    order = core.entries[s]
    order.filled += quantity
    all_filled = order.filled == order.quantity
    told = tell_entry(core, s, FILLED if all_filled else PARTIALLY_FILLED, SIGNAL, time_ms)
    told.last_quantity, told.last_price = quantity, price
    if all_filled:
        order.working = 0
        core.account[0].entries_waiting -= 1
    elif order.acts == STOP_MARKET:
        order.acts = MARKET


@routine
def rest_entry(core: Core, s: int, time_ms: int) -> None:
    """Let a triggered stop entry that nothing has filled act at the market from the next candle on."""
    order = core.entries[s]
    order.acts = MARKET
    tell_entry(core, s, REPLACED, TRIGGERED, time_ms)


@routine
def rest_exit(core: Core, s: int, place: int, time_ms: int) -> None:
    """Let a triggered stop of a position that nothing has filled act at the market from the next candle on."""
    order = core.exits[s, place]
    order.acts = MARKET
    tell_exit(core, s, place, REPLACED, TRIGGERED, time_ms)
