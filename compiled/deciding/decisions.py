"""Phase C: each opinion that is not FLAT goes through the gates, symbol by symbol."""

from compiled.codes import (
    ADDS,
    ANY_POSITION,
    CLOSE_PRICE,
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
from compiled.order_book import cancel_entry, close_all, place_of_next
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
        end, sign, row = core.symbols[s].end_signal, core.holdings[s].sign, state.row + core.symbols[s].rows_before
        while state.signal < end and core.signals[state.signal].row == row:
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
    shown.cancel_gate = shown.stop_gate = shown.target_gate = shown.exit_gate = 0
    shown.position_gate = shown.risk_gate = shown.safety_gate = shown.execution_gate = 0
    shown.cancel_reason = shown.stop_level_reason = shown.target_level_reason = shown.exit_reason = NO_REASON
    shown.position_reason = shown.risk_reason = shown.safety_reason = shown.execution_reason = NO_REASON
    shown.entry_id = shown.close_id = 0
    shown.signal, shown.before = state.signal, state.candles_seen - 1
    shown.warm = 1 if shown.before >= rules.warmup_candles else 0
    if shown.warm:
        signal = core.signals[state.signal]
        if signal.words:
            obey(core, s, signal, shown, time_ms)
        if signal.sign != 0:
            enter_or_close(core, s, signal, shown, time_ms)
        shown.reason = first_refusal(shown)
    else:
        shown.reason = WARMING_UP
    shown.time_ms, shown.symbol, shown.kind = time_ms, s, DECISION
    place = place_of_next(core, core.account[0].decisions, core.notes.shape[0])
    core.notes[place] = shown
    core.account[0].decisions = place + 1


@routine
def first_refusal(shown: Record) -> int:
    """Return the reason of the first gate that refused; 0 where none has."""
    for reason in (
        shown.cancel_reason, shown.stop_level_reason, shown.target_level_reason, shown.exit_reason,
        shown.position_reason, shown.risk_reason, shown.safety_reason, shown.execution_reason,
    ):  # fmt: skip
        if reason != NO_REASON:
            return reason
    return NO_REASON


@kernel
def enter_or_close(core: Core, s: int, signal: Record, shown: Record, time_ms: int) -> None:
    """Carry out what an opinion asks for."""
    rules, holding, order = core.rules[0], core.holdings[s], core.entries[s]
    waiting = order.sign if order.working else 0
    closing, may_add = core.exits[s, CLOSE_ROLE].working != 0, holding.entries < rules.max_entries
    wanted, withdraws, reason = plan(holding.sign, closing, waiting, signal.sign, rules.on_opposite_signal, may_add)
    by_entry = reason == ENTRY_WAITING or (reason == NO_REASON and withdraws)
    if reason != NO_REASON or wanted in (CLOSES, REVERSES) or by_entry:
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
            enter(core, s, core.units[row, CLOSE_PRICE], False, time_ms, core.units[row, CLOSE_PRICE], core.close[row])
