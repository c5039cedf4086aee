"""The order that a sized signal becomes."""

from decimal import Decimal

from core.exact import EXACT, ONE, ceil_to, floor_to, received
from core.instrument import Instrument
from core.orders import OrderRequest, OrderSide, OrderType, TimeInForce
from engine.kernel_rules import KernelRules
from engine.opinion import Opinion
from risk_management.entry_sizing import SizedEntry

_TYPES = {"market": OrderType.MARKET, "limit": OrderType.LIMIT, "stop": OrderType.STOP_MARKET}


def entry_order(rules: KernelRules, instrument: Instrument, opinion: Opinion, sized: SizedEntry) -> OrderRequest:
    """Return the entry: at the market, or a limit or stop order at an offset from the decision's close.

    A limit stands on the better side of the close, a stop on the worse.
    """
    side, atr = opinion.side, opinion.signal.atr
    kind = _TYPES[rules.entry_order]
    resting = kind is not OrderType.MARKET
    force = rules.entry_time_in_force if resting else TimeInForce.GTC
    level = _level(rules, instrument, side, opinion.candle.close) if resting else None
    expires_ms = opinion.time_ms + rules.entry_expiry * rules.timeframe_ms if force is TimeInForce.GTD else None
    return OrderRequest(
        opinion.symbol,
        side,
        kind,
        float(sized.quantity),
        price=level if kind is OrderType.LIMIT else None,
        stop_price=level if kind is OrderType.STOP_MARKET else None,
        strategy_name=rules.strategy_name,
        stop_distance=sized.stop_distance,
        target_distance=sized.target_distance,
        time_in_force=force,
        expires_ms=expires_ms,
        post_only=rules.post_only and kind is OrderType.LIMIT,
        trailing_distance=None if rules.trailing_atr is None or atr is None else atr * rules.trailing_atr,
    )


def _level(rules: KernelRules, instrument: Instrument, side: OrderSide, close: float) -> float:
    """Return the order's price on the tick: buy limits and sell stops down, sell limits and buy stops up."""
    below = (rules.entry_order == "limit") == (side is OrderSide.LONG)
    share = EXACT.subtract(ONE, rules.entry_offset) if below else EXACT.add(ONE, rules.entry_offset)
    exact: Decimal = EXACT.multiply(received(close), share)
    on_tick = floor_to(exact, instrument.tick_size) if below else ceil_to(exact, instrument.tick_size)
    return float(on_tick)
