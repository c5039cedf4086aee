"""Phase A4 and its exceptions: funding payments of perpetual positions, each settled by its symbol's next candle."""

import math

from compiled.codes import CLOSE_PRICE, FUNDING_NOTE, NO_REASON, NONE, OPEN, OVERFLOW, PAYING
from compiled.compiler import routine
from compiled.integers import LARGEST, float_of
from compiled.layout import Core
from compiled.order_book import next_note, place_of_next
from compiled.reach_rules import knows_mark, mark_at
from compiled.two_words import rounded_product


@routine
def settle_before(core: Core, s: int) -> None:
    """Settle what was due at or before a candle's open and no candle has settled."""
    state, holding, symbol = core.states[s], core.holdings[s], core.symbols[s]
    open_ms = core.open_ms[state.row]
    while state.payment < symbol.end_payment and core.payments[state.payment].due_ms <= open_ms:
        due_ms = core.payments[state.payment].due_ms
        if holding.sign != 0 and entered_before(core, s, due_ms):
            if due_ms == open_ms and knows_mark(core, state.row):
                pay(core, s, state.payment, core.marks[state.row, OPEN])
            else:
                pay(core, s, state.payment, holding.mark_units * symbol.mark_scale)
        state.payment += 1


@routine
def settle_costs(core: Core, s: int, time_ms: int) -> None:
    """Let the position that exists after the open pay what is due inside the candle."""
    state, holding, symbol = core.states[s], core.holdings[s], core.symbols[s]
    number = state.payment
    while number < symbol.end_payment and core.payments[number].due_ms < time_ms:
        if holding.sign * core.payments[number].rate > 0:
            pay(core, s, number, core.units[state.row, OPEN] * symbol.mark_scale)
        number += 1


@routine
def settle_after(core: Core, s: int, time_ms: int) -> None:
    """Settle what is due at the end of a candle, and what a position that is still open receives inside it."""
    state, holding, symbol = core.states[s], core.holdings[s], core.symbols[s]
    while state.payment < symbol.end_payment and core.payments[state.payment].due_ms <= time_ms:
        payment = core.payments[state.payment]
        inside = payment.due_ms < time_ms
        if holding.sign != 0 and entered_before(core, s, payment.due_ms):
            if not inside:
                pay(core, s, state.payment, mark_at(core, s, state.row, CLOSE_PRICE))
            elif holding.sign * payment.rate <= 0:
                pay(core, s, state.payment, core.units[state.row, OPEN] * symbol.mark_scale)
        state.payment += 1


@routine
def settle_due(core: Core, s: int, time_ms: int) -> None:
    """Settle whatever is due before the position is closed at its last mark."""
    state, holding, symbol = core.states[s], core.holdings[s], core.symbols[s]
    while state.payment < symbol.end_payment and core.payments[state.payment].due_ms <= time_ms:
        if holding.sign != 0 and entered_before(core, s, core.payments[state.payment].due_ms):
            pay(core, s, state.payment, holding.mark_units * symbol.mark_scale)
        state.payment += 1


@routine
def entered_before(core: Core, s: int, due_ms: int) -> bool:
    """Return whether a position was opened before a payment is due; what a candle's range opens was so by its end."""
    return core.holdings[s].opened_ms - core.holdings[s].entered_inside < due_ms


@routine
def pay(core: Core, s: int, number: int, price: int) -> None:
    """Let a position pay or receive; ``price`` is the mark, in mark units, where the payment does not bring it."""
    account, symbol, holding, payment = core.account[0], core.symbols[s], core.holdings[s], core.payments[number]
    mark, decimals, mark_float = payment.mark, payment.mark_decimals, payment.mark_float
    if mark == NONE:
        mark, decimals, mark_float = price, symbol.mark_decimals, float_of(price, symbol.mark_unit)
    finer = symbol.quantity_decimals + decimals + payment.rate_decimals - 8
    rounded = rounded_product(holding.quantity, mark, abs(payment.rate), finer)
    if rounded == NONE or float(rounded) * float(symbol.commission_scale) > LARGEST:
        account.status = OVERFLOW
        return
    amount = rounded * symbol.commission_scale
    if holding.sign * payment.rate > 0:
        amount = -amount
    holding.funding += amount
    account.payments += 1
    account.funding_net += amount
    if amount < 0:
        account.funding_paid -= amount
    note = next_note(core, payment.due_ms, s, FUNDING_NOTE)
    note.price, note.factor, note.value = mark_float, payment.rate_float, float_of(amount, core.rules[0].money_unit)
    if amount == 0 and (holding.sign > 0) != (math.copysign(1.0, payment.rate_float) < 0.0):
        # What rounds to nothing keeps the sign of a cost.
        note.value = -0.0
    if amount != 0:
        post(core, s, payment.due_ms, amount)


@routine
def post(core: Core, s: int, due_ms: int, amount: int) -> None:
    """Note a payment among the fills, for the ledger."""
    account = core.account[0]
    place = place_of_next(core, account.fills, core.fills.shape[0])
    row, account.fills = core.fills[place], place + 1
    row.opens, row.time_ms, row.symbol, row.funding = PAYING, due_ms, s, amount
    row.price = row.reference = row.quantity = row.commission = row.realized_pnl = row.gross = row.margin = 0
    row.order_id = row.entry_commission = row.whole = 0
    row.reason = NO_REASON
