"""Positions and money: exact, told as they change."""

from compiled.codes import NONE, OVERFLOW
from compiled.compiler import kernel
from compiled.integers import float_of
from compiled.layout import Core, Record

LARGEST_MONEY = 4e18


@kernel
def profit(core: Core, s: int, price: int) -> int:
    """Return the gross profit of a position at a price."""
    holding = core.holdings[s]
    return holding.sign * (price * holding.quantity * core.symbols[s].cost_scale - holding.cost)


@kernel
def unrealized_of_log(core: Core) -> int:
    """Return the gross profit of the trade log: at closes taken since each entry, else at its own fill."""
    total = 0
    for s in range(core.holdings.shape[0]):
        holding = core.holdings[s]
        if holding.sign != 0 and holding.marked:
            total += profit(core, s, holding.mark_units)
    return total


@kernel
def unrealized_of_marks(core: Core) -> int:
    """Return the gross profit at the marks of all that was part of the last equity."""
    total = 0
    for s in range(core.holdings.shape[0]):
        holding = core.holdings[s]
        if holding.sign != 0 and not holding.fresh:
            total += profit(core, s, holding.mark_units)
    return total


@kernel
def affordable(core: Core, needed: int) -> bool:
    """Return whether the equity of the last marks carries the open entries and what one more needs."""
    account = core.account[0]
    equity = account.balance + unrealized_of_marks(core)
    above = needed + account.cost - equity
    return above <= equity // 1_000_000_000


@kernel
def balance_float(core: Core) -> float:
    """Return the balance as a float64."""
    return float_of(core.account[0].balance, core.rules[0].money_unit)


@kernel
def note_equity(core: Core, equity: float) -> None:
    """Take an equity value into peak equity and the largest drawdown."""
    account = core.account[0]
    if equity > account.account_peak:
        account.account_peak = equity
    else:
        drawdown = (account.account_peak - equity) / account.account_peak
        if drawdown > account.max_drawdown:
            account.max_drawdown = drawdown


@kernel
def next_fill(core: Core, s: int, sign: int, price: int, quantity: int, time_ms: int) -> Record:
    """Begin the row of a fill."""
    account = core.account[0]
    row = core.fills[account.fills]
    account.fills += 1
    account.rows += 1
    core.states[s].filled = 1
    row.time_ms, row.symbol, row.sign, row.price, row.quantity = time_ms, s, sign, price, quantity
    row.stop_price = row.target_price = row.liquidation = NONE
    row.margin = row.funding = 0
    row.ambiguous = row.gained = row.realized_pnl = row.gross = row.entry_commission = 0
    return row


@kernel
def open_holding(core: Core, s: int, price: int, commission: int, mark_units: int, mark: float) -> None:
    """Open a position with the symbol's waiting entry; its own fill is its mark where none is given."""
    account, symbol, order, holding = core.account[0], core.symbols[s], core.entries[s], core.holdings[s]
    holding.sign, holding.quantity, holding.price = order.sign, order.quantity, price
    holding.cost = price * order.quantity * symbol.cost_scale
    holding.commission = commission
    holding.margin = holding.funding = 0
    holding.liquidation = NONE
    holding.entry_price = float(price) / symbol.price_unit
    holding.quantity_float = float(order.quantity) / symbol.quantity_unit
    holding.mark_units = price if mark_units == NONE else mark_units
    holding.mark = holding.entry_price if mark_units == NONE else mark
    holding.marked, holding.fresh, holding.timed_out, holding.entered_inside = 0, 1, 0, 0
    holding.client_id = order.order_id
    account.open_positions += 1
    account.cost += holding.cost


@kernel
def close_holding(core: Core, s: int, row: Record) -> None:
    """Close a position at the price of a fill: gross profit and funding, less both commissions, go to the balance."""
    account, holding = core.account[0], core.holdings[s]
    gross = profit(core, s, row.price)
    result = gross + holding.funding - (holding.commission + row.commission)
    account.balance += result
    account.margin -= holding.margin
    row.margin, row.funding = holding.margin, holding.funding
    row.entry_time_ms, row.entry_price = holding.opened_ms, holding.price
    row.gross, row.entry_commission, row.realized_pnl = gross, holding.commission, result
    account.open_positions -= 1
    account.cost -= holding.cost
    if abs(float(account.balance)) > LARGEST_MONEY:
        account.status = OVERFLOW
