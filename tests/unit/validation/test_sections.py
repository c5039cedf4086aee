"""The typed sections: defaults as published, every bound, every rule between fields."""

import json
import math
import unittest

from core.errors import ConfigurationError
from core.settings_section import SettingsSection
from execution.execution_settings import ExecutionSettings, TradingModeSettings
from execution.safety.safety_limits import SafetyLimits
from execution.venue_settings import (
    CommissionSettings,
    ExitSettings,
    FeeTier,
    LadderRung,
    PerpetualSettings,
    SlippageSettings,
    SpreadSettings,
    TierSettings,
)
from market_data.data_settings import DataSettings
from metrics.metrics_section import MetricsSection
from risk_management.risk_config import RiskConfig
from strategies.scalping_params import ScalpingParams
from strategies.strategy_settings import StrategySettings
from validation.live_settings import LiveSettings, LoggingSettings, RiskSource
from validation.session_settings import SessionSettings

SECTIONS: tuple[type[SettingsSection], ...] = (
    RiskConfig, SafetyLimits, TradingModeSettings, ExecutionSettings, DataSettings, StrategySettings, ScalpingParams,
    LoggingSettings, MetricsSection, RiskSource, SessionSettings, LiveSettings, LadderRung, ExitSettings,
    SpreadSettings, SlippageSettings, FeeTier, CommissionSettings, TierSettings, PerpetualSettings,
)  # fmt: skip

FRACTION = (0, -0.1, 1.01, math.nan, math.inf, "0.02", "2%", True, None)
LIMITS_REFUSED = {
    "max_daily_loss_pct": FRACTION,
    "max_drawdown_pct": FRACTION,
    "max_risk_per_trade_pct": FRACTION,
    "max_exposure_pct": (0, -0.1, 1000.1, math.nan, math.inf, "0.02", "2%", True, None),
    "max_open_trades": (0, -1, 1.5, 10.0, "10", True, None, 10**30),
    "kill_switch_env_var": ("", "A B", "1A", "A=B", "A\n", 5, None),
}
RUNG = {"fraction": 0.5, "distance": 1}
FAR = {"fraction": 0.5, "distance": 2}
FEES = {"volume": 1, "maker": 0, "taker": 0}
TIER = {"notional_cap": 10_000, "maintenance_rate": 0.004}
NEXT = {"notional_cap": 50_000, "maintenance_rate": 0.005, "maintenance_amount": 10, "max_leverage": 100}
NEEDED: dict[type[SettingsSection], dict[str, object]] = {
    LiveSettings: {"symbols": ["BTC/USDT"]}, LadderRung: RUNG, FeeTier: FEES, TierSettings: TIER,
}  # fmt: skip
"""What a section cannot do without."""
REFUSED: dict[type[SettingsSection], dict[str, tuple[object, ...]]] = {
    SafetyLimits: LIMITS_REFUSED,
    TradingModeSettings: {
        **LIMITS_REFUSED,
        "mode": ("live", "LIVE", "Paper", "", None, 1),
        "default_strategy": ("", " x", 5, "a\0"),
        "allow_live_trading": (True, 0, 1, "false", None),
        "kill_switch_file": ("", "a\0b", "\ud800", 7),
        "on_halt": ("flat", "close", None, True),
        "on_kill": ("flat", "HOLD", None),
    },
    ExecutionSettings: {
        "starting_balance": (0, -1, math.nan, math.inf, "10000", True, 1.1e15),
        "slippage": (-0.0001, 0.1, 5, "0.05%", math.nan, True),
        "commission_rate": (-0.0001, 0.1, 5, math.nan),
        "allow_shorting": (1, 0, "yes", None),
        "entry_fill": ("open", "next-open", None),
        "on_opposite_signal": ("flip", None, False),
        "max_order_wait": (0, -1, 1.0, True, 61),
        "max_gap": (0, 2, 60.0, True, 10**7),
        "max_candle_move": (1, 0.2, -5, math.nan, math.inf, "5", None, 1.1e12),
        "entry_order": ("Limit", "limit_order", None, True),
        "entry_offset": (-0.001, 0.5, math.nan, "0.1%", True, None, 0.002),
        "entry_time_in_force": ("gtc", "DAY", None, "GTC", "IOC"),
        "entry_expiry": (0, -1, 3.0, True, None, 10**7, 4),
        "post_only": (1, "yes", None, True),
        "max_entries": (0, 101, 1.5, True, None),
        "latency_ms": (-1, 86_400_001, 0.5, True, None, "1s"),
        "exits": ([], "ladder", {"ladders": []}),
        "intrabar": ("worst", "OHLC", None, True),
        "limit_fill": ("touched", None, 0.5),
        "limit_fill_probability": (-0.1, 1.1, math.nan, None, True, 0.4),
        "limit_fill_seed": (-1, 2**63, 1.0, None, True, 4),
        "volume_cap": (0, -0.1, 1.1, math.inf, "10%", True),
        "spread": ("fixed", 0.001, {"width": 1}),
        "slippage_model": ("volatility", {"factor": 1}),
        "commission": (0.001, {"rate": 0.001}),
        "perpetual": (True, 5, [], {"lever": 5}),
    },
    LadderRung: {
        "fraction": (0, -0.5, 1.1, math.nan, "50%", True, None),
        "distance": (0, -1, 1001, math.inf, "2", None),
    },
    ExitSettings: {
        "ladder": (None, {}, "x", [[]], [{"fraction": 1}], [RUNG, RUNG], [{**RUNG, "fraction": 0.6}, FAR]),
        "break_even_after": (0, 1, 11, 1.0, True, "1"),
        "max_holding": (0, -1, 1.5, True, 10**7),
    },
    SpreadSettings: {
        "model": ("half", None, 0.1, "fixed"),
        "fraction": (-0.1, 0.1, math.nan, None, 0.001),
        "candles": (1, 0, 2.5, True, 10_001, 21),
    },
    SlippageSettings: {
        "model": ("linear", None, True),
        "coefficient": (0, -1, 101, math.inf, None, 0.2),
        "candles": (1, 20.0, 10_001, None, 21),
    },
    FeeTier: {
        "volume": (0, -1, math.nan, 1.1e15, None),
        "maker": (-0.1, 0.1, "0", None),
        "taker": (-0.001, 0.1, None),
    },
    CommissionSettings: {
        "maker": (-0.1, 0.1, math.nan, "0.01%", True),
        "taker": (-0.0001, 0.1, True),
        "tiers": (None, {}, [5], [FEES, FEES], [{**FEES, "volume": 2}, FEES], [FEES] * 51),
    },
    TierSettings: {
        "notional_cap": (0, -1, None, math.inf),
        "maintenance_rate": (0, 1, math.nan, None),
        "maintenance_amount": (-1, None, 1.1e15),
        "max_leverage": (0.5, 1001, None),
    },
    PerpetualSettings: {
        "leverage": (0, 0.5, 1001, -5, math.nan, "5x", True, None, 200, 201),
        "leverages": ([], {"BTCUSDT": 0}, {"BTCUSDT": True}, {"": 2}, {" BTC": 2}, {"A\nB": 2}, {"BTCUSDT": 250}),
        "maintenance_rate": (0, 1, -0.1, math.nan, None),
        "tiers": (
            None, {}, [5], [TIER, TIER], [{**TIER, "notional_cap": 20_000}, TIER], [{**TIER, "maintenance_amount": 1}],
            [TIER, {**NEXT, "maintenance_rate": 0.003}], [{**TIER, "max_leverage": 50}, NEXT],
            [TIER, {**NEXT, "maintenance_amount": 51}],
        ),
        "liquidation_fee": (-0.1, 0.1, None),
        "missing_funding": ("ignore", None, False),
        "funding": (1, "no", None),
        "mark_price": (0, "yes", None),
        "stop_trigger": ("index", None, True),
    },
    DataSettings: {"cache_dir": ("", " data", None, 5, "a\nb"), "off_grid": ("drop", None, True)},
    StrategySettings: {
        "type": ("", None, 5, "a\tb"),
        "params": ([], "x", {1: 2}),
        "file": ("", 5, " x.py"),
        "decisions": ("", 5, " x.jsonl"),
        "pools": ("low", [5], {"low": 1}),
        "schedule": ("", 4, "1h\n"),
        "halt_after": (0, 1.5, "5", 1001, True),
        "call_seconds": (0, -1, 61, "1", math.nan),
    },
    ScalpingParams: {
        "ema_fast": (0, 21, 9.0, True, "9"),
        "ema_slow": (0, 9, 10_001),
        "rsi_period": (0, -14, 1.5),
        "rsi_long_min": (-1, 70, 71, math.nan),
        "rsi_long_max": (101, 50, "70"),
        "rsi_short_min": (-0.1, 50),
        "rsi_short_max": (100.1, 30),
        "rsi_extreme_low": (80, -1),
        "rsi_extreme_high": (20, 101),
        "volume_multiplier": (-1, 20, math.inf),
        "volume_lookback": (0, 1, 2.0),
        "atr_period": (0, 14.0),
        "atr_min_threshold": (-0.1, math.nan),
        "sl_atr_multiple": (0, -2, math.nan, "2"),
        "tp_atr_multiple": (0, -4, math.inf),
    },
    SessionSettings: {
        "barrier_grace_seconds": (-0.1, 3600.1, "5", None, True),
        "early_final_seconds": (-0.1, 60.1, "2", None, True),
        "missed_steps": ("none", "", None, True),
        "on_shutdown": ("hold", "", None, True),
    },
    MetricsSection: {"risk_free_rate": (-0.1, 1, 4.5, "0.04", None, float("nan"))},
    LoggingSettings: {"level": ("info", "LOUD", None), "directory": ("", None)},
    RiskSource: {"config_file": ("", None, {}, 5)},
    LiveSettings: {
        "exchange": ("", None, 5),
        "symbols": (
            [], None, "BTC/USDT", [1], [""], ["/"], ["../../x"], ["BTC USDT,ETH"], ["BTC/USDT", "btc-usdt"], ["a" * 65],
        ),
        "watch": (None, "BTC/USDT", [1], [""], ["/"], ["ETH/BTC", "eth-btc"], ["btcusdt"]),
        "timeframe": (15, None, ""),
        "detail_interval": (1, "", "15m", "1h", "7m", "4m"),
        "strategy": ("scalping_ema_rsi", 7),
        "risk": ("config/risk.json", 7),
        "execution": ([]),
        "session": ("keep", 7),
        "data": ("data", 7),
        "logging": ("INFO", 7),
        "metrics": (0.04, 7),
    },
}  # fmt: skip
BESIDE: dict[tuple[type[SettingsSection], str], dict[str, object]] = {
    (ExecutionSettings, "entry_offset"): {"entry_order": "limit"},
    (ExecutionSettings, "entry_time_in_force"): {"entry_order": "limit"},
    (ExecutionSettings, "entry_expiry"): {"entry_order": "limit"},
    (ExecutionSettings, "post_only"): {"entry_order": "limit"},
    (ExecutionSettings, "limit_fill_probability"): {"limit_fill": "probability"},
    (ExecutionSettings, "limit_fill_seed"): {"limit_fill": "probability"},
    (ExitSettings, "break_even_after"): {"ladder": [RUNG]},
    (SpreadSettings, "fraction"): {"model": "fixed"},
    (SpreadSettings, "candles"): {"model": "corwin_schultz"},
    (SlippageSettings, "coefficient"): {"model": "volatility"},
    (SlippageSettings, "candles"): {"model": "square_root"},
}
"""What a key has an effect beside."""
DIFFERENT: dict[type[SettingsSection], dict[str, object]] = {
    ExecutionSettings: {
        "starting_balance": 500, "slippage": 0, "commission_rate": 0.001, "allow_shorting": False,
        "entry_fill": "close", "on_opposite_signal": "reverse", "max_order_wait": 1, "max_gap": 3,
        "max_candle_move": 20, "entry_order": "stop", "entry_offset": 0, "entry_time_in_force": "IOC",
        "entry_expiry": 60, "post_only": True,
        "max_entries": 100, "latency_ms": 86_400_000, "exits": ExitSettings(max_holding=1), "intrabar": "olhc",
        "limit_fill": "touch", "limit_fill_probability": 0, "limit_fill_seed": 2**63 - 1, "volume_cap": 1,
        "spread": SpreadSettings(model="fixed", fraction=0.001), "slippage_model": SlippageSettings(model="volatility"),
        "commission": CommissionSettings(maker=-0.01), "perpetual": PerpetualSettings(leverage=2),
    },
    ExitSettings: {"ladder": (LadderRung(**RUNG), LadderRung(**FAR)), "break_even_after": 1, "max_holding": 1_000_000},
    SpreadSettings: {"model": "corwin_schultz", "fraction": 0.05, "candles": 2},
    SlippageSettings: {"model": "square_root", "coefficient": 100, "candles": 10_000},
    CommissionSettings: {"maker": -0.05, "taker": 0, "tiers": (FeeTier(**FEES),)},
    PerpetualSettings: {
        "leverage": 199, "leverages": {"BTCUSDT": 1.5}, "maintenance_rate": 0.99,
        "tiers": (TierSettings(**TIER), TierSettings(**NEXT)), "liquidation_fee": 0.05, "missing_funding": "zero",
        "funding": False, "mark_price": False, "stop_trigger": "mark",
    },
    TradingModeSettings: {
        "max_daily_loss_pct": 1, "max_drawdown_pct": 0.5, "max_risk_per_trade_pct": 0.001, "max_exposure_pct": 1.0,
        "max_open_trades": 1, "kill_switch_env_var": "_STOP9", "mode": "monitor", "default_strategy": "mine:Own",
        "allow_live_trading": False, "kill_switch_file": "data/STOP", "on_halt": "flatten", "on_kill": "flatten",
    },
    ScalpingParams: {
        "ema_fast": 1, "ema_slow": 10_000, "rsi_period": 1, "rsi_long_min": 0, "rsi_long_max": 100, "rsi_short_min": 0,
        "rsi_short_max": 100, "rsi_extreme_low": 0, "rsi_extreme_high": 100, "volume_multiplier": 0,
        "volume_lookback": 2, "atr_period": 1, "atr_min_threshold": 12.5, "sl_atr_multiple": 0.5,
        "tp_atr_multiple": 1000,
    },
}  # fmt: skip


def plain(value: object) -> object:
    """Return a value the way a file holds it."""
    if isinstance(value, SettingsSection):
        return value.model_dump(mode="json", exclude_unset=True)
    return [plain(inner) for inner in value] if isinstance(value, tuple) else value


class SectionsTest(unittest.TestCase):
    def test_every_field_refuses_wrong_types_and_impossible_values(self) -> None:
        for section, fields in REFUSED.items():
            self.assertEqual(set(section.model_fields), set(fields), section.__name__)
            needed = NEEDED.get(section, {})
            for name, values in fields.items():
                for value in values:
                    with self.subTest(section=section.__name__, name=name, value=value):
                        with self.assertRaises(ConfigurationError) as caught:
                            section.from_dict({**needed, name: value})
                        message = str(caught.exception)
                        self.assertTrue(message.startswith(f"{section.__name__}: "), message)
                        self.assertIn("allowed", message)
                        self.assertIn(name, message)
                        self.assertNotIn("\n", message)
                        self.assertTrue(message.isprintable(), message)

    def test_allowed_values_other_than_the_defaults_are_kept(self) -> None:
        for section, fields in DIFFERENT.items():
            self.assertEqual(set(section.model_fields), set(fields), section.__name__)
            for name, value in fields.items():
                with self.subTest(section=section.__name__, name=name):
                    beside = BESIDE.get((section, name), {})
                    read = section.from_dict({**beside, name: plain(value)})
                    self.assertEqual(value, getattr(read, name))
                    others = {other for other in fields if getattr(read, other) != getattr(section(), other)}
                    self.assertLessEqual(others, {name, *beside})
                    self.assertEqual(read, section.from_dict(json.loads(json.dumps(read.model_dump(mode="json")))))

    def test_published_defaults(self) -> None:
        execution = ExecutionSettings()
        self.assertEqual((10_000.0, 0.0005, 0.0005, True), (
            execution.starting_balance, execution.slippage, execution.commission_rate, execution.allow_shorting,
        ))  # fmt: skip
        self.assertEqual(("next_open", "ignore", 3, 60), (
            execution.entry_fill, execution.on_opposite_signal, execution.max_order_wait, execution.max_gap,
        ))  # fmt: skip
        mode = TradingModeSettings()
        self.assertEqual((0.02, 0.10, 0.02, 0.20, 10), (
            mode.max_daily_loss_pct, mode.max_drawdown_pct, mode.max_risk_per_trade_pct, mode.max_exposure_pct,
            mode.max_open_trades,
        ))  # fmt: skip
        self.assertEqual(("paper", False, "hold", "hold", "TRADING_KILL_SWITCH"), (
            mode.mode, mode.allow_live_trading, mode.on_halt, mode.on_kill, mode.kill_switch_env_var,
        ))  # fmt: skip

    def test_the_default_levels_stand_several_round_trips_away(self) -> None:
        params, execution = ScalpingParams(), ExecutionSettings()
        round_trip = 2 * (execution.slippage + execution.commission_rate)
        self.assertAlmostEqual(0.002, round_trip)
        median_atr_of_btc_at_15_minutes = 0.0034
        self.assertGreater(params.sl_atr_multiple * median_atr_of_btc_at_15_minutes, 3 * round_trip)
        self.assertGreater(params.tp_atr_multiple * median_atr_of_btc_at_15_minutes, 6 * round_trip)

    def test_limits_of_the_trading_mode_are_the_safety_limits(self) -> None:
        mode = TradingModeSettings(max_open_trades=3, max_drawdown_pct=0.3, mode="monitor")
        self.assertEqual(SafetyLimits(max_open_trades=3, max_drawdown_pct=0.3), mode.limits())
        self.assertIs(SafetyLimits, type(mode.limits()))

    def test_all_broken_rules_of_a_section_are_named_at_once(self) -> None:
        with self.assertRaises(ConfigurationError) as caught:
            ScalpingParams.from_dict({"ema_fast": 30, "rsi_long_min": 90, "rsi_short_min": 60, "volume_multiplier": 20})
        lines = str(caught.exception).splitlines()
        self.assertEqual(
            [
                "ScalpingParams: ema_fast: 30 — allowed: below ema_slow (21)",
                "ScalpingParams: rsi_long_min: 90 — allowed: below rsi_long_max (70)",
                "ScalpingParams: rsi_short_min: 60 — allowed: below rsi_short_max (50)",
            ],
            lines[:3],
        )
        self.assertTrue(
            lines[3].startswith("ScalpingParams: volume_multiplier: 20 — allowed: below volume_lookback (20)")
        )

    def test_real_trading_is_refused_in_one_sentence(self) -> None:
        for values in ({"mode": "live"}, {"allow_live_trading": True}):
            with (
                self.subTest(values=values),
                self.assertRaisesRegex(ConfigurationError, "places no orders with an exc"),
            ):
                TradingModeSettings.from_dict(values)

    def test_a_choice_names_the_nearest_word_and_quoted_numbers_are_explained(self) -> None:
        for section, values, words in (
            (ExecutionSettings, {"entry_fill": "nextopen"}, "(did you mean next_open?)"),
            (LoggingSettings, {"level": "info"}, "(did you mean INFO?)"),
            (ExecutionSettings, {"slippage": "0.001"}, "without quotes"),
            (ExecutionSettings, {"slippage": "0.05%"}, "written as a fraction"),
        ):
            with self.subTest(values=values), self.assertRaises(ConfigurationError) as caught:
                section.from_dict(values)
            self.assertIn(words, str(caught.exception))

    def test_every_field_says_what_it_is(self) -> None:
        for section in SECTIONS:
            for name, field in section.model_fields.items():
                if name not in {"strategy", "risk", "execution", "data", "logging"} or section is not LiveSettings:
                    self.assertTrue(field.description, f"{section.__name__}.{name}")


if __name__ == "__main__":
    unittest.main()
