"""docs/programs.md against the program: its commands print what it shows, and its ways of running are one run."""

import ast
import contextlib
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest.mock import patch

from backtests import run_config_backtest
from programs.__main__ import main
from programs.program_choice import told_triggers
from programs.program_result import RESULT_FIELDS
from strategies.programs.sandbox.decision import KEYS
from strategies.programs.sandbox.kept_state import keeps_nothing
from strategies.programs.sandbox.program_text import ProgramText
from tests.support.shared import REPOSITORY

PAGE = (REPOSITORY / "docs" / "programs.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```[a-z]*\n(.*?)```", PAGE, re.DOTALL)
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def shown_commands(block: str) -> list[tuple[str, str]]:
    """Return the commands of a block, each with what is shown below it."""
    return re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)


COMMANDS = shown_commands("".join(one for one in BLOCKS if one.startswith("$ ")))


def block_with(words: str) -> str:
    return next(block for block in BLOCKS if words in block)


def printed(line: str) -> tuple[int, str]:
    """Return what a line of the page comes to: a command, or one that reads what ``printf`` prints."""
    said, _, command = line.rpartition(" | ")
    text = shlex.split(said)[1].replace("\\n", "\n") if said else ""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), patch.object(sys, "stdin", io.StringIO(text)):
        code = main(shlex.split(command)[3:])
    return code, output.getvalue()


class Page(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.addClassCleanup(os.chdir, Path.cwd())
        os.chdir(folder.name)
        for name in ("config", "examples/programs", "programs/pools"):
            shutil.copytree(REPOSITORY / name, name)
        Path("my_program.py").write_text(block_with("long enough"))
        Path("config/contracts.yaml").write_text(block_with("perpetual: {leverage"))

    def test_commands_print_what_the_page_shows(self) -> None:
        self.assertEqual(6, len(COMMANDS))
        for command, shown in COMMANDS:
            with self.subTest(command):
                code, text = printed(command)
                self.assertEqual(int("wrong.py" in command), code)
                *whole, cut = shown.splitlines()
                if cut == "…":
                    self.assertEqual(whole, text.splitlines()[: len(whole)])
                else:
                    self.assertEqual([*whole, cut], text.splitlines())

    def test_the_readme_shows_what_is_printed(self) -> None:
        [block] = [one for one in re.findall(r"```[a-z]*\n(.*?)```", README, re.DOTALL) if "programs check" in one]
        for command, shown in shown_commands(block):
            with self.subTest(command):
                code, text = printed(command)
                self.assertEqual(0, code)
                place = 0
                for part in shown.split("…\n"):
                    place = text.find(part, place)
                    self.assertGreaterEqual(place, 0, part)
                    place += len(part)

    def test_the_engine_the_configuration_and_decisions_on_record_make_one_run(self) -> None:
        program, shown = (
            block_with("ProgramBacktestEngine(config)"),
            re.search(r"round\(result.total_pnl.*?```\n\n```\n(.*?)```", PAGE, re.DOTALL),
        )
        names: dict[str, Any] = {}
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(program, names)
        self.assertEqual(shown[1], output.getvalue())
        result = names["result"]
        for field in (*RESULT_FIELDS, "equity_curve", "trades", "trigger_log"):
            self.assertIn(f"`{field}`", PAGE)
        (Path("config") / "my.yaml").write_text(
            block_with("type: program, file") + "execution: {slippage: 0.0005, commission_rate: 0.00035}\n"
        )
        by_config = run_config_backtest("2024-01-03", "2024-01-06", config_path="config/my.yaml")
        self.assertEqual(result.result.trades_sha256, by_config["trades_sha256"])
        self.assertEqual(result.result.orders_sha256, by_config["orders_sha256"])
        folder = Path("logs/backtests")
        written = []
        for line in block_with("--record answers").splitlines():
            self.assertEqual(0, printed(f"{line} --quiet")[0])
            own = folder / "config_backtest_20240103_20240106"
            written.append(
                [(own / name).read_bytes() for name in ("decisions.jsonl", "orders.csv", "ledger.csv", "equity.npy")]
            )
            written[-1].append(folder.joinpath(f"{own.name}.csv").read_bytes())
        self.assertEqual(*written)

    def test_every_key_is_explained(self) -> None:
        for key in KEYS:
            self.assertRegex(PAGE, rf"(?m)^\| .*`{key}`")

    def test_examples_say_what_wakes_them(self) -> None:
        for name in re.findall(r"examples/programs/(\w+\.py)\)", PAGE):
            text = ProgramText.read(Path("examples/programs") / name)
            self.assertFalse(told_triggers(text).none, name)
            # What provably keeps nothing is called fast.
            self.assertEqual(name != "wrong.py", keeps_nothing(ast.parse(text.text)), name)

    def test_links_lead_somewhere(self) -> None:
        for target in re.findall(r"\]\(([^)#:]+)[)#]", PAGE):
            self.assertTrue((REPOSITORY / "docs" / target).is_file(), target)


if __name__ == "__main__":
    unittest.main()
