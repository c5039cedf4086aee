"""What happens when an order is met: its price, the account's change, and what follows for other orders."""

from compiled.account import (
    LARGEST_MONEY,
    affordable,
    close_part,
    next_fill,
    open_holding,
    unrealized_of_log,
)
from compiled.codes import (
    CLOSE_ROLE,
    FILLED,
    INSUFFICIENT_BALANCE,
    LIMIT,
    NEW,
    NO,
    NO_REASON,
    NOTHING_TO_REDUCE,
    OVERFLOW,
    OWN,
    PARTIALLY_FILLED,
    REJECTED,
    SIGNAL,
    STOP_ROLE,
    TARGET_ROLE,
    ZERO,
)
from compiled.compiler import routine
from compiled.fill_pricing import commission_of, limit_price, market_price
from compiled.layout import Core, Record
from compiled.order_book import (
    cancel_exit,
    cancel_reducing,
    end_entry,
    fill_entry,
    next_order_id,
    place_exit,
    tell_exit,
)
from compiled.protective_orders import protect, resize
from compiled.target_ladder import passed_level


@routine
def enter(core: Core, s: int, reference: int, maker: bool, time_ms: int, mark_units: int, mark: float) -> bool:
    """Fill the symbol's waiting entry, or reject it; it is never resized. Return whether it has opened a position."""
    account, order, symbol = core.account[0], core.entries[s], core.symbols[s]
    buying, quantity = order.sign > 0, order.quantity
    if order.acts == LIMIT:
        price = limit_price(core, s, reference, buying)
        price = min(price, order.price) if buying else max(price, order.price)
    else:
        price = market_price(core, s, reference, quantity, buying)
    commission = commission_of(core, s, price, quantity, maker)
    if quantity > symbol.largest_quantity or float(account.cost) > LARGEST_MONEY:
        account.status = OVERFLOW
        return False
    refusal = NO_REASON
    if price <= 0 or not affordable(core, price * quantity * symbol.cost_scale + commission):
        refusal = INSUFFICIENT_BALANCE
    elif core.holdings[s].sign == 0:
        refusal = passed_level(core, s, price)
    if refusal != NO_REASON:
        note = end_entry(core, s, REJECTED, refusal, time_ms)
        note.price = float(price) / symbol.price_unit
        note.quantity = float(quantity) / symbol.quantity_unit
        return False
    row = next_fill(core, s, order.sign, price, quantity, time_ms)
    open_holding(core, s, price, commission, mark_units, mark)
    holding = core.holdings[s]
    holding.opened_ms = time_ms
    fill_entry(core, s, price, time_ms)
    protect(core, s, time_ms)
    row.opens, row.reference, row.commission, row.order_id = 1, reference, commission, order.order_id
    row.reason, row.tag = SIGNAL, order.tag
    row.balance, row.unrealized_pnl = account.balance, unrealized_of_log(core)
    show_levels(core, s, row)
    return True


@routine
def show_levels(core: Core, s: int, row: Record) -> None:
    """Let the row of an entry have the levels of its position."""
    holding = core.holdings[s]
    row.stop_price, row.ladder = core.exits[s, STOP_ROLE].stop_price, holding.ladder
    for number in range(holding.targets):
        target = core.exits[s, TARGET_ROLE + number]
        if target.placed:
            core.levels[core.account[0].fills - 1, row.targets] = target.price
            row.targets += 1


@routine
def quantity_left(core: Core, s: int, place: int) -> int:
    """Return how much of a position an order that reduces it would close; a close takes all of it."""
    holding, order = core.holdings[s], core.exits[s, place]
    if order.role == CLOSE_ROLE:
        order.quantity = order.filled + holding.quantity
    return min(order.quantity - order.filled, holding.quantity)


@routine
def exit_price(core: Core, s: int, place: int, reference: int) -> int:
    """Return the price at which an order that reduces the position fills at the market."""
    return market_price(core, s, reference, quantity_left(core, s, place), core.exits[s, place].sign > 0)


@routine
def leave(
    core: Core, s: int, place: int, reference: int, price: int, time_ms: int, ambiguous: bool, gained: int
) -> None:
    """Fill an order that reduces the position, as far as there is one left, at a price.

    Where the position is gone, what could only reduce it is cancelled; else its orders stand for what is left.
    """
    holding, order = core.holdings[s], core.exits[s, place]
    quantity = quantity_left(core, s, place)
    if order.order_id == 0:
        order.order_id = next_order_id(core)
    if place == OWN:
        tell_exit(core, s, OWN, NEW, NO_REASON, time_ms)
    row = next_fill(core, s, order.sign, price, quantity, time_ms)
    row.opens, row.reference, row.order_id, row.reason = 0, reference, order.order_id, order.reason
    row.rung, row.ambiguous, row.gained = order.rung, ambiguous, gained
    row.commission = commission_of(core, s, price, quantity, order.role == TARGET_ROLE)
    close_part(core, s, row)
    row.balance, row.unrealized_pnl = core.account[0].balance, unrealized_of_log(core)
    order.filled += quantity
    all_filled = order.filled == order.quantity
    told = tell_exit(core, s, place, FILLED if all_filled else PARTIALLY_FILLED, order.reason, time_ms)
    told.last_quantity, told.last_price = quantity, price
    if all_filled:
        order.working = 0
        if order.rung != 0 and holding.sign != 0 and order.rung == core.rules[0].break_even_after:
            holding.break_even_due = 1
    if holding.sign != 0:
        resize(core, s, time_ms, NO, NO)
        return
    cancel_reducing(core, s, place, time_ms)
    cancel_exit(core, s, place, time_ms, NOTHING_TO_REDUCE)


@routine
def leave_now(core: Core, s: int, reference: int, time_ms: int, reason: int) -> None:
    """Close the position at the market outside its orders: at a gap, and at the end."""
    place_exit(core, s, OWN, CLOSE_ROLE, core.holdings[s].quantity, reason)
    leave(core, s, OWN, reference, exit_price(core, s, OWN, reference), time_ms, NO, ZERO)
