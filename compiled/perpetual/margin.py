"""Isolated margin of perpetual contracts: what a position sets aside, and the mark price at which it is used up."""

from compiled.account import is_rounded, unrealized_of_marks
from compiled.codes import NONE, OVERFLOW
from compiled.compiler import Whole, routine
from compiled.integers import LARGEST
from compiled.layout import Core
from compiled.two_words import quotient_of, rounded_quotient


@routine
def initial_margin(core: Core, s: int, notional: int) -> int:
    """Return the margin of a fill: notional ÷ leverage, rounded half-even to 1e-8."""
    symbol = core.symbols[s]
    rounded = rounded_quotient(notional, symbol.leverage_unit, Whole(1), symbol.leverage * symbol.commission_scale)
    if rounded == NONE or float(rounded) * float(symbol.commission_scale) > LARGEST:
        core.account[0].status = OVERFLOW
        return Whole(0)
    return rounded * symbol.commission_scale


@routine
def set_aside(core: Core, s: int, notional: int) -> int:
    """Let a position that has just opened, or been added to, set margin aside; return how much."""
    holding = core.holdings[s]
    margin = initial_margin(core, s, notional)
    holding.margin += margin
    core.account[0].margin += margin
    find_liquidation(core, s)
    return margin


@routine
def margin_affordable(core: Core, s: int, needed: int) -> bool:
    """Return whether the equity of the last marks carries all margins and, divided by its leverage, one more entry.

    ``needed`` is its notional and its commission.
    """
    account, symbol = core.account[0], core.symbols[s]
    if float(needed) * float(symbol.leverage_unit) > LARGEST:
        account.status = OVERFLOW
        return False
    share, rest = needed * symbol.leverage_unit // symbol.leverage, needed * symbol.leverage_unit % symbol.leverage
    equity = account.balance + unrealized_of_marks(core)
    # What the tolerance of 1e-9 of the equity adds, as a whole number and its remainder.
    more, part = equity // 1_000_000_000, equity % 1_000_000_000
    above = share + account.margin - equity - more
    if above + core.holdings.shape[0] >= 0 and is_rounded(core):
        account.status = OVERFLOW
    if above == 0:
        return rest * 1_000_000_000 <= part * symbol.leverage
    return above < 0


@routine
def over_leveraged(core: Core, s: int, notional: int) -> bool:
    """Return whether the symbol's leverage is more than the tier of a notional allows; above the last cap all is."""
    symbol = core.symbols[s]
    for number in range(symbol.first_tier, symbol.end_tier):
        if notional <= core.tiers[number].cap:
            return not core.tiers[number].allowed
    return True


@routine
def find_liquidation(core: Core, s: int) -> None:
    """Find the price at which what is left of a position's margin equals its maintenance margin, in mark units."""
    symbol, holding = core.symbols[s], core.holdings[s]
    long = holding.sign > 0
    number = tier_of_loss(core, s)
    tier = core.tiers[number]
    value, unit, share = holding.cost - holding.margin, tier.rate_unit, tier.rate_unit - tier.rate
    if long:
        if number + 1 < symbol.end_tier and value > tier.long_at_cap:
            value, unit, share = tier.cap, Whole(1), Whole(1)
        else:
            value -= tier.amount
    else:
        value, share = holding.cost + holding.margin, tier.rate_unit + tier.rate
        if value <= tier.short_at_floor:
            value, unit, share = tier.floor, Whole(1), Whole(1)
        else:
            value += tier.amount
    holding.liquidation = NONE
    if value <= 0:
        return
    if float(share) * float(holding.quantity) * float(symbol.liquidation_divisor) > LARGEST:
        core.account[0].status = OVERFLOW
        return
    price = rounded_quotient(
        value, unit, symbol.liquidation_multiplier, share * holding.quantity * symbol.liquidation_divisor
    )
    if price == NONE or float(price) * float(symbol.liquidation_scale) > LARGEST:
        core.account[0].status = OVERFLOW
    elif price > 0:
        holding.liquidation = price * symbol.liquidation_scale


@routine
def tier_of_loss(core: Core, s: int) -> int:
    """Return the tier in which a position has the notional at which it is liquidated."""
    symbol, holding, tiers = core.symbols[s], core.holdings[s], core.tiers
    first, last = symbol.first_tier, symbol.end_tier - 1
    number = first
    while number < last and holding.cost > tiers[number].cap:
        number += 1
    if holding.sign > 0:
        left = holding.cost - holding.margin
        while number < last and left > tiers[number].long_at_cap:
            number += 1
        while number > first and left <= tiers[number].long_at_floor:
            number -= 1
        return number
    reached = holding.cost + holding.margin
    while number > first and reached <= tiers[number].short_at_floor:
        number -= 1
    while number < last and reached > tiers[number].short_at_cap:
        number += 1
    return number


@routine
def bankruptcy_price(core: Core, s: int) -> int:
    """Return the price at which loss and liquidation fee are exactly the margin, on the tick toward the entry."""
    symbol, holding, rules = core.symbols[s], core.holdings[s], core.rules[0]
    long, unit = holding.sign > 0, rules.liquidation_fee_unit
    value = holding.cost - holding.margin if long else holding.cost + holding.margin
    share = unit - rules.liquidation_fee if long else unit + rules.liquidation_fee
    if value <= 0:
        return Whole(0)
    if float(symbol.cost_scale * symbol.tick) * float(holding.quantity) * float(share) > LARGEST:
        core.account[0].status = OVERFLOW
        return Whole(0)
    ticks, rest = quotient_of(value, unit, Whole(1), symbol.cost_scale * symbol.tick * holding.quantity * share)
    if ticks == NONE:
        core.account[0].status = OVERFLOW
        return Whole(0)
    return (ticks + 1 if long and rest > 0 else ticks) * symbol.tick
