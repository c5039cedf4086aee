"""``python -m research walk-forward`` and ``cross-validate`` as a user runs them; killed in the middle of a fold."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from backtests.config_backtest import ConfigBacktestRunner
from core.instants import format_ms
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation, Trial
from tests.support.browser import CHROMIUM, DRIVER, browser
from tests.support.research_cases import CommandCase
from tests.support.runs.backtest_runs import command_environment
from tests.support.shared import REPOSITORY
from tests.support.waiting import wait_until

SECTION = {
    "window": "fortnight",
    "parameters": {"ema_fast": "3..8", "sl_atr_multiple": {"low": 1.0, "high": 3.0, "step": 0.5}},
    "conditions": ["ema_fast * 3 < ema_slow"],
    "sampler": "random",
    "trials": 6,
    "metric": "roi",
}
WALK = ("--system", "mine", "--train", "5d", "--test", "288c", "--purge", "6h", "--embargo", "2h")


class FoldCommand(CommandCase):
    system: ClassVar[dict[str, Any]] = {"windows": {"fortnight": "2024-01-01..2024-01-14"}, "optimise": SECTION}

    def fold(self, *arguments: str) -> tuple[int, str, str]:
        return self.command(*arguments, *self.where, "--processes", "1")

    def plain(self, *arguments: str) -> dict[str, Any]:
        code, output, errors = self.command(*arguments, "--json")
        self.assertEqual(0, code, errors)
        found: dict[str, Any] = json.loads(output, parse_constant=self.fail)
        return found

    def walk(self, *arguments: str) -> dict[str, Any]:
        code, output, errors = self.fold("walk-forward", *arguments, "--json")
        self.assertEqual((0, ""), (code, errors))
        found: dict[str, Any] = json.loads(output, parse_constant=self.fail)
        return found


class Walks(FoldCommand):
    def test_every_test_is_the_separate_backtest_byte_for_byte(self) -> None:
        found = self.walk(*WALK)
        self.assertEqual((2, 2), (len(found["folds"]), found["folds_planned"]))
        balance = 10_000.0
        rows = {one.id: one for one in self.store().runs()}
        trials = {one.number: one for one in self.store().records(Trial, optimisation=found["walk_forward"])}
        for one in found["folds"]:
            runner = ConfigBacktestRunner(
                self.folder / "config" / "live.yaml",
                format_ms(one["test"]["start_ms"]),
                format_ms(one["test"]["end_ms"]),
                data_dir=self.places.data_dir,
                output_dir=self.folder / "alone",
                engine="reference",
            )
            runner.config["strategy"]["params"].update(one["params"])
            runner.config["execution"]["starting_balance"] = balance
            result = runner.run()
            own = Path(one["folder"])
            self.assertEqual(Path(result["log_file"]).read_bytes(), (own / "trades.csv").read_bytes())
            self.assertEqual(result["trades_sha256"], one["trades_sha256"])
            self.assertEqual(result["data_sha256"], json.loads((own / "result.json").read_text())["data_sha256"])
            self.assertGreater(result["performance"]["total_trades"], 0)
            self.assertEqual(own, Path(rows[trials[one["fold"]].run].folder))
            self.assertEqual(balance, one["starting_balance"])
            balance = result["performance"]["current_balance"]
            self.assertEqual(balance, one["final_balance"])
        self.assertEqual(balance, found["equity"]["daily"][-1])

    def test_the_table_says_what_the_document_has(self) -> None:
        code, output, errors = self.fold("walk-forward", *WALK, "--anchored", "--seed", "3", "--report")
        self.assertEqual((0, ""), (code, errors))
        self.require_page(output)
        found = self.walk("--resume", "latest")
        self.assertEqual((True, 3, 12), (found["scheme"]["anchored"], found["search"]["seed"],
                                         sum(one["tried"] for one in found["folds"])))  # fmt: skip
        first = found["folds"][0]
        self.assertIn(
            f"Walk-forward {found['walk_forward']}: mine, fortnight: 2024-01-01T00:00:00.000Z to 2024-01-15T00:", output
        )
        self.assertIn("folds: 2 of 2, anchored, the first search of 5d, tests of 3d, purge 6h, embargo 2h\n", output)
        line = next(one for one in output.splitlines() if one.startswith("1  "))
        self.assertIn("  2024-01-01T00:00..2024-01-05T18:00  2024-01-06T02:00..2024-01-09T02:00  ", line)
        self.assertTrue(line.endswith(f"  {first['final_balance']:,.2f}"), line)
        self.assertRegex(output, r"ema_fast: (\d+\.\d|n/a) on average \(\d, \d\)\n")
        self.assertIn("positions close at a test's end at their last marks, with costs (reason=end)", output)

    def test_latest_is_the_whole_walk_forward_where_the_latest_run_is_a_test_of_it(self) -> None:
        found = self.walk(*WALK)
        last = found["folds"][-1]
        daily = np.array([found["equity"]["starting_balance"], *found["equity"]["daily"]])
        returns = daily[1:] / daily[:-1] - 1.0
        with contextlib.chdir(self.folder):
            luck = self.plain("luck", "latest")
            self.assertEqual((found["walk_forward"], len(returns), 1),
                             (luck["walk_forward"], luck["observations"], luck["trials"]))  # fmt: skip
            alone = self.plain("luck", last["run_id"])
            self.assertNotIn("walk_forward", alone)
            self.assertLess(alone["observations"], luck["observations"])
            drawn = self.plain("monte-carlo", "--walk-forward", "latest", "--paths", "50")
            ways = {one["way"]: one for one in drawn["ways"]}
            end, trades = daily[-1], sum(one["out_figures"]["trade_quality.trades"] for one in found["folds"])
            self.assertEqual(f"walk-forward {found['walk_forward']}", drawn["run_id"])
            self.assertEqual(len(returns), ways["day_blocks"]["steps"])
            for way in ("day_blocks", "trades_drawn"):
                self.assertAlmostEqual(end, ways[way]["actual_final_equity"], 6)
            self.assertEqual(trades, ways["trades_drawn"]["steps"])
            code, _, errors = self.command("luck", "latest", "--noise", "5")
            self.assertEqual(2, code)
            self.assertRegex(errors, rf"--noise: walk-forward 1 is several runs — .* {last['run_id']}\n\Z")
            self.assertIn("which run? — allowed: RUN, or --walk-forward", self.command("luck")[2])

    def require_page(self, output: str) -> None:
        """Require that the page of a walk-forward says what was printed of it, and that it can be written again."""
        [page] = re.findall(r"\n\nReport page: (\S+/reports/walk_forward_1_[0-9a-f]{8}\.html)\n\Z", output)
        [text] = re.findall(
            r'(?s)<script type="application/json" id="data">(.*?)</script>', Path(page).read_text("utf-8")
        )
        study = json.loads(text)["study"]
        self.assertTrue(output.startswith(study["walk"]["title"] + "\n"))
        printed = output.splitlines()
        for label, value in study["walk"]["facts"]:
            self.assertIn(f"{label.removesuffix(' moved, in % of its range')}: {value}", printed)
        self.assertEqual(2, len(study["folds"]))
        for one in study["folds"]:
            line = next(line for line in printed if line.startswith(f"{one['number']}  "))
            self.assertTrue(line.endswith(f"  {one['max_drawdown_pct']:.2f}  {one['balance']:,.2f}"), line)
            self.assertEqual(one["params"]["ema_fast"], line.split()[3])
        for asked in ("1", "latest"):
            again = self.folder / f"again_{asked}.html"
            self.assertEqual((0, f"{again}\n", ""), self.command("report", asked, "--out", str(again)))
            self.assertEqual(Path(page).read_text("utf-8"), again.read_text("utf-8"))

    def test_bad_input_is_one_line_and_an_exit_code(self) -> None:
        mine = ("--system", "mine")
        table = (
            ((), "which system? — allowed: --system ID, or --resume NUMBER"),
            (mine, "--train is missing — allowed: a length such as 90d, or 2000c for candles"),
            ((*mine, "--train", "5d"), "--test is missing"),
            ((*mine, "--train", "5", "--test", "3d"), "train: '5' is no length"),
            ((*mine, "--train", "20d", "--test", "3d"), "train 20d + test 3d do not fit into the window from 2024-01"),
            ((*mine, "--train", "5d", "--test", "20m"), "test: '20m' is no whole number of candles of 15m"),
            ((*mine, "--train", "5d", "--test", "3d", "--purge", "9d"), "purge: 9d leaves nothing of train 5d"),
            ((*WALK, "--sampler", "tpr"), "(did you mean tpe?)"),
            ((*WALK, "--param", "execution.starting_balance=1000,2000"), "is what one fold hands to the next"),
            (("--resume", "9"), "walk-forward '9': there is none of that number — the store has none yet"),
            (("--resume", "9", "--train", "5d"), "--train does nothing with --resume"),
        )
        for arguments, words in table:
            with self.subTest(arguments):
                code, output, errors = self.fold("walk-forward", *arguments)
                self.assertEqual((2, ""), (code, output))
                self.assertIn(words, errors)
                self.assertRegex(errors, r"\Aerror: [^\n]*\n\Z")
        self.assertEqual([], self.store().records(Optimisation))


class Killed(FoldCommand):
    def test_killed_in_the_middle_of_a_fold_it_goes_on_and_comes_to_the_same(self) -> None:
        ranges = ("--param", "ema_fast=3..6", "--param", "sl_atr_multiple=1.0..3.0")
        wanted = (*WALK, *ranges, "--trials", "40", "--sampler", "tpe", "--batch", "4")
        began = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "research", "walk-forward", *wanted, *self.where],
            cwd=REPOSITORY,
            env=command_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(began.kill)
        store = self.store()
        wait_until(lambda: began.poll() is not None or len(tried(store)) >= 47)
        began.send_signal(signal.SIGKILL)
        began.wait()
        kept = tried(store)
        self.assertTrue(40 < len(kept) < 80, len(kept))
        self.assertEqual(["COMPLETED", "RUNNING"], [one.status for one in store.records(Trial, optimisation=1)])
        found = self.walk("--resume", "latest")
        self.assertEqual(80, len(tried(store)))
        self.assertEqual(kept, tried(store)[: len(kept)])
        os.environ["HARNESS_STORE_URL"] = f"sqlite:///{self.folder}/other.sqlite"
        whole = self.walk(*wanted)
        self.assertEqual(whole, found)


class CrossValidations(FoldCommand):
    def page_is_drawn(self, page: Path, found: dict[str, Any]) -> None:
        """Hold the page of a cross-validation to what it came to, in a browser where there is one."""
        if not (CHROMIUM and DRIVER):
            return
        tried = sum(one["trial"] is not None for one in found["splits"])
        with browser() as window:
            window.open(page, width=390, dark=True)
            window.drawn()
            self.assertEqual(tried, window.run("return document.querySelectorAll('#left-out circle.dots').length"))
            self.assertEqual(6, window.run("return document.querySelectorAll('#split-table tbody tr').length"))
            said = window.run("return document.querySelector('.tiles').textContent")
            self.assertRegex(said, r"Kept where left out(n/a|−?\d+\.\d\d).*Probability of overfitting[01]\.\d\d")
            self.assertEqual(390, window.run("return document.documentElement.scrollWidth"))
            self.assertEqual([], window.logged())
            window.run("document.querySelector('#splits').scrollIntoView()")
            window.picture("cross-validation-390-dark")

    def test_the_paths_and_their_distribution(self) -> None:
        shape = ("--system", "mine", "--groups", "4", "--test-groups", "2", "--purge", "2h", "--embargo", "6h")
        code, output, errors = self.fold("cross-validate", *shape, "--trials", "3", "--json")
        self.assertEqual((0, ""), (code, errors))
        found = json.loads(output, parse_constant=self.fail)
        self.assertEqual((6, 3, 3), (len(found["splits"]), len(found["paths"]), found["search"]["tried"]))
        # The store has it whole: what is read is what was made.
        code, output, errors = self.command("show", str(found["cross_validation"]), "--json")
        self.assertEqual((0, "", found), (code, errors, json.loads(output)))
        made = len(tried(self.store()))
        # The second one is a job; a worker makes it.
        code, output, errors = self.fold("cross-validate", *shape, "--trials", "3", "--detach", "--json")
        self.assertEqual((0, ""), (code, errors))
        number = str(json.loads(output)["cross_validation"])
        self.assertIn("is not at its end — allowed: to go on with it: python -m research cross-validate --resume "
                      f"{number}\n", self.command("show", number)[2])  # fmt: skip
        code, output, errors = self.command("worker", "--until-empty")
        self.assertEqual(0, code, errors)
        self.assertIn(f"cross-validation {number}: mine, fortnight", output + errors)
        again = json.loads(self.command("show", number, "--json")[1])
        self.assertEqual({**found, "cross_validation": int(number)}, again)
        # It has come to its end: nothing is left to do, and it is shown as it was.
        output = self.command("show", number)[1]
        code, resumed, errors = self.fold("cross-validate", "--resume", number, "--report")
        self.assertEqual((0, ""), (code, errors))
        self.assertTrue(resumed.startswith(output))
        self.assertRegex(
            resumed[len(output) :], rf"\A\nReport page: \S+/reports/cross_validation_{number}_\w+\.html\n\Z"
        )
        self.page_is_drawn(REPOSITORY / resumed.split()[-1], found)
        self.assertTrue(output.startswith(f"Cross-validation {number}: mine, fortnight: 2024-01-01T00:00:00.000Z to "))
        code, _, errors = self.fold("optimise", "--resume", number)
        self.assertEqual(2, code)
        self.assertIn(f"study '{number}': is a cross-validation — allowed: the number of a study; or python -m", errors)
        self.assertRegex(self.command("show")[1], rf"\n{number} +COMPLETED +mine +fortnight +cross-validation +0 +3 ")
        self.assertIn("groups: 4 of 84h, 2 left out at a time, purge 2h, embargo 6h: 6 searches, 3 paths\n", output)
        self.assertRegex(
            output, r"\nover paths +paths +mean +lowest +5 % +25 % +median +75 % +95 % +highest\nmetric +3 "
        )
        # The second one was answered by the first: every trial of it is one of before.
        again = [one for one in self.store().records(Trial)[made:] if one.fingerprint is not None]
        self.assertTrue(again and all(one.same_as is not None for one in again))

    def require_drawn(self, page: Path, found: dict[str, Any]) -> None:
        """Require that a page has the paths, and that a real browser draws it whole, without an error."""
        [held] = re.findall(r'(?s)<script type="application/json" id="data">(.*?)</script>', page.read_text("utf-8"))
        told = json.loads(held, parse_constant=self.fail)["validation"]
        self.assertEqual([one["value"] for one in found["paths"]], [one["metric"] for one in told["paths"]])
        self.assertEqual([one["out_value"] for one in found["splits"]], [one["out_value"] for one in told["splits"]])
        for path, curve in zip(told["paths"], told["curves"], strict=True):
            self.assertAlmostEqual(path["return_pct"], curve["return_pct"][-1], 5)
        if not (CHROMIUM and DRIVER):
            return
        with browser() as window:
            for width in (1400, 390):
                window.open(page, width=width, dark=width == 390)
                window.drawn()
                sections = window.run("return [...document.querySelectorAll('section')].map((one) => one.id)")
                self.assertEqual(["paths", "distributions", "splits", "luck", "made"], sections)
                self.assertEqual(3, window.run("return document.querySelectorAll('.line-plot svg path.line').length"))
                self.assertEqual(width, window.run("return document.documentElement.scrollWidth"))
                self.assertGreater(len(window.picture(f"cross-validation-{width}")), 10_000)
                self.assertEqual([], window.logged())

    def test_bad_input_is_one_line_and_an_exit_code(self) -> None:
        mine = ("--system", "mine")
        table = (
            ((), "which system? — allowed: --system ID, or --resume NUMBER"),
            (("--resume", "latest"), "cross-validation 'latest': there is none of that number"),
            (
                ("--resume", "1", "--groups", "4"),
                "--groups does nothing with --resume: the cross-validation has its own",
            ),
            ((*mine, "--groups", "1"), "groups: 1 — allowed: a whole number from 2 to 20"),
            ((*mine, "--test-groups", "6"), "test_groups: 6 — allowed: a whole number from 1 to 5"),
            ((*mine, "--purge", "x"), "purge: 'x' is no length"),
            ((*mine, "--purge", "9d"), "purge 9d leave"),
            ((*mine, "--sampler", "tpe"), "sampler 'tpe': learns"),
        )
        for arguments, words in table:
            with self.subTest(arguments):
                code, output, errors = self.fold("cross-validate", *arguments)
                self.assertEqual((2, ""), (code, output))
                self.assertIn(words, errors)
                self.assertRegex(errors, r"\Aerror: [^\n]*\n\Z")
        self.assertEqual([], self.store().records(Optimisation))


def tried(store: RunStore) -> list[tuple[object, ...]]:
    """Return the trials of searches, those of tests apart."""
    found = store.columns(Trial, "id", "fingerprint", "value")
    return [one for one in found if one[1] is not None]


if __name__ == "__main__":
    unittest.main()
