"""Phase B: the step's closes become marks; equity, halts and trailing stops follow from them."""

from core.timeframe import floor_to_grid
from engine.components import Components
from engine.symbol_state import PresentCandles


def take_marks(parts: Components, present: PresentCandles, time_ms: int) -> None:
    """Mark positions, show equity to the safety monitor, and let trailing stops follow for the next candle."""
    holdings = parts.account.holdings
    equity = parts.trader.balance
    if holdings:
        for state, candle, _ in present:
            holding = holdings.get(state.symbol)
            if holding is not None:
                holding.set_mark(candle.close)
                if holding.moves_stop:
                    parts.matching.after_close(state.symbol, candle.close, time_ms)
        unrealized = 0.0
        for state in parts.states:
            holding = holdings.get(state.symbol)
            if holding is not None:
                holding.count()
                unrealized += holding.unrealized()
        equity += unrealized
        parts.statistics.steps_with_position += 1
    parts.outputs.equity.curve.append(equity)
    safety = parts.safety
    if equity != safety.current_equity:
        parts.trader.note_equity(equity)
        halts_before = safety.halts
        if safety.check_post_trade(equity):
            for reason in safety.halts:
                if reason not in halts_before:
                    _halt(parts, time_ms, reason)


def close_overdue(parts: Components, present: PresentCandles, time_ms: int, max_holding: int) -> None:
    """Queue a close of every position that has been held for ``max_holding`` candles of its symbol's timeframe."""
    rules, holdings, closes = parts.rules, parts.account.holdings, parts.book.closes
    for state, _, _ in present:
        holding = holdings.get(state.symbol)
        if holding is None or holding.timed_out:
            continue
        if time_ms >= floor_to_grid(holding.entered_ms, rules.timeframe_ms) + max_holding * rules.timeframe_ms:
            holding.timed_out = True
            if state.symbol not in closes:
                parts.queue_close(state.symbol, time_ms, "time_stop")


def roll_day(parts: Components, time_ms: int) -> None:
    """Begin a UTC day: day-start equity is that of the last marks, a daily-loss halt is lifted."""
    safety = parts.safety
    halted = "daily_loss" in safety.halts
    safety.reset_daily_limits()
    if halted:
        parts.outputs.decisions.write(time_ms, None, "halt_lifted", {"reason": "daily_loss"})


def _halt(parts: Components, time_ms: int, reason: str) -> None:
    """Record that a limit is broken, cancel waiting entries and, if so set, queue a close of every position.

    A position that has a close waiting keeps that one.
    """
    safety, statistics = parts.safety, parts.statistics
    statistics.halts += 1
    parts.outputs.decisions.write(
        time_ms,
        None,
        "halt",
        {
            "reason": reason,
            "equity": safety.current_equity,
            "peak_equity": safety.peak_equity,
            "day_start_equity": safety.day_start_equity,
        },
    )
    parts.cancel_entries(time_ms, "halt")
    if parts.rules.on_halt == "flatten":
        for state in parts.states:
            if state.symbol in parts.account.holdings and state.symbol not in parts.book.closes:
                parts.queue_close(state.symbol, time_ms, "halt")
