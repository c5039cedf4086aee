"""The order that a sized signal becomes."""

from decimal import Decimal
from typing import NamedTuple

from core.exact import ONE, add, as_float, ceil_to, computed, floor_to, multiply, received, subtract
from core.instrument import Instrument
from core.orders import OrderRequest, OrderSide, OrderType, TimeInForce
from core.trading_signal import EntryKind, Signal
from engine.deciding.opinion import Opinion
from engine.kernel_rules import KernelRules
from risk_management.entry_sizing import SizedEntry, exit_targets

_TYPES: dict[EntryKind, OrderType] = {
    "market": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    "stop": OrderType.STOP_MARKET,
}


class EntryWay(NamedTuple):
    """How an entry is made, and at which price it is expected to fill; a market entry at the decision's close."""

    kind: EntryKind
    price: Decimal


def entry_way(rules: KernelRules, signal: Signal, side: OrderSide, close: float) -> EntryWay:
    """Return how a signal enters: as it says itself, else as the settings say, at their offset from the close."""
    kind = signal.entry or rules.entry_order
    if kind == "market":
        return EntryWay(kind, received(close))
    if signal.entry_price is not None:
        return EntryWay(kind, computed(signal.entry_price))
    return EntryWay(kind, _offset_price(rules, kind, side, close))


def entry_order(rules: KernelRules, instrument: Instrument, opinion: Opinion, sized: SizedEntry) -> OrderRequest:
    """Return the entry: at the market, or a limit or stop order at the signal's price or the settings' offset.

    At an offset a limit stands on the better side of the close, a stop on the worse.
    """
    signal, side = opinion.signal, opinion.side
    way = entry_way(rules, signal, side, opinion.candle.close)
    kind, atr = _TYPES[way.kind], signal.atr
    resting = kind is not OrderType.MARKET
    force = rules.entry_time_in_force if resting else TimeInForce.GTC
    candles = rules.entry_expiry
    if resting and signal.entry_expiry is not None:
        force, candles = TimeInForce.GTD, signal.entry_expiry
    level = _on_tick(way.price, instrument, below=_stands_below(way.kind, side)) if resting else None
    expires_ms = opinion.time_ms + candles * rules.timeframe_ms if force is TimeInForce.GTD else None
    return OrderRequest(
        opinion.symbol,
        side,
        kind,
        as_float(sized.quantity),
        price=level if kind is OrderType.LIMIT else None,
        stop_price=level if kind is OrderType.STOP_MARKET else None,
        strategy_name=rules.strategy_name,
        stop_distance=sized.stop_distance,
        target_distance=sized.target_distance,
        time_in_force=force,
        expires_ms=expires_ms,
        post_only=rules.post_only and kind is OrderType.LIMIT,
        trailing_distance=None if rules.trailing_atr is None or atr is None else atr * rules.trailing_atr,
        stop_level=signal.stop_price,
        targets=exit_targets(signal),
        tag=signal.tag,
    )


def _stands_below(kind: EntryKind, side: OrderSide) -> bool:
    """Return whether an order is rounded down, and stands below the close at an offset: buy limits and sell stops."""
    return (kind == "limit") == (side is OrderSide.LONG)


def _offset_price(rules: KernelRules, kind: EntryKind, side: OrderSide, close: float) -> Decimal:
    below = _stands_below(kind, side)
    share = subtract(ONE, rules.entry_offset) if below else add(ONE, rules.entry_offset)
    return multiply(received(close), share)


def _on_tick(price: Decimal, instrument: Instrument, *, below: bool) -> float:
    return float(floor_to(price, instrument.tick_size) if below else ceil_to(price, instrument.tick_size))
