"""Candles that a window lacks at its ends, where no hole between two candles shows them."""

from collections.abc import Mapping
from typing import Any

from core.instants import format_ms
from core.timeframe import ceil_to_grid, floor_to_grid
from reports.console.number_text import count, is_positive


def slots_of(start_ms: int, end_ms: int, length_ms: int) -> int:
    """Return how many candles of a length fit between two instants."""
    return max(0, (floor_to_grid(end_ms, length_ms) - ceil_to_grid(start_ms, length_ms)) // length_ms)


def end_facts(opens: tuple[int, int] | None, start_ms: int, end_ms: int, length_ms: int) -> dict[str, Any]:
    """Return from when to when there are candles, and how many are missing before and after.

    Parameters
    ----------
    opens
        Open times of the first and the last candle in UTC milliseconds; None where there is none, and all count as
        missing before.
    start_ms, end_ms
        The window.
    length_ms
        Length of the candles.
    """
    if opens is None:
        missing = slots_of(start_ms, end_ms, length_ms)
        return {"candles_from": None, "candles_to": None, "missing_before": missing, "missing_after": 0}
    first_ms, last_ms = opens[0], opens[1] + length_ms
    return {
        "candles_from": format_ms(first_ms),
        "candles_to": format_ms(last_ms),
        "missing_before": slots_of(start_ms, first_ms, length_ms),
        "missing_after": slots_of(last_ms, end_ms, length_ms),
    }


def ends_warning(facts: Mapping[str, Any]) -> str | None:
    """Return what a reader must know about candles missing at the ends; None where none are, or where all are."""
    before, after = facts["missing_before"], facts["missing_after"]
    if facts["candles_from"] is None or not (before or after):
        return None
    if not after:
        return f"candles only from {facts['candles_from']} on: {count(before)} missing before"
    lost = f"{count(before)} missing before, {count(after)} after" if before else f"{count(after)} missing after"
    span = f"from {facts['candles_from']} to {facts['candles_to']}" if before else f"up to {facts['candles_to']}"
    return f"candles only {span}: {lost}; a position still open then keeps its last mark until the end"


def detail_warning(facts: Mapping[str, object]) -> str | None:
    """Return how many detail candles are missing where there are some; None otherwise."""
    missing = facts.get("missing_detail_candles")
    if not is_positive(missing) or not is_positive(facts.get("detail_candles")):
        return None
    return f"detail candles missing in the range: {count(missing)}"
