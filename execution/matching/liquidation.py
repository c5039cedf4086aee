"""Liquidation: when margin is used up, at which price it closes a position, and what it costs."""

from decimal import Decimal

from core.events import Fill
from core.exact import ZERO, add, multiply, round_commission, subtract
from core.orders import OrderType
from execution.matching.venue_rules import PerpetualRules
from execution.money.holding import Holding
from execution.money.ledger import Entry
from execution.money.margin import bankruptcy_price
from execution.orders.order import Order


def liquidation_order(holding: Holding, time_ms: int) -> Order:
    """Return the venue's own order that closes a liquidated position."""
    entry = holding.entry
    return Order(
        entry.symbol,
        -entry.sign,
        OrderType.MARKET,
        entry.quantity,
        "close",
        client_order_id=f"{holding.client_order_id}-liquidation",
        reduce_only=True,
        exit_reason="liquidation",
        accepted_ms=time_ms,
    )


def liquidation_fill(entry: Entry, perpetual: PerpetualRules | None, tick: Decimal, time_ms: int) -> Fill:
    """Return the fill of a liquidation: at the bankruptcy price, with what the margin leaves for the fee."""
    rate = ZERO if perpetual is None else perpetual.liquidation_fee
    price = bankruptcy_price(entry.sign, entry.quantity, entry.cost, entry.margin, rate, tick)
    fee = round_commission(multiply(multiply(price, entry.quantity), rate))
    left = add(entry.margin, entry.gross(price, entry.quantity))
    return Fill(entry.symbol, -entry.sign, entry.quantity, price, price, max(min(fee, left), ZERO), time_ms)


def ruins(entry: Entry, fill: Fill) -> bool:
    """Return whether a closing fill would lose more than the margin set aside for what it closes."""
    loss = subtract(fill.commission, entry.gross(fill.price, fill.quantity))
    return multiply(loss, entry.quantity) > multiply(entry.margin, fill.quantity)
