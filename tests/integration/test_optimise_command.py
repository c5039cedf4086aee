"""``python -m research optimise`` as a user runs it: its section, its tables, bad input, and killed in the middle."""

import json
import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any, ClassVar

import research
from runs.store.store_rows import Optimisation, Trial
from tests.support.research_cases import CommandCase
from tests.support.runs.backtest_runs import command_environment
from tests.support.shared import REPOSITORY
from tests.support.studies import told
from tests.support.system_files import write_system
from tests.support.waiting import wait_until

SECTION = {
    "window": "days",
    "parameters": {"ema_fast": "3..8", "sl_atr_multiple": {"low": 1.0, "high": 3.0, "step": 0.5}},
    "conditions": ["ema_fast * 3 < ema_slow"],
    "sampler": "random",
    "trials": 12,
    "metric": "roi",
    "best": 1,
}


class StudyCommand(CommandCase):
    system: ClassVar[dict[str, Any]] = {
        "windows": {"days": "2024-01-01..2024-01-03", "later": "2024-01-10..2024-01-12", "month": "2024-01"},
        "optimise": SECTION,
    }

    def optimise(self, *arguments: str) -> tuple[int, str, str]:
        return self.command("optimise", *arguments, *self.where, "--processes", "1")

    def search(self, **changes: Any) -> None:
        """Write the system with another section."""
        self.write(optimise={**self.system["optimise"], **changes})


class Verb(StudyCommand):
    def test_the_section_of_a_system_is_what_is_searched(self) -> None:
        code, output, errors = self.optimise("--system", "mine")
        self.assertEqual((0, ""), (code, errors))
        self.assertIn("Study 1: mine, days: 2024-01-01T00:00:00.000Z to 2024-01-04T00:00:00.000Z\n", output)
        self.assertIn("searched: ema_fast 3..8; sl_atr_multiple 1.0..3.0:0.5\n", output)
        self.assertRegex(
            output, r"trials: 12 of 12, \d+ different points.*points refused before \(ema_fast \* 3 < ema_slow"
        )
        self.assertRegex(output, r"\ntrial  ema_fast  sl_atr_multiple +roi  trades +max DD % .*PSR +DSR\n\d+ ")
        self.assertRegex(output, r"expected of the best of as many worthless strategies: \d")
        run, _, page = output.rstrip().rpartition("\n\nReport page: ")
        self.assertIn('"format":"study 1"', Path(page).read_text(encoding="utf-8"))
        folder = Path(run.rpartition(", ")[2])
        self.assertTrue((folder / "trades.csv").is_file() and (folder / "manifest.json").is_file(), folder)
        [best] = [one for one in self.store().records(Trial) if one.run is not None]
        run = self.store().run(str(folder))
        self.assertEqual((run.id, best.notes["verified"]["trades_sha256"]), (best.run, run.trades_sha256))
        params = {**run.params, **best.params}
        self.assertEqual(params, run.params)

    def test_arguments_stand_before_the_section(self) -> None:
        code, output, errors = self.optimise(
            "--system", "mine", "--window", "later", "--param", "execution.slippage=0.0..0.001:0.0005",
            "--sampler", "grid", "--metric", "max_drawdown", "--metric", "0.5*roi:max", "--best", "0", "--trials", "3",
            "--seed", "4", "--json",
        )  # fmt: skip
        self.assertEqual((0, ""), (code, errors))
        found = json.loads(output, parse_constant=self.fail)
        self.assertEqual(["max_drawdown", "0.5*roi"], [one["metric"] for one in found["objectives"]])
        self.assertEqual(["minimise", "maximise"], [one["direction"] for one in found["objectives"]])
        self.assertEqual([0.0, 0.0005, 0.001], sorted(one["params"]["execution.slippage"] for one in found["trials"]))
        self.assertEqual(("later", 4, []), (found["window"]["name"], found["seed"], found["best"]))
        self.assertEqual(3, found["luck"]["tried"])
        self.assertIn(min(found["trials"], key=lambda one: one["objectives"][0])["number"], found["front"])

    def test_what_another_study_tried_is_not_run_again_and_counts_as_tried(self) -> None:
        wanted = ("--system", "mine", "--param", "ema_fast=3..6", "--sampler", "grid", "--trials", "4", "--best", "0",
                  "--window", "month")  # fmt: skip
        self.optimise(*wanted)
        code, output, _ = self.optimise(*wanted, "--metric", "composite", "--json")
        found = json.loads(output)
        self.assertEqual((0, 4, 4), (code, found["counts"]["duplicates"], found["luck"]["tried"]))
        code, output, _ = self.optimise(*wanted, "--window", "later", "--json")
        elsewhere = json.loads(output)
        self.assertEqual((0, 0, 4), (code, elsewhere["counts"]["duplicates"], elsewhere["luck"]["tried"]))
        terms = found["trials"][0]["terms"]
        self.assertEqual({"win_rate", "roi", "sharpe", "profit_factor"}, set(terms))
        value = sum(one["weight"] * one["scaled"] for one in terms.values())
        self.assertEqual([value], found["trials"][0]["objectives"])

    def test_studies_are_listed_and_shown(self) -> None:
        self.assertEqual((0, "no study; python -m research optimise begins one\n", ""), self.command("show"))
        _, output, _ = self.optimise("--system", "mine")
        shown, _, page = output.rpartition("\nReport page: ")
        self.assertEqual((0, shown, ""), self.command("show", "latest"))
        self.assertNotIn("return %", shown)  # What was searched for stands there once, by the name that was asked for.
        written = Path(page.rstrip()).read_bytes()
        other = str(self.folder / "pages" / "mine.html")
        self.assertEqual((0, f"{other}\n", ""), self.command("report", "1", "--out", other))
        self.assertEqual(written, Path(other).read_bytes())
        self.assertRegex(self.command("report", "7")[2], r"\Aerror: study '7': there is no such study[^\n]*\n\Z")
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        for place, wrong in ((self.folder, "is a folder — allowed: a file, such as "), (pipe, "is a device or a pipe")):
            self.assertIn(wrong, self.command("report", "1", "--out", str(place))[2])
        self.assertTrue(pipe.is_fifo())
        self.optimise("--system", "mine", "--param", "ema_fast=3..4", "--sampler", "grid", "--best", "0")
        _, listed, _ = self.command("show")
        self.assertRegex(listed, r"\n1 +COMPLETED +mine +days +random +0 +12 +roi:max ")
        self.assertRegex(listed, r"\n2 +COMPLETED +mine +days +grid +0 +2 +roi:max ")

    def test_bad_input_is_one_line_and_an_exit_code(self) -> None:
        mine = ("--system", "mine")
        table = (
            ((), "which system? — allowed: --system ID, or --resume STUDY"),
            (("--system", "min"), "there is no system 'min' (did you mean mine?)"),
            ((*mine, "--window", "dyas"), "mine has no window 'dyas' (did you mean days?) — allowed: days, later"),
            ((*mine, "--param", "ema_fsat=3..8"), "(did you mean ema_fast?)"),
            ((*mine, "--param", "ema_fast=8..3"), "parameter ema_fast: 8..3 is empty"),
            (
                (*mine, "--param", "execution.slippage=0.5..0.9"),
                "execution.slippage: 0.5 — allowed: a number at least 0",
            ),
            ((*mine, "--condition", "ema_fast << 3"), "cannot be understood"),
            ((*mine, "--metric", "sharp"), "(did you mean sharpe?)"),
            ((*mine, "--sampler", "tpr"), "(did you mean tpe?)"),
            ((*mine, "--trials", "many"), "'many' is no number"),
            ((*mine, "--processes", "0"), "processes: 0 — allowed"),
            (("--resume", "9"), "study '9': there is no such study — the store has none yet"),
            (("--resume", "9", "--seed", "3"), "--seed does nothing with --resume"),
        )
        for arguments, words in table:
            with self.subTest(arguments):
                code, output, errors = self.command("optimise", *arguments, *self.where)
                self.assertEqual((2, ""), (code, output))
                self.assertIn(words, errors)
                self.assertRegex(errors, r"\Aerror: [^\n]*\n\Z")
        errors = self.command("optimise", *mine, *self.where, "--logs", __file__)[2]
        self.assertRegex(errors, r"\Aerror: logs .*\.py: .*\.py is a file — allowed: a folder, [^\n]*\n\Z")
        self.assertIn("data-dir is empty — ", self.command("optimise", *mine, *self.where, "--data-dir", "")[2])
        self.assertEqual([], self.store().records(Optimisation))
        self.search(samplre="grid", trials=0)
        code, _, errors = self.optimise(*mine)
        self.assertEqual((2, 2), (code, errors.count("mine.yaml: optimise.")), errors)
        self.assertIn("optimise.samplre: unknown key (did you mean sampler?)", errors)

    def test_candles_that_are_not_there_are_told_before_anything_is_tried(self) -> None:
        write_system(self.folder, "away", windows={"days": "2024-01-01"}, overrides={"exchange": "binanceus"},
                     optimise=SECTION | {"window": "days"})  # fmt: skip
        code, output, errors = self.optimise("--system", "away", "--offline")
        self.assertEqual((3, ""), (code, output), errors)
        self.assertEqual([], self.store().records(Optimisation))


class Killed(StudyCommand):
    def test_a_study_that_was_killed_goes_on_where_it_was(self) -> None:
        self.search(sampler="tpe", trials=400, best=0, parameters={"ema_fast": "3..9", "sl_atr_multiple": "1.0..3.0"},
                   conditions=[])  # fmt: skip
        began = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "research", "optimise", "--system", "mine", *self.where],
            cwd=REPOSITORY,
            env=command_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(began.kill)
        store = self.store()
        wait_until(lambda: began.poll() is not None or len(store.columns(Trial, "id")) >= 11)
        began.send_signal(signal.SIGKILL)
        began.wait()
        kept = store.records(Trial)
        self.assertLess(len(kept), 60)
        self.assertEqual(list(range(len(kept))), [one.number for one in kept])
        self.assertEqual(["RUNNING"], [one.status for one in store.records(Optimisation)])
        with store.database.writing() as connection:
            connection.exec_driver_sql(
                "UPDATE optimisation SET settings = replace(settings, '\"trials\":400', '\"trials\":40')"
            )
        total = max(40, len(kept) + 5)
        code, _, errors = self.optimise("--resume", "1", "--trials", str(total), "--json")
        self.assertEqual((0, ""), (code, errors))
        other = self.store(f"sqlite:///{self.folder}/other.sqlite")
        whole = research.optimise("mine", places=self.places, trials=total, store=other, processes=1)
        self.assertEqual(told(whole.trials), told(store.records(Trial)))
        # What was kept before the end is what is there: the same rows, none made again.
        self.assertEqual([one.id for one in kept], [one.id for one in store.records(Trial)[: len(kept)]])


if __name__ == "__main__":
    unittest.main()
