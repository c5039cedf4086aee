"""The manifest and the result tell what a run was made of, and nothing of the machine or the clock."""

import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from backtests.config_backtest import run_config_backtest
from tests.support.runs.backtest_runs import END, START, frame_of, scheduled_config

PATCHED = "backtests.config_backtest.HistoricalDataProvider"


class Manifest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, Path.cwd())
        self.folder = Path(folder.name)

    def run_in(self, name, frame=None, now_ms=None, **changes):
        """Run with relative paths in a folder of its own; return the output folder."""
        base = self.folder / name
        base.mkdir()
        paths = {"data": {"cache_dir": "data"}, "logging": {"directory": "logs"}}
        config = scheduled_config(base, **{**paths, **changes})
        os.chdir(base)
        with mock.patch(PATCHED) as provider:
            provider.return_value.fetch_ohlcv.return_value = frame_of() if frame is None else frame
            clock = mock.patch("backtests.config_backtest.wall_clock_ms", return_value=now_ms or 1)
            with clock:
                result = run_config_backtest(START, END, config_path=config)
        return base / result["output_dir"]

    def test_the_same_run_elsewhere_and_at_another_time_writes_the_same_bytes(self):
        first, second = self.run_in("here"), self.run_in("elsewhere", now_ms=2_000_000_000_000)
        for path in sorted(path for path in first.iterdir() if path.is_file()):
            with self.subTest(file=path.name):
                self.assertEqual(path.read_bytes(), (second / path.name).read_bytes())
        self.assertEqual(
            sorted(path.name for path in first.iterdir() if path.is_file()),
            [
                "decisions.jsonl",
                "equity.csv",
                "equity.npy",
                "ledger.csv",
                "manifest.json",
                "orders.csv",
                "result.json",
                "steps.npy",
            ],
        )

    def test_the_manifest_names_settings_data_rules_code_and_libraries(self):
        document = json.loads((self.run_in("run") / "manifest.json").read_text())
        self.assertEqual(document["window"], {"start_ms": 1_704_067_200_000, "end_ms": 1_704_067_800_000})
        self.assertEqual(sorted(document["settings"]), ["live", "risk", "trading_mode"])
        self.assertEqual(document["symbols"]["BTC/USDT"]["instrument"]["source"], "default")
        self.assertEqual(document["strategy"]["name"], "scheduled")
        self.assertIn("numpy", document["libraries"])
        self.assertEqual((document["partial"], document["kill_switch_engaged"]), (False, False))

    def test_its_hashes_are_those_of_the_files_beside_it(self):
        import hashlib

        folder = self.run_in("run")
        document = json.loads((folder / "manifest.json").read_text())
        log = folder.with_suffix(".csv")
        for key, path in (
            ("trades_sha256", log),
            ("equity_sha256", folder / "equity.csv"),
            ("decisions_sha256", folder / "decisions.jsonl"),
        ):
            with self.subTest(key=key):
                self.assertEqual(document[key], hashlib.sha256(path.read_bytes()).hexdigest())

    def test_another_setting_changes_the_hash_of_the_settings_and_another_candle_that_of_the_data(self):
        def hashes(folder):
            document = json.loads((folder / "manifest.json").read_text())
            return document["settings_sha256"], document["data_sha256"]

        settings, data = hashes(self.run_in("one"))
        other_settings, same_data = hashes(self.run_in("two", execution={"slippage": 0.002}))
        self.assertNotEqual(settings, other_settings)
        self.assertEqual(data, same_data)
        frame = frame_of()
        frame.loc[9, "volume"] = 2.0
        same_settings, other_data = hashes(self.run_in("three", frame))
        self.assertEqual(settings, same_settings)
        self.assertNotEqual(data, other_data)


if __name__ == "__main__":
    unittest.main()
