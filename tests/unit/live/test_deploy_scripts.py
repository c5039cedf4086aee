import configparser
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import msgspec

from core.errors import ConfigurationError, DataUnavailableError, ParityError, StoreError, StrategyError
from engine.journal_records import ConnectionRecord, EndRecord
from tests.support.shared import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
FLATTENED, KEPT = EndRecord("flatten"), EndRecord("keep")
LIVING = ConnectionRecord("connected", '"record":"end" in a text, "mode":"flatten" too', None)


class RunSessionTest(unittest.TestCase):
    """``run_session.sh`` with an interpreter that only says what it was given."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.sessions = Path(folder.name)

    def session(self, name: str, written_at: int, last: msgspec.Struct) -> Path:
        folder = self.sessions / name
        folder.mkdir()
        journal = folder / "journal.jsonl"
        journal.write_bytes(b'{"record":"session"}\n' + msgspec.json.encode(last) + b"\n")
        os.utime(journal, (written_at, written_at))
        return folder

    def run_script(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [DEPLOY / name, *arguments],
            env={"PATH": os.environ["PATH"], "SESSIONS": str(self.sessions), "PYTHON": "echo"},
            capture_output=True,
            text=True,
            check=False,
        )

    def started(self) -> str:
        return self.run_script("run_session.sh", "--plain").stdout.strip()

    def test_without_a_session_it_begins_one(self) -> None:
        self.assertEqual(self.started(), f"run_live.py --out {self.sessions} --plain")

    def test_it_goes_on_with_the_session_written_last(self) -> None:
        self.session("a", 2_000, LIVING)
        self.session("b", 1_000, LIVING)
        self.assertEqual(self.started(), f"run_live.py --out {self.sessions} --resume {self.sessions / 'a'} --plain")

    def test_a_session_that_kept_its_positions_is_gone_on_with(self) -> None:
        self.session("a", 1_000, KEPT)
        self.assertIn("--resume", self.started())

    def test_after_a_session_that_closed_its_positions_it_begins_another(self) -> None:
        self.session("a", 1_000, LIVING)
        self.session("b", 2_000, FLATTENED)
        self.assertNotIn("--resume", self.started())

    def test_the_check_asks_for_the_latest_session(self) -> None:
        self.assertEqual(self.run_script("check_session.sh").returncode, 1)
        self.session("a", 1_000, LIVING)
        done = self.run_script("check_session.sh", "--max-age", "9")
        self.assertEqual(done.stdout.strip(), f"-m live.heartbeat {self.sessions / 'a'} --max-age 9")


class UnitTest(unittest.TestCase):
    def test_the_unit_restarts_after_what_may_pass_and_not_after_what_will_not(self) -> None:
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str
        unit.read(DEPLOY / "paper-trading.service")
        self.assertEqual(unit["Service"]["Restart"], "on-failure")
        final = set(map(int, unit["Service"]["RestartPreventExitStatus"].split()))
        for error in (ConfigurationError, StrategyError, ParityError):
            self.assertIn(error.exit_code, final)
        for error in (StoreError, DataUnavailableError):
            self.assertNotIn(error.exit_code, final)


if __name__ == "__main__":
    unittest.main()
