"""Validation as scripts call it: each file's values, the two against each other, and a folder without a live.yaml."""

import json
import tempfile
import unittest
from pathlib import Path

from tests.support.config_tree import write_config
from validation import load_settings
from validation.config_validator import (
    ConfigValidationError,
    validate_all_configs,
    validate_config_consistency,
    validate_risk_config,
    validate_trading_mode_config,
)


class Parts(unittest.TestCase):
    def test_each_returns_its_values_with_every_default(self) -> None:
        risk = validate_risk_config({"max_exposure": 0.1})
        self.assertEqual((0.1, 0.01, 3.0), tuple(risk[key] for key in (
            "max_exposure", "default_risk_per_trade", "default_tp_atr_mult",
        )))  # fmt: skip
        self.assertEqual(
            ("paper", 0.02), tuple(validate_trading_mode_config({})[key] for key in ("mode", "max_daily_loss_pct"))
        )
        # What was checked once can be checked again.
        self.assertEqual(risk, validate_risk_config(risk))

    def test_everything_wrong_is_named_with_its_key(self) -> None:
        with self.assertRaises(ConfigValidationError) as caught:
            validate_risk_config({"max_exposre": 0.1, "trailing_stop_pct": 5})
        self.assertEqual(2, len(caught.exception.problems))
        self.assertIn(
            "risk: max_exposre: unknown key (did you mean max_exposure?)", "\n".join(caught.exception.problems)
        )
        with self.assertRaisesRegex(ConfigValidationError, "trading_mode: mode: 'live' — allowed: paper or monitor"):
            validate_trading_mode_config({"mode": "live"})
        with self.assertRaisesRegex(
            ConfigValidationError, r"slippage: unknown key \(did you mean execution.slippage of live"
        ):
            validate_risk_config({"slippage": 0.1})
        for wrong in (None, [], "risk.json", 7):
            with self.subTest(wrong), self.assertRaisesRegex(ConfigValidationError, "risk: holds "):
                validate_risk_config(wrong)

    def test_the_two_are_held_against_each_other(self) -> None:
        validate_config_consistency({"max_exposure_pct": 0.2}, {"max_exposure": 0.2, "default_risk_per_trade": 0.02})
        validate_config_consistency({"max_exposure_pct": 0.01}, {})
        with self.assertRaises(ConfigValidationError) as caught:
            validate_config_consistency({"max_risk_per_trade_pct": 0.005}, {"max_exposure": 0.3})
        self.assertEqual(
            [
                "risk: default_risk_per_trade: 0.01 — allowed: at most max_risk_per_trade_pct of trading_mode (0.005)",
                "risk: max_exposure: 0.3 — allowed: at most max_exposure_pct of trading_mode (0.2)",
            ],
            caught.exception.problems,
        )


class Folders(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def test_without_a_live_yaml_the_other_two_are_checked(self) -> None:
        write_config(self.base, None, {"max_exposure": 0.1}, {"max_open_trades": 3}).unlink()
        checked = validate_all_configs(self.base)
        self.assertEqual(["risk", "trading_mode"], sorted(checked))
        self.assertEqual((0.1, 3), (checked["risk"]["max_exposure"], checked["trading_mode"]["max_open_trades"]))
        write_config(self.base, None, {"max_exposure": 0.3}, {"max_open_trades": 0}).unlink()
        with self.assertRaisesRegex(ConfigValidationError, "trading_mode.yaml: max_open_trades: 0"):
            validate_all_configs(self.base)
        write_config(self.base, None, {"max_exposure": 0.3}).unlink()
        with self.assertRaisesRegex(ConfigValidationError, "risk.json: max_exposure: 0.3 — allowed: at most"):
            validate_all_configs(self.base)

    def test_a_folder_without_any_names_what_it_looked_for(self) -> None:
        with self.assertRaises(ConfigValidationError) as caught:
            validate_all_configs(self.base)
        self.assertEqual(2, len(caught.exception.problems))
        self.assertIn("config/risk.json", caught.exception.problems[0])
        self.assertIn("trading_mode.yaml: there is no such file", caught.exception.problems[1])

    def test_a_section_with_nothing_below_its_key_is_an_empty_one(self) -> None:
        plain = load_settings(write_config(self.base, "exchange: practice\nsymbols: [BTC/USDT]\n")).settings_sha256
        empty = "exchange: practice\nsymbols: [BTC/USDT]\nstrategy:\nexecution:\nrisk:\ndata:\nlogging:\nsession:\n"
        deeper = "exchange: practice\nsymbols: [BTC/USDT]\nstrategy:\n  params:\nexecution:\n  exits:\n  spread:\n"
        for text in (empty, deeper, deeper + "  perpetual:\n"):
            with self.subTest(text):
                self.assertEqual(plain, load_settings(write_config(self.base, text)).settings_sha256)
        with self.assertRaisesRegex(ConfigValidationError, "symbols: null"):
            load_settings(write_config(self.base, "exchange: practice\nsymbols:\n"))

    def test_comments_of_json_are_passed_over_wherever_they_stand(self) -> None:
        told = {"_comment": "mine", "_documentation": {"max_exposure": ["one", "two"]}, "_comment_2": 7}
        risk = {**told, "max_exposure": 0.1}
        self.assertEqual(validate_risk_config({"max_exposure": 0.1}), validate_risk_config(risk))
        live = {"exchange": "practice", "symbols": ["BTC/USDT"], "execution": {**told, "exits": {**told}}, **told}
        settings = load_settings(write_config(self.base, live, risk, told))
        bare = load_settings(
            write_config(self.base, {"exchange": "practice", "symbols": ["BTC/USDT"]}, {"max_exposure": 0.1})
        )
        self.assertEqual(bare.settings_sha256, settings.settings_sha256)
        self.assertNotIn("_comment", json.dumps(settings.resolved()))
        with self.assertRaisesRegex(ConfigValidationError, "risk: _note: unknown key"):
            validate_risk_config({"_note": "mine"})


if __name__ == "__main__":
    unittest.main()
