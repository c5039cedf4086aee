"""Fills of the venue model: affordability, prices, positions, commissions, and what a fill does to other orders."""

from fractions import Fraction

from core.orders import OrderRequest
from tests.support.oracles.numbers import (
    against_trader,
    beyond,
    exact,
    for_trader,
    rounded_down,
    slipped,
    to_1e8,
    twelve_digits,
)
from tests.support.oracles.venue_model_margin import margin_of, why_margin_refuses
from tests.support.oracles.venue_model_values import ModelFill, ModelOrder, ModelPosition, Venue


def priced(venue: Venue, order: ModelOrder, reference: Fraction) -> Fraction:
    """Market and stop fills: reference x (1 +- (half spread + slippage)), rounded to the tick against the trader."""
    rules = venue.rules
    return slipped(reference, order.sign, rules.half_spread + rules.slippage, venue.tick(order.symbol))


def wanted(venue: Venue, order: ModelOrder) -> Fraction:
    """Return the quantity an order would fill now, the volume cap aside.

    A reducing fill is cut to the position's quantity. A stop that protects stands for the whole position, a rung for
    its fraction of everything entered, the last rung for all that is left when the fractions add up to 1.
    """
    if not venue.reduces(order):
        return Fraction(0) if order.reduce_only else order.remaining
    held = venue.positions[order.symbol].quantity
    if order.role == "order":
        return min(order.remaining, held)
    if order.role == "stop" or not order.rung:
        return held
    return min(rung_quantity(venue, order) - order.filled, held)


def rung_quantity(venue: Venue, order: ModelOrder) -> Fraction:
    """Return what a rung closes in all: floor_lot(fraction x entered), the last one everything the others leave."""
    # READING: what the others leave is found when the position is entered or added to. What other orders close later
    # changes no rung: the next one that is met closes what there is.
    if is_last_of_all(venue, order):
        return order.quantity
    share, position = venue.rules.ladder[order.rung - 1][0], venue.positions[order.symbol]
    return max(rounded_down(share * position.entered, venue.lot(order.symbol)), order.filled)


def is_last_of_all(venue: Venue, order: ModelOrder) -> bool:
    """Whether a rung is the last of a ladder whose fractions add up to 1."""
    ladder = venue.rules.ladder
    return order.rung == len(ladder) and sum(fraction for fraction, _ in ladder) == 1


def leave_the_rest(venue: Venue, last: ModelOrder) -> None:
    """Let the last rung close what the other rungs leave of the position as it is now."""
    others = [other for other in venue.living(last.symbol) if other.rung and other is not last]
    rest = venue.positions[last.symbol].quantity - sum(rung_quantity(venue, one) - one.filled for one in others)
    last.quantity = last.filled + rest


def why_refused(venue: Venue, symbol: str, price: Fraction, quantity: Fraction) -> str:
    """Entry notionals plus this one plus its commission against equity; the order is rejected, never resized.

    Equity is balance plus unrealised at the marks at the time of the fill.
    """
    # READING: "this one" is the fill: where the volume cap lets only a part of the order fill, that part is judged, and
    # the refusal of a part ends the whole order.
    if venue.rules.leverage is not None:
        return why_margin_refuses(venue, symbol, price * quantity, equity(venue))
    notional = price * quantity
    carried = sum((position.cost for position in venue.positions.values()), Fraction(0))
    needed = carried + notional + to_1e8(notional * venue.rules.taker)
    return "insufficient_balance" if beyond(needed, equity(venue)) else ""


def equity(venue: Venue) -> Fraction:
    """Balance plus unrealised at the marks of the last B of what was held then and is held still."""
    total = venue.balance
    for symbol, position in venue.positions.items():
        held, cost = position.quantity - position.fresh_quantity, position.cost - position.fresh_cost
        if held:
            total += position.sign * (venue.marks[symbol] * held - cost)
    return total


def execute(
    venue: Venue,
    order: ModelOrder,
    reference: Fraction,
    price: Fraction,
    time_ms: int,
    room: Fraction | None,
    maker: bool,
) -> Fraction:
    """Fill an order as far as position and volume cap allow; return the filled quantity (0: refused or no room)."""
    reducing = venue.reduces(order)
    quantity = wanted(venue, order)
    if room is not None:
        quantity = min(quantity, room)
    if quantity <= 0:
        return Fraction(0)
    if not reducing:
        reason = why_refused(venue, order.symbol, price, quantity)
        if reason:
            venue.move(order, time_ms, "REJECTED", reason)
            return Fraction(0)
    if order.order_id is None:
        order.order_id = venue.next_order_id()
    commission = to_1e8(price * quantity * (venue.rules.maker if maker else venue.rules.taker))
    book = close_part if reducing else open_or_add
    book(venue, order, reference, price, quantity, commission, time_ms, maker)
    after_fill(venue, order, quantity, time_ms)
    return quantity


def open_or_add(
    venue: Venue,
    order: ModelOrder,
    reference: Fraction,
    price: Fraction,
    quantity: Fraction,
    commission: Fraction,
    time_ms: int,
    maker: bool,
) -> None:
    """Opening changes no balance; an order in the direction of the position adds to it.

    The protective levels stay those of the first fill.
    """
    position = venue.positions.get(order.symbol)
    first = position is None
    if position is None:
        position = ModelPosition(order.symbol, order.sign, time_ms)
        venue.positions[order.symbol] = position
    position.quantity += quantity
    position.entered += quantity
    position.cost += price * quantity
    position.fresh_quantity += quantity
    position.fresh_cost += price * quantity
    position.prices.add(price)
    position.accrued += commission
    if venue.rules.leverage is not None:
        position.margin += margin_of(venue, price * quantity)
    write_fill(venue, order, "OPEN", order.sign, reference, price, quantity, commission, Fraction(0), time_ms, maker)
    if first:
        position.first = order, price
        protect(venue, order, price, time_ms)
    place_rungs(venue, position, time_ms)


def close_part(
    venue: Venue,
    order: ModelOrder,
    reference: Fraction,
    price: Fraction,
    quantity: Fraction,
    commission: Fraction,
    time_ms: int,
    maker: bool,
) -> None:
    """A part closed carries cost x part / quantity, its share of the entry commission and of the funding.

    Exact when the position has one entry price, else rounded half-even to 1e-8; shares are rounded half-even to 1e-8;
    the rest stays with the rest. The result goes to the balance once.
    """
    position = venue.positions[order.symbol]
    whole = quantity == position.quantity
    share = Fraction(quantity, position.quantity)
    if whole or len(position.prices) == 1:
        cost = position.cost * share
    else:
        cost = to_1e8(position.cost * share)
    accrued = position.accrued if whole else to_1e8(position.accrued * share)
    funding = position.funding if whole else to_1e8(position.funding * share)
    margin = position.margin if whole else to_1e8(position.margin * share)
    if position.fresh_quantity == position.quantity:
        position.fresh_quantity, position.fresh_cost = position.quantity - quantity, position.cost - cost
    else:
        # READING: a part closed takes what was added since the last B in proportion, half-even to 1e-8.
        position.fresh_quantity = to_1e8(position.fresh_quantity * (1 - share))
        position.fresh_cost = to_1e8(position.fresh_cost * (1 - share))
    realized = position.sign * (price * quantity - cost) - commission - accrued + funding
    position.quantity -= quantity
    position.cost -= cost
    position.accrued -= accrued
    position.funding -= funding
    position.margin -= margin
    venue.balance += realized
    if whole:
        del venue.positions[order.symbol]
    sign = position.sign
    write_fill(venue, order, "CLOSE", sign, reference, price, quantity, commission, realized, time_ms, maker)


def write_fill(
    venue: Venue,
    order: ModelOrder,
    action: str,
    side: int,
    reference: Fraction,
    price: Fraction,
    quantity: Fraction,
    commission: Fraction,
    realized: Fraction,
    time_ms: int,
    maker: bool,
) -> None:
    """Keep one fill; the balance is that after it."""
    venue.fills.append(
        ModelFill(
            time_ms=time_ms,
            symbol=order.symbol,
            action=action,
            side=side,
            price=price,
            quantity=quantity,
            commission=commission,
            reference=reference,
            balance=venue.balance,
            realized=realized,
            maker=maker,
            client_id=order.client_id,
            order_id=order.order_id or 0,
            reason=order.exit_reason,
        )
    )


def after_fill(venue: Venue, order: ModelOrder, quantity: Fraction, time_ms: int) -> None:
    """The order's state, then its group (`oco`), then, with the position gone, the symbol's reduce-only orders."""
    order.filled += quantity
    position = venue.positions.get(order.symbol)
    if order.role != "order":
        ended = position is None or (bool(order.rung) and wanted(venue, order) == 0)
        venue.move(order, time_ms, "FILLED" if ended else "PARTIALLY_FILLED")
        if ended and order.rung and position is not None:
            position.rungs_filled.add(order.rung)
    elif order.remaining == 0:
        venue.move(order, time_ms, "FILLED")
    else:
        venue.move(order, time_ms, "PARTIALLY_FILLED")
        if position is None:
            venue.move(order, time_ms, "CANCELED", "nothing_to_reduce")
    if order.acts == "stop":
        # What the volume cap leaves of a triggered stop is a market order at the next open, of a stop-limit a limit.
        order.acts = "limit" if order.kind == "STOP_LIMIT" else "market"
    if order.group is not None:
        # READING: a group is one symbol's; the same name with another symbol is another group.
        for other in venue.living(order.symbol):
            if other is not order and other.group == order.group:
                venue.move(other, time_ms, "CANCELED", "oco")
    if position is None:
        venue.end_the_rest_of_entries(order.symbol, -order.sign, time_ms)
        for other in venue.living(order.symbol):
            if other.reduce_only:
                reason = "position_closed" if other.role == "order" else "oco"
                venue.move(other, time_ms, "CANCELED", reason)


def protect(venue: Venue, order: ModelOrder, price: Fraction, time_ms: int) -> None:
    """Place stop and targets of an entry from its rounded fill; they act at once.

    A long's stop rounds down and a short's up, targets away from the entry. Distances win over levels. With a ladder
    the entry's own target is not used.
    """
    request, sign, tick = order.request, order.sign, venue.tick(order.symbol)
    distance = None if request.stop_distance is None else twelve_digits(request.stop_distance)
    stop = None if request.stop_loss is None else exact(request.stop_loss)
    if distance is not None:
        stop = price - sign * distance
    if stop is not None:
        venue.positions[order.symbol].stop_distance = abs(price - stop) if distance is None else distance
        place(venue, order, "stop", against_trader(stop, -sign, tick), time_ms, 0)
    if venue.rules.ladder:
        return
    target = None if request.take_profit is None else exact(request.take_profit)
    if request.target_distance is not None:
        target = price + sign * twelve_digits(request.target_distance)
    if target is not None:
        place(venue, order, "target", for_trader(target, -sign, tick), time_ms, 0)


def place_rungs(venue: Venue, position: ModelPosition, time_ms: int) -> None:
    """Place the rungs that are not there yet, at their distances from the first fill; one of quantity 0 is left out."""
    # READING: without a stop there is no distance to measure rungs in, and then no target at all. A rung that was left
    # out is placed when what is added later gives it a quantity, behind all that was accepted before.
    if position.stop_distance is None or position.first is None:
        return
    entry, price = position.first
    for rung, (_, multiple) in enumerate(venue.rules.ladder, start=1):
        if rung not in position.rungs_placed:
            exact_level = price + position.sign * multiple * position.stop_distance
            level = for_trader(exact_level, -position.sign, venue.tick(entry.symbol))
            place(venue, entry, "target", level, time_ms, rung)
            if is_last_of_all(venue, venue.orders[-1]):
                leave_the_rest(venue, venue.orders[-1])
            if rung_quantity(venue, venue.orders[-1]) > 0:
                position.rungs_placed.add(rung)
            else:
                venue.orders.pop()
        else:
            for order in venue.living(entry.symbol):
                if order.rung == rung and is_last_of_all(venue, order):
                    leave_the_rest(venue, order)


def place(venue: Venue, entry: ModelOrder, role: str, level: Fraction, time_ms: int, rung: int) -> None:
    """Add one protective order, which acts from the point of its entry's fill on, latency or not."""
    # READING: it is named after its entry's client order id, which the draw of a mere touch reads. It counts as
    # accepted at the fill of its entry. It has rested by its first open: it was placed before, so it makes liquidity.
    is_stop = role == "stop"
    name = "stop" if is_stop else f"tp{rung}" if rung else "target"
    protective = ModelOrder(
        number=len(venue.orders) + 1,
        request=OrderRequest(entry.symbol, entry.request.side.opposite, "MARKET", 1.0),
        symbol=entry.symbol,
        sign=-entry.sign,
        kind="STOP_MARKET" if is_stop else "TAKE_PROFIT",
        quantity=Fraction(0),
        price=None if is_stop else level,
        stop=level if is_stop else None,
        accepted_ms=time_ms,
        effective_ms=0,
        acts="stop" if is_stop else "limit",
        role=role,
        client_id=f"{entry.client_id}-{name}",
        rung=rung,
        reduce_only=True,
        rested=True,
        exit_reason="stop" if is_stop else "target",
    )
    venue.orders.append(protective)
    venue.move(protective, time_ms, "NEW")
