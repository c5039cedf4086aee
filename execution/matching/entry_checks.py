"""What is judged when an entry fills: shorting, balance or margin, leverage."""

from decimal import Decimal

from core.exact import EXACT, ZERO
from execution.matching.venue_rules import VenueRules
from execution.money.account import Account
from execution.orders.order import Order


def entry_refusal(
    account: Account,
    rules: VenueRules,
    order: Order,
    quantity: Decimal,
    price: Decimal,
    commission: Decimal,
    equity: Decimal,
    *,
    allow_shorting: bool,
) -> str | None:
    """Return in one word why an entry cannot be carried at its fill; None when it can. It is never resized."""
    perpetual, symbol = rules.perpetual, order.symbol
    if order.sign < 0 and not allow_shorting:
        return "shorting_disabled"
    if price <= 0 or not account.affordable(symbol, price, quantity, commission, equity):
        return "insufficient_balance" if perpetual is None else "insufficient_margin"
    if perpetual is not None:
        held = account.ledger.entries.get(symbol)
        notional = EXACT.add(EXACT.multiply(price, quantity), ZERO if held is None else held.cost)
        if perpetual.leverage(symbol) > perpetual.tables[symbol].max_leverage(notional):
            return "max_leverage"
    return None
