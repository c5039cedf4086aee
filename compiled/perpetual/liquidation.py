"""Liquidation: when a close loses more than its margin, and what the venue takes for closing the position itself."""

from compiled.account import cost_of, profit
from compiled.codes import NONE, OVERFLOW
from compiled.compiler import Whole, Word, routine
from compiled.compiling.instructions import wide_product
from compiled.layout import Core
from compiled.two_words import rounded_quotient


@routine
def ruins(core: Core, s: int, price: int, quantity: int, commission: int) -> bool:
    """Return whether closing a quantity at a price would lose more than the margin that is set aside for it."""
    holding = core.holdings[s]
    if core.rules[0].perpetual == 0:
        return False
    if quantity == holding.quantity:
        return commission - profit(core, s, price) > holding.margin
    proceeds = price * quantity * core.symbols[s].cost_scale
    loss = commission - holding.sign * (proceeds - cost_of(core, s, quantity))
    if loss <= 0:
        return False
    lost, lost_low = wide_product(Word(loss), Word(holding.quantity))
    held, held_low = wide_product(Word(holding.margin), Word(quantity))
    return lost > held or (lost == held and lost_low > held_low)


@routine
def liquidation_fee(core: Core, s: int, price: int) -> int:
    """Return the commission of a liquidation: its fee, as far as the margin leaves it."""
    rules, symbol, holding = core.rules[0], core.symbols[s], core.holdings[s]
    left = holding.margin + profit(core, s, price)
    notional = price * holding.quantity * symbol.cost_scale
    fee = rounded_quotient(
        notional, rules.liquidation_fee, Whole(1), rules.liquidation_fee_unit * symbol.commission_scale
    )
    if fee == NONE:
        core.account[0].status = OVERFLOW
        return Whole(0)
    return min(fee * symbol.commission_scale, left)
