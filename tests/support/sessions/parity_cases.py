"""A test case that records sessions in a folder of its own and checks their parity."""

import contextlib
import io
import json
import subprocess
import tempfile
import types
import unittest
from collections.abc import Mapping, Sequence
from pathlib import Path
from unittest import mock

from backtests.parity import ParityReport, check_parity, main
from backtests.proof.difference_causes import TradeDifference
from backtests.proof.history_parity import HistoryParity
from tests.support.runs.backtest_runs import called_command
from tests.support.sessions.session_folders import (
    BTC,
    ETH,
    Recording,
    practice_recording,
    record_session,
    timed_settings,
)
from tests.support.times import at

SIGNALS: Mapping[str, Mapping[int, str]] = {
    BTC: {5: "LONG", 40: "SHORT", 70: "LONG"},
    ETH: {7: "SHORT", 50: "LONG", 90: "SHORT"},
}
"""What the strategy says after which candle; every entry fills at the next open and has left before the next signal."""

NOW_MS = at(100_000)


class ParityCase(unittest.TestCase):
    """Records sessions and checks them; the check replays a journal in this process, unless ``own_process`` is set."""

    own_process = False

    def setUp(self) -> None:
        if not self.own_process:
            here = types.SimpleNamespace(run=_run_here)
            self.enterContext(mock.patch("backtests.proof.parity_check.subprocess", here))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def recording(self, signals: Mapping[str, Mapping[int, str]] = SIGNALS, **options: object) -> Recording:
        count, warmup = options.pop("count", 120), options.get("warmup_candles", 0)
        return practice_recording(timed_settings(self.base, signals, **options), count, warmup)

    def record(self, recording: Recording, name: str = "session") -> Path:
        return record_session(self.base / name, recording)

    def check(self, folder: Path, only: str | None = None, **options: object) -> ParityReport:
        return check_parity(folder, only, **{"now_ms": NOW_MS, **options})

    def history(self, recording: Recording) -> HistoryParity:
        """Return the history part of a session that the journal part finds equal."""
        report = self.check(self.record(recording))
        self.assertTrue(report.journal.equal)
        self.assertEqual(report.exit_code, 4 if report.history.differences else 0)
        return report.history

    def command(self, *arguments: object) -> tuple[int, str, str]:
        """Run the command in this process; return exit code, output and errors."""
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main([str(one) for one in arguments])
        return code, output.getvalue(), errors.getvalue()

    def written_report(self, folder: Path) -> dict[str, object]:
        return json.loads((folder / "parity.json").read_text())


def _run_here(command: Sequence[str], **options: object) -> subprocess.CompletedProcess[str]:
    """Run ``python -m MODULE ...`` in this process."""
    _, _, module, *arguments = command
    return called_command(*arguments, cwd=Path.cwd(), module=module)


def told(trades: list[TradeDifference]) -> list[tuple[str, str, str, str]]:
    """Return (verdict, symbol, HH:MM of the entry, cause) of every difference."""
    return [(one.verdict, one.symbol, one.entry_time[11:16], one.cause) for one in trades]
