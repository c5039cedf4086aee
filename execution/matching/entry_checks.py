"""What is judged when an entry fills: shorting, balance or margin, leverage."""

from decimal import Decimal

from core.events import Fill
from core.exact import EXACT, ZERO
from core.reasons import FillRefusal
from execution.matching.venue_rules import VenueRules
from execution.money.account import Account


def entry_refusal(
    account: Account, rules: VenueRules, fill: Fill, equity: Decimal, *, allow_shorting: bool
) -> FillRefusal | None:
    """Return in one word why an entry cannot be carried at its fill; None when it can. It is never resized."""
    perpetual, symbol = rules.perpetual, fill.symbol
    if fill.sign < 0 and not allow_shorting:
        return "shorting_disabled"
    if fill.price <= 0 or not account.affordable(fill, equity):
        return "insufficient_balance" if perpetual is None else "insufficient_margin"
    if perpetual is not None:
        held = account.ledger.entries.get(symbol)
        notional = EXACT.add(fill.notional, ZERO if held is None else held.cost)
        if perpetual.leverage(symbol) > perpetual.tables[symbol].max_leverage(notional):
            return "max_leverage"
    return None
