"""What the venue checks before it accepts an order: levels, steps, minimums, bands."""

from decimal import Decimal

from core.exact import ZERO, ceil_to, floor_to, multiply, received
from core.instrument import Instrument
from core.orders import OrderRequest, OrderType, TimeInForce
from core.reasons import AcceptanceRefusal
from core.tolerance import EXACT_TOLERANCE
from execution.money.holding import Holding

_LIMITS = (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT)
_STOPS = (OrderType.STOP_MARKET, OrderType.STOP_LIMIT)


def rounded_price(price: float | None, request: OrderRequest, tick: Decimal) -> Decimal | None:
    """Return a limit price on the tick: buys down, sells up."""
    if price is None or request.order_type not in _LIMITS:
        return None
    exact = received(price)
    return floor_to(exact, tick) if request.side.sign > 0 else ceil_to(exact, tick)


def rounded_stop(stop_price: float | None, request: OrderRequest, tick: Decimal) -> Decimal | None:
    """Return a stop price on the tick: buys up, sells down."""
    if stop_price is None or request.order_type not in _STOPS:
        return None
    exact = received(stop_price)
    return ceil_to(exact, tick) if request.side.sign > 0 else floor_to(exact, tick)


def refusal_of(
    request: OrderRequest,
    quantity: Decimal,
    price: Decimal | None,
    stop_price: Decimal | None,
    rules: Instrument,
    last_price: Decimal,
    holding: Holding | None,
    *,
    allow_shorting: bool,
) -> AcceptanceRefusal | None:
    """Return in one word why an order is not accepted; None when it is.

    Parameters
    ----------
    quantity, price, stop_price
        On the lot and the tick.
    last_price
        The last close: what a market order's value and the price band are judged at.
    """
    kind, sign = request.order_type, request.side.sign
    reduces = holding is not None and holding.sign != sign
    for needed, level in ((kind in _LIMITS, price), (kind in _STOPS, stop_price)):
        if needed and (level is None or level <= 0):
            return "price"
    if kind is OrderType.TRAILING_STOP and not _trails(request):
        return "price"
    if request.time_in_force is TimeInForce.GTD and request.expires_ms is None:
        return "expiry"
    only_reduces = request.reduce_only or kind in (OrderType.TAKE_PROFIT, OrderType.TRAILING_STOP)
    if only_reduces and not reduces:
        return "reduce_only"
    if sign < 0 and not allow_shorting and holding is None:
        return "shorting_disabled"
    if quantity <= 0:
        return "below_lot_size"
    if multiply(quantity, EXACT_TOLERANCE) < rules.min_quantity:
        return "below_min_quantity"
    if rules.max_quantity and quantity > multiply(rules.max_quantity, EXACT_TOLERANCE):
        return "above_max_quantity"
    value = multiply(quantity, price or stop_price or last_price)
    if not only_reduces and multiply(value, EXACT_TOLERANCE) < rules.min_notional:
        return "below_min_notional"
    if price is not None and outside_band(price, last_price, rules):
        return "percent_price"
    return None


def _trails(request: OrderRequest) -> bool:
    """Return whether a trailing stop has a distance to follow at."""
    if request.trailing_distance is not None:
        return request.trailing_distance > 0
    return request.trailing_fraction is not None and 0 < request.trailing_fraction < 1


def outside_band(price: Decimal, last_price: Decimal, rules: Instrument) -> bool:
    """Return whether a limit price lies outside the band that the venue allows around the last price."""
    if rules.band_down and price < multiply(last_price, rules.band_down):
        return True
    return bool(rules.band_up) and price > multiply(last_price, rules.band_up)


def whole(quantity: float, rules: Instrument) -> Decimal:
    """Return a quantity rounded down to the lot."""
    return max(floor_to(received(quantity), rules.lot_size), ZERO)
