"""What is judged when an entry fills: balance or margin, leverage."""

from compiled.account import affordable
from compiled.codes import INSUFFICIENT_BALANCE, INSUFFICIENT_MARGIN, MAX_LEVERAGE, NO_REASON
from compiled.compiler import routine
from compiled.layout import Core
from compiled.perpetual.margin import margin_affordable, over_leveraged


@routine
def entry_refusal(core: Core, s: int, price: int, notional: int, commission: int) -> int:
    """Return why an entry cannot be carried at its fill; it is never resized."""
    if not core.rules[0].perpetual:
        return NO_REASON if price > 0 and affordable(core, notional + commission) else INSUFFICIENT_BALANCE
    if price <= 0 or not margin_affordable(core, s, notional + commission):
        return INSUFFICIENT_MARGIN
    held = core.holdings[s].cost if core.holdings[s].sign != 0 else 0
    return MAX_LEVERAGE if over_leveraged(core, s, held + notional) else NO_REASON
