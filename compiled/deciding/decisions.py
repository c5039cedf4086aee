"""Phase C: each opinion that is not FLAT goes through the gates, symbol by symbol."""

from compiled.codes import (
    ADDS,
    ANY_POSITION,
    CLOSE_ROLE,
    CLOSES,
    DECISION,
    ENTER,
    ENTRY_WAITING,
    LONG_HELD,
    MARKET,
    NO_REASON,
    OPPOSITE_SIGNAL,
    REVERSES,
    SHORT_HELD,
    UNHELD,
    WARMING_UP,
)
from compiled.compiler import kernel, routine
from compiled.deciding.decision_plan import plan
from compiled.deciding.directives import obey
from compiled.deciding.entry_gates import enter_by_signal
from compiled.layout import Core, Record
from compiled.order_book import cancel_entry, close_all, next_note
from compiled.settlement import enter
from compiled.step_candles import last_matched
from compiled.symbol_orders import open_budget


@kernel
def decide(core: Core, time_ms: int) -> None:
    """Put the opinions about a step's candles through the gates, and record what became of each."""
    observes = core.rules[0].observes
    for s in range(core.states.shape[0]):
        state = core.states[s]
        if not state.present:
            continue
        state.candles_seen += 1
        end, sign = core.symbols[s].end_signal, core.holdings[s].sign
        while state.signal < end and core.signals[state.signal].row == state.row:
            if is_said(core.signals[state.signal].held, sign):
                judge(core, s, time_ms)
            state.signal += 1
        if observes:
            state.measured += 1
            state.observed += 1


@kernel
def is_said(held: int, sign: int) -> bool:
    """Return whether an opinion that may be about a position is said beside the one of a sign."""
    if held == ANY_POSITION:
        return True
    return held == (UNHELD if sign == 0 else (LONG_HELD if sign > 0 else SHORT_HELD))


@routine
def judge(core: Core, s: int, time_ms: int) -> None:
    """Carry out what an opinion says beside an entry, then put its entry through the gates in order, and record it."""
    state, rules, shown = core.states[s], core.rules[0], core.decision[0]
    shown.position_gate = shown.risk_gate = shown.safety_gate = shown.execution_gate = 0
    shown.cancel_gate = shown.stop_gate = shown.target_gate = shown.exit_gate = 0
    shown.entry_id = shown.close_id = 0
    shown.warm = 1 if state.candles_seen - 1 >= rules.warmup_candles else 0
    shown.reason = NO_REASON
    if shown.warm:
        signal = core.signals[state.signal]
        if signal.words:
            obey(core, s, signal, shown, time_ms)
        if signal.sign != 0:
            enter_or_close(core, s, signal, shown, time_ms)
        shown.reason = first_refusal(shown)
    else:
        shown.reason = WARMING_UP
    note = next_note(core, time_ms, s, DECISION)
    core.notes[core.account[0].decisions - 1] = shown
    note.time_ms, note.symbol, note.kind = time_ms, s, DECISION
    note.signal, note.before = state.signal, state.candles_seen - 1


@routine
def first_refusal(shown: Record) -> int:
    """Return the reason of the first gate that refused; 0 where none has."""
    if shown.cancel_gate and shown.cancel_reason != NO_REASON:
        return shown.cancel_reason
    if shown.stop_gate and shown.stop_level_reason != NO_REASON:
        return shown.stop_level_reason
    if shown.target_gate and shown.target_level_reason != NO_REASON:
        return shown.target_level_reason
    if shown.exit_gate and shown.exit_reason != NO_REASON:
        return shown.exit_reason
    if shown.position_gate and shown.position_reason != NO_REASON:
        return shown.position_reason
    if shown.risk_gate and shown.risk_reason != NO_REASON:
        return shown.risk_reason
    if shown.safety_gate and shown.safety_reason != NO_REASON:
        return shown.safety_reason
    return shown.execution_reason if shown.execution_gate else NO_REASON


@kernel
def enter_or_close(core: Core, s: int, signal: Record, shown: Record, time_ms: int) -> None:
    """Carry out what an opinion asks for."""
    rules, holding, order = core.rules[0], core.holdings[s], core.entries[s]
    waiting = order.sign if order.working else 0
    closing, may_add = core.exits[s, CLOSE_ROLE].working != 0, holding.entries < rules.max_entries
    wanted, withdraws, reason = plan(holding.sign, closing, waiting, signal.sign, rules.on_opposite_signal, may_add)
    by_entry = reason == ENTRY_WAITING or (reason == NO_REASON and withdraws)
    if wanted == ADDS:
        pass  # No position stands in its way.
    elif reason != NO_REASON or by_entry or wanted in (CLOSES, REVERSES):
        shown.position_gate, shown.position_reason = 1, reason
        shown.position = 0 if by_entry else holding.sign
        shown.waiting = order.order_id if by_entry else 0
    if withdraws:
        cancel_entry(core, s, time_ms, OPPOSITE_SIGNAL)
    if wanted in (CLOSES, REVERSES):
        shown.close_id = close_all(core, s, time_ms, OPPOSITE_SIGNAL)
    if wanted in (ENTER, ADDS, REVERSES):
        enter_by_signal(core, s, signal, shown, wanted)
        if shown.entry_id and rules.entry_at_close and wanted != REVERSES and order.acts == MARKET:
            row = core.states[s].row
            open_budget(core, s, last_matched(core, s))
            enter(core, s, core.units[row, 3], False, time_ms, core.units[row, 3], core.close[row])
