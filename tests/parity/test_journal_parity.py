"""Journal parity: a session wrote what its journal replays to, byte for byte, or the first difference is named."""

import json
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from backtests.proof.replayed_journal import unfinished_bytes
from core.errors import ConfigurationError, StoreError
from runs.folder.file_names import DERIVED
from tests.support.runs.backtest_runs import command_environment, run_command
from tests.support.sessions.parity_cases import ParityCase
from tests.support.sessions.session_folders import BTC, ETH, journal_lines, write_journal
from tests.support.shared import REPOSITORY
from tests.support.times import at

WATCHED = """
import sys
seen = []
def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(sys.argv[1]):
        seen.append(arguments[0][len(sys.argv[1]) + 1:])
sys.addaudithook(note)
from backtests.journal_replay import main
code = main([sys.argv[1], "--out", sys.argv[2]])
print("opened", *sorted(set(seen)))
sys.exit(code)
"""


class EqualSession(ParityCase):
    own_process = True

    def test_a_session_is_equal_to_the_replay_of_its_journal(self) -> None:
        folder = self.record(self.recording())
        report = self.check(folder, "journal")
        self.assertTrue(report.journal.equal)
        self.assertEqual((report.journal.steps, report.journal.candles, report.journal.end), (120, 240, "flatten"))
        self.assertEqual([one.name for one in report.journal.outputs], list(DERIVED))
        self.assertEqual((report.verdict, report.exit_code), ("journal: equal · history: not checked", 0))
        self.assertEqual(report.warnings, [])

    def test_warm_up_kill_switch_and_missed_steps_are_part_of_the_replay(self) -> None:
        recording = self.recording(warmup_candles=30)
        recording.switch(35, True)
        recording.switch(60, False)
        recording.missed = {at(number) for number in range(70, 80)}
        folder = self.record(recording)
        self.assertIn("missed_step", (folder / "decisions.jsonl").read_text())
        self.assertIn('"event":"kill_switch"', (folder / "decisions.jsonl").read_text())
        self.assertTrue(self.check(folder, "journal").journal.equal)

    def test_a_session_that_kept_its_positions_is_equal(self) -> None:
        recording = self.recording({BTC: {118: "LONG"}})
        recording.end = "keep"
        folder = self.record(recording)
        self.assertTrue((folder / "trades.csv").read_text().splitlines()[-1].startswith("2024-01-01T01:59:00.000Z,1,"))
        self.assertTrue(self.check(folder, "journal").journal.equal)

    def test_a_session_whose_strategy_failed_is_equal_and_the_failure_is_told(self) -> None:
        recording = self.recording({BTC: {5: "LONG", 40: "FAIL"}})
        report = self.check(self.record(recording))
        self.assertTrue(report.journal.equal)
        self.assertIn("as scheduled", " ".join(report.warnings))
        self.assertEqual(report.journal.steps, 41)
        self.assertEqual(report.history.differences, 0)

    def test_the_replayer_opens_journal_and_manifest_and_nothing_else_of_the_folder(self) -> None:
        folder = self.record(self.recording())
        out = self.base / "out"
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", WATCHED, str(folder), str(out)],
            cwd=REPOSITORY,
            env=command_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.splitlines()[-1], "opened journal.jsonl manifest.json")
        for name in DERIVED:
            self.assertEqual((out / name).read_bytes(), (folder / name).read_bytes())

    def test_another_code_version_is_a_warning(self) -> None:
        recording = self.recording()
        recording.code = "0.0.1+other"
        report = self.check(self.record(recording), "journal")
        self.assertEqual(report.exit_code, 0)
        self.assertEqual(len(report.warnings), 1)
        self.assertIn("0.0.1+other", report.warnings[0])


class ChangedOutputs(ParityCase):
    def test_one_changed_byte_is_found_with_its_line_and_step(self) -> None:
        folder = self.record(self.recording())
        trades = folder / "trades.csv"
        lines = trades.read_text().splitlines(keepends=True)
        changed = lines[4].replace("target", "tarzet")
        trades.write_text("".join([*lines[:4], changed, *lines[5:]]))
        report = self.check(folder)
        found = report.journal.outputs[0]
        self.assertEqual((found.name, found.line), ("trades.csv", 5))
        self.assertEqual((found.replayed, found.written), (lines[4].rstrip("\n"), changed.rstrip("\n")))
        # Bought at 00:06, its target is reached inside the candle that closes at 00:21.
        self.assertEqual(found.step(), "step 2024-01-01T00:21:00.000Z")
        self.assertEqual(report.verdict, "journal: DIFFERENT · history: 0 differences")
        self.assertEqual(report.exit_code, 4)
        self.assertEqual(self.check(folder, "history").exit_code, 0)

    def test_each_output_is_compared(self) -> None:
        for name in DERIVED:
            with self.subTest(name):
                folder = self.record(self.recording(), f"session of {name}")
                data = bytearray((folder / name).read_bytes())
                data[-3] ^= 1
                (folder / name).write_bytes(data)
                report = self.check(folder, "journal")
                self.assertEqual([one.name for one in report.journal.outputs if not one.equal], [name])
                self.assertEqual(report.exit_code, 4)

    def test_a_missing_output_of_an_ended_session_is_a_difference(self) -> None:
        folder = self.record(self.recording())
        (folder / "equity.csv").unlink()
        self.assertEqual(self.check(folder, "journal").exit_code, 4)

    def test_a_killed_session_may_be_behind_its_journal_and_is_told_so(self) -> None:
        recording = self.recording()
        recording.end = None
        folder = self.record(recording)
        trades = folder / "trades.csv"
        trades.write_bytes(trades.read_bytes()[:-50])
        report = self.check(folder)
        self.assertEqual((report.verdict, report.exit_code), ("journal: equal · history: 0 differences", 0))
        self.assertEqual(report.journal.outputs[0].lines_behind, 1)
        self.assertIn("trades.csv: 1 lines behind", report.warnings[0])

    def test_a_killed_session_with_other_bytes_is_different(self) -> None:
        recording = self.recording()
        recording.end = None
        folder = self.record(recording)
        trades = folder / "trades.csv"
        trades.write_bytes(trades.read_bytes()[:-50] + b"#")
        self.assertEqual(self.check(folder, "journal").exit_code, 4)


class ChangedJournal(ParityCase):
    def test_a_changed_candle_breaks_the_digest_of_a_step_that_is_named(self) -> None:
        folder = self.record(self.recording())
        records = journal_lines(folder)
        # The candle at whose open the first entry fills; the fill is in the outputs before the next step.
        self.assertEqual(records[7]["candles"][0][0], at(6))
        records[7]["candles"][0][1] += 5
        write_journal(folder, records)
        for only in (None, "journal", "history"):
            report = self.check(folder, only)
            self.assertEqual(report.exit_code, 4)
            self.assertIn("step 2024-01-01T00:08:00.000Z: the outputs before it have the digest", report.journal.broken)
            self.assertIn("line 9 of the journal", report.journal.broken)
            self.assertEqual(report.verdict, "journal: DIFFERENT · history: not checked")
        found = report.journal.outputs[0]
        self.assertEqual((found.line, found.step()), (2, "step 2024-01-01T00:07:00.000Z"))

    def test_a_changed_digest_is_found_even_if_the_outputs_are_the_same(self) -> None:
        folder = self.record(self.recording())
        records = journal_lines(folder)
        records[20]["digest"] = "0" * 64
        write_journal(folder, records)
        report = self.check(folder, "journal")
        self.assertTrue(all(one.equal for one in report.journal.outputs))
        self.assertEqual(report.exit_code, 4)
        self.assertIn("00:20:00.000Z", report.journal.broken)

    def test_a_damaged_line_is_named_with_its_byte(self) -> None:
        folder = self.record(self.recording())
        journal = folder / "journal.jsonl"
        lines = journal.read_bytes().splitlines(keepends=True)
        start = len(b"".join(lines[:30]))
        journal.write_bytes(b"".join([*lines[:30], lines[30].replace(b"{", b"[", 1), *lines[31:]]))
        for only in (None, "journal", "history"):
            with self.assertRaises(StoreError) as caught:
                self.check(folder, only)
            self.assertIn(f"line 31 (byte {start}) is damaged", str(caught.exception))
        self.assertEqual(self.command(folder)[0], 1)

    def test_a_torn_last_line_is_left_out_and_told(self) -> None:
        recording = self.recording()
        recording.end = None
        folder = self.record(recording)
        with (folder / "journal.jsonl").open("ab") as journal:
            journal.write(b'{"record":"step","time_ms":17')
        report = self.check(folder, "journal")
        self.assertTrue(report.journal.equal)
        self.assertIn("unfinished record of 29 bytes", report.warnings[0])

    def test_a_last_line_that_is_whole_but_no_record_is_left_out_and_told(self) -> None:
        recording = self.recording()
        recording.end = None
        folder = self.record(recording)
        with (folder / "journal.jsonl").open("ab") as journal:
            journal.write(b"{}\n")
        self.assertIn("unfinished record of 3 bytes", self.check(folder, "journal").warnings[0])

    def test_a_record_that_a_running_session_wrote_since_is_not_called_unfinished(self) -> None:
        journal = self.record(self.recording()) / "journal.jsonl"
        lines = journal.read_bytes().splitlines(keepends=True)
        self.assertEqual(unfinished_bytes(journal, len(b"".join(lines[:50]))), 0)
        self.assertEqual(unfinished_bytes(journal, len(b"".join(lines))), 0)

    def test_a_step_that_does_not_fit_the_session_is_damage(self) -> None:
        folder = self.record(self.recording())
        whole = journal_lines(folder)
        shorter = json.loads(json.dumps(whole))
        shorter[5]["candles"].pop()
        twice = [*whole[:4], whole[3], *whole[4:]]
        begun_twice = [*whole[:10], whole[0], *whole[10:]]
        after_the_end = [*whole, {"record": "end", "mode": "keep"}]
        for records, words in (
            (shorter, "line 6 .*1 candles for 2 symbols"),
            (twice, "line 5 .*is not after"),
            (begun_twice, "line 11 .*a second session"),
            (after_the_end, "line 123 .*goes on after"),
        ):
            with self.subTest(words):
                write_journal(folder, records)
                with self.assertRaisesRegex(StoreError, words):
                    self.check(folder, "journal")


class Settings(ParityCase):
    def change_manifest(self, **changes: object) -> Path:
        folder = self.record(self.recording())
        path = folder / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
        return folder

    def test_another_hash_in_the_manifest_is_broken_parity(self) -> None:
        report = self.check(self.change_manifest(settings_sha256="0" * 64))
        self.assertEqual((report.verdict, report.exit_code), ("journal: DIFFERENT · history: not checked", 4))
        self.assertIn("not of one session", report.settings_broken)

    def test_changed_settings_in_the_manifest_are_broken_parity(self) -> None:
        folder = self.record(self.recording())
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["settings"]["live"]["execution"]["slippage"] = 0.001
        path.write_text(json.dumps(manifest))
        for only in (None, "history"):
            report = self.check(folder, only)
            self.assertEqual(report.exit_code, 4)
            self.assertIn("the manifest was changed", report.settings_broken)

    def test_the_configuration_files_of_today_do_not_matter(self) -> None:
        folder = self.record(self.recording())
        shutil.rmtree(self.base / "config")
        self.assertEqual(self.check(folder).exit_code, 0)


class Replayer(ParityCase):
    def test_it_refuses_to_write_into_the_session(self) -> None:
        folder = self.record(self.recording())
        done = run_command(folder, "--out", folder, module="backtests.journal_replay")
        self.assertEqual(done.returncode, 2)
        self.assertIn("must not overwrite", done.stderr)

    def test_its_exit_codes_tell_what_is_wrong(self) -> None:
        folder = self.record(self.recording())
        self.assertEqual(self.replay(folder, "good"), 0)
        records = journal_lines(folder)
        records[9]["digest"] = "0" * 64
        write_journal(folder, records)
        self.assertEqual(self.replay(folder, "broken"), 4)
        self.assertEqual(self.replay(self.base / "nowhere", "none"), 2)
        (self.base / "a file").write_text("")
        write_journal(folder, journal_lines(folder)[:9])
        self.assertEqual(self.replay(folder, "a file"), 1)

    def replay(self, folder: object, out: str) -> int:
        return run_command(folder, "--out", self.base / out, module="backtests.journal_replay").returncode


class Folders(ParityCase):
    def test_what_is_no_session_is_refused(self) -> None:
        empty = self.base / "empty"
        empty.mkdir()
        a_file = self.base / "file"
        a_file.write_text("")
        for folder in (self.base / "nowhere", empty, a_file):
            with self.subTest(folder.name), self.assertRaises(ConfigurationError):
                self.check(folder)
            self.assertEqual(self.command(folder)[0], 2)

    def test_a_journal_without_a_record_and_a_manifest_that_is_none_are_refused(self) -> None:
        folder = self.record(self.recording())
        (folder / "manifest.json").write_text("[1]")
        self.assertEqual(self.command(folder)[0], 2)
        (folder / "manifest.json").write_text("{")
        self.assertEqual(self.command(folder)[0], 2)
        (folder / "manifest.json").write_text("{}")
        self.assertEqual(self.command(folder)[0], 2)
        (folder / "journal.jsonl").write_bytes(b"")
        self.assertEqual(self.command(folder)[0], 2)

    def test_a_journal_that_begins_with_a_step_is_damaged(self) -> None:
        folder = self.record(self.recording())
        write_journal(folder, journal_lines(folder)[1:])
        with self.assertRaisesRegex(StoreError, r"line 1 \(byte 0\)"):
            self.check(folder)

    def test_two_symbols_are_in_the_report_in_configured_order(self) -> None:
        self.assertEqual(self.check(self.record(self.recording()), "journal").symbols, [BTC, ETH])


if __name__ == "__main__":
    unittest.main()
