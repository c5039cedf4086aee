"""What follows from the closes of phase B: equity, halts and time stops; and the day that begins before a step."""

from compiled.account import balance_float, note_equity, unrealized_of_marks
from compiled.codes import ACCOUNT_BLOWN, CLOSE_ROLE, DAILY_LOSS, DRAWDOWN, HALT, HALT_NOTE, LIFTED, TIME_STOP
from compiled.compiler import kernel
from compiled.layout import Core
from compiled.order_book import cancel_entry, close_all, next_note, place_of_next
from compiled.safety_monitor import check_post_trade


@kernel
def take_equity(core: Core, time_ms: int) -> None:
    """Find the equity at the marks and show it to the safety monitor."""
    account = core.account[0]
    equity = balance_float(core)
    if account.open_positions:
        unrealized = 0.0
        for s in range(core.holdings.shape[0]):
            holding = core.holdings[s]
            if holding.sign != 0:
                holding.fresh_quantity = holding.fresh_cost = 0
                unrealized += float(holding.sign) * (holding.mark - holding.entry_price) * holding.quantity_float
        equity += unrealized
        account.steps_with_position += 1
    core.curve[account.curve] = equity
    account.curve += 1
    if equity != account.current_equity:
        note_equity(core, equity)
        blown, drawdown, daily_loss = account.blown, account.drawdown_halt, account.daily_loss_halt
        check_post_trade(core, equity)
        if account.blown > blown:
            halt(core, time_ms, ACCOUNT_BLOWN)
        if account.drawdown_halt > drawdown:
            halt(core, time_ms, DRAWDOWN)
        if account.daily_loss_halt > daily_loss:
            halt(core, time_ms, DAILY_LOSS)


@kernel
def halt(core: Core, time_ms: int, reason: int) -> None:
    """Tell that a limit is broken, cancel waiting entries and, if so set, queue a close of every position."""
    account = core.account[0]
    note = next_note(core, time_ms, -1, HALT_NOTE)
    note.reason, note.equity = reason, account.current_equity
    note.peak_equity, note.day_start_equity = account.peak_equity, account.day_start_equity
    for s in range(core.states.shape[0]):
        cancel_entry(core, s, time_ms, HALT)
    if core.rules[0].flatten_on_halt:
        for s in range(core.states.shape[0]):
            if core.holdings[s].sign != 0 and not core.exits[s, CLOSE_ROLE].working:
                close_all(core, s, time_ms, HALT)


@kernel
def close_overdue(core: Core, time_ms: int) -> None:
    """Queue a close of every position that has been held for ``max_holding`` candles of its symbol's timeframe."""
    rules = core.rules[0]
    length_ms = rules.timeframe_ms
    for s in range(core.states.shape[0]):
        holding = core.holdings[s]
        if not core.states[s].present or holding.sign == 0 or holding.timed_out:
            continue
        # What fills inside a candle does so before its end.
        opened_ms = holding.opened_ms - holding.entered_inside
        entered_ms = opened_ms - (opened_ms - rules.grid_origin_ms) % length_ms
        if time_ms >= entered_ms + rules.max_holding * length_ms:
            holding.timed_out = 1
            if not core.exits[s, CLOSE_ROLE].working:
                close_all(core, s, time_ms, TIME_STOP)


@kernel
def roll_day(core: Core, time_ms: int) -> None:
    """Begin a UTC day: day-start equity is that of the last marks, a daily-loss halt is lifted."""
    account = core.account[0]
    halted = account.daily_loss_halt
    account.day_start_equity = account.current_equity
    account.daily_loss_halt = 0
    if halted:
        note = next_note(core, time_ms, -1, LIFTED)
        note.reason = DAILY_LOSS


@kernel
def tell_equity(core: Core) -> None:
    """Tell the account as it stands, at the time of the last step."""
    account = core.account[0]
    place = place_of_next(core, account.points, core.points.shape[0])
    point, account.points = core.points[place], place + 1
    point.time_ms, point.balance = account.time_ms, account.balance
    point.unrealized_pnl, point.open_positions = unrealized_of_marks(core), account.open_positions
    account.rows_written, account.row_of_step_written = account.rows, 1
