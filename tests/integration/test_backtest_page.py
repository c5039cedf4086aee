"""docs/CONFIG_BACKTEST.md against the program: its examples run, and it names what a run writes."""

import contextlib
import io
import json
import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from backtests.backtest_command import parse_arguments
from core.event_lines import TRADE_HEADER
from tests.support.shared import REPOSITORY

PAGE = (REPOSITORY / "docs" / "CONFIG_BACKTEST.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```\n(?:\n```\n(.*?)```)?", PAGE, re.DOTALL)


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.addClassCleanup(os.chdir, Path.cwd())
        os.chdir(folder.name)
        shutil.copytree(REPOSITORY / "config", cls.folder / "config")
        cls.printed = []
        for program, _ in PROGRAMS:
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(program, {"__name__": "__main__"})
            cls.printed.append(output.getvalue())

    def output(self, name):
        return json.loads((self.folder / f"logs/backtests/config_backtest_20240101_20240103/{name}").read_text())

    def assert_named(self, names):
        self.assertEqual([name for name in names if f"`{name}`" not in PAGE], [])

    def test_the_examples_print_what_the_page_says(self):
        self.assertEqual(self.printed, [expected for _, expected in PROGRAMS])

    def test_every_key_of_the_result_and_the_manifest_is_explained(self):
        result, manifest = self.output("result.json"), self.output("manifest.json")
        self.assert_named(result)
        self.assert_named(result["config"])
        self.assert_named(result["statistics"])
        self.assert_named(result["performance"])
        self.assert_named(result["symbols"]["BTC/USDT"])
        self.assert_named(manifest)
        self.assert_named([*manifest["strategy"], *manifest["window"]])

    def test_every_column_and_argument_is_explained(self):
        self.assert_named(tuple(TRADE_HEADER.strip().split(",")))
        for name in vars(parse_arguments([])):
            self.assertRegex(PAGE, rf"\| `--{name.replace('_', '-')}[ `]")

    def test_links_lead_somewhere(self):
        for target in re.findall(r"\]\(([^)#]+\.md)", PAGE):
            self.assertTrue((REPOSITORY / "docs" / target).is_file(), target)
        headings = {
            re.sub(r"[^\w -]", "", line.lstrip("# ")).strip().lower().replace(" ", "-")
            for line in PAGE.splitlines()
            if line.startswith("#")
        }
        self.assertEqual([name for name in re.findall(r"\]\(#([^)]+)\)", PAGE) if name not in headings], [])


if __name__ == "__main__":
    unittest.main()
