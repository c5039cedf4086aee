"""Anchored frames: where the frame begins on which a candle is judged, whichever candle a session began with.

Candles are numbered by floor(open / timeframe), and ``BLOCK_CANDLES`` numbers are a block. The frame of a candle begins
``warmup_candles`` stored candles before the candle's block, but not before its unbroken segment, and ends with the
candle.
"""

import hashlib
from collections.abc import Sequence

from core.timeframe import ceil_to_grid
from strategies.strategy import Strategy, StreamingStrategy, candles_shown_to

BLOCK_CANDLES = 1_000
SAMPLED = 10
"""How many quiet rows of a block are judged on a frame of their own, beside the first and the last."""


def block_ms(timeframe_ms: int) -> int:
    """Return the length of a block; its boundaries are multiples of it."""
    return BLOCK_CANDLES * timeframe_ms


def stored_candles_needed(strategy: Strategy | StreamingStrategy, start_ms: int, timeframe_ms: int) -> int:
    """Return how many stored candles before a window's start a strategy is to be shown.

    Those of its warm-up, and those that a program may look back at beside. For the frame form they come before the
    block in which the window begins, and what that block has before the window is shown as well: up to 999 more, so
    that the frames are those of any other window.
    """
    if isinstance(strategy, StreamingStrategy):
        return candles_shown_to(strategy)
    first_open_ms = ceil_to_grid(start_ms, timeframe_ms)
    return strategy.warmup_candles + first_open_ms // timeframe_ms % BLOCK_CANDLES


def sampled_rows(rows: Sequence[int], *names: object) -> set[int]:
    """Return the first and the last of some rows and up to ten more, always the same ones for the same names."""
    if not rows:
        return set()
    text = "\n".join(map(str, names))
    digests = (hashlib.sha256(f"{text}\n{number}".encode()).digest() for number in range(SAMPLED))
    return {rows[0], rows[-1], *(rows[int.from_bytes(digest) % len(rows)] for digest in digests)}
