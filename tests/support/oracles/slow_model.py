"""A slow, obvious second implementation of event order, sizing, gates, matching and money, for tests to compare with.

Written from the design alone, one function per paragraph, without any code of the kernel. Only what a run without
funding, liquidation, detail candles and limit orders needs is here. ``READING`` marks a place where the design leaves
room and says how it was read.
"""

import csv
import io
from decimal import Decimal
from fractions import Fraction

from core.candle import Candle
from core.trading_signal import FLAT
from tests.support.oracles.numbers import TOLERANCE, day_of, exact, plain_text, typical
from tests.support.oracles.slow_model_book import (
    Book,
    Case,
    ModelResult,
    Order,
    Position,
    balance,
    candle_before,
    daily_loss_halted,
    day_start_equity,
    drawdown_halted,
    exact_equity,
    float_equity,
    gap_is_too_long,
    last_mark,
    number,
    peak_equity,
    present,
    step_times,
    stop_in_force,
    target_in_force,
    waiting_close,
    waiting_entry,
    waiting_part,
)
from tests.support.oracles.slow_model_fills import COLUMNS, close_position, fill_entry
from tests.support.oracles.slow_model_gates import decide, queue_close

__all__ = ["COLUMNS", "Case", "ModelResult", "run_model", "trades_csv"]


def run_model(case: Case) -> ModelResult:
    """Run every step of the case's window in order, then the end of the run."""
    book = Book(case)
    times = step_times(case)
    for index, now in enumerate(times):
        fills_before, held_before = len(book.rows), set(book.positions)
        expire_waiting_entries(book, now)
        # The day roll needs no act of its own: day start and the daily-loss halt are functions of the day of `now`.
        exits_at_the_open(book, now)
        entries_at_the_open(book, now)
        inside_the_candle(book, now)
        candle_moves(book, now, held_before | {row["symbol"] for row in book.rows[fills_before:]})
        marks_and_halts(book, now)
        # READING: the row of a step holds the equity of its B, the exact form of the same point of the float curve. A
        # fill in C changes no balance; that its position exists makes the row, its slippage shows from the next B on.
        row = (now, plain_text(balance(book)), plain_text(exact_equity(book)))
        decisions(book, now)
        # READING: any fill makes "balance or positions changed" true, also when the account ends the step as it began
        # it.
        changed = len(book.rows) > fills_before
        last_of_run = index == len(times) - 1
        if index == 0 or last_of_run or changed or day_of(times[index + 1]) != day_of(now):
            book.equity_rows.append(row)
    curve = [equity for _, equity, _ in book.equity_at_b]
    if times:
        curve.append(end_of_run(book, times[-1]))
    return ModelResult(
        rows=book.rows,
        refused=book.refused,
        order_events=book.order_events,
        halts=book.halts,
        equity_curve=curve,
        equity_rows=book.equity_rows,
        final_balance=Decimal(plain_text(balance(book))),
        ambiguous=book.ambiguous,
        sizes_bound_by=book.sizes_bound_by,
        moved=book.moved,
    )


def expire_waiting_entries(book: Book, now: int) -> None:
    """Expire, before anything else, entries that found no candle in time; the event carries the deadline.

    A waiting entry accepted at T may fill at an open <= T + max_order_wait x tf. Only entries expire.
    """
    # READING: "the first step later than that" is the first step after the deadline at which no candle of the symbol
    # can still fill the order. A candle that opens exactly at the deadline closes one step later, and at that step
    # the entry fills.
    # READING: several that end before one step do so in order of their deadlines, as they would have with a step of
    # another symbol in between.
    expired = []
    for symbol in book.case.symbols:
        order = waiting_entry(book, symbol)
        if order is None:
            continue
        deadline = order.accepted_ms + int(book.case.settings["max_order_wait"]) * book.case.timeframe_ms
        opens = [candle.open_time_ms for name, candle in present(book.case, now) if name == symbol]
        if now > deadline and not any(open_ms <= deadline for open_ms in opens):
            book.waiting.remove(order)
            expired.append((deadline, symbol, "expired", "max_order_wait"))
    book.order_events.extend(sorted(expired, key=lambda event: event[0]))


def exits_at_the_open(book: Book, now: int) -> None:
    """A1: gap rule, waiting close, stop, target already passed by the open; filled at the open, stamped with it.

    A stop is passed when the open is at or beyond it, a target only when the open is beyond it. A stop fills with
    slippage, also at a gap open; a target is a limit order and fills at the open without slippage.
    """
    for symbol, candle in present(book.case, now):
        position = book.positions.get(symbol)
        if gap_is_too_long(book.case, symbol, candle):
            # The gap rule replaces a waiting close. A waiting entry has expired by now: max_order_wait <= max_gap.
            # READING: the cancellation is an event of A1 and has A1's event time, the open, not T.
            replaced = [order for order in book.waiting if order.symbol == symbol]
            cancel_waiting(book, candle.open_time_ms, "gap", replaced)
            if position is not None:
                close_position(book, position, exact(candle.open), candle.open_time_ms, "gap")
            continue
        if position is None:
            continue
        opened = exact(candle.open)
        close, part = waiting_close(book, symbol), waiting_part(book, symbol)
        if part is not None and close is None:
            # The rest stays under stop and target, which may close it at the same open.
            book.waiting.remove(part)
            at_open = {"order_id": part.order_id, "part": part.quantity}
            close_position(book, position, opened, candle.open_time_ms, part.reason, **at_open)
        stop, reason = stop_in_force(book, position)
        target = target_in_force(book, position)
        if close is not None:
            book.waiting.remove(close)
            close_position(book, position, opened, candle.open_time_ms, close.reason, order_id=close.order_id)
            if part is not None:
                # A halt's close went before it.
                cancel_waiting(book, candle.open_time_ms, "position_closed", [part])
        elif position.sign * (stop - opened) >= 0:
            close_position(book, position, opened, candle.open_time_ms, reason)
        elif target is not None and position.sign * (opened - target) > 0:
            close_position(book, position, opened, candle.open_time_ms, "target", slips=False)


def entries_at_the_open(book: Book, now: int) -> None:
    """A2: waiting market entries fill at the open, stamped with it; with ``next_typical`` none does."""
    if book.case.settings["entry_fill"] == "next_typical":
        return
    for symbol, candle in present(book.case, now):
        order = waiting_entry(book, symbol)
        if order is not None:
            book.waiting.remove(order)
            fill_entry(book, order, exact(candle.open), candle.open_time_ms)


def inside_the_candle(book: Book, now: int) -> None:
    """A3: each symbol's entry at the typical price, where entries fill there, and then its exits; stamped with T."""
    for symbol, candle in present(book.case, now):
        order, entered_at = waiting_entry(book, symbol), None
        if order is not None and book.case.settings["entry_fill"] == "next_typical":
            book.waiting.remove(order)
            entered_at = typical(candle.high, candle.low, candle.close)
            fill_entry(book, order, entered_at, now, marked_from_ms=candle.open_time_ms)
        if symbol in book.positions:
            exit_inside_the_candle(book, now, book.positions[symbol], candle, entered_at)


def exit_inside_the_candle(
    book: Book, now: int, position: Position, candle: Candle, entered_at: Fraction | None
) -> None:
    """The stop needs a touch, the target a trade through it; adverse before favourable.

    A stop beyond the open of its own entry candle fills here at that open, with slippage, never better than the open.
    """
    # READING: of a position entered at the candle's typical price nobody knows which part of the candle came after the
    # entry. All of it can meet its stop, and nothing its target. It was not there at the open: what the open is for
    # another position, its entry's reference is for this one, also where a stop lies between the two.
    began = exact(candle.open) if entered_at is None else entered_at
    adverse, favourable = exact(candle.low), exact(candle.high)
    if position.sign < 0:
        adverse, favourable = favourable, adverse
    stop, reason = stop_in_force(book, position)
    target = target_in_force(book, position)
    stop_is_touched = position.sign * (stop - adverse) >= 0
    target_is_traded = target is not None and position.sign * (favourable - target) > 0
    stop_is_beyond = position.sign * (stop - began) >= 0
    if stop_is_touched:
        # READING: a stop that the open has already reached decides at the open, so that trade does not rest on
        # the rule "adverse before favourable" and is not ambiguous, whatever the candle did afterwards.
        close_position(
            book,
            position,
            began if stop_is_beyond else stop,
            now,
            reason,
            ambiguous=target_is_traded and not stop_is_beyond,
        )
    elif target is not None and target_is_traded and entered_at is None:
        target_is_beyond = position.sign * (began - target) > 0
        close_position(book, position, began if target_is_beyond else target, now, "target", slips=False)


def candle_moves(book: Book, now: int, traded: set[str]) -> None:
    """A candle that moves by more than ``max_candle_move`` while a position is open halts its symbol's entries.

    The move is counted from the close of the symbol's candle before it, whatever lies between, to the extremes of this
    one. ``traded`` are the symbols that had a position in this step.
    """
    # READING: what waits of the symbol is cancelled as by any halt, before the limits see the equity of B.
    for symbol, candle in present(book.case, now):
        before = candle_before(book.case, symbol, candle)
        if symbol in traded and before is not None:
            factor = max(candle.high, before.close) / min(candle.low, before.close)
            if above(factor, number(book.case, "max_candle_move")):
                book.moved.append((now, symbol))
                halted = [order for order in book.waiting if order.opens and order.symbol == symbol]
                cancel_waiting(book, now, "halt", halted)


def marks_and_halts(book: Book, now: int) -> None:
    """B: marks become this step's closes; equity; the safety limits see it here and nowhere else; a halt acts.

    Trailing stops follow from the marks (``stop_level``). A limit is broken by a value above limit x (1 + 1e-9).
    """
    case = book.case
    book.marked_ms = now
    equity = float_equity(book)
    book.equity_at_b.append((now, equity, balance(book)))
    book.positions_at_b = list(book.positions.values())
    peak = peak_equity(book)
    day_start = day_start_equity(book, now)
    broken = []
    if not drawdown_halted(book) and above((peak - equity) / peak, number(case, "max_drawdown_pct")):
        broken.append("drawdown")
    # READING: a day that starts at or below 0 has no daily loss as a fraction; the drawdown has then long halted.
    if (
        not daily_loss_halted(book, now)
        and day_start > 0
        and above((day_start - equity) / day_start, number(case, "max_daily_loss_pct"))
    ):
        broken.append("daily_loss")
    # READING: both limits may break, at one B or one after the other; each is a halt on record, drawdown first.
    book.halts.extend((now, reason) for reason in broken)
    if broken:
        cancel_waiting(book, now, "halt", [order for order in book.waiting if order.opens])
        if case.settings["on_halt"] == "flatten":
            for symbol in case.symbols:
                if symbol in book.positions and waiting_close(book, symbol) is None:
                    queue_close(book, now, symbol, "halt")


def decisions(book: Book, now: int) -> None:
    """C: each symbol's signal in configured order; an accepted entry waits for the next open or fills at the close.

    With ``entry_fill: close`` the entry of a reverse still waits.
    """
    for symbol, candle in present(book.case, now):
        signal = book.case.signals.get(symbol, {}).get(candle.open_time_ms, FLAT)
        verdict = decide(book, now, symbol, candle, signal)
        if isinstance(verdict, Order):
            if book.case.settings["entry_fill"] == "close" and symbol not in book.positions:
                fill_entry(book, verdict, exact(candle.close), now)
            else:
                book.waiting.append(verdict)
        elif verdict:
            book.refused.append((now, symbol, verdict))


def end_of_run(book: Book, now: int) -> float:
    """Cancel what waits, close every position at its last mark with costs, stamped with the last T; return equity."""
    cancel_waiting(book, now, "end", list(book.waiting))
    for symbol in book.case.symbols:
        position = book.positions.get(symbol)
        if position is not None:
            close_position(book, position, exact(last_mark(book, symbol)), now, "end")
    # READING: the one final row is written whether or not anything was open.
    book.equity_rows.append((now, plain_text(balance(book)), plain_text(exact_equity(book))))
    return float(balance(book))


def cancel_waiting(book: Book, now: int, reason: str, orders: list[Order]) -> None:
    """Cancel waiting orders: symbols in configured order, a symbol's in order of acceptance."""
    for order in sorted(orders, key=lambda order: (book.case.symbols.index(order.symbol), order.order_id)):
        book.waiting.remove(order)
        book.order_events.append((now, order.symbol, "cancelled", reason))


def above(value: float, limit: float) -> bool:
    """A limit is broken by a value above limit x (1 + 1e-9); a value that only reaches it is allowed."""
    return value > limit * (1 + TOLERANCE)


def trades_csv(result: ModelResult) -> bytes:
    """Return the exact bytes of the trade log: header and rows, minimal quoting, ``\\n`` line ends."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writeheader()
    writer.writerows(result.rows)
    return text.getvalue().encode()
