"""Phase C: each opinion that is not FLAT goes through the gates, symbol by symbol."""

from compiled.codes import (
    ADDS,
    CLOSE_ROLE,
    CLOSES,
    DECISION,
    ENTER,
    ENTRY_WAITING,
    MARKET,
    NO_REASON,
    OPPOSITE_SIGNAL,
    REVERSES,
    WARMING_UP,
)
from compiled.compiler import kernel
from compiled.deciding.decision_plan import plan
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
        if state.signal < core.symbols[s].end_signal and core.signals[state.signal].row == state.row:
            judge(core, s, time_ms)
            state.signal += 1
        if observes:
            state.measured += 1
            state.observed += 1


@kernel
def judge(core: Core, s: int, time_ms: int) -> None:
    """Put the entry of an opinion through the gates in order, then record the decision."""
    state, rules, shown = core.states[s], core.rules[0], core.decision[0]
    shown.position_gate = shown.risk_gate = shown.safety_gate = shown.execution_gate = 0
    shown.entry_id = shown.close_id = 0
    shown.warm = 1 if state.candles_seen - 1 >= rules.warmup_candles else 0
    shown.reason = NO_REASON
    if shown.warm:
        enter_or_close(core, s, core.signals[state.signal], shown, time_ms)
        if shown.position_gate:
            shown.reason = shown.position_reason
        if shown.risk_gate and shown.reason == NO_REASON:
            shown.reason = shown.risk_reason
        if shown.safety_gate and shown.reason == NO_REASON:
            shown.reason = shown.safety_reason
        if shown.execution_gate and shown.reason == NO_REASON:
            shown.reason = shown.execution_reason
    else:
        shown.reason = WARMING_UP
    note = next_note(core, time_ms, s, DECISION)
    core.notes[core.account[0].decisions - 1] = shown
    note.time_ms, note.symbol, note.kind = time_ms, s, DECISION
    note.signal, note.before = state.signal, state.candles_seen - 1


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
