"""Fills of the slow model: prices, commissions, positions opened and closed, and the rows of the trade log."""

import json
from fractions import Fraction

from tests.support.oracles.numbers import (
    against_trader,
    beyond,
    clock_text,
    exact,
    for_trader,
    plain_text,
    slipped,
    to_1e8,
)
from tests.support.oracles.slow_model_book import (
    Book,
    Order,
    Position,
    balance,
    commission_left,
    last_mark,
    number,
    quantity_left,
    trade_log_equity,
)

COLUMNS = (
    "timestamp",
    "order_id",
    "symbol",
    "action",
    "side",
    "price",
    "quantity",
    "commission",
    "slippage",
    "balance",
    "equity",
    "realized_pnl",
    "unrealized_pnl",
    "strategy",
    "reason",
    "metadata",
)


def fill_price(book: Book, symbol: str, sign: int, reference: Fraction, slips: bool) -> Fraction:
    """Return the price of a buy (+1) or sell (-1): slippage against the trader, buys rounded up to tick, sells down."""
    # READING: a target filled at an open that is off the tick grid is rounded like every fill, against the trader.
    slippage = exact(number(book.case, "slippage")) if slips else Fraction(0)
    return slipped(reference, sign, slippage, Fraction(book.case.instruments[symbol].tick_size))


def commission_of(book: Book, price: Fraction, quantity: Fraction) -> Fraction:
    """Return the commission of a fill."""
    return to_1e8(price * quantity * exact(number(book.case, "commission_rate")))


def fill_entry(
    book: Book, order: Order, reference: Fraction, event_ms: int, *, marked_from_ms: int | None = None
) -> None:
    """Open a position unless the account cannot carry it; the order is then rejected, never resized.

    ``marked_from_ms`` is the open of the first candle whose close marks it, where the fill lies inside that candle.

    Entry notionals plus this one plus its commission against equity at B plus PnL realised since, from B's marks on.
    Stop and target distances are kept from the rounded fill: a long's stop rounds down and a short's up, targets away
    from the entry.
    """
    case = book.case
    price = fill_price(book, order.symbol, order.sign, reference, slips=True)
    commission = commission_of(book, price, order.quantity)
    carried = sum((p.entry_price * quantity_left(book, p) for p in book.positions.values()), Fraction(0))
    # READING: "PnL realised since" is counted from the marks of B. A position that has closed weighs by its result
    # alone; were it counted from the entry, what the position was worth at B would weigh twice.
    marked = [p for p in book.positions.values() if any(p is one for one in book.positions_at_b)]
    gains = (p.sign * (exact(last_mark(book, p.symbol)) - p.entry_price) * quantity_left(book, p) for p in marked)
    means = balance(book) + sum(gains, Fraction(0))
    if beyond(carried + price * order.quantity + commission, means):
        book.order_events.append((event_ms, order.symbol, "rejected", "insufficient_balance"))
        return
    tick = Fraction(case.instruments[order.symbol].tick_size)
    placed = price - order.sign * order.stop_distance if order.stop_price is None else order.stop_price
    stop = against_trader(placed, -order.sign, tick)
    target = target_of(order, price, abs(price - placed))
    if target is not None:
        target = for_trader(target, -order.sign, tick)
    # An entry that fills at or beyond a level of its own that is a price opens nothing.
    if order.stop_price is not None and order.sign * (price - stop) <= 0:
        book.order_events.append((event_ms, order.symbol, "rejected", "stop_passed"))
        return
    if order.target_price is not None and target is not None and order.sign * (target - price) <= 0:
        book.order_events.append((event_ms, order.symbol, "rejected", "target_passed"))
        return
    book.positions[order.symbol] = Position(
        order.symbol,
        order.sign,
        order.quantity,
        price,
        event_ms,
        event_ms if marked_from_ms is None else marked_from_ms,
        commission,
        stop,
        target,
        order.tag,
    )
    levels = {"stop": plain_text(stop)}
    if order.tag:
        levels["tag"] = order.tag
    if target is not None:
        levels["target"] = plain_text(target)
    write_row(
        book,
        event_ms=event_ms,
        order_id=order.order_id,
        position=book.positions[order.symbol],
        quantity=order.quantity,
        action="OPEN",
        price=price,
        reference=reference,
        commission=commission,
        realized=Fraction(0),
        reason=order.reason,
        metadata=levels,
    )


def target_of(order: Order, price: Fraction, stop_distance: Fraction) -> Fraction | None:
    """Return an entry's target, before rounding: its price, distances of the stop, or a distance from the fill."""
    if order.target_price is not None:
        return order.target_price
    away = order.target_distance if order.target_r is None else order.target_r * stop_distance
    return None if away is None else price + order.sign * away


def close_position(
    book: Book,
    position: Position,
    reference: Fraction,
    event_ms: int,
    reason: str,
    *,
    order_id: int | None = None,
    slips: bool = True,
    ambiguous: bool = False,
    part: Fraction | None = None,
) -> None:
    """Close what is open of a position, or a part: gross PnL at the filled prices less both commissions goes to
    balance, once. A part carries its share of the entry's commission, half-even to 1e-8.

    ``order_id`` is that of the waiting close; a protective exit is counted at its fill.
    """
    # READING: closes by the gap rule and at the end of the run are counted at their fill too, also where the gap rule
    # replaces a waiting close.
    price = fill_price(book, position.symbol, -position.sign, reference, slips)
    held, paid = quantity_left(book, position), commission_left(book, position)
    quantity = held if part is None else part
    commission = commission_of(book, price, quantity)
    gross = position.sign * (price - position.entry_price) * quantity
    if quantity < held:
        paid = to_1e8(paid * quantity / held)
        book.left_parts.append((position, quantity, paid))
    else:
        del book.positions[position.symbol]
    realized = gross - paid - commission
    book.realized.append(realized)
    book.ambiguous += ambiguous
    write_row(
        book,
        event_ms=event_ms,
        order_id=book.next_order_id() if order_id is None else order_id,
        position=position,
        quantity=quantity,
        action="CLOSE",
        price=price,
        reference=reference,
        commission=commission,
        realized=realized,
        reason=reason,
        metadata={**({"ambiguous": True} if ambiguous else {}), **({"tag": position.tag} if position.tag else {})},
    )


def write_row(
    book: Book,
    *,
    event_ms: int,
    order_id: int,
    position: Position,
    quantity: Fraction,
    action: str,
    price: Fraction,
    reference: Fraction,
    commission: Fraction,
    realized: Fraction,
    reason: str,
    metadata: dict[str, str] | dict[str, bool | str],
) -> None:
    """Append a row of the trade log; balance and equity are those after the fill."""
    cash, equity = balance(book), trade_log_equity(book)
    values = (
        clock_text(event_ms),
        str(order_id),
        position.symbol,
        action,
        "LONG" if position.sign > 0 else "SHORT",
        plain_text(price),
        plain_text(quantity),
        plain_text(commission),
        plain_text(abs(price - reference) * quantity),
        plain_text(cash),
        plain_text(equity),
        plain_text(realized),
        plain_text(equity - cash),
        "scripted",
        reason,
        json.dumps(metadata, sort_keys=True, separators=(",", ":")),
    )
    book.rows.append(dict(zip(COLUMNS, values, strict=True)))
