"""Journals that earlier versions wrote replay to the files that these versions wrote beside them."""

import tempfile
import unittest
from pathlib import Path

from backtests.proof.indexed_outputs import IndexedOutputs
from backtests.proof.replayed_journal import replay_journal
from backtests.proof.session_head import read_head
from engine.journal_records import CommandRecord
from runs.folder.file_names import DERIVED

JOURNALS = Path(__file__).parent / "journals"


class Journals(unittest.TestCase):
    def test_kill_switch_records_are_the_commands_kill_and_release(self) -> None:
        """Two changes and the switch engaged at the end, with ``on_kill: flatten``."""
        head = read_head(JOURNALS / "kill_switch")
        commands = [line.record for line in head.lines() if isinstance(line.record, CommandRecord)]
        self.assertEqual([one.command for one in commands], ["kill", "release", "kill"])
        with tempfile.TemporaryDirectory() as folder:
            with IndexedOutputs(Path(folder)) as out:
                self.assertIsNone(replay_journal(head, head.settings(), out).broken)
            for name in DERIVED:
                self.assertEqual((head.folder / name).read_bytes(), (Path(folder) / name).read_bytes(), name)


if __name__ == "__main__":
    unittest.main()
