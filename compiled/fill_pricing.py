"""What a fill costs: its price on the tick, with spread and slippage, and its commission."""

from compiled.codes import OVERFLOW
from compiled.compiler import routine
from compiled.integers import LARGEST_QUOTIENT, POWERS, ceil_to, directed_quotient, divided_product, floor_to, half_even
from compiled.layout import Core
from compiled.market_conditions import measured_price
from core.timeframe import DAY_MS

VOLUME_DAYS = 30


@routine
def market_price(core: Core, s: int, reference: int, quantity: int, buying: bool) -> int:
    """Return the price of a market fill: the reference worse by half the spread and the slippage, on the tick."""
    rules, tick = core.rules[0], core.symbols[s].tick
    if rules.observes:
        return measured_price(core, s, reference, quantity, buying)
    factor = rules.price_up if buying else rules.price_down
    return directed_quotient(reference, factor, rules.price_unit * tick, buying) * tick


@routine
def limit_price(core: Core, s: int, price: int, buying: bool) -> int:
    """Return the price of a limit's fill where it is met, on the tick as its own price is."""
    tick = core.symbols[s].tick
    return ceil_to(price, tick) if buying else floor_to(price, tick)


@routine
def commission_of(core: Core, s: int, price: int, quantity: int, maker: bool, time_ms: int) -> int:
    """Return the commission of a fill, rounded half-even to 1e-8; below 0 for a rebate."""
    symbol = core.symbols[s]
    tier = core.fee_tiers[tier_of(core, time_ms) if core.fee_tiers.shape[0] > 1 else 0]
    rate = tier.maker if maker else tier.taker
    if rate == 0 or price <= 0:
        return 0
    share, value = abs(rate), price * quantity
    if float(value) * float(share) * float(symbol.commission_multiplier) >= LARGEST_QUOTIENT * float(
        symbol.commission_divisor
    ):
        core.account[0].status = OVERFLOW
        return 0
    if symbol.commission_divisor == 1:
        rounded = value * share * symbol.commission_multiplier
    else:
        quotient, rest = divided_product(value, share, symbol.commission_divisor)
        rounded = half_even(quotient, rest, symbol.commission_divisor)
    paid = rounded * symbol.commission_scale
    return paid if rate > 0 else -paid


@routine
def tier_of(core: Core, time_ms: int) -> int:
    """Return the tier of a fill: by what was filled on the 30 UTC days before its own, which never counts for it."""
    day = time_ms // DAY_MS - core.rules[0].first_day
    volume = part = 0
    for earlier in range(max(0, day - VOLUME_DAYS), day):
        volume += core.filled_on[earlier].volume
        part += core.filled_on[earlier].volume_part
    money = POWERS[core.rules[0].money_decimals]
    volume, part = volume + part // money, part % money
    found = core.fee_tiers.shape[0] - 1
    while core.fee_tiers[found].volume > volume or (
        core.fee_tiers[found].volume == volume and core.fee_tiers[found].volume_part > part
    ):
        found -= 1
    return found


@routine
def note_volume(core: Core, value: int, time_ms: int) -> None:
    """Count the value of a fill to its UTC day."""
    filled = core.filled_on[time_ms // DAY_MS - core.rules[0].first_day]
    money = POWERS[core.rules[0].money_decimals]
    part = filled.volume_part + value % money
    filled.volume += value // money + part // money
    filled.volume_part = part % money
