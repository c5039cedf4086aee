"""``python -m systems`` as a user runs it: verbs, exit codes, bad input, and the menu on a terminal."""

import contextlib
import io
import json
import os
import pty
import select
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from systems.__main__ import main
from systems.commands.system_menu import menu
from tests.support.runs.backtest_runs import command_environment, run_command
from tests.support.shared import REPOSITORY
from tests.support.system_files import system_places, write_system

DOWN, ENTER, LEAVE = b"\x1b[B", b"\r", b"\x03"


class CommandCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.places = system_places(self.folder)
        write_system(self.folder, "mine", windows={"day": "2024-01-01"}, promotion=["trades >= 1", "sharpe > 1"])
        where = self.places
        self.where = ["--systems", where.systems, "--logs", str(where.logs), "--data-dir", str(where.data_dir)]

    def command(self, *arguments: str) -> tuple[int, str, str]:
        """Run a verb in this process; return exit code, standard output and standard error."""
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main([*arguments, *self.where])
        return code, output.getvalue(), errors.getvalue()


class Verbs(CommandCase):
    def test_run_and_promote_tell_what_holds(self) -> None:
        code, output, errors = self.command("run", "mine", "--window", "day", "--report")
        self.assertEqual((0, ""), (code, errors))
        self.assertIn("Trades: ", output)
        self.assertRegex(output, r"System mine \([0-9a-f]{16}\), backtest, window day: 2024-01-01T00:00:00.000Z to ")
        pages = self.folder.glob("logs/backtests/*/*/report.html")
        (page,) = [one for one in pages if one.parent.name != "latest"]
        self.assertIn(str(page), output)
        self.assertIn("Promotion: 1 of 2 criteria not met: sharpe > 1 (", output)
        code, output, errors = self.command("promote", "mine")
        self.assertEqual((1, ""), (code, errors))
        self.assertRegex(output, r"holds  trades >= 1  \d+ +backtest of day, run [0-9a-f]{12}\n")
        self.assertRegex(output, r"fails  sharpe > 1   - +the run covers 1 day")
        self.assertTrue(output.endswith("\nnot promoted: 1 of 2 criteria not met\n"), output)
        write_system(self.folder, "mine", windows={"day": "2024-01-01"}, promotion=["trades >= 1"])
        code, output, _ = self.command("promote", "mine")
        self.assertEqual((0, "promoted to demo"), (code, output.splitlines()[-1]))

    def test_plain_data_is_json(self) -> None:
        for arguments in (("list",), ("show", "mine"), ("check",), ("promote", "mine")):
            with self.subTest(arguments):
                _, output, errors = self.command(*arguments, "--json")
                self.assertEqual("", errors)
                json.loads(output, parse_constant=self.fail)
        _, output, _ = self.command("run", "mine", "--window", "day", "--json")
        self.assertEqual("mine", json.loads(output)["strategy_id"])

    def test_bad_input_is_one_line_and_an_exit_code(self) -> None:
        table = (
            (("run", "min", "--window", "day"), "there is no system 'min' (did you mean mine?) — allowed: mine"),
            (("run", "mine", "--window", "dya"), "mine has no window 'dya' (did you mean day?) — allowed: day"),
            (("run", "mine"), "a backtest of mine needs a window — allowed: day"),
            (("run", "mine", "--epoch", "dem"), "epoch 'dem' is none (did you mean demo?)"),
            (("run", "mine", "--window", "day", "--speed", "5"), "--speed does nothing for a backtest"),
            (("run", "mine", "--epoch", "live"), "a paper session needs a length — allowed: --for 8h"),
            (("promote", "nothing"), "there is no system 'nothing'"),
            (("new", "No"), "'No' — allowed: small letters"),
            (("shw", "mine"), "invalid choice: 'shw'"),
            ((), "there is no menu — allowed: list, show, check, new, run, promote, sync or --smoke"),
        )
        for arguments, expected in table:
            with self.subTest(arguments):
                code, output, errors = self.command(*arguments)
                self.assertEqual((2, ""), (code, output))
                self.assertRegex(errors, r"\Aerror: [^\n]+\n\Z")
                self.assertIn(expected, errors)
        self.assertFalse((self.folder / "logs").exists())

    def test_check_names_every_problem(self) -> None:
        write_system(self.folder, "wrong", overrides={"timefram": "1h", "risk": {"max_exposur": 1}})
        code, output, errors = self.command("check")
        self.assertEqual((2, "mine: sound\n", 2), (code, output, errors.count("error: ")))
        self.assertIn("wrong.yaml: overrides.timefram: unknown key (did you mean timeframe?)", errors)

    def test_smoke_fails_where_a_system_does(self) -> None:
        code, output, _ = self.command("--smoke")
        self.assertEqual(0, code)
        self.assertRegex(output, r"\Aok      mine: 400 candles, \d+ trades, \d+\.\d\d s\n\Z")
        write_system(self.folder, "wrong", base="nowhere.yaml")
        code, output, _ = self.command("--smoke")
        self.assertEqual(1, code)
        self.assertIn("FAILED  wrong: ", output)

    def test_without_a_terminal_the_process_says_so_and_ends(self) -> None:
        done = run_command(cwd=self.folder, module="systems", timeout=60)
        self.assertEqual((2, ""), (done.returncode, done.stdout))
        self.assertIn("without a terminal there is no menu", done.stderr)


class Menu(CommandCase):
    def setUp(self) -> None:
        super().setUp()
        self.terminal, other = pty.openpty()
        self.addCleanup(os.close, self.terminal)
        environment = command_environment({"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "120"})
        command = [sys.executable, "-W", "error", "-m", "systems", *self.where]
        self.process = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdin=other, stdout=other, stderr=other
        )
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        os.close(other)
        self.shown = ""

    def until(self, words: str) -> None:
        """Read what is shown until it holds some words."""
        deadline = time.monotonic() + 60
        while words not in self.shown:
            ready, _, _ = select.select([self.terminal], [], [], max(0.0, deadline - time.monotonic()))
            self.assertTrue(ready, f"never shown: {words!r}; shown: {self.shown!r}")
            self.shown += os.read(self.terminal, 65_536).decode("utf-8", "replace")

    def press(self, *keys: bytes) -> None:
        self.shown = ""
        for key in keys:
            os.write(self.terminal, key)

    def test_a_system_a_window_and_what_to_do_are_chosen_and_run(self) -> None:
        self.until("Which system?")
        self.press(ENTER)
        self.until("What to do?")
        self.press(ENTER)
        self.until("Which window?")
        self.press(ENTER)
        self.until("Promotion: ")
        self.until("Which system?")
        self.press(ENTER)
        self.until("What to do?")
        self.press(DOWN, DOWN, ENTER)
        self.until("config/systems/mine.yaml")
        self.until("Which system?")
        self.press(DOWN, ENTER)
        self.assertEqual(0, self.process.wait(60))


class Answers(CommandCase):
    def asked(self, *keys: str) -> list[list[str]]:
        """Press keys in the menu, then leave; return what was run."""
        run: list[list[str]] = []
        with create_pipe_input() as pressed:
            for key in (*keys, "\x03"):
                pressed.send_text(key)
            code = menu(self.places, lambda words: run.append(words) or 3, input=pressed, output=DummyOutput())
        self.assertEqual(3 if run else 0, code)
        return run

    def test_each_way_through_the_menu_is_a_command(self) -> None:
        write_system(self.folder, "wrong", base="nowhere.yaml")
        down, enter = "\x1b[B", "\r"
        self.assertEqual([], self.asked())
        self.assertEqual([], self.asked(enter))
        self.assertEqual([["check"]], self.asked(down, enter))
        self.assertEqual([], self.asked(down, down, enter))
        self.assertEqual([["run", "mine", "--window", "day"]], self.asked(*[enter] * 3))
        rehearsal = ["run", "mine", "--window", "day", "--epoch", "demo"]
        self.assertEqual([rehearsal, ["check"]], self.asked(enter, down, enter, enter, down, enter))
        self.assertEqual([["promote", "mine"]], self.asked(enter, down, down, down, enter))


if __name__ == "__main__":
    unittest.main()
