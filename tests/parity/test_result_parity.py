"""``result.json`` is checked against the journal like every other file of a session."""

import json
import shutil
import tempfile
import unittest
from pathlib import Path

from backtests.config_backtest import ConfigBacktestRunner
from backtests.parity import check_parity
from backtests.proof.parity_report import ParityReport
from core.instants import to_datetime
from runs.reading import measure_run, read_run
from runs.reading.run_candles import candles_of
from tests.support.sessions.live_processes import run_live, session_config
from tests.support.sessions.parity_cases import NOW_MS

REHEARSAL = ("--practice-start", "2024-01-01", "--speed", "20000", "--plain", "--for", "30m")


class ResultOfASession(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.base = Path(folder.name)
        code, _, errors = run_live("--config", session_config(cls.base), *REHEARSAL, "--out", cls.base / "live")
        assert code == 0, errors
        [cls.session] = (cls.base / "live").iterdir()

    def setUp(self) -> None:
        self.folder = Path(shutil.copytree(self.session, self.base / self.id()))

    def checked(self) -> ParityReport:
        return check_parity(self.folder, "journal", now_ms=NOW_MS)

    def test_the_result_as_it_was_written_is_equal(self) -> None:
        report = self.checked()
        self.assertEqual(
            (None, True, 0, []), (report.journal.result, report.journal.equal, report.exit_code, report.warnings)
        )

    def test_every_figure_of_the_session_is_that_of_a_backtest_of_its_window(self) -> None:
        live = read_run(self.folder)
        start_ms, end_ms = live.window
        runner = ConfigBacktestRunner(
            self.base / "config/live.yaml", to_datetime(start_ms), to_datetime(end_ms), output_dir=self.base / "again"
        )
        again = read_run(runner.run()["output_dir"])
        self.assertEqual((live.kind, again.kind, live.run_id), ("live", "backtest", self.session.name))
        found, expected = (measure_run(one, candles_of(one)).to_dict() for one in (live, again))
        self.assertGreater(found["trade_quality"]["trades_with_excursions"], 0)
        self.assertEqual(found, expected)
        # Without its curve a session is read from the rows of its account: daily closes and trades are the same.
        for name in ("equity.npy", "steps.npy"):
            (self.folder / name).unlink()
        told = measure_run(read_run(self.folder)).to_dict()
        for group in ("risk_adjusted", "entry_friction"):
            self.assertEqual(told[group], expected[group])

    def test_a_changed_figure_is_named(self) -> None:
        path = self.folder / "result.json"
        result = json.loads(path.read_text())
        result["performance"]["equity"] += 1
        path.write_text(json.dumps(result))
        report = self.checked()
        self.assertEqual(4, report.exit_code)
        self.assertIn("result.json: performance.equity is ", report.journal.result)

    def test_last_records_that_were_cut_off_are_missed(self) -> None:
        path = self.folder / "journal.jsonl"
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
        report = self.checked()
        self.assertEqual(4, report.exit_code)
        self.assertIn("its last records are missing", report.journal.result)


if __name__ == "__main__":
    unittest.main()
