"""Phases A1 and A3: exits at the open and inside the candle."""

from core.candle import Candle
from core.errors import InvariantError
from core.exact import received
from core.instants import format_ms
from engine.components import Components
from engine.symbol_state import PresentCandles, SymbolState


def exits_at_open(parts: Components, present: PresentCandles) -> None:
    """Phase A1: per symbol the gap rule, a waiting close, or a level that the open has passed, filled at the open."""
    holdings, closes = parts.account.holdings, parts.waiting.closes
    longest_distance = parts.rules.longest_open_distance_ms
    for state, candle in present:
        open_ms = candle.open_time_ms
        if state.last_open_ms is not None and open_ms <= state.last_open_ms:
            raise InvariantError(f"{state.symbol}: the candle opened {format_ms(open_ms)} is not after the one before")
        if open_ms > state.segment_ends_ms:
            _end_segment(parts, state, candle)
        state.last_open_ms = open_ms
        state.segment_ends_ms = open_ms + longest_distance
        if not holdings:
            continue
        symbol = state.symbol
        holding = holdings.get(symbol)
        if holding is None:
            continue
        if symbol in closes:
            close = closes.pop(symbol)
            parts.account.close_position(symbol, received(candle.open), open_ms, close.reason, order_id=close.order_id)
            continue
        hit = holding.levels.passed_by(candle.open)
        if hit is not None:
            parts.account.close_at_level(symbol, hit, open_ms)


def exits_inside(parts: Components, present: PresentCandles, time_ms: int) -> None:
    """Phase A3: per symbol the protective level that the candle reached; the candle of the entry counts."""
    holdings = parts.account.holdings
    for state, candle in present:
        holding = holdings.get(state.symbol)
        if holding is not None:
            hit = holding.levels.reached_in(candle)
            if hit is not None:
                parts.account.close_at_level(state.symbol, hit, time_ms)


def _end_segment(parts: Components, state: SymbolState, candle: Candle) -> None:
    """Apply the gap rule: close at this open whatever else waits, and let the strategy start empty."""
    symbol, open_ms = state.symbol, candle.open_time_ms
    if symbol in parts.waiting.entries:
        parts.cancel_entry(symbol, open_ms, "gap")
    if symbol in parts.waiting.closes:
        parts.cancel_close(symbol, open_ms, "gap")
    if symbol in parts.account.holdings:
        parts.account.close_position(symbol, received(candle.open), open_ms, "gap")
    last_open_ms = open_ms if state.last_open_ms is None else state.last_open_ms
    missing = (open_ms - last_open_ms) // parts.rules.timeframe_ms - 1
    parts.statistics.gaps += 1
    parts.outputs.decisions.write(open_ms, symbol, "gap", {"missing_candles": missing})
    state.restart()
