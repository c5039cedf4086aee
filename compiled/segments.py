"""Unbroken segments of candles: which candles follow each other, and before which too many are missing."""

from compiled.compiler import kernel
from compiled.layout import Core


@kernel
def follow_candles(core: Core) -> None:
    """Take the candles that are matched next; mark the gaps before them, after which strategies start empty."""
    rules = core.rules[0]
    for s in range(core.states.shape[0]):
        state = core.states[s]
        if not state.present:
            continue
        open_ms = core.open_ms[state.row]
        state.last_close, state.has_close, state.gap = core.close[state.row], 1, 0
        if rules.detail_ms:
            open_ms -= (open_ms - rules.grid_origin_ms) % rules.timeframe_ms
        if state.opened and open_ms > state.segment_ends_ms:
            state.gap = 1
            state.missing = (open_ms - state.last_open_ms) // rules.timeframe_ms - 1
            state.candles_seen = 0
        state.opened, state.last_open_ms = 1, open_ms
        state.segment_ends_ms = open_ms + rules.longest_open_distance_ms
