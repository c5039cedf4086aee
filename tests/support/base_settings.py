"""The settings of a run in a test that says nothing else, for the kernel and for the slow model alike."""

from collections.abc import Mapping

Setting = float | int | str | bool

BASE_SETTINGS: Mapping[str, Setting] = {
    "starting_balance": 10_000.0,
    "slippage": 0.0,
    "commission_rate": 0.0,
    "allow_shorting": True,
    "entry_fill": "next_open",
    "on_opposite_signal": "ignore",
    "max_order_wait": 3,
    "max_gap": 60,
    "max_candle_move": 5.0,
    "default_risk_per_trade": 0.01,
    "max_exposure": 0.05,
    "min_position_size_usd": 0.0,
    "enable_trailing_stop": False,
    "trailing_stop_pct": 0.02,
    "max_daily_loss_pct": 0.99,
    "max_drawdown_pct": 0.99,
    "max_risk_per_trade_pct": 0.02,
    "max_exposure_pct": 0.20,
    "max_open_trades": 10,
    "on_halt": "hold",
    "on_kill": "hold",
}
"""By flat name."""
