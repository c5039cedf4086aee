"""The typed sections: defaults as published, every bound, every rule between fields."""

import math
import unittest

from core.errors import ConfigurationError
from core.settings_section import SettingsSection
from execution.safety_limits import SafetyLimits
from execution.settings import ExecutionSettings, TradingModeSettings
from market_data.settings import DataSettings
from risk_management.risk_config import RiskConfig
from strategies.scalping_params import ScalpingParams
from strategies.settings import StrategySettings
from validation.live_settings import LiveSettings, LoggingSettings, RiskSource
from validation.session_settings import SessionSettings

SECTIONS: tuple[type[SettingsSection], ...] = (
    RiskConfig, SafetyLimits, TradingModeSettings, ExecutionSettings, DataSettings, StrategySettings, ScalpingParams,
    LoggingSettings, RiskSource, SessionSettings, LiveSettings,
)  # fmt: skip

FRACTION = (0, -0.1, 1.01, math.nan, math.inf, "0.02", "2%", True, None)
LIMITS_REFUSED = {
    "max_daily_loss_pct": FRACTION,
    "max_drawdown_pct": FRACTION,
    "max_risk_per_trade_pct": FRACTION,
    "max_exposure_pct": FRACTION,
    "max_open_trades": (0, -1, 1.5, 10.0, "10", True, None, 10**30),
    "kill_switch_env_var": ("", "A B", "1A", "A=B", "A\n", 5, None),
}
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
    },
    DataSettings: {"cache_dir": ("", " data", None, 5, "a\nb"), "off_grid": ("drop", None, True)},
    StrategySettings: {"type": ("", None, 5, "a\tb"), "params": (None, [], "x", {1: 2})},
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
        "missed_steps": ("none", "", None, True),
        "on_shutdown": ("hold", "", None, True),
    },
    LoggingSettings: {"level": ("info", "LOUD", None), "directory": ("", None)},
    RiskSource: {"config_file": ("", None, {}, 5)},
    LiveSettings: {
        "exchange": ("", None, 5),
        "symbols": (
            [], None, "BTC/USDT", [1], [""], ["/"], ["../../x"], ["BTC USDT,ETH"], ["BTC/USDT", "btc-usdt"], ["a" * 65],
        ),
        "timeframe": (15, None, ""),
        "strategy": (None, "scalping_ema_rsi"),
        "risk": (None, "config/risk.json"),
        "execution": (None, []),
        "session": (None, "keep"),
        "data": (None, "data"),
        "logging": (None, "INFO"),
    },
}  # fmt: skip
DIFFERENT: dict[type[SettingsSection], dict[str, object]] = {
    ExecutionSettings: {
        "starting_balance": 500, "slippage": 0, "commission_rate": 0.001, "allow_shorting": False,
        "entry_fill": "close", "on_opposite_signal": "reverse", "max_order_wait": 1, "max_gap": 3,
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


class SectionsTest(unittest.TestCase):
    def test_every_field_refuses_wrong_types_and_impossible_values(self) -> None:
        for section, fields in REFUSED.items():
            self.assertEqual(set(section.model_fields), set(fields), section.__name__)
            needed: dict[str, object] = {"symbols": ["BTC/USDT"]} if section is LiveSettings else {}
            for name, values in fields.items():
                for value in values:
                    with self.subTest(section=section.__name__, name=name, value=value):
                        with self.assertRaises(ConfigurationError) as caught:
                            section.from_dict({**needed, name: value})
                        message = str(caught.exception)
                        self.assertTrue(message.startswith(f"{section.__name__}: "), message)
                        self.assertIn("allowed", message)
                        self.assertNotIn("\n", message)
                        self.assertTrue(message.isprintable(), message)

    def test_allowed_values_other_than_the_defaults_are_kept(self) -> None:
        for section, fields in DIFFERENT.items():
            self.assertEqual(set(section.model_fields), set(fields), section.__name__)
            for name, value in fields.items():
                with self.subTest(section=section.__name__, name=name):
                    read = section.from_dict({name: value})
                    self.assertEqual(value, getattr(read, name))
                    others = {other for other in fields if getattr(read, other) != getattr(section(), other)}
                    self.assertLessEqual(others, {name})

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
