"""Candles that move by a factor no market moves by, while a position is open: the symbol takes no more entries."""

from compiled.codes import HALT, MOVE
from compiled.compiler import kernel
from compiled.layout import Core
from compiled.order_book import cancel_entry, next_note


@kernel
def find_moves(core: Core) -> bool:
    """Note the candles that move too far, of symbols that have a position or may get one in them."""
    limit, found = core.rules[0].max_candle_move, False
    for s in range(core.states.shape[0]):
        state = core.states[s]
        state.moved = state.filled = 0
        held = core.holdings[s].sign != 0
        if state.present and state.has_close and (held or core.entries[s].working):
            before, row = state.last_close, state.row
            factor = max(core.high[row], before) / min(core.low[row], before)
            if factor > limit:
                state.moved, state.held, state.factor, state.before = 1, 1 if held else 0, factor, before
                found = True
    return found


@kernel
def act_on_moves(core: Core, time_ms: int) -> None:
    """Halt the entries of each symbol that had a position in its candle, now that the candles are matched."""
    for s in range(core.states.shape[0]):
        state = core.states[s]
        if state.moved and (state.held or state.filled):
            note = next_note(core, time_ms, s, MOVE)
            note.opened_ms, note.close_before, note.factor = core.open_ms[state.row], state.before, state.factor
            note.high, note.low = core.high[state.row], core.low[state.row]
            state.halted = 1
            cancel_entry(core, s, time_ms, HALT)
