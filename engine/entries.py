"""Waiting entries: their expiry before everything else, and phase A2, their fill at the open."""

from engine.components import Components
from engine.symbol_state import PresentCandles


def expire_entries(parts: Components, present: PresentCandles, time_ms: int) -> None:
    """Expire the entries whose time is over before this step and that no candle of it can fill any more."""
    opens = {state.symbol: candle.open_time_ms for state, candle, _ in present}
    waiting = [parts.book.entries[state.symbol] for state in parts.states if state.symbol in parts.book.entries]
    # In order of their ends, so that a step of another symbol in between changes nothing.
    for order in sorted(waiting, key=lambda order: order.last_open_ms or order.expires_ms or time_ms):
        parts.book.expire(order.symbol, opens.get(order.symbol), time_ms)


def entries_at_open(parts: Components, present: PresentCandles) -> None:
    """Phase A2: fill the entries that the open of their symbol's candle satisfies."""
    entries, matching = parts.book.entries, parts.matching
    for state, candle, mark in present:
        if state.symbol in entries:
            matching.entries_at_open(state.symbol, candle, mark)
