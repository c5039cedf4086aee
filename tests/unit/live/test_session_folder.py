"""A session's folder under a hostile user: locks removed, journals moved away, manifests edited."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

from core.errors import ConfigurationError, ParityError, StoreError
from engine.journal_records import CommandRecord
from live.life.session_folder import SessionFolder
from live.life.session_resume import resumed_folder
from tests.support.sessions.parity_cases import ParityCase
from tests.support.shared import REPOSITORY

HOLD = """
import sys
from live.life.session_folder import SessionFolder
folder = SessionFolder(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


class HostileUser(ParityCase):
    def setUp(self) -> None:
        super().setUp()
        self.given = self.recording(count=5)
        self.given.end = None
        self.folder: Path = self.record(self.given)
        self.journal = self.folder / "journal.jsonl"

    def test_removing_the_lock_does_not_let_a_second_process_in(self) -> None:
        command = [sys.executable, "-c", HOLD, str(self.folder)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
        ) as process:
            self.assertEqual("held\n", process.stdout.readline())
            (self.folder / ".lock").unlink()
            with self.assertRaisesRegex(ConfigurationError, "another process runs this session"):
                SessionFolder(self.folder)
            process.communicate("")
        with contextlib.closing(SessionFolder(self.folder)):
            pass

    def test_a_journal_that_is_gone_or_another_stops_at_the_next_look(self) -> None:
        for words in ("removed", "replaced"):
            with (
                self.subTest(words),
                contextlib.closing(SessionFolder(self.folder)) as folder,
                folder.writer(self.journal.stat().st_size) as writer,
            ):
                kept = self.journal.read_bytes()
                writer.check_in_place()
                self.journal.unlink()
                if words == "replaced":
                    self.journal.write_bytes(kept)
                for act in (writer.check_in_place, lambda: writer.append(CommandRecord("pause", "test"))):
                    with self.assertRaisesRegex(StoreError, f"was {words} while its session runs; trading has stopped"):
                        act()
                self.journal.write_bytes(kept)

    def test_resume_checks_the_manifest_as_parity_does(self) -> None:
        path = self.folder / "manifest.json"
        whole = json.loads(path.read_text())
        edited = json.loads(path.read_text())
        edited["settings"]["live"]["execution"]["slippage"] = 0.001
        for manifest, words in (
            (edited, "the manifest was changed"),
            ({**whole, "settings_sha256": "0"}, "not of one"),
        ):
            path.write_text(json.dumps(manifest))
            with (
                self.subTest(words),
                self.assertRaisesRegex(ParityError, words),
                resumed_folder(self.folder, self.given.settings),
            ):
                pass
        path.write_text(json.dumps(whole))
        with resumed_folder(self.folder, self.given.settings):
            pass
