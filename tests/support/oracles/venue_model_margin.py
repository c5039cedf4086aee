"""Isolated margin in the venue model: margin of a fill, affordability, liquidation and bankruptcy prices."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tests.support.oracles.numbers import against_trader, beyond, exact, to_1e8
from tests.support.oracles.venue_model_values import ModelFill, ModelTier, Venue

if TYPE_CHECKING:
    from tests.support.oracles.venue_model_candle import Play


def margin_of(venue: Venue, notional: Fraction) -> Fraction:
    """Margin of a fill = notional / leverage, half-even to 1e-8."""
    return to_1e8(notional / venue.rules.leverage)


def tier_of(venue: Venue, notional: Fraction) -> ModelTier:
    """Return the tier that a notional lies in, caps inclusive; beyond the last cap the last one."""
    for tier in venue.rules.tiers:
        if tier.cap is None or notional <= tier.cap:
            return tier
    return venue.rules.tiers[-1]


def why_margin_refuses(venue: Venue, symbol: str, notional: Fraction, equity: Fraction) -> str:
    """Open margins + (notional + commission) / leverage against equity; leverage above the tier's highest."""
    # READING: "the tier at the entry's notional" is that of the position as it would stand after the fill.
    held_already = venue.positions[symbol].cost if symbol in venue.positions else Fraction(0)
    # READING: a table ends with the largest position that may be opened.
    past_the_table = venue.rules.tiers[-1].cap is not None and held_already + notional > venue.rules.tiers[-1].cap
    if past_the_table or venue.rules.leverage > tier_of(venue, held_already + notional).max_leverage:
        return "max_leverage"
    held = sum((position.margin for position in venue.positions.values()), Fraction(0))
    needed = held + (notional + to_1e8(notional * venue.rules.taker)) / venue.rules.leverage
    return "insufficient_margin" if beyond(needed, equity) else ""


def liquidation_price(
    sign: int, quantity: Fraction, entry: Fraction, margin: Fraction, tiers: tuple[ModelTier, ...]
) -> Fraction | None:
    """LP = (M + cum - side x Q x E) / (Q x MMR - side x Q), in the tier in which Q x LP lies, half-even to 1e-8.

    None where no tier holds its own price or where the price is not above 0.
    """
    floor = Fraction(0)
    for tier in tiers:
        price = (margin + tier.amount - sign * quantity * entry) / (quantity * tier.rate - sign * quantity)
        notional = quantity * price
        if price <= 0 and sign > 0:
            return None
        if (notional > floor or floor == 0) and (tier.cap is None or notional <= tier.cap or tier is tiers[-1]):
            return to_1e8(price)
        floor = tier.cap or floor
    return None


def liquidation_level(play: Play, at_the_open: bool) -> Fraction | None:
    """Return where in the walk the liquidation stands, None where it is not reached.

    Judged on the mark candle, without one on the candle itself: at its open in A1, on its range in A3. The level may
    lie beyond the candle's own range.
    """
    venue = play.venue
    position = venue.positions.get(play.symbol)
    if position is None or venue.rules.leverage is None:
        return None
    price = liquidation_price(
        position.sign, position.quantity, position.cost / position.quantity, position.margin, venue.rules.tiers
    )
    if price is None:
        return None
    if play.mark is None:
        opened, low, high = play.open, play.low, play.high
    else:
        opened, low, high = (exact(value) for value in (play.mark.open, play.mark.low, play.mark.high))
    seen = opened if at_the_open else low if position.sign > 0 else high
    if position.sign * (price - seen) < 0:
        return None
    return price


def bankruptcy_price(venue: Venue, symbol: str) -> Fraction:
    """Long (Q E - M) / (Q (1 - f)), short (Q E + M) / (Q (1 + f)), rounded to the tick toward the entry."""
    position, fee = venue.positions[symbol], venue.rules.liquidation_fee
    sign, quantity = position.sign, position.quantity
    price = (position.cost - sign * position.margin) / (quantity * (1 - sign * fee))
    return against_trader(price, sign, venue.tick(symbol))


def passes_bankruptcy(venue: Venue, symbol: str, price: Fraction, quantity: Fraction, rate: Fraction) -> bool:
    """Any other close whose price would lose more than M is a liquidation too."""
    # READING: the close's own commission is part of its loss, and a part is judged against its share of the margin.
    position = venue.positions[symbol]
    share = quantity / position.quantity
    loss = -position.sign * (price * quantity - position.cost * share) + to_1e8(price * quantity * rate)
    return loss > position.margin * share


def liquidate(play: Play) -> Fraction:
    """Close the whole position at the bankruptcy price; the fee is cut so that the loss is never above the margin.

    Slippage is 0 and the volume cap does not count.
    """
    venue, symbol = play.venue, play.symbol
    position = venue.positions[symbol]
    price = bankruptcy_price(venue, symbol)
    gross = position.sign * (price * position.quantity - position.cost)
    fee = max(
        min(to_1e8(price * position.quantity * venue.rules.liquidation_fee), position.margin + gross), Fraction(0)
    )
    realized = gross - fee - position.accrued + position.funding
    venue.balance += realized
    del venue.positions[symbol]
    venue.fills.append(
        ModelFill(
            play.time_ms, symbol, "CLOSE", position.sign, price, position.quantity, fee, price, venue.balance,
            realized, False, "", venue.next_order_id(), "liquidation",
        )
    )  # fmt: skip
    venue.end_the_rest_of_entries(symbol, position.sign, play.time_ms)
    for order in venue.living(symbol):
        if order.reduce_only:
            venue.move(order, play.time_ms, "CANCELED", "position_closed" if order.role == "order" else "oco")
    return position.quantity
