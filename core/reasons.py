"""Why things happen: every reason that the outputs give, in one word."""

from typing import Literal

HaltReason = Literal["account_blown", "drawdown", "daily_loss", "portfolio_drawdown", "portfolio_daily_loss"]
"""What begins with ``portfolio_`` is a limit on several accounts in all."""

ExitReason = Literal[
    "stop",
    "trailing_stop",
    "break_even",
    "target",
    "time_stop",
    "exit_signal",
    "liquidation",
    "opposite_signal",
    "gap",
    "halt",
    "kill_switch",
    "operator",
    "end",
    "order",
]
"""Why a position, or a part of it, was closed; ``order`` is a script's own."""

FillReason = ExitReason | Literal["signal"]
"""``signal`` is that of every entry."""

CancelReason = Literal[
    "request",
    "nothing_to_reduce",
    "oco",
    "position_closed",
    "opposite_signal",
    "exit_signal",
    "signal",
    "gap",
    "halt",
    "kill_switch",
    "operator",
    "end",
]
ExpiryReason = Literal["max_order_wait", "gtd", "ioc"]
ChangeReason = Literal["request", "position", "trailing_stop", "break_even", "triggered", "signal"]

AcceptanceRefusal = Literal[
    "price",
    "expiry",
    "reduce_only",
    "shorting_disabled",
    "below_lot_size",
    "below_min_quantity",
    "above_max_quantity",
    "below_min_notional",
    "percent_price",
]
FillRefusal = Literal[
    "shorting_disabled",
    "insufficient_balance",
    "insufficient_margin",
    "max_leverage",
    "would_take",
    "stop_passed",
    "target_passed",
]

OrderReason = FillReason | CancelReason | ExpiryReason | ChangeReason | AcceptanceRefusal | FillRefusal | Literal[""]
"""Why an order is in its state; empty when it was just accepted."""

WarmupRefusal = Literal["warming_up"]
PositionRefusal = Literal[
    "position_open",
    "opposite_ignored",
    "close_waiting",
    "entry_waiting",
    "no_position",
    "no_entry_waiting",
    "below_lot_size",
]
LevelRefusal = Literal[
    "no_position", "no_stop", "stop_not_tighter", "stop_passed", "target_passed", "targets_are_a_ladder"
]
SessionRefusal = Literal["missed_step", "paused"]
RiskRefusal = Literal[
    "stop_distance",
    "stop_within_tick",
    "target_distance",
    "trailing_distance",
    "no_exposure_room",
    "below_lot_size",
    "below_min_quantity",
    "above_max_quantity",
    "below_min_position_size",
    "below_min_notional",
]
SafetyRefusal = Literal[
    "kill_switch",
    "halted_account_blown",
    "halted_drawdown",
    "halted_daily_loss",
    "halted_candle_move",
    "max_open_trades",
    "max_risk_per_trade",
    "max_exposure",
    "portfolio_halted_account_blown",
    "portfolio_halted_drawdown",
    "portfolio_halted_daily_loss",
    "portfolio_max_open_trades",
    "portfolio_max_exposure",
]
ExecutionRefusal = OrderReason | Literal["monitor_mode"]

CommandRefusal = Literal["no_position", "close_waiting", "no_entry_waiting"]
