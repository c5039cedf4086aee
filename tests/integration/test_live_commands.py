"""Commands given to a running session act between two steps, and a replay or a session taken up again has them too."""

import contextlib
import json
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from core.errors import ConfigurationError
from engine.journal_records import CommandRecord
from execution.execution_settings import TradingModeSettings
from live.life.kill_switch_watch import KillSwitchWatch, operator_hold
from live.life.operator_commands import OperatorCommands
from live.life.session_resume import fold_journal, resumed_folder
from runs.folder.file_names import DERIVED
from tests.support.sessions.live_sessions import run_live
from tests.support.sessions.session_outputs import journal_outputs
from tests.support.times import JANUARY_MS, MINUTE_MS

BTC, ETH = "BTC/USDT", "ETH/USDT"
SIGNALS = {BTC: {2: "LONG", 8: "SHORT"}, ETH: {5: "LONG", 11: "SHORT", 15: "LONG"}}
GIVEN = {
    4: CommandRecord("close", "test", BTC),
    6: CommandRecord("cancel", "test", ETH),
    11: CommandRecord("pause", "test"),
    14: CommandRecord("resume", "test"),
    18: CommandRecord("kill", "test"),
}
"""By number of the step after which it is given."""


class LiveCommands(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def test_every_command_acts_live_as_in_the_replay_and_in_a_session_taken_up_again(self) -> None:
        commands = OperatorCommands(KillSwitchWatch(TradingModeSettings()), (BTC, ETH))
        with self.assertRaisesRegex(ConfigurationError, "close XRP/USDT: the session trades BTC/USDT, ETH/USDT"):
            commands.give(CommandRecord("close", "test", "XRP/USDT"))
        steps = 0

        def on_step() -> None:
            nonlocal steps
            steps += 1
            if steps in GIVEN:
                commands.give(GIVEN[steps])

        signals = {
            name: {str(JANUARY_MS + at * MINUTE_MS): word for at, word in one.items()} for name, one in SIGNALS.items()
        }
        timed = {"signals": signals, "stop": 0.2, "target": 0.2}
        with mock.patch("live.life.operator_commands.LOOK_SECONDS", 0.0):
            run = run_live(
                self.base,
                candles=22,
                symbols=(BTC, ETH),
                live={"strategy": {"type": "tests.support.timed_strategy:TimedStrategy", "params": timed}},
                on_step=on_step,
                commands=commands.due,
            )
        self.assertEqual([one for one in run.records if isinstance(one, CommandRecord)], list(GIVEN.values()))
        self.assertEqual(operator_hold(run.records), "test", "a restart does not release what a command engaged")
        rows = [line.split(",") for line in (run.path / "trades.csv").read_text().splitlines()[1:]]
        self.assertEqual(
            [(row[0][14:16], row[2], row[3], "operator" in row) for row in rows],
            [
                ("03", BTC, "OPEN", False),
                ("04", BTC, "CLOSE", True),
                ("09", BTC, "OPEN", False),
                ("16", ETH, "OPEN", False),
                ("22", BTC, "CLOSE", False),
                ("22", ETH, "CLOSE", False),
            ],
        )
        replayed = self.base / "replayed"
        replayed.mkdir()
        self.assertEqual(run.outputs, journal_outputs(run, replayed))
        lines = (run.path / "journal.jsonl").read_bytes().splitlines(keepends=True)
        for place, line in enumerate(lines):
            if b'"record":"command"' in line:
                self.check_taken_up(run.path, run.settings, b"".join(lines[: place + 1]), run.outputs)

    def check_taken_up(self, path: Path, settings: object, journal: bytes, outputs: dict[str, bytes]) -> None:
        """Take the session up after a command, its last record, and expect what was written by then."""
        folder = self.base / "taken_up"
        shutil.copytree(path, folder, ignore=shutil.ignore_patterns(".lock"))
        (folder / "journal.jsonl").write_bytes(journal)
        with contextlib.ExitStack() as held:
            held.callback(shutil.rmtree, folder)
            folded = fold_journal(held.enter_context(resumed_folder(folder, settings)), settings)
            for name in DERIVED:
                self.assertTrue(outputs[name].startswith((folder / name).read_bytes()), name)
            told = [json.loads(line)["event"] for line in (folder / "decisions.jsonl").read_text().splitlines()]
            shown = [one.name for one in folded.recent.fresh()]
            self.assertEqual(shown.count("command"), told.count("command"), "views show what was recent before")
            self.assertLessEqual({"accepted", "open", "command"}, set(shown))


if __name__ == "__main__":
    unittest.main()
