"""The protective orders of a position: its stop, which may follow the close, and its target."""

from compiled.codes import NEW, NO_REASON, NONE, REPLACED, STOP, STOP_ROLE, TARGET_ROLE, TRAILING_STOP
from compiled.compiler import routine
from compiled.integers import divided_product
from compiled.layout import Core
from compiled.order_book import tell_protective


@routine
def place(core: Core, s: int, time_ms: int) -> None:
    """Place stop and target of a position that has just opened, at the distances of its entry from its fill."""
    rules, order, holding, tick = core.rules[0], core.entries[s], core.holdings[s], core.symbols[s].tick
    holding.stop, holding.stop_reason = 1, STOP
    holding.stop_price = holding.price - holding.sign * order.stop_ticks * tick
    holding.trails, holding.has_best, holding.trail_units = rules.trailing, 0, order.trail_units
    holding.target, holding.target_price = 0, NONE
    if order.target_ticks != NONE:
        holding.target = 1
        holding.target_price = holding.price + holding.sign * order.target_ticks * tick
    tell_protective(core, s, STOP_ROLE, NEW, NO_REASON, time_ms)
    if holding.target:
        tell_protective(core, s, TARGET_ROLE, NEW, NO_REASON, time_ms)


@routine
def follow(core: Core, s: int, close: float, units: int, time_ms: int) -> None:
    """Let a position's stop follow a close, for the symbol's next candle; it is never loosened."""
    rules, holding, tick = core.rules[0], core.holdings[s], core.symbols[s].tick
    long = holding.sign > 0
    if holding.has_best and not (close > holding.best if long else close < holding.best):
        return
    holding.has_best, holding.best = 1, close
    if rules.trail_by_atr:
        if long:
            level = (units - holding.trail_units) // tick * tick
        else:
            level = -(-(units + holding.trail_units) // tick) * tick
    else:
        share = rules.trailing_long if long else rules.trailing_short
        ticks, rest = divided_product(units, share, rules.trailing_unit * tick)
        level = (ticks if long or rest == 0 else ticks + 1) * tick
    if level > holding.stop_price if long else level < holding.stop_price:
        holding.stop_price, holding.stop_reason = level, TRAILING_STOP
        tell_protective(core, s, STOP_ROLE, REPLACED, TRAILING_STOP, time_ms)
