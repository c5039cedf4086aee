"""Which candles of a step orders are matched with, and which opinions are about, where finer candles are used."""

from compiled.codes import NONE
from compiled.compiler import kernel, routine
from compiled.layout import Core


@routine
def next_finer_step(core: Core) -> int:
    """Return the time of the next step and mark the candles that are matched in it; NONE after the last.

    A symbol's finer candle of the step; its strategy candle where none of the finer ones inside it was there.
    """
    rules, time_ms = core.rules[0], NONE
    for s in range(core.states.shape[0]):
        state, symbol = core.states[s], core.symbols[s]
        state.own_row += state.decides
        state.fine_row += state.fine
        state.decides = state.fine = state.present = 0
        if state.own_row < symbol.end_row:
            close_ms = core.open_ms[state.own_row] + rules.timeframe_ms
            if time_ms == NONE or close_ms < time_ms:
                time_ms = close_ms
        if state.fine_row < symbol.end_fine:
            close_ms = core.open_ms[state.fine_row] + rules.detail_ms
            if time_ms == NONE or close_ms < time_ms:
                time_ms = close_ms
    if time_ms == NONE:
        return NONE
    for s in range(core.states.shape[0]):
        mark_candles(core, s, time_ms)
    return time_ms


@kernel
def mark_candles(core: Core, s: int, time_ms: int) -> None:
    """Mark a symbol's candles that close at a time."""
    state, symbol, rules = core.states[s], core.symbols[s], core.rules[0]
    if state.own_row < symbol.end_row and core.open_ms[state.own_row] + rules.timeframe_ms == time_ms:
        state.decides = 1
    if state.fine_row < symbol.end_fine and core.open_ms[state.fine_row] + rules.detail_ms == time_ms:
        state.fine = state.present = 1
        state.row, state.last_fine_ms = state.fine_row, core.open_ms[state.fine_row]
    elif state.decides and state.last_fine_ms < core.open_ms[state.own_row]:
        state.present, state.row = 1, state.own_row


@kernel
def turn_to_strategy_candles(core: Core) -> None:
    """Let the candles of the strategy's timeframe be those of the step, now that orders and marks have had theirs."""
    for s in range(core.states.shape[0]):
        state = core.states[s]
        state.present, state.row = state.decides, state.own_row


@kernel
def last_matched(core: Core, s: int) -> int:
    """Return the row of the candle that was matched last of those inside the symbol's strategy candle, or that one."""
    state = core.states[s]
    if core.rules[0].detail_ms and state.last_fine_ms >= core.open_ms[state.row]:
        return state.fine_row - (0 if state.fine else 1)
    return state.row
