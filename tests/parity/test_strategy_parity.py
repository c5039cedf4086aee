"""An edited strategy is told before anything is compared or gone on with, and its file is named."""

import json
import os
import sys
import unittest
from pathlib import Path
from unittest import mock

from backtests.proof.session_head import read_head
from core.errors import ConfigurationError, ParityError
from core.event_lines import cell_text
from engine.assembly import with_own_strategy
from live.life.session_resume import resumed_folder
from strategies import strategy_source
from tests.support.runs.backtest_runs import trade_rows
from tests.support.sessions.parity_cases import ParityCase
from tests.support.sessions.session_folders import BTC, practice_recording, timed_settings
from tests.support.shared import REPOSITORY
from tests.support.times import at

STRATEGY = """
from tests.support.timed_strategy import TimedStrategy
from parity_levels import STOP


class Mine(TimedStrategy):
    name = "mine"
"""


class EditedStrategy(ParityCase):
    own_process = True

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(strategy_source._loaded.pop, "parity_strategy", None)
        for module in ("parity_strategy", "parity_levels"):
            self.addCleanup(sys.modules.pop, module, None)
        self.code = self.base / "code"
        self.code.mkdir()
        (self.code / "parity_strategy.py").write_text(STRATEGY)
        (self.code / "parity_levels.py").write_text("STOP = 1\n")
        sys.path.insert(0, str(self.code))
        self.addCleanup(sys.path.remove, str(self.code))
        params = {"signals": {}, "stop": 0.002, "target": 0.002}
        live = {"strategy": {"type": "parity_strategy:Mine", "params": params}}
        self.settings = with_own_strategy(timed_settings(self.base, {}, live=live))
        self.folder: Path = self.record(practice_recording(self.settings, 5))

    def test_identity_stands_in_manifest_and_journal_and_is_accepted_while_nothing_changed(self) -> None:
        head = read_head(self.folder)
        self.assertRegex(head.record.strategy_sha256, r"\A[0-9a-f]{64}\Z")
        self.assertEqual(head.record.strategy_sha256, head.manifest.strategy_sha256)
        self.assertEqual(head.record.strategy_files, head.manifest.strategy_files)
        self.assertLessEqual({"parity_strategy.py", "parity_levels.py"}, head.record.strategy_files.keys())
        head.settings()
        with resumed_folder(self.folder, self.settings):
            pass

    def test_parity_and_resume_name_the_file_that_changed(self) -> None:
        (self.code / "parity_levels.py").write_text("STOP = 2\n")
        report = self.check(self.folder)
        self.assertEqual(4, report.exit_code)
        self.assertIn("strategy: parity_levels.py has changed since", report.settings_broken)
        self.assertIsNone(report.journal)
        with (
            self.assertRaisesRegex(ConfigurationError, "strategy: parity_levels.py has changed since"),
            resumed_folder(self.folder, with_own_strategy(self.settings)),
        ):
            pass

    def test_a_name_that_is_a_formula_is_neutral_in_the_log_and_itself_to_whoever_reads_it(self) -> None:
        (self.code / "parity_strategy.py").write_text(STRATEGY.replace('"mine"', '"=1+1"'))
        params = {"signals": {BTC: {str(at(5)): "LONG", str(at(40)): "SHORT"}}, "stop": 0.002, "target": 0.002}
        live = {"strategy": {"type": "parity_strategy:Mine", "params": params}}
        settings = with_own_strategy(timed_settings(self.base, {}, live=live))
        folder = self.record(practice_recording(settings, 120), "formula")
        with mock.patch.dict(os.environ, {"PYTHONPATH": os.pathsep.join((str(REPOSITORY), str(self.code)))}):
            report = self.check(folder)
        self.assertEqual((0, True), (report.exit_code, report.journal.equal))
        rows = trade_rows(folder / "trades.csv")
        self.assertGreaterEqual(len(rows), 4)
        self.assertEqual({"'=1+1"}, {row["strategy"] for row in rows})
        self.assertEqual({"=1+1"}, {cell_text(row["strategy"]) for row in rows})

    def test_a_manifest_of_another_strategy_is_broken_parity(self) -> None:
        path = self.folder / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "strategy_sha256": "0" * 64}))
        with self.assertRaisesRegex(ParityError, "strategy: manifest and journal"):
            read_head(self.folder).settings()


if __name__ == "__main__":
    unittest.main()
