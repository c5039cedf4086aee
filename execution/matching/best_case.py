"""What an ambiguous exit could have come to."""

from decimal import Decimal

from core.events import Fill
from core.exact import ZERO, add, multiply, subtract
from execution.costs.fill_pricing import FillPricing
from execution.orders.order import Order


def gained_at_targets(pricing: FillPricing, targets: list[Order], fill: Fill) -> Decimal:
    """Return what a stop's fill would have brought more, had the targets that the candle reached come first.

    ``targets`` stand the nearest first; what they do not take is closed at the stop's price.
    """
    rest, gained, paid = fill.quantity, ZERO, ZERO
    for target in targets:
        part = min(rest, target.remaining)
        if target.price is not None and part:
            better = multiply(subtract(target.price, fill.price), part)
            gained = subtract(gained, multiply(fill.sign, better))
            paid = add(paid, pricing.commission(target.price, part, fill.time_ms, maker=True))
            rest = subtract(rest, part)
    if rest:
        paid = add(paid, pricing.commission(fill.price, rest, fill.time_ms))
    return subtract(add(gained, pricing.commission(fill.price, fill.quantity, fill.time_ms)), paid)
