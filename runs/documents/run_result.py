"""What a run came to, whatever kind of run it is: the schema of reports, of ``result.json`` and of what compares."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from runs.documents.program_result import ProgramResult
from runs.documents.symbol_result import Rung, SymbolResult, TagResult
from runs.documents.watched_input import WatchedInput


class RunConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was asked to do.

    Times are text, UTC: the range from ``start_date`` to ``end_date`` (exclusive), ``ran_to`` the last step; None where
    there is none. ``starting_balance`` is in quote currency. ``entry_offset`` (a fraction of the close) and the other
    settings of resting entries are there for limit and stop entries alone; ``entry_expiry`` counts candles. ``venue``
    holds the settings of ``execution`` that differ from their defaults, by the names that the configuration has.
    """

    start_date: str | None
    end_date: str | None
    ran_to: str | None
    interval: str
    detail_interval: str | None
    symbols: list[str]
    starting_balance: float
    exchange: str
    strategy: str
    entry_order: str
    entry_fill: str
    entry_offset: float | UnsetType = UNSET
    entry_time_in_force: str | UnsetType = UNSET
    entry_expiry: int | UnsetType = UNSET
    post_only: bool | UnsetType = UNSET
    venue: dict[str, Any]


class RunStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of what a run did.

    Those that are split by reason add up to the number before them. ``exposure_time_pct`` is the share of steps that
    ended with a position, in per cent. ``ambiguous_trades`` met a target and their stop or liquidation price in one
    candle; ``ambiguous_bound`` is what they would have brought more if the target had come first, in quote currency.
    ``candle_moves`` counts candles that moved by more than ``max_candle_move`` while their symbol had a position.
    ``exits`` counts fills that closed a position or a part of it, ``tags`` has the trades that the strategy gave a name
    (left out where it gave none). ``sizes_bound_by`` counts accepted entries by what
    set their size (risk, position_cap, exposure_room, notional, rounding). ``risk_asked_pct`` is the setting,
    ``risk_taken_pct`` the median of what their stops would lose (None without an entry); both in per cent of equity.
    ``funding_received`` and ``funding_paid`` are sums in quote currency, neither below 0.
    """

    candles_processed: int
    steps: int
    signals_generated: int
    signals_refused: int
    refusal_reasons: dict[str, int]
    orders_submitted: int
    sizes_bound_by: dict[str, int]
    risk_asked_pct: float
    risk_taken_pct: float | None
    entries_filled: int
    orders_rejected: int
    rejection_reasons: dict[str, int]
    orders_expired: int
    expiry_reasons: dict[str, int]
    orders_cancelled: int
    cancellation_reasons: dict[str, int]
    partial_fills: int
    funding_payments: int
    gaps: int
    halts: int
    candle_moves: int
    exposure_time_pct: float
    ambiguous_trades: int
    ambiguous_bound: float
    exits: dict[str, int]
    liquidations: int
    break_even_exits: int
    time_stops: int
    ladder: list[Rung]
    tags: list[TagResult] | UnsetType = UNSET
    funding_received: float
    funding_paid: float


class Performance(msgspec.Struct, frozen=True, kw_only=True):
    """What the account came to.

    Money is in quote currency, names in ``_pct`` and ``win_rate`` are per cent, ratios are annualised from equity at
    the end of each UTC day. ``current_balance`` is cash, ``equity`` that plus what is open; results are net of costs.
    ``total_trades`` counts positions closed entirely, ``even_trades`` those of them whose result is exactly 0: they are
    neither won nor lost. ``slippage_paid`` is part of the prices already; ``total_costs``
    is commission and slippage, less ``funding_net`` (below 0: paid). What is not defined is None.
    """

    starting_balance: float
    current_balance: float
    equity: float
    realized_pnl: float
    unrealized_pnl: float
    total_return: float
    total_return_pct: float
    total_trades: int
    winning_trades: int
    losing_trades: int
    even_trades: int
    win_rate: float
    open_positions: int
    max_drawdown_pct: float
    peak_equity: float
    profit_factor: float | None
    expectancy: float | None
    average_win: float | None
    average_loss: float | None
    longest_winning_streak: int
    longest_losing_streak: int
    average_holding_minutes: float | None
    commission_paid: float
    liquidation_fees: float
    slippage_paid: float
    funding_net: float
    total_costs: float
    buy_and_hold_return_pct: float | None
    sharpe_ratio: float | None
    sortino_ratio: float | None
    calmar_ratio: float | None


class Transferred(msgspec.Struct, frozen=True):
    """Cash that came from another account of a portfolio (went to one, where negative) after a step.

    ``equity`` is the account's before it; both are in quote currency.
    """

    time: str
    amount: float
    equity: float


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to: a backtest, or a live session that has ended or goes on.

    ``symbols`` are in configured order, by their configured spelling. ``watched`` are the series that fed features and
    were not traded, by symbol and timeframe; left out without any. ``log_file`` and ``output_dir`` are where its
    outputs lie and ``run_id`` names a backtest, left out where there are none. Hashes are SHA-256 in hex: of the bytes
    of the trade log, ``orders.csv`` and ``ledger.csv`` (empty for one that was not to be rendered), of every setting
    that can change a result, of the strategy (its parameters and the user's own source), and of all that the market
    told (left out for a session whose journal is its data).
    ``partial`` says that the run was cut short. ``program`` is there where the strategy is a user's program.
    ``transfers`` is the cash that moved between it and other members of a portfolio; left out without any.
    """

    config: RunConfig
    statistics: RunStatistics
    performance: Performance
    symbols: dict[str, SymbolResult]
    watched: dict[str, WatchedInput] | UnsetType = UNSET
    program: ProgramResult | UnsetType = UNSET
    transfers: list[Transferred] | UnsetType = UNSET
    log_file: str | UnsetType = UNSET
    output_dir: str | UnsetType = UNSET
    run_id: str | UnsetType = UNSET
    trades_sha256: str
    orders_sha256: str
    ledger_sha256: str
    settings_sha256: str
    strategy_sha256: str | UnsetType = UNSET
    data_sha256: str | UnsetType = UNSET
    code_version: str
    partial: bool
    warnings: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain values, as ``ConfigBacktestRunner.run`` hands it out; keys in a fixed order."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


_known = msgspec.json.Decoder(RunResult)
"""Made before there are threads: docs/developing.md says why."""


def result_of(values: Mapping[str, object]) -> RunResult:
    """Return the result that :meth:`RunResult.to_dict` made plain, or that ``result.json`` holds.

    Raises
    ------
    msgspec.ValidationError
        If something is missing or is not what it should be; names its place.
    """
    return msgspec.convert(values, RunResult)
