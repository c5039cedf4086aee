"""The shipped examples with so short a memory that a few hours of minutes hold many trades."""

from collections.abc import Mapping

QUICK_EXAMPLES: Mapping[str, Mapping[str, object]] = {
    "btc_regime": {"regime": 5, "breakout": 3, "atr_multiplier": 1.0},
    "confluence": {"rsi_period": 3, "ema_fast": 2, "ema_slow": 4, "macd_fast": 2, "macd_slow": 5, "macd_signal": 3},
    "donchian_breakout": {"period": 4, "atr_period": 4, "atr_multiplier": 1.5},
    "rsi_reversion": {"rsi_period": 3, "band_period": 5},
    "trend_filter": {"fast": 2, "slow": 4, "trend": 2, "trend_timeframe": "4m"},
    "vwap_reversion": {"stretch": 1.0, "atr_multiplier": 1.0, "atr_period": 4},
}
