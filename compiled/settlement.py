"""What happens when an order is met: its price, the account's change, and what follows for other orders."""

from compiled.account import (
    LARGEST_MONEY,
    close_holding,
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
    LIQUIDATION_ROLE,
    NEW,
    NO_REASON,
    OPENING,
    OVERFLOW,
    REJECTED,
    SIGNAL,
    STOP_ROLE,
    TARGET,
    TARGET_ROLE,
)
from compiled.compiler import routine
from compiled.entry_checks import entry_refusal
from compiled.fill_pricing import commission_of, limit_price, market_price
from compiled.layout import Core
from compiled.liquidation import liquidation_fee, ruins
from compiled.margin import bankruptcy_price, set_aside
from compiled.order_book import (
    cancel_reducing,
    end_entry,
    fill_entry,
    next_order_id,
    next_transition,
    tell_fill,
    tell_protective,
)
from compiled.protective_orders import place


@routine
def enter(core: Core, s: int, reference: int, maker: bool, time_ms: int, mark_units: int, mark: float) -> bool:
    """Fill the symbol's waiting entry, or reject it; it is never resized. Return whether it has opened a position."""
    account, order, symbol = core.account[0], core.entries[s], core.symbols[s]
    buying, quantity = order.sign > 0, order.quantity
    if order.acts == LIMIT:
        price = limit_price(core, s, reference, buying)
        price = min(price, order.price) if buying else max(price, order.price)
    else:
        price = market_price(core, s, reference, buying)
    commission = commission_of(core, s, price, quantity, maker)
    if quantity > symbol.largest_quantity or float(account.cost) > LARGEST_MONEY:
        account.status = OVERFLOW
        return False
    notional = price * quantity * symbol.cost_scale
    refused = entry_refusal(core, s, price, notional, commission)
    if refused != NO_REASON:
        end_entry(core, s, REJECTED, refused, time_ms)
        note = core.notes[account.decisions - 1]
        note.price = float(price) / symbol.price_unit
        note.quantity = float(quantity) / symbol.quantity_unit
        return False
    row = next_fill(core, s, order.sign, price, quantity, time_ms)
    open_holding(core, s, price, commission, mark_units, mark)
    holding = core.holdings[s]
    holding.opened_ms = time_ms
    if core.rules[0].perpetual:
        row.margin = set_aside(core, s, notional)
    fill_entry(core, s, price, time_ms)
    place(core, s, time_ms)
    row.opens, row.reference, row.commission, row.order_id, row.reason = (
        OPENING,
        reference,
        commission,
        order.order_id,
        SIGNAL,
    )
    row.balance, row.unrealized_pnl = account.balance, unrealized_of_log(core)
    row.stop_price, row.target_price, row.liquidation = holding.stop_price, holding.target_price, holding.liquidation
    return True


@routine
def leave(core: Core, s: int, role: int, reference: int, price: int, time_ms: int) -> None:
    """Close the position by its waiting close, its stop or its target at a price.

    The ids and reasons are those of the orders; what can only reduce a position that is gone is cancelled.
    """
    holding, order = core.holdings[s], core.closes[s]
    commission = commission_of(core, s, price, holding.quantity, role == TARGET_ROLE)
    if ruins(core, s, price, commission):
        liquidate(core, s, time_ms)
        return
    order_id = order.order_id if role == CLOSE_ROLE else next_order_id(core)
    reason = order.reason if role == CLOSE_ROLE else (holding.stop_reason if role == STOP_ROLE else TARGET)
    _book_close(core, s, order_id, reason, reference, price, commission, time_ms)
    if role == CLOSE_ROLE:
        order.working = 0
        told = next_transition(core, time_ms, s, FILLED, CLOSE_ROLE)
        told.client_id, told.sign, told.quantity, told.reason = order_id, order.sign, holding.quantity, reason
    else:
        told = tell_protective(core, s, role, FILLED, reason, time_ms)
    tell_fill(told, order_id, holding.quantity, price)
    cancel_reducing(core, s, role, time_ms)
    holding.sign = 0


@routine
def leave_now(core: Core, s: int, reference: int, time_ms: int, reason: int) -> None:
    """Close the position at the market outside its orders: at a gap, and at the end."""
    holding = core.holdings[s]
    price = market_price(core, s, reference, holding.sign < 0)
    commission = commission_of(core, s, price, holding.quantity, False)
    if ruins(core, s, price, commission):
        liquidate(core, s, time_ms)
    else:
        _leave_by_own_order(core, s, CLOSE_ROLE, reason, reference, price, commission, time_ms)


@routine
def liquidate(core: Core, s: int, time_ms: int) -> None:
    """Close the position at its bankruptcy price; its fee is what the margin leaves of it."""
    price = bankruptcy_price(core, s)
    _leave_by_own_order(core, s, LIQUIDATION_ROLE, LIQUIDATION, price, price, liquidation_fee(core, s, price), time_ms)


@routine
def _leave_by_own_order(
    core: Core, s: int, role: int, reason: int, reference: int, price: int, commission: int, time_ms: int
) -> None:
    """Close the position by an order of the venue's own, which is named after why."""
    holding = core.holdings[s]
    order_id = next_order_id(core)
    told = next_transition(core, time_ms, s, NEW, CLOSE_ROLE)
    told.order_id, told.client_id, told.suffix = order_id, holding.client_id, reason
    told.sign, told.quantity, told.reason = -holding.sign, holding.quantity, NO_REASON
    _book_close(core, s, order_id, reason, reference, price, commission, time_ms)
    told = next_transition(core, time_ms, s, FILLED, CLOSE_ROLE)
    told.client_id, told.suffix = holding.client_id, reason
    told.sign, told.quantity, told.reason = -holding.sign, holding.quantity, reason
    tell_fill(told, order_id, holding.quantity, price)
    cancel_reducing(core, s, role, time_ms)
    holding.sign = 0


@routine
def _book_close(
    core: Core, s: int, order_id: int, reason: int, reference: int, price: int, commission: int, time_ms: int
) -> None:
    account, holding = core.account[0], core.holdings[s]
    row = next_fill(core, s, -holding.sign, price, holding.quantity, time_ms)
    row.opens, row.reference, row.order_id, row.reason = CLOSING, reference, order_id, reason
    row.commission = commission
    close_holding(core, s, row)
    # The position that is closed is no part of what is open.
    was, holding.marked = holding.marked, 0
    row.balance, row.unrealized_pnl = account.balance, unrealized_of_log(core)
    holding.marked = was
