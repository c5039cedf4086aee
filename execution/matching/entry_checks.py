"""What is judged when an entry fills: shorting, balance or margin, leverage."""

from decimal import Decimal

from core.events import Fill
from core.exact import ZERO, add, computed
from core.orders import OrderRequest
from core.reasons import FillRefusal
from execution.matching.venue_rules import VenueRules
from execution.money.account import Account
from execution.orders.target_ladder import stop_on_tick, target_on_tick


def entry_refusal(account: Account, rules: VenueRules, fill: Fill, *, allow_shorting: bool) -> FillRefusal | None:
    """Return in one word why an entry cannot be carried at its fill; None when it can. It is never resized."""
    perpetual, symbol = rules.perpetual, fill.symbol
    if fill.sign < 0 and not allow_shorting:
        return "shorting_disabled"
    if fill.price <= 0 or not account.affordable(fill):
        return "insufficient_balance" if perpetual is None else "insufficient_margin"
    if perpetual is not None:
        held = account.ledger.entries.get(symbol)
        notional = add(fill.notional, ZERO if held is None else held.cost)
        if perpetual.leverage(symbol) > perpetual.tables[symbol].max_leverage(notional):
            return "max_leverage"
    return None


def passed_level(request: OrderRequest | None, fill: Fill, tick: Decimal) -> FillRefusal | None:
    """Return which absolute level of an entry its fill is at or beyond; None where none is: such a fill opens nothing.

    Only levels that stand wherever the order fills can be passed; those that are kept from the fill never are.
    """
    if request is None:
        return None
    long = fill.sign > 0
    if request.stop_level is not None:
        stop = stop_on_tick(computed(request.stop_level), tick, long=long)
        if stop >= fill.price if long else stop <= fill.price:
            return "stop_passed"
    for target in request.targets:
        if target.measure == "price":
            level = target_on_tick(computed(target.value), tick, long=long)
            if level <= fill.price if long else level >= fill.price:
                return "target_passed"
    return None
