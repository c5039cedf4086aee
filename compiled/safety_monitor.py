"""Limits that refuse entries or halt trading, whatever the strategy says."""

from compiled.codes import (
    HALTED_ACCOUNT_BLOWN,
    HALTED_CANDLE_MOVE,
    HALTED_DAILY_LOSS,
    HALTED_DRAWDOWN,
    KILL_SWITCH,
    MAX_OPEN_TRADES,
    NO_REASON,
)
from compiled.compiler import kernel
from compiled.layout import Core, Record
from core.tolerance import TOLERANCE


@kernel
def check_post_trade(core: Core, equity: float) -> None:
    """Take an equity value; limits that it breaks halt trading."""
    account, rules = core.account[0], core.rules[0]
    account.current_equity = equity
    if equity > account.peak_equity:
        account.peak_equity = equity
    drawdown = 0.0
    if account.peak_equity > 0.0:
        drawdown = (account.peak_equity - equity) / account.peak_equity
    if not drawdown <= rules.max_drawdown_pct * TOLERANCE:
        account.drawdown_halt = 1
    loss = 0.0
    if account.day_start_equity > 0.0:
        loss = (account.day_start_equity - equity) / account.day_start_equity
    if not loss <= rules.max_daily_loss_pct * TOLERANCE:
        account.daily_loss_halt = 1
    if equity <= 0.0:
        account.blown = 1


@kernel
def check_pre_trade(core: Core, s: int, shown: Record) -> int:
    """Judge an entry by what the monitor is shown; return the first that refuses it: switch, halts, open trades.

    Its risk and exposure are within their limits: sizing has seen to it.
    """
    account, rules = core.account[0], core.rules[0]
    if rules.kill_switch:
        return KILL_SWITCH
    if account.blown:
        return HALTED_ACCOUNT_BLOWN
    if account.drawdown_halt:
        return HALTED_DRAWDOWN
    if account.daily_loss_halt:
        return HALTED_DAILY_LOSS
    if core.states[s].halted:
        return HALTED_CANDLE_MOVE
    if shown.open_trades >= rules.max_open_trades:
        return MAX_OPEN_TRADES
    return NO_REASON
