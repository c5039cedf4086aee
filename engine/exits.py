"""Phases A1 and A3: exits at the open, and what the prices inside the candle meet."""

from core.errors import InvariantError
from core.exact import received
from core.instants import format_ms
from core.timeframe import floor_to_grid
from engine.components import Components
from engine.symbol_state import Present, PresentCandles


def exits_at_open(parts: Components, present: PresentCandles) -> None:
    """Phase A1: per symbol the gap rule, a waiting close, or an exit that the open has passed, filled at the open."""
    rules, matching = parts.rules, parts.matching
    longest_distance = rules.longest_open_distance_ms
    finer = rules.detail_ms is not None
    for one in present:
        state, candle, mark = one
        open_ms = candle.open_time_ms
        if open_ms <= state.last_matched_ms:
            raise InvariantError(f"{state.symbol}: the candle opened {format_ms(open_ms)} is not after the one before")
        state.last_matched_ms = open_ms
        if finer:
            open_ms = floor_to_grid(open_ms, rules.timeframe_ms)
        if open_ms > state.segment_ends_ms:
            _end_segment(parts, one, open_ms)
        state.last_open_ms = open_ms
        state.segment_ends_ms = open_ms + longest_distance
        orders = state.orders
        if not orders.lower < candle.open < orders.upper or (mark is not candle and not orders.unharmed_at(mark.open)):
            matching.exits_at_open(state.symbol, candle, mark)


def inside(parts: Components, present: PresentCandles, time_ms: int) -> None:
    """Phase A3: per symbol the levels and resting orders that the candle reached; the candle of the entry counts."""
    matching = parts.matching
    for state, candle, mark in present:
        orders = state.orders
        if (
            not orders.lower < candle.low
            or not candle.high < orders.upper
            or (mark is not candle and not (orders.unharmed_at(mark.low) and orders.unharmed_at(mark.high)))
        ):
            matching.inside(state.symbol, candle, mark, time_ms)


def _end_segment(parts: Components, present: Present, open_ms: int) -> None:
    """Apply the gap rule: close at this open whatever else waits, and let the strategy start empty."""
    state, candle, _ = present
    symbol, matched_ms = state.symbol, candle.open_time_ms
    if symbol in parts.book.entries:
        parts.cancel_entry(symbol, matched_ms, "gap")
    if symbol in parts.book.closes:
        parts.cancel_close(symbol, matched_ms, "gap")
    if symbol in parts.account.holdings:
        parts.immediate.close(symbol, received(candle.open), matched_ms, "gap")
    last_open_ms = open_ms if state.last_open_ms is None else state.last_open_ms
    missing = (open_ms - last_open_ms) // parts.rules.timeframe_ms - 1
    parts.statistics.gaps += 1
    parts.outputs.decisions.write(matched_ms, symbol, "gap", {"missing_candles": missing})
    parts.account.pricing.restart(symbol)
    state.restart()
