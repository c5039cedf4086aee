"""The parity command: what it prints and writes, and its exit codes."""

import json
import unittest

from tests.support.runs.backtest_runs import run_command
from tests.support.sessions.parity_cases import ParityCase
from tests.support.sessions.session_folders import BTC, ETH


class Command(ParityCase):
    def test_an_equal_session_ends_with_the_verdict_and_code_0(self) -> None:
        folder = self.record(self.recording())
        done = run_command(folder, module="backtests.parity")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.stdout.splitlines()[-1], "journal: equal · history: 0 differences")

    def test_settings_and_code_are_compared_and_printed_first(self) -> None:
        recording = self.recording()
        code, output, _ = self.command(self.record(recording), "--only", "journal")
        lines = output.splitlines()
        self.assertEqual(code, 0)
        self.assertIn(recording.settings.settings_sha256, lines[1])
        self.assertIn(recording.code, lines[2])

    def test_only_one_part_decides_the_exit_code(self) -> None:
        recording = self.recording()
        recording.changed(BTC, 12, high=44_500.0)
        folder = self.record(recording)
        for only, code, last in (
            ("journal", 0, "journal: equal · history: not checked"),
            ("history", 4, "journal: not checked · history: 2 differences"),
        ):
            with self.subTest(only):
                found, output, _ = self.command(folder, "--only", only)
                self.assertEqual((found, output.splitlines()[-1]), (code, last))
        found, output, _ = self.command(folder)
        self.assertEqual((found, output.splitlines()[-1]), (4, "journal: equal · history: 2 differences"))
        self.assertIn("BTC/USDT 2024-01-01T00:12:00.000Z: another source", output)
        self.assertIn("different BTC/USDT LONG entered 2024-01-01T00:06:00.000Z: exit_time", output)
        self.assertIn("candles: BTC/USDT 2024-01-01T00:12:00.000Z", output)

    def test_a_broken_journal_prints_both_lines(self) -> None:
        folder = self.record(self.recording())
        data = (folder / "trades.csv").read_text()
        (folder / "trades.csv").write_text(data.replace(",target,", ",tarzet,", 1))
        code, output, _ = self.command(folder, "--only", "journal")
        self.assertEqual(code, 4)
        self.assertIn("DIFFERENT  trades.csv line 5, step 2024-01-01T00:21:00.000Z", output)
        self.assertIn(",target,", output)
        self.assertIn(",tarzet,", output)

    def test_few_differences_are_printed_and_all_are_in_the_json_form(self) -> None:
        recording = self.recording()
        for number in range(20, 50):
            recording.changed(ETH, number, volume=0.5)
        folder = self.record(recording)
        _, text, _ = self.command(folder)
        self.assertEqual(text.count("another source"), 10)
        self.assertIn("and 20 more", text)
        code, output, _ = self.command(folder, "--json")
        document = json.loads(output)
        self.assertEqual((code, document["exit_code"]), (4, 4))
        self.assertEqual(len(document["history"]["candles"]), 30)
        self.assertEqual(document["history"]["candles"][0]["open_time"], "2024-01-01T00:20:00.000Z")
        self.assertEqual(self.written_report(folder), document)

    def test_the_report_is_the_same_each_time(self) -> None:
        folder = self.record(self.recording())
        self.assertEqual(self.command(folder, "--json"), self.command(folder, "--json"))

    def test_a_folder_that_cannot_be_written_does_not_change_the_verdict(self) -> None:
        folder = self.record(self.recording())
        (folder / "parity.json").mkdir()
        code, output, errors = self.command(folder, "--only", "journal")
        self.assertEqual((code, output.splitlines()[-1]), (0, "journal: equal · history: not checked"))
        self.assertIn("warning: ", errors)

    def test_bad_arguments_are_one_line_and_code_2(self) -> None:
        folder = self.record(self.recording())
        for arguments in ((), (folder, "--only", "both"), (folder, "--jsn"), (folder, folder)):
            with self.subTest(arguments):
                code, output, errors = self.command(*arguments)
                self.assertEqual((code, output, len(errors.splitlines())), (2, "", 1))


if __name__ == "__main__":
    unittest.main()
