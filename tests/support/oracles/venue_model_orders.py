"""What a client of the venue model may ask for: submit, cancel, amend, one function per paragraph of the rules."""

from fractions import Fraction

from core.orders import OrderRequest
from tests.support.oracles.numbers import (
    EXACT_TOLERANCE,
    against_trader,
    exact,
    for_trader,
    rounded_down,
    twelve_digits,
)
from tests.support.oracles.venue_model_values import ModelOrder, Venue

LIMITS = ("LIMIT", "STOP_LIMIT", "TAKE_PROFIT")
STOPS = ("STOP_MARKET", "STOP_LIMIT")
ACTS = {
    "MARKET": "market",
    "LIMIT": "limit",
    "TAKE_PROFIT": "limit",
    "STOP_MARKET": "stop",
    "STOP_LIMIT": "stop",
    "TRAILING_STOP": "stop",
}


def submit(venue: Venue, request: OrderRequest, time_ms: int, last_price: float) -> ModelOrder:
    """Accept an order at a time, or reject it; an accepted one first acts at an open >= T + latency."""
    symbol, sign, kind = request.symbol, request.side.sign, request.order_type.name
    tick = venue.tick(symbol)
    venue.last_prices[symbol] = exact(last_price)
    order = ModelOrder(
        number=len(venue.orders) + 1,
        request=request,
        symbol=symbol,
        sign=sign,
        kind=kind,
        quantity=rounded_down(twelve_digits(request.quantity), venue.lot(symbol)),
        price=for_trader(exact(request.price), sign, tick) if kind in LIMITS and request.price is not None else None,
        stop=first_stop(venue, request),
        accepted_ms=time_ms,
        effective_ms=time_ms + venue.rules.latency_ms,
        acts=ACTS[kind],
        client_id=request.order_id or "",
        tif=request.time_in_force.name,
        expires_ms=request.expires_ms if request.time_in_force.name == "GTD" else None,
        post_only=request.post_only,
        # READING: a trailing stop only reduces, as a take-profit does.
        reduce_only=request.reduce_only or kind in ("TAKE_PROFIT", "TRAILING_STOP"),
        group=request.oco_group,
    )
    venue.orders.append(order)
    reasons = faults(venue, order)
    if not reasons:
        order.order_id = venue.next_order_id()
    venue.move(order, time_ms, "REJECTED" if reasons else "NEW", "".join(reasons[:1]))
    return order


def first_stop(venue: Venue, request: OrderRequest) -> Fraction | None:
    """Return the stop price an order begins with."""
    # READING: a trailing stop has none before the first B after its acceptance ("at each B its stop becomes"), so it
    # protects from the candle after that on.
    if request.order_type.name in STOPS and request.stop_price is not None:
        return against_trader(exact(request.stop_price), request.side.sign, venue.tick(request.symbol))
    return None


def trailing_level(venue: Venue, request: OrderRequest, close: Fraction) -> Fraction | None:
    """Close x (1 - fraction) or close - distance for a sell, mirrored for a buy, rounded as a stop."""
    sign = request.side.sign
    if request.trailing_fraction is not None:
        level = close * (1 + sign * exact(request.trailing_fraction))
    elif request.trailing_distance is not None:
        level = close + sign * twelve_digits(request.trailing_distance)
    else:
        return None
    return against_trader(level, sign, venue.tick(request.symbol))


def faults(venue: Venue, order: ModelOrder) -> list[str]:
    """Return every reason for which an order is rejected at acceptance, as the rules list them."""
    # READING: which of several reasons is given is left open. A level that is missing or not above 0 cannot be judged
    # against notional and bands, so `price` stands for those.
    found = [
        why_quantity_is_refused(venue, order),
        why_notional_is_refused(venue, order),
        "percent_price" if outside_bands(venue, order) else "",
        "reduce_only" if order.reduce_only and not venue.reduces(order) else "",
        "price" if level_is_missing(order) else "",
    ]
    return [reason for reason in found if reason]


def why_quantity_is_refused(venue: Venue, order: ModelOrder) -> str:
    """Return the reason of a quantity that rounds to 0, is below the least or above the largest."""
    rules = venue.instruments[order.symbol]
    if order.quantity <= 0:
        return "below_lot_size"
    if order.quantity < Fraction(rules.min_quantity):
        return "below_min_quantity"
    if rules.max_quantity and order.quantity > Fraction(rules.max_quantity):
        return "above_max_quantity"
    return ""


def why_notional_is_refused(venue: Venue, order: ModelOrder) -> str:
    """Quantity x price below the minimum; price = limit price, else stop price, else the last close."""
    if order.reduce_only or level_is_missing(order):
        return ""
    price = order.price or order.stop or venue.last_prices[order.symbol]
    least = Fraction(venue.instruments[order.symbol].min_notional)
    # READING: "1e-9 tolerance" is relative: a notional that falls short by less than a billionth of the minimum passes.
    return "below_min_notional" if order.quantity * price < least * (1 - EXACT_TOLERANCE) else ""


def outside_bands(venue: Venue, order: ModelOrder) -> bool:
    """A limit price must lie between band_down and band_up times the last close, edges included; 0 is no bound."""
    if order.kind not in LIMITS or level_is_missing(order):
        return False
    rules, last = venue.instruments[order.symbol], venue.last_prices[order.symbol]
    below = bool(rules.band_down) and order.price < Fraction(rules.band_down) * last
    above = bool(rules.band_up) and order.price > Fraction(rules.band_up) * last
    return below or above


def level_is_missing(order: ModelOrder) -> bool:
    """Whether a level that the type needs is missing or not above 0."""
    needed = []
    if order.kind in LIMITS:
        needed.append(order.price)
    if order.kind in STOPS:
        needed.append(order.stop)
    if order.kind == "TRAILING_STOP":
        request = order.request
        distance = request.trailing_fraction if request.trailing_distance is None else request.trailing_distance
        needed.append(None if distance is None else exact(distance))
    return any(level is None or level <= 0 for level in needed)


def cancel(venue: Venue, order: ModelOrder, time_ms: int) -> bool:
    """CANCELED at request; an order that has ended cannot be cancelled."""
    if not order.living:
        return False
    venue.move(order, time_ms, "CANCELED", "request")
    return True


def amend(
    venue: Venue,
    order: ModelOrder,
    time_ms: int,
    quantity: float | None = None,
    price: float | None = None,
    stop_price: float | None = None,
) -> bool:
    """Replace quantity and levels; a quantity not above what is filled is refused.

    The new prices are rounded and checked like on acceptance.
    """
    # READING: only prices that are given are checked (bands, above 0), not the quantity's bounds and the notional. A
    # refused amendment leaves the order as it was. The order keeps its place in the order of acceptance; the next open
    # is its first one again, at which it takes, or is rejected where it is post-only.
    if not order.living:
        return False
    before = (order.quantity, order.price, order.stop)
    tick = venue.tick(order.symbol)
    if quantity is not None:
        order.quantity = rounded_down(twelve_digits(quantity), venue.lot(order.symbol))
    if price is not None:
        order.price = for_trader(exact(price), order.sign, tick)
    if stop_price is not None:
        order.stop = against_trader(exact(stop_price), order.sign, tick)
    if order.quantity <= order.filled or (price is not None and outside_bands(venue, order)) or level_is_missing(order):
        order.quantity, order.price, order.stop = before
        return False
    # READING: an amendment has latency like an order, and until it arrives the order does not act.
    order.effective_ms = time_ms + venue.rules.latency_ms
    order.rested = False
    venue.events.append((time_ms, order.number, "REPLACED", "request"))
    return True
