"""A compiled run over steps. It only orders the phases."""

from compiled.account import balance_float, note_equity
from compiled.candle_moves import act_on_moves, find_moves
from compiled.codes import END, ENDED, FLATTENED, LEFT, NONE, RUNNING, WAITS
from compiled.compiler import entry, kernel, routine
from compiled.deciding.decisions import decide
from compiled.layout import Core
from compiled.marks import close_overdue, roll_day, take_equity, tell_equity
from compiled.matching_engine import match
from compiled.order_book import cancel_close, cancel_entry, expire_entries
from compiled.perpetual.funding_dues import settle_due
from compiled.segments import follow_candles
from compiled.settlement import leave_now
from compiled.step_candles import next_finer_step, turn_to_strategy_candles
from core.timeframe import DAY_MS


@entry
def run_steps(core: Core) -> None:
    """Run steps to the end of the run or of its candles, or until the events of one more may not find room."""
    account = core.account[0]
    while account.status == RUNNING and has_room(core, core.rules[0].events_of_a_step):
        if may_be_quiet(core):
            pass_quiet_steps(core)
        time_ms = next_step(core)
        if time_ms != NONE:
            process(core, time_ms)
        elif account.follow:
            account.status = WAITS
        else:
            finish(core)
        if core.ends.shape[0]:
            note_end(core)


@kernel
def may_be_quiet(core: Core) -> bool:
    """Return whether nothing is open or waits, so that a step may come to the equity of the one before alone.

    That is the balance: its last marks saw no position, and what fills after them leaves one open. With several
    symbols, or finer candles, it takes the whole step to know whose candle is next. The step of an opinion is run in
    full, and settles what was due before it: no entry fills in those that are passed over.
    """
    account = core.account[0]
    return (
        account.open_positions == 0
        and account.entries_waiting == 0
        and core.states.shape[0] == 1
        and account.steps > 0
        and core.rules[0].detail_ms == 0
    )


@kernel
def pass_quiet_steps(core: Core) -> None:
    """Run the steps up to the next opinion, gap, day or end of the candles: what :func:`process` does of each then."""
    account, rules, state, symbol = core.account[0], core.rules[0], core.states[0], core.symbols[0]
    first, end, ends_ms = state.row + state.present, symbol.end_row, state.segment_ends_ms
    if state.signal < symbol.end_signal:
        end = min(end, core.signals[state.signal].row - symbol.rows_before)
    last_of_day_ms = (account.day + 1) * DAY_MS - rules.timeframe_ms
    row = first
    while row < end and core.open_ms[row] <= min(ends_ms, last_of_day_ms):
        ends_ms = core.open_ms[row] + rules.longest_open_distance_ms
        core.curve[account.curve + row - first] = account.current_equity
        row += 1
    if row == first:
        return
    state.row, state.present, state.segment_ends_ms = row - 1, 1, ends_ms
    follow_candles(core)
    passed = row - first
    state.candles_seen += passed
    if rules.observes:
        state.measured += passed
        state.observed += passed
    account.curve += passed
    account.steps += passed
    account.candles_processed += passed
    account.time_ms, account.row_of_step_written = core.open_ms[row - 1] + rules.timeframe_ms, 0


@kernel
def finish(core: Core) -> None:
    """End the run: the last step's row, then cancel what waits and close what is open, as the run is to end."""
    account, at_end = core.account[0], core.rules[0].at_end
    # Closing may overflow, which stands.
    account.status = ENDED
    if account.steps == 0 or at_end == LEFT:
        return
    if not account.row_of_step_written:
        tell_equity(core)
    if at_end != FLATTENED:
        return
    flatten(core, account.time_ms)
    equity = balance_float(core)
    core.curve[account.curve] = equity
    account.curve += 1
    note_equity(core, equity)
    tell_equity(core)


@routine
def note_end(core: Core) -> None:
    """Note how many events there are after a step, of one that has told any."""
    account, before = core.account[0], core.ends[max(core.account[0].ends - 1, 0)]
    told = account.fills + account.transitions + account.points + account.decisions
    if account.ends:
        told -= before.fills + before.transitions + before.points + before.decisions
    if told:
        end = core.ends[account.ends]
        account.ends += 1
        end.time_ms, end.fills, end.transitions = account.time_ms, account.fills, account.transitions
        end.points, end.decisions = account.points, account.decisions


@kernel
def has_room(core: Core, room: int) -> bool:
    """Return whether the events of one more step find room."""
    account = core.account[0]
    return (
        account.fills + room <= core.fills.shape[0]
        and account.transitions + room <= core.transitions.shape[0]
        and account.points + 4 <= core.points.shape[0]
        and account.decisions + room <= core.notes.shape[0]
    )


@kernel
def next_step(core: Core) -> int:
    """Return the time of the next step and mark the symbols that have a candle in it; NONE after the last."""
    if core.rules[0].detail_ms:
        return next_finer_step(core)
    first = NONE
    for s in range(core.states.shape[0]):
        state = core.states[s]
        state.row += state.present
        state.present = 0
        if state.row < core.symbols[s].end_row and (first == NONE or core.open_ms[state.row] < first):
            first = core.open_ms[state.row]
    if first == NONE:
        return NONE
    for s in range(core.states.shape[0]):
        state = core.states[s]
        if state.row < core.symbols[s].end_row and core.open_ms[state.row] == first:
            state.present = 1
    return first + core.rules[0].timeframe_ms


@kernel
def process(core: Core, time_ms: int) -> None:
    """Run one step through all phases, each over all symbols before the next."""
    account = core.account[0]
    if account.entries_waiting:
        expire_entries(core, time_ms)
    day = (time_ms - 1) // DAY_MS
    if day != account.day:
        begin_day(core, day, time_ms)
    account.time_ms, account.row_of_step_written = time_ms, 0
    account.steps += 1
    busy = account.open_positions or account.entries_waiting
    moved = find_moves(core) if busy else False
    follow_candles(core)
    match(core, time_ms)
    if moved:
        act_on_moves(core, time_ms)
    take_equity(core, time_ms)
    if core.rules[0].detail_ms:
        turn_to_strategy_candles(core)
    for s in range(core.states.shape[0]):
        account.candles_processed += core.states[s].present
    if core.rules[0].max_holding != NONE:
        close_overdue(core, time_ms)
    decide(core, time_ms)
    if account.steps == 1 or account.rows != account.rows_written:
        tell_equity(core)


@kernel
def begin_day(core: Core, day: int, time_ms: int) -> None:
    """Begin a UTC day; the last step of the day before has a row of the equity."""
    account = core.account[0]
    if account.steps:
        if not account.row_of_step_written:
            tell_equity(core)
        roll_day(core, time_ms)
    account.day = day


@kernel
def flatten(core: Core, time_ms: int) -> None:
    """Cancel whatever waits, then close every position at its last mark, in configured order."""
    for s in range(core.states.shape[0]):
        cancel_close(core, s, time_ms, END)
        cancel_entry(core, s, time_ms, END)
    for s in range(core.states.shape[0]):
        settle_due(core, s, time_ms)
    for s in range(core.states.shape[0]):
        if core.holdings[s].sign != 0:
            leave_now(core, s, core.holdings[s].mark_units, time_ms, END)
