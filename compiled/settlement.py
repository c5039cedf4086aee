"""What happens when an order is met: its price, the account's change, and what follows for other orders."""

from compiled.account import (
    add_to_holding,
    close_part,
    next_fill,
    open_holding,
    unrealized_of_log,
)
from compiled.codes import (
    CLOSE_ROLE,
    CLOSING,
    FILLED,
    LIMIT,
    LIQUIDATION,
    MARKET,
    NEW,
    NO,
    NO_REASON,
    NONE,
    NOTHING_TO_REDUCE,
    OPENING,
    OVERFLOW,
    OWN,
    PARTIALLY_FILLED,
    SIGNAL,
    STOP_MARKET,
    STOP_ROLE,
    TARGET_ROLE,
    YES,
    ZERO,
)
from compiled.compiler import kernel, routine
from compiled.entry_checks import entry_refusal
from compiled.fill_pricing import commission_of, limit_price, market_price
from compiled.integers import LARGEST
from compiled.layout import Core, Record
from compiled.order_book import (
    cancel_exit,
    cancel_reducing,
    fill_entry,
    next_order_id,
    place_exit,
    refuse_fill,
    tell_exit,
)
from compiled.perpetual.liquidation import liquidation_fee, ruins
from compiled.perpetual.margin import bankruptcy_price, find_liquidation, set_aside
from compiled.protective_orders import protect, resize
from compiled.symbol_orders import spend
from compiled.target_ladder import passed_level


@routine
def enter(core: Core, s: int, reference: int, maker: bool, time_ms: int, mark_units: int, mark: float) -> bool:
    """Fill the symbol's waiting entry, or reject it; it is never resized. Return whether it has filled."""
    account, order, symbol, holding = core.account[0], core.entries[s], core.symbols[s], core.holdings[s]
    buying, first = order.sign > 0, holding.sign == 0
    quantity = within_budget(core, s, order.quantity - order.filled)
    if quantity == 0:
        return False
    if order.acts == LIMIT:
        price = limit_price(core, s, reference, buying)
    else:
        price = market_price(core, s, reference, quantity, buying)
    commission = commission_of(core, s, price, quantity, maker, time_ms)
    held = 0 if first else holding.quantity
    if held + quantity > symbol.largest_quantity or float(account.cost) > LARGEST:
        account.status = OVERFLOW
        return False
    notional = price * quantity * symbol.cost_scale
    refused = entry_refusal(core, s, price, notional, commission)
    if refused == NO_REASON and first:
        refused = passed_level(core, s, price)
    if refused != NO_REASON:
        refuse_fill(core, s, price, refused, time_ms)
        return False
    row = next_fill(core, s, order.sign, price, quantity, time_ms)
    spend(core, s, quantity)
    if first:
        open_holding(core, s, price, quantity, commission, mark_units, mark)
        holding.opened_ms = time_ms
    else:
        holding.entries += 1 if order.filled == 0 else 0
        add_to_holding(core, s, price, quantity, commission)
    if core.rules[0].perpetual:
        row.margin = set_aside(core, s, notional)
    fill_entry(core, s, price, quantity, time_ms)
    if first:
        protect(core, s, time_ms)
    else:
        resize(core, s, time_ms, YES, NO)
    row.opens, row.reference, row.commission, row.order_id = OPENING, reference, commission, order.order_id
    row.reason, row.tag = SIGNAL, holding.tag
    row.balance, row.unrealized_pnl = account.balance, unrealized_of_log(core)
    show_levels(core, s, row)
    return True


@routine
def show_levels(core: Core, s: int, row: Record) -> None:
    """Let the row of an entry have the levels of its position."""
    holding = core.holdings[s]
    row.stop_price, row.ladder = core.exits[s, STOP_ROLE].stop_price, holding.ladder
    row.liquidation = holding.liquidation
    for number in range(holding.targets):
        target = core.exits[s, TARGET_ROLE + number]
        if target.placed:
            core.levels[core.account[0].fills - 1, row.targets] = target.price
            row.targets += 1


@routine
def quantity_left(core: Core, s: int, place: int) -> int:
    """Return how much of a position an order that reduces it would close; a close takes all of it.

    What fills outside the phases of a candle takes none of its volume.
    """
    holding, order = core.holdings[s], core.exits[s, place]
    if order.role == CLOSE_ROLE:
        order.quantity = order.filled + holding.quantity
    quantity = min(order.quantity - order.filled, holding.quantity)
    return quantity if place == OWN else within_budget(core, s, quantity)


@kernel
def within_budget(core: Core, s: int, quantity: int) -> int:
    """Return how much of a quantity the volume cap lets fill."""
    return min(quantity, core.states[s].budget) if core.rules[0].cap else quantity


@routine
def exit_price(core: Core, s: int, place: int, reference: int) -> int:
    """Return the price at which an order that reduces the position fills at the market."""
    return market_price(core, s, reference, quantity_left(core, s, place), core.exits[s, place].sign > 0)


@routine
def leave(
    core: Core, s: int, place: int, reference: int, price: int, time_ms: int, ambiguous: bool, gained: int
) -> bool:
    """Fill an order that reduces the position, as far as position and volume cap let it; return whether it has.

    Where the position is gone, what could only reduce it is cancelled; else its orders stand for what is left.
    """
    order = core.exits[s, place]
    quantity = quantity_left(core, s, place)
    if quantity == 0:
        return False
    commission = commission_of(core, s, price, quantity, order.role == TARGET_ROLE, time_ms)
    best = gained if ambiguous else NONE
    if ruins(core, s, price, quantity, commission):
        liquidate(core, s, time_ms, best)
    else:
        fill_exit(core, s, place, reference, price, commission, time_ms, best)
    return True


@routine
def liquidate(core: Core, s: int, time_ms: int, gained: int) -> None:
    """Close the whole position at its bankruptcy price; the fee is what the margin leaves of it.

    ``gained`` is what the targets would have brought more, NONE where the exit is not ambiguous.
    """
    place_exit(core, s, OWN, CLOSE_ROLE, core.holdings[s].quantity, LIQUIDATION)
    price = bankruptcy_price(core, s)
    fill_exit(core, s, OWN, price, price, liquidation_fee(core, s, price), time_ms, gained)


@routine
def fill_exit(
    core: Core, s: int, place: int, reference: int, price: int, commission: int, time_ms: int, gained: int
) -> None:
    """Fill what an order closes of the position; ``gained`` is as of :func:`liquidate`."""
    holding, order = core.holdings[s], core.exits[s, place]
    quantity = quantity_left(core, s, place)
    if place != OWN:
        spend(core, s, quantity)
    if order.order_id == 0:
        order.order_id = next_order_id(core)
    if place == OWN:
        tell_exit(core, s, OWN, NEW, NO_REASON, time_ms)
    row = next_fill(core, s, order.sign, price, quantity, time_ms)
    row.opens, row.reference, row.order_id, row.reason = CLOSING, reference, order.order_id, order.reason
    row.rung, row.commission = order.rung, commission
    if gained != NONE:
        row.ambiguous, row.gained = 1, gained
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
    elif order.acts == STOP_MARKET:
        # What the volume cap has left of a stop acts at the market.
        order.acts = MARKET
    if holding.sign != 0:
        if core.rules[0].perpetual:
            find_liquidation(core, s)
        resize(core, s, time_ms, NO, NO)
        return
    cancel_reducing(core, s, place, time_ms)
    cancel_exit(core, s, place, time_ms, NOTHING_TO_REDUCE)


@routine
def leave_now(core: Core, s: int, reference: int, time_ms: int, reason: int) -> None:
    """Close the position at the market outside its orders: at a gap, and at the end."""
    place_exit(core, s, OWN, CLOSE_ROLE, core.holdings[s].quantity, reason)
    leave(core, s, OWN, reference, exit_price(core, s, OWN, reference), time_ms, NO, ZERO)
