"""A result with something in every place."""

from typing import Any

import msgspec

from runs.documents.run_result import Performance, RunConfig, RunResult, RunStatistics
from runs.documents.symbol_result import ContractTerms, SymbolResult, TradingRules
from runs.documents.watched_input import WatchedInput


def rules(**changes: Any) -> TradingRules:
    """Return trading rules; ``changes`` replace fields."""
    made = TradingRules(
        tick_size="0.01",
        lot_size="0.00001",
        min_notional="5",
        min_quantity="0",
        max_quantity=None,
        band_down=None,
        band_up=None,
        source="practice market",
        as_of="2024-01-01T00:00:00.000Z",
        later_than_start=False,
    )
    return msgspec.structs.replace(made, **changes)


def contract(**changes: Any) -> ContractTerms:
    """Return a contract's terms; ``changes`` replace fields."""
    made = ContractTerms(
        leverage=5.0,
        margin_table="1 tier (x)",
        stop_trigger="last",
        mark="mark-1m",
        mark_candles=10,
        funding_rates=1,
    )
    return msgspec.structs.replace(made, **changes)


def symbol_result(canonical: str = "BTC/USDT", **changes: Any) -> SymbolResult:
    """Return a symbol without a candle; ``changes`` replace fields."""
    made = SymbolResult(
        canonical=canonical,
        candles=0,
        warmup_candles=0,
        warmup_missing=0,
        missing_candles=0,
        candles_from=None,
        candles_to=None,
        missing_before=0,
        missing_after=0,
        quality={},
        instrument=rules(),
        rule_changes=[],
        trades=0,
        realized_pnl=0.0,
        win_rate=0.0,
        exits={},
        liquidations=0,
        ladder=[],
        funding_net=0.0,
        buy_and_hold_return_pct=None,
    )
    return msgspec.structs.replace(made, **changes)


def run_config(**changes: Any) -> RunConfig:
    """Return what a run was asked to do; ``changes`` replace fields."""
    made = RunConfig(
        start_date="2024-01-01T00:00:00.000Z",
        end_date="2024-02-01T00:00:00.000Z",
        ran_to="2024-02-01T00:00:00.000Z",
        interval="15m",
        detail_interval=None,
        symbols=["BTC/USDT", "ETH/USDT", "NEW/USDT"],
        starting_balance=10000.0,
        exchange="practice",
        strategy="scalping_ema_rsi",
        entry_order="market",
        entry_fill="close",
        venue={},
    )
    return msgspec.structs.replace(made, **changes)


def example_result(**changes: Any) -> RunResult:
    """Return a result of three symbols; ``changes`` replace fields, those of a section given as a dict inside it."""
    made = RunResult(
        config=run_config(),
        statistics=_STATISTICS,
        performance=_PERFORMANCE,
        symbols=_SYMBOLS,
        log_file="logs/backtests/config_backtest_20240101_20240201.csv",
        output_dir="logs/backtests/config_backtest_20240101_20240201",
        trades_sha256="a1" * 32,
        orders_sha256="d4" * 32,
        ledger_sha256="e5" * 32,
        settings_sha256="b2" * 32,
        data_sha256="c3" * 32,
        code_version="0.1.0+d4e5f6",
        partial=False,
        warnings=[
            "imported candles [BTC/USDT]: no trading rules are known\nof this venue",
            "NEW/USDT: no candle in the window; it takes no part",
            "entry_fill: close fills entries inside the candle that decided them",
        ],
    )
    for section in ("config", "statistics", "performance"):
        if isinstance(changes.get(section), dict):
            changes[section] = msgspec.structs.replace(getattr(made, section), **changes[section])
    return msgspec.structs.replace(made, **changes)


_STATISTICS = RunStatistics(
    candles_processed=5951,
    steps=2976,
    signals_generated=41,
    signals_refused=22,
    refusal_reasons={"below_min_notional": 3, "max_open_trades": 3, "position_open": 16},
    orders_submitted=20,
    sizes_bound_by={"position_cap": 15, "risk": 5},
    risk_asked_pct=1.0,
    risk_taken_pct=0.0512345,
    entries_filled=18,
    orders_rejected=1,
    rejection_reasons={"insufficient_balance": 1},
    orders_expired=1,
    expiry_reasons={"gtd": 1},
    orders_cancelled=0,
    cancellation_reasons={},
    partial_fills=0,
    funding_payments=0,
    gaps=2,
    halts=1,
    candle_moves=0,
    exposure_time_pct=37.123456789,
    ambiguous_trades=4,
    ambiguous_bound=12.5,
    exits={"target": 7, "stop": 11},
    liquidations=0,
    break_even_exits=0,
    time_stops=0,
    ladder=[],
    funding_received=0.0,
    funding_paid=0.0,
)
_PERFORMANCE = Performance(
    starting_balance=10000.0,
    current_balance=9876.543210987,
    equity=9876.543210987,
    realized_pnl=-123.456789013,
    unrealized_pnl=-0.0,
    total_return=-123.456789013,
    total_return_pct=-1.23456789013,
    total_trades=18,
    winning_trades=7,
    losing_trades=10,
    even_trades=1,
    win_rate=38.888888888888886,
    open_positions=0,
    max_drawdown_pct=2.3456789,
    peak_equity=10012.3456789,
    profit_factor=0.8123456789,
    expectancy=-6.8587105,
    average_win=76.3,
    average_loss=-59.8,
    longest_winning_streak=3,
    longest_losing_streak=5,
    average_holding_minutes=187.25,
    commission_paid=18.0123,
    liquidation_fees=0.0,
    slippage_paid=17.9876,
    funding_net=0.0,
    total_costs=35.9999,
    buy_and_hold_return_pct=4.5678901,
    sharpe_ratio=-1.5,
    sortino_ratio=-2.25,
    calmar_ratio=None,
)
_SYMBOLS = {
    "BTC/USDT": symbol_result(
        candles=2976,
        warmup_candles=250,
        trades=10,
        realized_pnl=-200.456789013,
        win_rate=30.0,
        buy_and_hold_return_pct=3.1234,
    ),
    "ETH/USDT": symbol_result(
        "ETH/USDT",
        candles=2975,
        warmup_candles=200,
        warmup_missing=50,
        missing_candles=1,
        quality={"missing": 1, "non_positive": 1, "duplicate": 1234, "off_grid": 0},
        instrument=rules(lot_size="0.0001", source="default", as_of=None),
        trades=8,
        realized_pnl=77.0,
        win_rate=50.0,
        buy_and_hold_return_pct=6.01238,
    ),
    "NEW/USDT": symbol_result("NEW/USDT"),
}


def watched_input(**changes: Any) -> WatchedInput:
    """Return what a run was fed of a watched series; ``changes`` replace fields."""
    made = WatchedInput(
        canonical="ETH/BTC",
        timeframe="1h",
        warmup_candles=5,
        candles=24,
        missing_candles=0,
        missing_before=0,
        missing_after=0,
        candles_from="2024-01-01T00:00:00.000Z",
        candles_to="2024-01-02T00:00:00.000Z",
    )
    return msgspec.structs.replace(made, **changes)
