"""Candles that a window lacks at its ends, where no hole between two candles shows them."""

import msgspec

from core.instants import format_ms
from core.timeframe import ceil_to_grid, floor_to_grid


class CandleEnds(msgspec.Struct, frozen=True):
    """From when to when a symbol has candles, as text (None without one), and how many are missing before and after."""

    candles_from: str | None
    candles_to: str | None
    missing_before: int
    missing_after: int

    def warning(self) -> str | None:
        """Return what a reader must know about candles missing at the ends; None where none are, or where all are."""
        before, after = self.missing_before, self.missing_after
        if self.candles_from is None or not (before or after):
            return None
        if not after:
            return f"candles only from {self.candles_from} on: {before:,} missing before"
        lost = f"{before:,} missing before, {after:,} after" if before else f"{after:,} missing after"
        span = f"from {self.candles_from} to {self.candles_to}" if before else f"up to {self.candles_to}"
        return f"candles only {span}: {lost}; a position still open then keeps its last mark until the end"


def slots_of(start_ms: int, end_ms: int, length_ms: int) -> int:
    """Return how many candles of a length fit between two instants."""
    return max(0, (floor_to_grid(end_ms, length_ms) - ceil_to_grid(start_ms, length_ms)) // length_ms)


def candle_ends(opens: tuple[int, int] | None, start_ms: int, end_ms: int, length_ms: int) -> CandleEnds:
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
        return CandleEnds(None, None, slots_of(start_ms, end_ms, length_ms), 0)
    first_ms, last_ms = opens[0], opens[1] + length_ms
    return CandleEnds(
        format_ms(first_ms),
        format_ms(last_ms),
        slots_of(start_ms, first_ms, length_ms),
        slots_of(last_ms, end_ms, length_ms),
    )
