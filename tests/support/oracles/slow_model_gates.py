"""Phase C of the slow model: what becomes of a signal."""

from fractions import Fraction

from core.candle import Candle
from core.instrument import Instrument
from core.trading_signal import Signal
from tests.support.oracles.numbers import (
    TOLERANCE,
    against_trader,
    exact,
    for_trader,
    rounded_down,
    rounded_up,
    twelve_digits,
)
from tests.support.oracles.slow_model_book import (
    Book,
    Order,
    Position,
    daily_loss_halted,
    drawdown_halted,
    exposure_without,
    may_order,
    number,
    open_trades_without,
    quantity_left,
    stop_level,
    waiting_close,
    waiting_entry,
)

SIGN = {"LONG": 1, "SHORT": -1}


def decide(book: Book, now: int, symbol: str, candle: Candle, signal: Signal) -> Order | str:
    """Judge a symbol's signal; return the accepted entry, or why it is refused, or "" where there is nothing to refuse.

    Warm-up, then the position of the symbol, then risk, then safety. Closes are never refused.
    """
    case = book.case
    if signal.direction == "FLAT":
        return ""
    if not may_order(case, symbol, candle):
        return "warming_up"
    if waiting_entry(book, symbol) is not None:
        raise AssertionError("a waiting entry fills, is rejected or expires before its symbol decides again")
    position = book.positions.get(symbol)
    if signal.direction in ("EXIT", "ADJUST"):
        # Nothing waits when a symbol decides: there is no entry to cancel. Before another entry there need be none.
        cancelled = "no_entry_waiting" if signal.cancel_entry else ""
        moved = "" if signal.move_stop is None else move_stop(book, now, position, candle, signal.move_stop)
        aimed = "" if signal.move_target is None else move_target(book, position, candle, signal.move_target)
        left = exit_position(book, now, symbol, signal.fraction) if signal.direction == "EXIT" else ""
        return cancelled or moved or aimed or left
    sign = SIGN[signal.direction]
    if position is not None:
        if position.sign == sign:
            return "position_open"
        policy = case.settings["on_opposite_signal"]
        if policy == "ignore":
            return "opposite_ignored"
        if waiting_close(book, symbol) is not None:
            # READING: also under `reverse`; the close that waits then comes from a halt, and a halted reverse only
            # closes.
            return "close_waiting"
        queue_close(book, now, symbol, "opposite_signal")
        if policy == "close":
            return ""
    # READING: a `reverse` while halted "closes only": its entry goes through the gates like any other and is refused
    # by them, so the refusal is on record.
    return gate_entry(book, now, symbol, candle, signal)


def move_stop(book: Book, now: int, position: Position | None, candle: Candle, price: float) -> str:
    """Move a stop nearer, to a price on the tick; return why it stays: nothing to move, not nearer, or at the close."""
    if position is None:
        return "no_position"
    tick = Fraction(book.case.instruments[position.symbol].tick_size)
    level = against_trader(twelve_digits(price), -position.sign, tick)
    if position.sign * (level - stop_level(book, position)) <= 0:
        return "stop_not_tighter"
    if position.sign * (exact(candle.close) - level) <= 0:
        return "stop_passed"
    book.moved_stops.append((now, position, level))
    return ""


def move_target(book: Book, position: Position | None, candle: Candle, price: float) -> str:
    """Move or place a target, on the tick away from the entry; return why not: no position, or the close is there."""
    if position is None:
        return "no_position"
    tick = Fraction(book.case.instruments[position.symbol].tick_size)
    level = for_trader(twelve_digits(price), -position.sign, tick)
    if position.sign * (level - exact(candle.close)) <= 0:
        return "target_passed"
    book.moved_targets.append((position, level))
    return ""


def exit_position(book: Book, now: int, symbol: str, fraction: float) -> str:
    """Let a close, whole or of a part down to the lot, wait for the next open; return why there is none."""
    position = book.positions.get(symbol)
    if position is None:
        return "no_position"
    held = quantity_left(book, position)
    part = held
    if fraction < 1:
        part = rounded_down(held * twelve_digits(fraction), Fraction(book.case.instruments[symbol].lot_size))
    if waiting_close(book, symbol) is not None:
        return "close_waiting"
    if not part:
        return "below_lot_size"
    queue_close(book, now, symbol, "exit_signal", part if part < held else None)
    return ""


def queue_close(book: Book, now: int, symbol: str, reason: str, part: Fraction | None = None) -> None:
    """Let a market close of the position, or of a part, wait for its symbol's next open; it never expires."""
    position = book.positions[symbol]
    quantity = quantity_left(book, position) if part is None else part
    book.waiting.append(
        Order(book.next_order_id(), symbol, False, -position.sign, quantity, now, reason=reason, part=part is not None)
    )


def gate_entry(book: Book, now: int, symbol: str, candle: Candle, signal: Signal) -> Order | str:
    """Size an entry and show it to every gate; return it accepted, or the first refusal.

    A position of the symbol is one that this entry's own signal closes: "the gates see the account without the closing
    position". All gates use the equity of B, which is not changed by that.
    """
    instrument, sign = book.case.instruments[symbol], SIGN[signal.direction]
    distance, stop_price, target_price = signal.sl_distance, None, None
    if signal.stop_price is not None:
        # Prices are measured from the close; the float of that distance is what sizes are divided by.
        stop_price = twelve_digits(signal.stop_price)
        distance = float(sign * (exact(candle.close) - stop_price))
    if distance is None:
        raise ValueError(f"{symbol} at {now}: the model needs a stop")
    stop_distance = twelve_digits(distance)
    if stop_distance <= 0:
        return "stop_distance"
    if stop_distance < Fraction(instrument.tick_size):
        return "stop_within_tick"
    target_distance = None if signal.tp_distance is None else twelve_digits(signal.tp_distance)
    if target_distance is not None and target_distance <= 0:
        return "target_distance"
    if signal.target_price is not None:
        target_price = twelve_digits(signal.target_price)
        if sign * (target_price - exact(candle.close)) <= 0:
            return "target_distance"
    price = candle.close
    quantity, reason = size_of_entry(book, symbol, price, distance, signal.size)
    reason = (
        reason
        or safety_refusal(book, now, symbol, price, quantity, worst_distance(instrument, stop_distance))
        or shorting_refusal(book, sign)
    )
    if reason:
        return reason
    book.sizes_bound_by.append(book.bound)
    return Order(
        order_id=book.next_order_id(),
        symbol=symbol,
        opens=True,
        sign=sign,
        quantity=quantity,
        accepted_ms=now,
        reason="signal",
        decision_price=price,
        stop_distance=stop_distance,
        target_distance=target_distance,
        stop_price=stop_price,
        target_price=target_price,
        target_r=None if signal.target_r is None else twelve_digits(signal.target_r),
        tag=signal.tag,
    )


def size_of_entry(book: Book, symbol: str, price: float, stop_distance: float, share: float) -> tuple[Fraction, str]:
    """Size = the least of equity x risk / stop distance, equity x max_exposure / p, room / p, rounded down to the lot.

    A signal may take a ``share`` of it.

    Where the worst that rounding makes of its loss is above the limit of risk, the size is reduced to that limit.
    Minimums are judged on the rounded quantity at p, with the tolerance in the trader's favour.
    """
    # READING: the float64 sizing divides by the signal's own float distance; twelve digits are for levels.
    case = book.case
    instrument = case.instruments[symbol]
    equity = book.equity_at_b[-1][1]
    by_risk = equity * number(case, "default_risk_per_trade") / stop_distance
    by_cap = equity * number(case, "max_exposure") / price
    room = number(case, "max_exposure_pct") * equity - exposure_without(book, symbol)
    if room <= 0:
        return Fraction(0), "no_exposure_room"
    by_room = room / price
    size = min(by_risk, by_cap, by_room)
    # READING: of two bounds that come to one size the first of risk, cap and room is named.
    bound = "risk" if size == by_risk else "position_cap" if size == by_cap else "exposure_room"
    quantity = rounded_down(twelve_digits(size * share), Fraction(instrument.lot_size))
    worst = worst_distance(instrument, twelve_digits(stop_distance))
    limit = number(case, "max_risk_per_trade_pct") * equity
    if float(quantity) * worst > limit * (1 + TOLERANCE):
        # READING: the reduced size is a computed float like the other one, and goes through twelve digits to the lot.
        quantity, bound = rounded_down(twelve_digits(limit / worst), Fraction(instrument.lot_size)), "rounding"
    book.bound = bound
    value = float(quantity) * price
    if quantity <= 0:
        return quantity, "below_lot_size"
    if float(quantity) * (1 + TOLERANCE) < float(instrument.min_quantity):
        return quantity, "below_min_quantity"
    if value * (1 + TOLERANCE) < number(case, "min_position_size_usd"):
        return quantity, "below_min_position_size"
    if value * (1 + TOLERANCE) < float(instrument.min_notional):
        return quantity, "below_min_notional"
    return quantity, ""


def worst_distance(instrument: Instrument, stop_distance: Fraction) -> float:
    """The stop distance rounded up to the tick + two ticks: the entry's and the exit's rounding."""
    tick = Fraction(instrument.tick_size)
    return float(rounded_up(stop_distance, tick) + 2 * tick)


def safety_refusal(book: Book, now: int, symbol: str, price: float, quantity: Fraction, worst: float) -> str:
    """Return the first safety gate that refuses, "" when none does; a value that only reaches a limit is allowed."""
    case = book.case
    equity = book.equity_at_b[-1][1]
    if case.kill_switch:
        return "kill_switch"
    if drawdown_halted(book):
        return "halted_drawdown"
    if daily_loss_halted(book, now):
        return "halted_daily_loss"
    if any(moved == symbol for _, moved in book.moved):
        return "halted_candle_move"
    if open_trades_without(book, symbol) + 1 > number(case, "max_open_trades"):
        return "max_open_trades"
    if float(quantity) * worst > number(case, "max_risk_per_trade_pct") * equity * (1 + TOLERANCE):
        return "max_risk_per_trade"
    after = exposure_without(book, symbol) + float(quantity) * price
    if after > number(case, "max_exposure_pct") * equity * (1 + TOLERANCE):
        return "max_exposure"
    return ""


def shorting_refusal(book: Book, sign: int) -> str:
    """Shorts are refused without ``allow_shorting``; judged last, where the order is handed to the venue."""
    return "shorting_disabled" if sign < 0 and not book.case.settings["allow_shorting"] else ""
