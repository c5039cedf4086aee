"""Settings read back from a manifest are the settings that were written."""

import json
import tempfile
import unittest
from pathlib import Path

from core.errors import ConfigurationError
from tests.support.config_tree import RICH_LIVE, RICH_MODE, RICH_RISK, write_config
from tests.support.shared import REPOSITORY
from validation.loading import load_settings
from validation.resolved_settings import settings_from_resolved

SCALPING = {
    "exchange": "binance_us",
    "symbols": ["BTC-USDT", "ethusdt"],
    "timeframe": "5m",
    "strategy": {"type": "ScalpingEMARSI", "params": {"ema_fast": 7}},
    "execution": {"starting_balance": 2500, "slippage": 0.0002, "entry_fill": "close", "max_gap": 7},
    "data": {"cache_dir": "elsewhere", "off_grid": "refuse"},
}
RISK = {"default_risk_per_trade": 0.004, "enable_trailing_stop": True, "trailing_stop_pct": 0.01}
MODE = {"max_open_trades": 2, "on_halt": "flatten", "on_kill": "flatten", "kill_switch_file": "stop.txt"}


class SettingsReadBack(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def resolved(self) -> dict[str, dict[str, object]]:
        return json.loads(json.dumps(load_settings(write_config(self.base, SCALPING, RISK, MODE)).resolved()))

    def test_they_have_the_hash_and_the_values_of_those_that_were_written(self) -> None:
        written = load_settings(write_config(self.base, SCALPING, RISK, MODE))
        read = settings_from_resolved(json.loads(json.dumps(written.resolved())))
        self.assertEqual(read.settings_sha256, written.settings_sha256)
        self.assertEqual(read.resolved(), written.resolved())
        self.assertEqual(read.live.exchange, "binanceus")
        self.assertEqual(read.live.symbols, ("BTC-USDT", "ethusdt"))
        self.assertEqual(read.risk.base_account_size, 2500)

    def test_every_key_of_the_venue_comes_back_in_the_same_order(self) -> None:
        written = load_settings(write_config(self.base, RICH_LIVE, RICH_RISK, RICH_MODE))
        text = json.dumps(written.resolved())
        read = settings_from_resolved(json.loads(text))
        self.assertEqual(read.settings_sha256, written.settings_sha256)
        self.assertEqual(read.live, written.live)
        self.assertEqual(json.dumps(read.resolved()), text)
        again = {key: json.loads(text)[key] for key in ("live", "risk", "trading_mode")}
        reloaded = load_settings(write_config(self.base, again["live"], again["risk"], again["trading_mode"]))
        self.assertEqual(json.dumps(reloaded.resolved()), text)

    def test_a_manifest_without_the_keys_of_the_venue_has_their_defaults(self) -> None:
        resolved = self.resolved()
        known = {"starting_balance", "slippage", "commission_rate", "allow_shorting", "entry_fill", "max_gap"}
        resolved["live"]["execution"] = {key: resolved["live"]["execution"][key] for key in known}
        del resolved["live"]["detail_interval"], resolved["risk"]["trailing_stop_atr"]
        written = load_settings(write_config(self.base, SCALPING, RISK, MODE))
        self.assertEqual(settings_from_resolved(resolved).settings_sha256, written.settings_sha256)

    def test_the_shipped_configurations_come_back_with_their_hash(self) -> None:
        for name in ("config/live.yaml", "config/practice.yaml", "examples/detail-1h.yaml"):
            written = load_settings(REPOSITORY / name)
            read = settings_from_resolved(json.loads(json.dumps(written.resolved())))
            self.assertEqual(read.settings_sha256, written.settings_sha256)

    def test_a_changed_value_changes_the_hash(self) -> None:
        resolved = self.resolved()
        resolved["trading_mode"]["max_open_trades"] = 3
        written = load_settings(write_config(self.base, SCALPING, RISK, MODE))
        self.assertNotEqual(settings_from_resolved(resolved).settings_sha256, written.settings_sha256)

    def test_files_of_today_are_not_read(self) -> None:
        resolved = self.resolved()
        hashed = settings_from_resolved(resolved).settings_sha256
        write_config(self.base, {**SCALPING, "timeframe": "1m"}, {}, {})
        self.assertEqual(settings_from_resolved(resolved).settings_sha256, hashed)

    def test_every_problem_is_named_with_its_section(self) -> None:
        resolved: dict[str, object] = {**self.resolved(), "more": {}}
        resolved["risk"] = {"max_exposure": "much"}
        del resolved["trading_mode"]
        with self.assertRaises(ConfigurationError) as caught:
            settings_from_resolved(resolved, "the manifest")
        message = str(caught.exception)
        for words in ("the manifest: more", "the manifest: risk.max_exposure", "the manifest: trading_mode"):
            self.assertIn(words, message)


if __name__ == "__main__":
    unittest.main()
