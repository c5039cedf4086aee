"""What an ambiguous exit could have come to."""

from decimal import Decimal

from core.exact import EXACT, ZERO
from execution.costs.fill_pricing import FillPricing
from execution.orders.order import Order


def gained_at_targets(
    pricing: FillPricing, sign: int, targets: list[Order], quantity: Decimal, price: Decimal, time_ms: int
) -> Decimal:
    """Return what a stop's fill would have brought more, had the targets that the candle reached come first.

    Parameters
    ----------
    sign
        That of the position.
    targets
        The nearest first; what they do not take is closed at the stop's price.
    quantity, price
        Of the stop's fill.
    """
    rest, gained, paid = quantity, ZERO, ZERO
    for target in targets:
        part = min(rest, target.remaining)
        if target.price is not None and part:
            better = EXACT.multiply(EXACT.subtract(target.price, price), part)
            gained = EXACT.add(gained, EXACT.multiply(sign, better))
            paid = EXACT.add(paid, pricing.commission(target.price, part, time_ms, maker=True))
            rest = EXACT.subtract(rest, part)
    if rest:
        paid = EXACT.add(paid, pricing.commission(price, rest, time_ms))
    return EXACT.subtract(EXACT.add(gained, pricing.commission(price, quantity, time_ms)), paid)
