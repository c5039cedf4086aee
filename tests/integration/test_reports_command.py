"""``python -m reports`` and ``--report`` as a user runs them."""

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from backtests.config_backtest import main as backtest
from reports.__main__ import main
from tests.support.scale import scaled
from tests.support.shared import REPOSITORY

DAYS = ("--config", str(REPOSITORY / "config/practice.yaml"), "--start", "2024-01-01", "--end", "2024-01-03")


def called(command: object, *arguments: str) -> tuple[int, str, str]:
    """Return exit code, output and errors of a command called in this process."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = command(list(arguments))  # type: ignore[operator]
    return code, output.getvalue(), errors.getvalue()


class ReportsCommand(unittest.TestCase):
    folder: Path

    @classmethod
    def setUpClass(cls) -> None:
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        cls.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(contextlib.chdir(cls.folder))
        places = ("--data-dir", "data", "--out", "logs/backtests")
        cls.first = called(backtest, *DAYS, *places, "--report")
        cls.second = called(backtest, *DAYS, *places, "--symbols", "BTC/USDT")
        ids = [re.search(r"^run_id: (\w+)$", output, re.MULTILINE)[1] for _, output, _ in (cls.first, cls.second)]
        cls.runs = [next(Path("logs/backtests").rglob(run)) for run in ids]

    def test_a_backtest_with_report_says_where_its_page_is_and_what_bounded_its_sizes(self) -> None:
        code, output, errors = self.first
        self.assertEqual((0, ""), (code, errors))
        page = Path(re.search(r"^Report page: (.*)$", output, re.MULTILINE)[1])
        self.assertTrue(page.read_text().startswith("<!doctype html>"))
        lines = output.splitlines()
        self.assertEqual(["Results", ""], lines[:2])
        self.assertTrue(lines[2].startswith("In short: -0.36 % (-35.94 USDT), drawdown "), lines[2])
        sizes = r"\ASizes: risk asked 1 %, median taken 0\.0\d+ %: position cap bound 100 % of entries\Z"
        self.assertRegex(lines[3], sizes)
        self.assertNotIn("Report page", self.second[1])
        self.assertEqual(1, len(list(Path("logs").rglob("report.html"))))

    def test_each_form_is_written_where_it_is_asked_for_and_is_said(self) -> None:
        begins = {"html": b"<!doctype html>", "png": b"\x89PNG", "pdf": b"%PDF"}
        for form, begin in begins.items():
            code, output, errors = called(main, form, "latest")
            self.assertEqual((0, ""), (code, errors))
            self.assertEqual(f"report.{form}", Path(output.strip()).name)
            written = Path(output.strip()).read_bytes()
            self.assertTrue(written.startswith(begin), form)
            if form in scaled(("html",), tuple(begins)):
                self.assertEqual(0, called(main, form, "latest", "--out", f"again.{form}")[0])
                self.assertEqual(written, Path(f"again.{form}").read_bytes(), f"{form}: not the same bytes again")
        code, output, _ = called(main, "png", *(run.name[:8] for run in self.runs), "--out", "shared/two.png")
        self.assertEqual((0, "shared/two.png\n"), (code, output))
        code, output, _ = called(main, "html", *(str(run) for run in self.runs))
        self.assertEqual((0, Path("logs/reports")), (code, Path(output.strip()).parent))

    def test_bad_input_is_one_line(self) -> None:
        (self.folder / "empty").mkdir(exist_ok=True)
        for code, words, arguments in (
            (2, "no run below logs/backtests, logs/live has that id or name", ("html", "nothing")),
            (2, "--out empty: is a folder", ("png", "latest", "--out", "empty")),
            (2, "--out x.html: is no name of a png — allowed: x.png", ("png", "latest", "--out", "x.html")),
            (2, "invalid choice: 'jpg'", ("jpg", "latest")),
            (2, "the following arguments are required: RUN", ("html",)),
            (1, "empty: is no folder of a run", ("html", "empty")),
            (1, "report.html", ("html", "latest", "--out", "/proc/none/report.html")),
        ):
            with self.subTest(arguments):
                got, output, errors = called(main, *arguments)
                self.assertEqual((code, ""), (got, output), errors)
                self.assertIn(words, errors)
                self.assertRegex(errors, r"\Aerror: [^\n]*\n\Z")

    def test_a_run_without_its_result_is_named_as_damaged(self) -> None:
        run = self.runs[0]
        (run / "result.json").rename(self.folder / "aside.json")
        self.addCleanup((self.folder / "aside.json").rename, run / "result.json")
        for name in (run.name, run.name[:8], str(run)):
            code, output, errors = called(main, "html", name)
            self.assertEqual((1, ""), (code, output))
            self.assertRegex(errors, r"\Aerror: .*: has no result.json: the run is damaged; run it again\n\Z")

    def test_a_result_is_printed_though_its_page_cannot_be_written(self) -> None:
        own = next(Path("logs/backtests").rglob("report.html"))
        own.unlink()
        own.mkdir()
        self.addCleanup(own.rmdir)
        code, output, errors = called(backtest, *DAYS, "--data-dir", "data", "--out", "logs/backtests", "--report")
        self.assertEqual(1, code)
        self.assertIn("trades_sha256: ", output)
        self.assertRegex(errors, r"\Aerror: [^\n]*report\.html[^\n]*\n\Z")

    def test_without_report_nothing_of_pages_or_figures_is_loaded(self) -> None:
        code = (
            "import sys; from backtests.config_backtest import main; "
            "main(sys.argv[1:]); print([one for one in sys.modules if one.startswith(('reports.page', 'matplotlib', "
            "'runs.reading', 'reports.tear_sheet'))])"
        )
        arguments = [sys.executable, "-c", code, *DAYS, "--data-dir", "data", "--out", "bare", "--quiet"]
        done = subprocess.run(
            arguments, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}
        )
        self.assertEqual("[]\n", done.stdout)


if __name__ == "__main__":
    unittest.main()
