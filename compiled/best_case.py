"""What an ambiguous exit could have come to."""

from compiled.compiler import routine
from compiled.fill_pricing import commission_of
from compiled.layout import Core


@routine
def gained_at_target(core: Core, s: int, price: int) -> int:
    """Return what a stop's fill would have brought more, had the target come first."""
    holding = core.holdings[s]
    better = (holding.target_price - price) * holding.quantity * core.symbols[s].cost_scale
    paid = commission_of(core, s, holding.target_price, holding.quantity, True)
    return holding.sign * better + commission_of(core, s, price, holding.quantity, False) - paid
