"""One candle of one symbol in the venue model: expiry, the open (A1, A2), the walk inside (A3), the marks (B)."""

import hashlib
from dataclasses import dataclass, field
from fractions import Fraction

from core.candle import Candle
from tests.support.oracles.numbers import against_trader, exact, rounded_down, typical
from tests.support.oracles.venue_model_fills import execute, priced, wanted
from tests.support.oracles.venue_model_margin import liquidate, liquidation_level, passes_bankruptcy
from tests.support.oracles.venue_model_orders import trailing_level
from tests.support.oracles.venue_model_values import ModelOrder, Venue

AFTER_ALL = 3
Met = tuple[Fraction, int, int, ModelOrder | None, Fraction]
"""Distance from the point, kind (liquidation, stops, limits), acceptance, the order and the price it is met at."""


@dataclass
class Play:
    """A candle while it is played: its prices as exact numbers and what of the volume cap is left."""

    venue: Venue
    symbol: str
    open_ms: int
    close_ms: int
    open: Fraction
    high: Fraction
    low: Fraction
    close: Fraction
    typical: Fraction
    mark: Candle | None
    room: Fraction | None
    time_ms: int = 0
    acted: set[int] = field(default_factory=set)
    no_targets: bool = False

    def acting(self) -> list[ModelOrder]:
        """Return the living orders that may act in this candle, in order of acceptance."""
        return [
            order
            for order in self.venue.living(self.symbol)
            if order.effective_ms <= self.open_ms
            and (order.expires_ms is None or self.open_ms < order.expires_ms)
            and order.number not in self.acted
        ]


def play_candle(venue: Venue, symbol: str, candle: Candle, timeframe_ms: int, mark: Candle | None = None) -> None:
    """Play one candle: expiry, exits at the open, entries at the open, inside, marks."""
    play = Play(
        venue,
        symbol,
        candle.open_time_ms,
        candle.open_time_ms + timeframe_ms,
        *(exact(price) for price in (candle.open, candle.high, candle.low, candle.close)),
        typical(candle.high, candle.low, candle.close),
        mark,
        volume_room(venue, symbol, candle),
        candle.open_time_ms,
    )
    expire(play)
    exits_at_the_open(play)
    entries_at_the_open(play)
    end_of_the_open(play)
    play.time_ms = play.close_ms
    inside_the_candle(play)
    marks(play)


def volume_room(venue: Venue, symbol: str, candle: Candle) -> Fraction | None:
    """All fills of one symbol in one candle together are at most floor_lot(c x volume)."""
    if venue.rules.volume_cap is None:
        return None
    return rounded_down(venue.rules.volume_cap * exact(candle.volume), venue.lot(symbol))


def expire(play: Play) -> None:
    """A GTD order acts in candles with open < E and is EXPIRED, stamped E, at the first step later than E."""
    # READING: where E lies inside a candle (open < E < T) the order acts in that candle and expires at the next one:
    # a step at which a candle of the symbol can still fill the order does not expire it.
    for order in play.venue.living(play.symbol):
        if order.expires_ms is not None and order.expires_ms <= play.open_ms:
            play.venue.move(order, order.expires_ms, "EXPIRED", "gtd")


def drawn(play: Play, order: ModelOrder) -> bool:
    """u < p with u from SHA-256 of "seed|symbol|client_order_id|open_time_ms"; one draw per order and candle."""
    rules = play.venue.rules
    text = f"{rules.limit_fill_seed}|{order.symbol}|{order.client_id}|{play.open_ms}"
    u = Fraction(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"), 2**64)
    return u < Fraction(rules.limit_fill_probability)


def satisfied(play: Play, order: ModelOrder, price: Fraction) -> bool:
    """Whether an order is met when the market stands at a price: a stop by a touch, a limit by the limit rule."""
    if order.acts == "market":
        return True
    if order.acts == "stop":
        return order.stop is not None and order.sign * (price - order.stop) >= 0
    beyond = order.sign * (order.price - price)
    if beyond == 0 and play.venue.rules.limit_fill != "through":
        return play.venue.rules.limit_fill == "touch" or drawn(play, order)
    return beyond > 0


def exits_at_the_open(play: Play) -> None:
    """A1: market orders that reduce, liquidation, stops that reduce, limits that reduce; each by acceptance."""
    act_on_reducing(play, "market")
    if liquidation_level(play, at_the_open=True) is not None:
        liquidate(play)
    act_on_reducing(play, "stop")
    act_on_reducing(play, "limit")


def act_on_reducing(play: Play, acts: str) -> None:
    """Let each order of one kind that reduces now, and that the open satisfies, act at the open."""
    for order in play.acting():
        if order.living and order.acts == acts and play.venue.reduces(order) and not order.inside:
            meet_the_open(play, order)


def entries_at_the_open(play: Play) -> None:
    """A2: orders that open or add: market orders first, then resting ones satisfied by the open, by acceptance."""
    # READING: every order that has not acted in A1 and that the open satisfies acts here, by the position that stands
    # when its turn comes: one that meets a position opened at this same open reduces it. Else a market order would not
    # fill at its open, and an IOC order not at its first one.
    market = [order for order in play.acting() if order.acts == "market" and not order.inside]
    resting = [order for order in play.acting() if order.acts != "market"]
    for order in market + resting:
        if order.living:
            meet_the_open(play, order)


def meet_the_open(play: Play, order: ModelOrder) -> None:
    """Let the open satisfy an order or pass it by; what does not fill of an IOC order at its first open is EXPIRED."""
    # READING: an IOC order expires when its turn has come, before the orders whose turn is later.
    if satisfied(play, order, play.open):
        act(play, order, play.open)
    if order.living and order.tif == "IOC":
        play.venue.move(order, play.open_ms, "EXPIRED", "ioc")


def end_of_the_open(play: Play) -> None:
    """Mark every order that could act at this open as rested: its first open is over."""
    for order in play.venue.living(play.symbol):
        if order.effective_ms <= play.open_ms:
            order.rested = True


def act(play: Play, order: ModelOrder, point: Fraction) -> bool:
    """Let an order that is met act at a point of the walk; return whether it opened or added to a position."""
    venue = play.venue
    play.acted.add(order.number)
    opens = not venue.reduces(order)
    if order.acts == "limit":
        if order.post_only and not order.rested:
            venue.move(order, play.time_ms, "REJECTED", "would_take")
            return False
        # Better than the limit only where the open, or the point at which the order begins to act, is beyond it.
        better = point if order.sign * (order.price - point) > 0 else order.price
        price = against_trader(better, order.sign, venue.tick(order.symbol))
        filled = fill(play, order, better, price, maker=order.rested)
    elif order.kind == "STOP_LIMIT":
        filled = trigger_stop_limit(play, order, point)
    else:
        filled = fill(play, order, point, priced(venue, order, point), maker=False)
        if order.living and order.acts == "stop":
            # READING: a stop that is touched where the volume cap leaves nothing is triggered all the same.
            order.acts = "market"
    return opens and filled > 0


def trigger_stop_limit(play: Play, order: ModelOrder, reference: Fraction) -> Fraction:
    """Fill at the slipped reference if that is not worse than the limit, else at the limit if the reference is not.

    Else it rests as a limit order from the next candle on.
    """
    slipped = priced(play.venue, order, reference)
    filled = Fraction(0)
    if order.sign * (order.price - slipped) >= 0:
        filled = fill(play, order, reference, slipped, maker=False)
    elif order.sign * (order.price - reference) >= 0:
        filled = fill(play, order, reference, order.price, maker=False)
    if order.living:
        if not filled:
            # READING: also where the volume cap leaves nothing.
            play.venue.events.append((play.time_ms, order.number, "REPLACED", "triggered"))
        order.acts, order.rested = "limit", True
    return filled


def fill(play: Play, order: ModelOrder, reference: Fraction, price: Fraction, maker: bool) -> Fraction:
    """Fill an order within the volume cap; a close that would lose more than its margin is a liquidation."""
    venue = play.venue
    quantity = wanted(venue, order) if play.room is None else min(wanted(venue, order), play.room)
    if venue.rules.leverage is not None and quantity > 0 and venue.reduces(order):
        rate = venue.rules.maker if maker else venue.rules.taker
        if passes_bankruptcy(venue, play.symbol, price, quantity, rate):
            liquidate(play)
            if order.living:
                venue.move(order, play.time_ms, "CANCELED", "nothing_to_reduce")
            return Fraction(0)
    filled = execute(venue, order, reference, price, play.time_ms, play.room, maker)
    if play.room is not None:
        play.room -= filled
    return filled


def inside_the_candle(play: Play) -> None:
    """A3: walk the legs; on each one the orders are met in order of distance, equal prices by kind and acceptance."""
    point = play.open
    legs = first_legs(play)
    while legs:
        found = next_on_leg(play, point, legs[0])
        if found is None:
            point = legs.pop(0)
            continue
        order, point = found
        if order is None:
            liquidate(play)
        elif act(play, order, point):
            legs = legs_after_entry(play, legs)


def next_on_leg(play: Play, start: Fraction, end: Fraction) -> tuple[ModelOrder | None, Fraction] | None:
    """Return the order met next on a leg (None stands for the liquidation) and where; None where nothing is met."""
    found: list[Met] = []
    for order in play.acting():
        if order.inside:
            found += entry_on_leg(play, order, start, end)
            continue
        if order.acts == "market" or is_left_out(play, order):
            continue
        if satisfied(play, order, start):
            level = start
        elif satisfied(play, order, end):
            level = order.stop if order.acts == "stop" else order.price
        else:
            continue
        found.append((abs(level - start), 1 if order.acts == "stop" else 2, order.number, order, level))
    found += liquidation_on_leg(play, start, end)
    if not found:
        return None
    *_, order, level = min(found, key=lambda item: item[:3])
    return order, level


def entry_on_leg(play: Play, order: ModelOrder, start: Fraction, end: Fraction) -> list[Met]:
    """An entry that waits for the typical price is met where a leg comes to it; never against a position."""
    # READING: at one price with limit orders it has its turn by acceptance, as one of them.
    if play.venue.reduces(order) or not min(start, end) <= play.typical <= max(start, end):
        return []
    return [(abs(play.typical - start), 2, order.number, order, play.typical)]


def liquidation_on_leg(play: Play, start: Fraction, end: Fraction) -> list[Met]:
    """Before all others at its price; beyond the candle's own range at the adverse extreme, after the stops before it.

    A level that the point is already beyond is met at that point, where the mark price was beyond it from its open on.
    """
    price = liquidation_level(play, at_the_open=False)
    if price is None:
        return []
    sign = play.venue.positions[play.symbol].sign
    adverse = play.low if sign > 0 else play.high
    if sign * (adverse - price) > 0:
        # READING: the walk has to go to the adverse extreme for it, also where it begins there.
        return [(abs(adverse - start), AFTER_ALL, 0, None, adverse)] if end == adverse else []
    if sign * (price - start) >= 0:
        # READING: where the mark price was not there at its open, nobody knows when it came: the adverse extreme.
        if play.mark is None or sign * (price - exact(play.mark.open)) >= 0:
            return [(Fraction(0), 0, 0, None, start)]
        return [(abs(adverse - start), AFTER_ALL, 0, None, adverse)] if end == adverse else []
    if sign * (price - end) >= 0:
        return [(abs(price - start), 0, 0, None, price)]
    return []


def is_left_out(play: Play, order: ModelOrder) -> bool:
    """Pessimistic, after an entry inside the candle: no target of the symbol is met any more."""
    # READING: a target is every limit order that would reduce, whether it protects or was submitted; an entry is
    # also an order that adds.
    return play.no_targets and order.acts == "limit" and play.venue.reduces(order)


def first_legs(play: Play) -> list[Fraction]:
    """Return the ends of the legs from the open."""
    rule = play.venue.rules.intrabar
    if rule == "ohlc":
        return [play.high, play.low, play.close]
    if rule == "olhc":
        return [play.low, play.high, play.close]
    position = play.venue.positions.get(play.symbol)
    if position is not None:
        return both_extremes(play, position.sign)
    return legs_without_position(play)


def both_extremes(play: Play, sign: int) -> list[Fraction]:
    """Pessimistic: the adverse extreme of a position, then the favourable one; optimistic the other way round."""
    adverse, favourable = (play.low, play.high) if sign > 0 else (play.high, play.low)
    return [favourable, adverse] if play.venue.rules.intrabar == "optimistic" else [adverse, favourable]


def legs_without_position(play: Play) -> list[Fraction]:
    """First the extreme on whose side the nearest reachable resting order lies (equal distance: down first)."""
    # READING: an entry that waits for the typical price is a resting order at that price.
    down, up = distances_to(play, play.low), distances_to(play, play.high)
    for order in play.acting():
        if order.inside:
            down += [met[0] for met in entry_on_leg(play, order, play.open, play.low)]
            up += [met[0] for met in entry_on_leg(play, order, play.open, play.high)]
    if up and (not down or min(up) < min(down)):
        return [play.high, play.low]
    return [play.low, play.high]


def distances_to(play: Play, end: Fraction) -> list[Fraction]:
    """Return the distances from the open of the orders that are met on the way to an extreme."""
    return [
        abs((order.stop if order.acts == "stop" else order.price) - play.open)
        for order in play.acting()
        if order.acts != "market" and wanted(play.venue, order) > 0 and satisfied(play, order, end)
    ]


def legs_after_entry(play: Play, legs: list[Fraction]) -> list[Fraction]:
    """Return the legs after an entry inside the candle; along a fixed path the rest of it."""
    # READING: the legs begin at the point of the walk at which the entry was met (its price before slippage).
    if play.venue.rules.intrabar in ("ohlc", "olhc"):
        return legs
    play.no_targets = play.venue.rules.intrabar == "pessimistic"
    return both_extremes(play, play.venue.positions[play.symbol].sign)


def marks(play: Play) -> None:
    """B: the close becomes the mark; break-even and trailing stops follow it, tightened only, from the next candle."""
    venue = play.venue
    venue.marks[play.symbol] = venue.last_prices[play.symbol] = play.close
    position = venue.positions.get(play.symbol)
    if position is not None:
        position.fresh_quantity = position.fresh_cost = Fraction(0)
        if venue.rules.break_even_after in position.rungs_filled:
            break_even(play)
            position.rungs_filled.discard(venue.rules.break_even_after)
    for order in venue.living(play.symbol):
        # READING: a trailing stop follows from the first B after its acceptance on, also while latency holds it back.
        if order.kind == "TRAILING_STOP" and order.acts == "stop" and order.accepted_ms < play.close_ms:
            level = trailing_level(venue, order.request, play.close)
            if order.stop is None or order.sign * (order.stop - level) > 0:
                order.stop = level


def break_even(play: Play) -> None:
    """The stop becomes the average entry, rounded as a stop, if that is tighter."""
    position, tick = play.venue.positions[play.symbol], play.venue.tick(play.symbol)
    average = position.cost / position.quantity
    for order in play.venue.living(play.symbol):
        if order.role == "stop" and order.acts == "stop":
            level = against_trader(average, -position.sign, tick)
            if position.sign * (level - order.stop) > 0:
                order.stop, order.exit_reason = level, "break_even"
