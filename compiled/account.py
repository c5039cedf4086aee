"""Positions and money: exact, told as they change."""

import math

from compiled.codes import ALL, NONE, OVERFLOW
from compiled.compiler import kernel, routine
from compiled.fill_pricing import note_volume
from compiled.integers import LARGEST, LARGEST_DIVISOR, average, float_of, long_quotient, share_of
from compiled.layout import Core, Record
from compiled.order_book import place_of_next


@kernel
def profit(core: Core, s: int, price: int) -> int:
    """Return the gross profit of a position at a price."""
    holding = core.holdings[s]
    return holding.sign * (price * holding.quantity * core.symbols[s].cost_scale - holding.cost)


@routine
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
        if core.holdings[s].sign != 0:
            total += counted_profit(core, s)
    return total


@kernel
def counted_profit(core: Core, s: int) -> int:
    """Return the gross profit at the mark without what was added since the last equity."""
    holding = core.holdings[s]
    if holding.fresh_quantity == ALL:
        return 0
    return profit(core, s, holding.mark_units) if holding.fresh_quantity == 0 else profit_of_part(core, s)


@routine
def profit_of_part(core: Core, s: int) -> int:
    """Return the same where only a part was added since; a unit too much or too little where a part was closed, too."""
    symbol, holding = core.symbols[s], core.holdings[s]
    counted = holding.quantity * symbol.fine_scale - holding.fresh_quantity
    value = holding.mark_units * (counted // symbol.fine_scale) * symbol.cost_scale
    rest = counted % symbol.fine_scale
    if rest:
        value += long_quotient(holding.mark_units, rest * symbol.cost_scale, symbol.fine_scale)[0]
    return holding.sign * (value - (holding.cost - holding.fresh_cost))


@routine
def is_rounded(core: Core) -> bool:
    """Return whether any of these profits may have been rounded."""
    for s in range(core.holdings.shape[0]):
        holding = core.holdings[s]
        if holding.sign != 0 and holding.fresh_quantity > 0 and holding.fresh_quantity % core.symbols[s].fine_scale:
            return True
    return False


@routine
def affordable(core: Core, needed: int) -> bool:
    """Return whether the equity of the last marks carries the open entries and what one more needs."""
    account = core.account[0]
    equity = account.balance + unrealized_of_marks(core)
    missing = needed + account.cost - equity - equity // 1_000_000_000
    if abs(missing) <= 1 + core.holdings.shape[0] and is_rounded(core):
        account.status = OVERFLOW
    return missing <= 0


@kernel
def balance_float(core: Core) -> float:
    """Return the balance as a float64, which is found once for every balance."""
    account = core.account[0]
    if account.balance != account.floated:
        account.floated = account.balance
        account.balance_float = float_of(account.balance, core.rules[0].money_unit)
    return account.balance_float


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


@routine
def next_fill(core: Core, s: int, sign: int, price: int, quantity: int, time_ms: int) -> Record:
    """Begin the row of a fill."""
    account = core.account[0]
    place = place_of_next(core, account.fills, core.fills.shape[0])
    row, account.fills = core.fills[place], place + 1
    account.rows += 1
    core.states[s].filled = 1
    row.time_ms, row.symbol, row.sign, row.price, row.quantity = time_ms, s, sign, price, quantity
    if core.fee_tiers.shape[0] > 1:
        note_volume(core, price * quantity * core.symbols[s].cost_scale, time_ms)
    row.stop_price = row.liquidation = NONE
    row.ambiguous = row.gained = row.realized_pnl = row.targets = row.rung = row.whole = 0
    row.margin = row.funding = row.gross = row.entry_commission = 0
    return row


@routine
def open_holding(core: Core, s: int, price: int, quantity: int, commission: int, mark_units: int, mark: float) -> None:
    """Open a position with the symbol's waiting entry; its own fill is its mark where none is given."""
    account, symbol, order, holding = core.account[0], core.symbols[s], core.entries[s], core.holdings[s]
    holding.sign, holding.quantity, holding.price = order.sign, quantity, price
    holding.cost = price * quantity * symbol.cost_scale
    holding.commission = commission
    holding.margin = holding.funding = 0
    holding.liquidation = NONE
    holding.entry_price = float(price) / symbol.price_unit
    holding.quantity_float = float(quantity) / symbol.quantity_unit
    holding.mark_units = price if mark_units == NONE else mark_units
    holding.mark = holding.entry_price if mark_units == NONE else mark
    holding.marked, holding.timed_out, holding.entered_inside, holding.entries = 0, 0, 0, 1
    holding.fresh_quantity, holding.fresh_cost = ALL, 0
    holding.client_id, holding.entered, holding.tag = order.order_id, quantity, order.tag
    holding.result = holding.best_case = holding.ambiguous = 0
    account.open_positions += 1
    account.cost += holding.cost


@routine
def add_to_holding(core: Core, s: int, price: int, quantity: int, commission: int) -> None:
    """Add a fill to the open position; where prices differ their average is shown."""
    account, symbol, holding = core.account[0], core.symbols[s], core.holdings[s]
    cost = price * quantity * symbol.cost_scale
    holding.quantity += quantity
    holding.cost += cost
    holding.commission += commission
    holding.entered += quantity
    account.cost += cost
    if holding.fresh_quantity != ALL:
        if float(holding.quantity) * float(symbol.fine_scale) > LARGEST:
            account.status = OVERFLOW
            return
        holding.fresh_quantity += quantity * symbol.fine_scale
        holding.fresh_cost += cost
    if holding.price != price:
        holding.price = NONE
    show_entry(core, s)


@routine
def show_entry(core: Core, s: int) -> None:
    """Show the quantity of what is open, and its average price where its entries had different ones."""
    symbol, holding = core.symbols[s], core.holdings[s]
    holding.quantity_float = float(holding.quantity) / symbol.quantity_unit
    if holding.price == NONE:
        count = holding.quantity * symbol.cost_scale
        holding.entry_price = average(holding.cost, count, symbol.price_decimals)
        if math.isnan(holding.entry_price):
            core.account[0].status = OVERFLOW


@routine
def reduce_fresh(core: Core, s: int, before: int) -> None:
    """Let a closed part take its share of what was added since the last equity."""
    symbol, holding = core.symbols[s], core.holdings[s]
    if float(before) * float(max(symbol.fine_step, symbol.commission_scale)) > LARGEST_DIVISOR:
        core.account[0].status = OVERFLOW
        return
    holding.fresh_quantity = share_of(holding.fresh_quantity, holding.quantity, before, symbol.fine_step)
    holding.fresh_cost = share_of(holding.fresh_cost, holding.quantity, before, symbol.commission_scale)


@routine
def close_part(core: Core, s: int, row: Record) -> None:
    """Close the quantity of a fill: its gross profit and its funding, less its commissions, go to the balance."""
    account, symbol, holding = core.account[0], core.symbols[s], core.holdings[s]
    quantity, whole = row.quantity, row.quantity == holding.quantity
    cost, paid, margin, funding = holding.cost, holding.commission, holding.margin, holding.funding
    if not whole:
        cost = cost_of(core, s, quantity)
        scale = symbol.commission_scale
        paid = share_of(paid // scale, quantity, holding.quantity, 1) * scale
        margin = share_of(margin // scale, quantity, holding.quantity, 1) * scale
        funding = share_of(funding // scale, quantity, holding.quantity, 1) * scale
    gross = holding.sign * (row.price * quantity * symbol.cost_scale - cost)
    result = gross + funding - (paid + row.commission)
    account.balance += result
    account.cost -= cost
    account.margin -= margin
    row.margin, row.funding = margin, funding
    row.entry_time_ms, row.entry_price = holding.opened_ms, holding.price
    row.gross, row.entry_commission, row.realized_pnl, row.tag = gross, paid, result, holding.tag
    holding.quantity -= quantity
    holding.cost -= cost
    holding.commission -= paid
    holding.margin -= margin
    holding.funding -= funding
    if not whole:
        show_entry(core, s)
        if holding.fresh_quantity > 0:
            reduce_fresh(core, s, holding.quantity + quantity)
    holding.result += result
    holding.best_case += result + row.gained
    holding.ambiguous |= row.ambiguous
    if whole:
        tell_trade(core, s, row)
    if abs(float(account.balance)) > LARGEST:
        account.status = OVERFLOW


@kernel
def tell_trade(core: Core, s: int, row: Record) -> None:
    """Let the row that closes the last of a position have what its round trip came to."""
    holding = core.holdings[s]
    core.account[0].open_positions -= 1
    holding.sign, row.whole = 0, 1
    row.trade_result, row.trade_best, row.trade_ambiguous = holding.result, holding.best_case, holding.ambiguous


@routine
def cost_of(core: Core, s: int, part: int) -> int:
    """Return the cost that a part of a position carries: exact, or rounded to 1e-8 where its prices differ."""
    symbol, holding = core.symbols[s], core.holdings[s]
    if holding.price != NONE:
        return holding.price * part * symbol.cost_scale
    if float(holding.quantity) * float(symbol.commission_scale) > LARGEST_DIVISOR:
        core.account[0].status = OVERFLOW
        return 0
    return share_of(holding.cost, part, holding.quantity, symbol.commission_scale)
