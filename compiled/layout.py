"""The records of a compiled run: its rules, what it keeps of each symbol, and the events that it tells.

Prices are whole numbers of a symbol's price unit (10 ** -price_decimals quote currency), quantities of its quantity
unit, money of the account's (10 ** -money_decimals). Names are those of the kernel's values.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from compiled.compiling.pointers import by_pointer
from core.candle_columns import Float64Array, Int64Array

Records = npt.NDArray[np.void]
Record = Any
"""One of them; its fields are those of its kind below, which no checker of types knows."""


def record_dtype(integers: str, floats: str = "") -> np.dtype[np.void]:
    """Return the kind of a record of whole numbers and floats."""
    return np.dtype(
        [*((name, np.int64) for name in integers.split()), *((name, np.float64) for name in floats.split())]
    )


RULES = record_dtype(
    "timeframe_ms entry_at_close on_opposite_signal order_wait_ms longest_open_distance_ms latency_ms flatten_on_halt "
    "warmup_candles max_holding intrabar limit_fill allow_shorting monitor kill_switch price_up price_down price_unit "
    "first_day max_open_trades trailing trailing_long trailing_short trailing_unit money_decimals trail_by_atr "
    "grid_origin_ms rate_unit entry_order entry_below entry_above entry_unit time_in_force entry_expiry post_only "
    "rungs closes_all break_even_after detail_ms slippage_candles slippage_by_volume spread_candles worse_whole "
    "worse_first worse_second worse_third half_first half_second half_third observes perpetual mark_triggers "
    "liquidation_fee liquidation_fee_unit most_payments chance_high chance_low max_entries cap cap_unit entry_decimals "
    "events_of_a_step at_end",
    "max_candle_move max_daily_loss_pct max_drawdown_pct max_risk_per_trade_pct max_exposure_pct risk_per_trade "
    "max_exposure sl_atr_mult tp_atr_mult min_position_size trailing_atr money_unit slippage_coefficient",
)
SYMBOL = record_dtype(
    "rows_before end_row first_signal end_signal tick lot price_decimals quantity_decimals cost_scale commission_scale "
    "commission_divisor commission_multiplier largest_quantity least_quantity most_quantity least_value band_down "
    "band_up band_unit end_fine leverage leverage_unit first_tier end_tier end_payment mark_decimals "
    "mark_scale liquidation_scale liquidation_multiplier liquidation_divisor first_letter end_letter fine_scale "
    "fine_step",
    "price_unit quantity_unit min_quantity max_quantity min_notional mark_unit",
)
STATE = record_dtype(
    "row present signal candles_seen opened last_open_ms segment_ends_ms has_close filled halted missing gap moved "
    "held own_row decides fine_row fine last_fine_ms measured observed payment budget budget_open_ms",
    "last_close factor before",
)
ORDER = record_dtype(
    "working order_id sign quantity active_ms last_open_ms stop_ticks target_ticks trail_units order_type "
    "acts price time_in_force expires_ms post_only rested filled tag stop_digits stop_decimals decision_units "
    "first_target targets ladder closes_all",
    "decision_price stop_level",
)
REDUCING = record_dtype(
    "working role acts sign quantity filled price stop_price order_id reason active_ms sequence rung placed level "
    "fraction fraction_unit wanted",
)
"""An order that can only reduce a position; a rung has its ``level`` and its share before it is placed."""
TARGET_ROW = record_dtype("fraction fraction_unit measure digits decimals")
"""A rung of a ladder: its share of the position, and digits × 10 ** -decimals as ``measure`` says."""
HOLDING = record_dtype(
    "sign quantity price cost commission mark_units marked fresh_quantity fresh_cost opened_ms client_id "
    "trail_units timed_out entered_inside targets ladder closes_all break_even_due entered result best_case ambiguous "
    "tag margin funding liquidation entries",
    "entry_price quantity_float mark",
)
"""``targets`` is how many targets its entry has named; sums are of the parts that have closed.

``price`` is NONE where entries had different ones. ``fresh_quantity``, in the finer of 1e-8 and the quantity unit, and
``fresh_cost`` are what was added since the last equity, which is all of it where the quantity is ALL.
"""
ACCOUNT = record_dtype(
    "status balance starting_balance order_count rows open_positions entries_waiting cost steps rows_written "
    "row_of_step_written day time_ms candles_processed steps_with_position orders_submitted drawdown_halt "
    "daily_loss_halt blown fills transitions points decisions curve sequence margin funding_net "
    "funding_paid payments follow floated ends",
    "balance_float current_equity peak_equity day_start_equity account_peak max_drawdown",
)
FILL = record_dtype(
    "time_ms symbol opens sign price quantity reference commission balance unrealized_pnl realized_pnl order_id reason "
    "stop_price ambiguous entry_time_ms entry_price gross entry_commission gained targets ladder tag rung whole "
    "trade_result trade_best trade_ambiguous margin funding liquidation",
)
"""The row that closes the last of a position (``whole``) has what its round trip came to."""
TRANSITION = record_dtype(
    "time_ms symbol event order_id client_id suffix role sign quantity filled price stop_price reason last_quantity "
    "last_price order_type time_in_force rung",
)
FEE_TIER = record_dtype("volume volume_part maker taker")
"""Rates from a 30-day volume on: quote currency, and money units beside it."""
DAY = record_dtype("volume volume_part")
"""What was filled on a UTC day."""
POINT = record_dtype("time_ms balance unrealized_pnl open_positions")
NOTE = record_dtype(
    "time_ms symbol kind signal before warm position_gate position waiting position_reason risk_gate bound risk_reason "
    "safety_gate open_trades safety_reason execution_gate execution_reason entry_id close_id reason event order_id "
    "role opened_ms missing room_of cancel_gate cancel_waiting cancel_reason stop_gate stop_waiting stop_level_reason "
    "target_gate target_waiting target_level_reason exit_gate exit_position exit_reason",
    "equity price exposure room quantity stop_distance risk_asked risk_taken risk value peak_equity day_start_equity "
    "close_before high low factor stop_wanted stop_stood target_wanted target_stood exit_quantity",
)
"""A line of ``decisions.jsonl``."""
STEP_END = record_dtype("time_ms fills transitions points decisions")
"""A step that has told something, and how many events of each kind there were after it."""
SIGNAL_ROW = record_dtype("row sign entry entry_expiry words held", "sl_distance tp_distance atr entry_price")
"""An opinion that is not FLAT; a distance or price that is not given is nan.

``entry`` is 0 where the settings say how it enters, else 1 + the type of its order; an ``entry_expiry`` of 0 is none.
``sign`` is 0 where no entry is asked for. ``words`` is the number of what else is said. ``held`` says beside which
position it is said: UNHELD, a long, a short, or any.
"""
WORDS = record_dtype(
    "exits cancel_entry tag first_target targets ladder closes_all fraction fraction_unit",
    "stop_price share notional move_stop move_target",
)
"""What signals say beyond an entry and its distances; the first of all is nothing. A ``fraction`` of 0 is the whole.

``notional`` is nan where it is not said."""
TIER = record_dtype("cap long_at_floor long_at_cap short_at_floor short_at_cap floor rate rate_unit amount allowed")
"""A tier of a symbol's margin table, in units of money; which positions are liquidated exactly at its two ends."""
PAYMENT = record_dtype("due_ms mark mark_decimals rate rate_decimals", "rate_float mark_float")
"""A funding payment; the mark is NONE where it is not known."""


@by_pointer
class Core(NamedTuple):
    """Everything that a compiled run reads and writes; candles lie symbol by symbol, each symbol's in order of time.

    They are those of some time, after which others ``follow``; a symbol has had ``rows_before`` that of its row.

    ``exits`` has, for each symbol, what can reduce its position, by role: the venue's own order (0), the waiting close,
    the close of a part, the stop, and from ``TARGET_ROLE`` on the targets, the nearest first. ``levels`` are the prices
    of the targets that each fill of an entry has placed; ``targets`` has the rungs of the settings first, then a target
    for each symbol's entry that is moved while it waits, then those that signals name. ``letters`` are the texts that
    the chances of limit fills are drawn from, symbol by symbol. ``marks`` are mark candles in a
    symbol's mark unit, row by row beside the candles, NONE where there is none; without any of a run it is empty.
    ``ends`` are the steps that told something, where it has room for any.
    """

    rules: Records
    symbols: Records
    states: Records
    entries: Records
    exits: Records
    holdings: Records
    account: Records
    signals: Records
    open_ms: Int64Array
    close: Float64Array
    high: Float64Array
    low: Float64Array
    units: Int64Array
    fills: Records
    transitions: Records
    points: Records
    notes: Records
    decision: Records
    curve: Float64Array
    levels: Int64Array
    targets: Records
    words: Records
    letters: npt.NDArray[np.uint8]
    traded: Float64Array
    fee_tiers: Records
    filled_on: Records
    ranges: Float64Array
    volumes: Float64Array
    spreads: Float64Array
    marks: Int64Array
    tiers: Records
    payments: Records
    ends: Records
