"""The numbers that stand for words while a run is compiled: events, roles, verdicts and reasons."""

from typing import cast

import numpy as np


def numbers(count: int) -> list[int]:
    """Return the numbers from 0 on, as numpy has them: a rule is compiled anew for every plain number it is given."""
    return cast(list[int], list(np.arange(count)))


NONE = cast(int, np.int64(-(1 << 62)))
"""Stands for a price, or a number of ticks, that is not there."""

NO, YES = cast(list[bool], [np.bool_(False), np.bool_(True)])
"""As plain words they would have a rule compiled once for each."""

ZERO = cast(int, np.int64(0))

ALL = cast(int, np.int64(-1))
"""Stands for the whole of a position."""

RUNNING, ENDED, OVERFLOW, FULL, WAITS = numbers(5)
"""What a run is: one that waits has no more candles and is fed the next.

After an overflow, or with more events than find room, it must be run by the reference kernel."""

FLATTENED, KEPT, LEFT = numbers(3)
"""How a run ends: its positions closed, kept, or as it stands after its last step."""

CLOSING, OPENING, PAYING = numbers(3)
"""What a row of fills is, as ``opens`` says: of a payment it has the symbol, the time and the funding."""

OPEN, HIGH, LOW, CLOSE_PRICE = numbers(4)
"""Columns of a candle's prices in whole units."""

PESSIMISTIC, OPTIMISTIC, OHLC, OLHC = numbers(4)
THROUGH, TOUCH, BY_CHANCE = numbers(3)

NEW, REPLACED, FILLED, CANCELED, EXPIRED, REJECTED, PARTIALLY_FILLED = numbers(7)
TRANSITIONS = ("NEW", "REPLACED", "FILLED", "CANCELED", "EXPIRED", "REJECTED", "PARTIALLY_FILLED")
STATUSES = ("NEW", "NEW", "FILLED", "CANCELED", "EXPIRED", "REJECTED", "PARTIALLY_FILLED")

ENTRY_ROLE, CLOSE_ROLE, EXIT_ROLE, STOP_ROLE, TARGET_ROLE = numbers(5)
"""Roles of orders."""
OWN = ENTRY_ROLE
"""Where the venue's own close stands among what reduces a position."""
NOTHING = cast(int, np.int64(-1))
"""What prices meet where they meet no order."""
LIQUIDATED = cast(int, np.int64(-2))
"""What they meet where they meet the liquidation of a position."""
BY_LIQUIDATION, BY_STOP, BY_LIMIT, BY_MARK_ALONE = numbers(4)
"""What comes first of all that is met at one price."""
MARKET, LIMIT, STOP_MARKET, TAKE_PROFIT = numbers(4)
"""Types of orders; the first three are also how an order acts now."""
ORDER_TYPES = ("MARKET", "LIMIT", "STOP_MARKET", "TAKE_PROFIT")
GTC, GTD, IOC = numbers(3)
TIMES_IN_FORCE = ("GTC", "GTD", "IOC")

DECISION, ORDER, GAP_NOTE, HALT_NOTE, LIFTED, MOVE, FUNDING_NOTE = numbers(7)
"""Kinds of what ``decisions.jsonl`` tells."""

ENTER, ADDS, CLOSES, REVERSES, WITHDRAWS, REFUSES = numbers(6)
"""What a signal asks for."""

ANY_POSITION, UNHELD, LONG_HELD, SHORT_HELD = numbers(4)
"""Beside which position an opinion is said."""
IN_STOPS, AS_DISTANCE, AS_PRICE = numbers(3)
"""What the number of a target is: distances of the stop, a distance from the fill, or a price."""

BOUNDS = ("risk", "position_cap", "exposure_room", "notional", "rounding")
RISK_BOUND, CAP_BOUND, ROOM_BOUND, NOTIONAL_BOUND, ROUNDING_BOUND = numbers(5)

ON_OPPOSITE = ("ignore", "close", "reverse")
IGNORE, CLOSE = numbers(2)
"""The first of them; what is neither reverses."""

REASONS = (
    "", "stop", "trailing_stop", "target", "time_stop", "opposite_signal", "gap", "halt", "end", "signal", "oco",
    "position_closed", "max_order_wait", "insufficient_balance", "shorting_disabled", "monitor_mode", "position_open",
    "opposite_ignored", "close_waiting", "entry_waiting", "warming_up", "stop_distance", "stop_within_tick",
    "target_distance", "trailing_distance", "no_exposure_room", "below_lot_size", "below_min_quantity",
    "above_max_quantity", "below_min_position_size", "below_min_notional", "kill_switch", "halted_account_blown",
    "halted_drawdown", "halted_daily_loss", "halted_candle_move", "max_open_trades", "account_blown",
    "drawdown", "daily_loss", "gtd", "ioc", "would_take", "price", "percent_price",
    "triggered",
    "position", "break_even", "exit_signal", "nothing_to_reduce", "no_position", "no_entry_waiting", "no_stop",
    "stop_not_tighter", "stop_passed", "target_passed", "targets_are_a_ladder", "liquidation", "insufficient_margin",
    "max_leverage",
)  # fmt: skip
(
    NO_REASON, STOP, TRAILING_STOP, TARGET, TIME_STOP, OPPOSITE_SIGNAL, GAP, HALT, END, SIGNAL, OCO,
    POSITION_CLOSED, MAX_ORDER_WAIT, INSUFFICIENT_BALANCE, SHORTING_DISABLED, MONITOR_MODE, POSITION_OPEN,
    OPPOSITE_IGNORED, CLOSE_WAITING, ENTRY_WAITING, WARMING_UP, STOP_DISTANCE, STOP_WITHIN_TICK,
    TARGET_DISTANCE, TRAILING_DISTANCE, NO_EXPOSURE_ROOM, BELOW_LOT_SIZE, BELOW_MIN_QUANTITY,
    ABOVE_MAX_QUANTITY, BELOW_MIN_POSITION_SIZE, BELOW_MIN_NOTIONAL, KILL_SWITCH, HALTED_ACCOUNT_BLOWN,
    HALTED_DRAWDOWN, HALTED_DAILY_LOSS, HALTED_CANDLE_MOVE, MAX_OPEN_TRADES, ACCOUNT_BLOWN,
    DRAWDOWN, DAILY_LOSS, GTD_ENDED, IOC_ENDED, WOULD_TAKE, PRICE, PERCENT_PRICE,
    TRIGGERED,
    POSITION, BREAK_EVEN, EXIT_SIGNAL, NOTHING_TO_REDUCE, NO_POSITION, NO_ENTRY_WAITING, NO_STOP,
    STOP_NOT_TIGHTER, STOP_PASSED, TARGET_PASSED, TARGETS_ARE_A_LADDER, LIQUIDATION, INSUFFICIENT_MARGIN,
    MAX_LEVERAGE,
) = numbers(len(REASONS))  # fmt: skip
