"""What an ambiguous exit could have come to."""

from compiled.codes import TARGET_ROLE
from compiled.compiler import routine
from compiled.fill_pricing import commission_of
from compiled.layout import Core
from compiled.reach_rules import meets_target


@routine
def gained_at_targets(core: Core, s: int, price: int, quantity: int, extreme: int, time_ms: int) -> int:
    """Return what a stop's fill would have brought more, had the targets that the candle reached come first.

    What they do not take is closed at the stop's price.
    """
    holding = core.holdings[s]
    rest, better, paid = quantity, 0, 0
    for place in range(TARGET_ROLE, TARGET_ROLE + holding.targets):
        target = core.exits[s, place]
        if target.working and meets_target(core, s, place, extreme):
            part = min(rest, target.quantity - target.filled)
            if part:
                better += (target.price - price) * part * core.symbols[s].cost_scale
                paid += commission_of(core, s, target.price, part, True, time_ms)
                rest -= part
    if rest:
        paid += commission_of(core, s, price, rest, False, time_ms)
    return holding.sign * better + commission_of(core, s, price, quantity, False, time_ms) - paid
