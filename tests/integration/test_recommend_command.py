"""``python -m research recommend``, ``accept``, ``reject`` and ``review`` as a user runs them, on real runs."""

import contextlib
import json
import unittest
from typing import Any, ClassVar
from unittest.mock import patch

import msgspec
import numpy as np

from core.instants import parse_instant
from research.recommendations import reviewing
from runs.reading.run_folder import read_run
from runs.store.store_rows import Optimisation, Recommendation
from systems.operations import run_system
from tests.support.research_cases import CommandCase
from tests.support.system_files import write_system

WINDOWS = {"first": "2024-01-01..2024-01-20", "second": "2024-01-21..2024-02-09", "third": "2024-02-10..2024-02-29",
           "after": "2024-03-02..2024-03-31"}  # fmt: skip
DEAR, CHEAP = 0.002, 0.0001
RULES = {"execution.commission_rate": DEAR, "trading_mode.max_open_trades": 1}


class RecommendCommand(CommandCase):
    system: ClassVar[dict[str, Any]] = {"overrides": RULES, "windows": WINDOWS}

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(contextlib.chdir(self.folder))

    def told(self, *arguments: str) -> Any:
        code, output, errors = self.command(*arguments, "--json")
        self.assertEqual((0, ""), (code, errors))
        return json.loads(output)

    def daily(self, system: str, window: str) -> np.ndarray:
        """Return the daily returns of a backtest of a system, made and read by other means."""
        return read_run(run_system(system, window, places=self.places)["folder"]).curve.daily().returns()


class FromEndToEnd(RecommendCommand):
    def test_what_is_true_is_found_accepted_and_compared_with_what_came_of_it(self) -> None:
        self.told("optimise", "--system", "mine", "--param", f"execution.commission_rate={CHEAP},{DEAR}",
                  "--sampler", "grid", "--metric", "roi", "--best", "0", "--processes", "1")  # fmt: skip
        lacking = self.told("recommend", "--system", "mine")
        self.assertEqual([], lacking["recommendations"])
        self.assertIn("seen in 0 windows out of sample; it needs 2", [one["why"] for one in lacking["untested"]])

        found = self.told("recommend", "--system", "mine", "--confirm", "--processes", "1")
        [row] = [one for one in found["recommendations"] if one["params"] == {"execution.commission_rate": CHEAP}]
        self.assertEqual(({"execution.commission_rate": DEAR}, "setting"), (row["current"], row["kind"]))
        self.assertEqual(3, len(row["evidence"]["windows"]))
        # The runs that were made for it tell that one trade at a time binds, which is a claim from then on.
        lacking = [one["recommended"] for one in found["untested"]]
        self.assertIn({"trading_mode.max_open_trades": 2}, lacking)

        code, output, errors = self.command("accept", str(row["id"]), "--note", "of course")
        self.assertEqual((0, ""), (code, errors))
        version = f"mine-r{row['id']}"
        self.assertIn(f"wrote config/systems/{version}.yaml; mine stays as it is", output)
        # The evidence is what backtests of the two systems come to.
        expected = {one: self.daily(version, one) - self.daily("mine", one) for one in ("second", "third", "after")}
        seen = {one["window"]["start_ms"]: one for one in row["evidence"]["windows"]}
        for name, differences in expected.items():
            start_ms = parse_instant(WINDOWS[name].split("..")[0], name="start")
            self.assertAlmostEqual(float(differences.mean()), seen[start_ms]["change"], places=15)
        self.assertAlmostEqual(float(np.concatenate(list(expected.values())).mean()), row["expected_change"], places=15)
        runs = {one.run_id for one in self.store().runs()}
        self.assertTrue({run for one in row["evidence"]["windows"] for run in one["runs"]} <= runs)
        self.assertTrue(all(len(one["runs"]) == 2 for one in row["evidence"]["windows"]))

        self.reviewed(row["id"], expected["after"])

    def reviewed(self, number: int, expected: np.ndarray) -> None:
        """Review a recommendation as if it had been accepted on 1 March, on 20 March and on 1 April."""
        store = self.store()
        [row] = store.records(Recommendation, id=number)
        decided_ms = parse_instant("2024-03-01T15:00", name="start")
        store.record(msgspec.structs.replace(row, decided_ms=decided_ms))
        with patch.object(reviewing, "wall_clock_ms", return_value=parse_instant("2024-03-20T01:00", name="now")):
            waits = self.told("review")["reviewed"]
            self.assertEqual("18 of 30 days", waits[0]["waits"])
            self.assertEqual("applied", waits[0]["row"]["status"], "there are runs of the version")
            self.assertGreater(waits[0]["trades"], 0)
            self.assertEqual(f"18 of 30 days, {waits[0]['trades']} of 9999 trades",
                             self.told("review", "--trades", "9999")["reviewed"][0]["waits"])  # fmt: skip
            early = self.told("review", "--days", "18")["reviewed"][0]["row"]["outcome"]
            # The run that ends on this day closes its positions there, the longer one does not.
            self.assertAlmostEqual(float(expected[:18].mean()), early["change"], delta=3e-5)
            self.assertEqual(18, early["days"])
        store.record(msgspec.structs.replace(row, decided_ms=decided_ms, outcome=None))
        with patch.object(reviewing, "wall_clock_ms", return_value=parse_instant("2024-04-01", name="now")):
            done = self.told("review", str(number))
            code, output, _ = self.command("review")
        outcome = done["reviewed"][0]["row"]["outcome"]
        self.assertEqual((30, True, True), (outcome["days"], outcome["held"], outcome["as_expected"]))
        self.assertAlmostEqual(float(expected.mean()), outcome["change"], places=15)
        self.assertEqual({"kind": "setting", "held": 1, "failed": 0},
                         next(one for one in done["kinds"] if one["kind"] == "setting"))  # fmt: skip
        self.assertRegex(output, rf"{number} +applied +setting +mine-r{number} .* held: \+0\.\d+ in 30 days")
        self.assertEqual(0, code)


class BadInput(RecommendCommand):
    def test_each_is_one_line_and_leaves_nothing_behind(self) -> None:
        files = sorted(self.folder.rglob("*.yaml"))
        for arguments, said in (
            (("recommend", "--system", "mime"), "there is no system mime (did you mean mine?)"),
            (("recommend", "--confirm", "many"), "many is no number"),
            (("recommend", "--confirm", "-1"), "--confirm"),
            (("recommend", "--systems", "nowhere"), "nowhere: there is no such folder of systems"),
            (("accept", "1"), "recommendation 1: there is none of that number — there is none yet"),
            (("accept",), "ID"),
            (("reject", "latest"), "recommendation latest: there is none of that number"),
            (("review", "7"), "recommendation 7: there is none of that number"),
            (("review", "--days", "0"), "days: 0 — allowed: a whole number from 1"),
            (("review", "--trades", "0"), "trades: 0 — allowed: a whole number from 1"),
            (("recommendations", "x"), "recommendation x: there is none of that number"),
            (
                ("recommendations", "--status", "acepted"),
                "--status acepted (did you mean accepted?) — allowed: pending",
            ),
        ):
            with self.subTest(arguments):
                code, output, errors = self.command(*arguments)
                self.assertEqual((2, ""), (code, output))
                self.assertRegex(errors, r"\Aerror: [^\n]*\n\Z")
                self.assertIn(said, errors.replace("'", ""))
        self.assertEqual(files, sorted(self.folder.rglob("*.yaml")))
        self.assertEqual([], self.store().records(Recommendation))

    def test_without_studies_nothing_is_said_and_that_is_no_error(self) -> None:
        self.assertEqual((0, "nothing is recommended\n"), self.command("recommend", "--system", "mine")[:2])
        self.assertEqual((0, ""), self.command("recommendations")[::2])
        self.assertEqual(0, self.command("review")[0])

    def test_a_system_that_cannot_be_read_is_named_and_the_others_go_on(self) -> None:
        write_system(self.folder, "wrong", base="nothing.yaml")
        code, output, errors = self.command("recommend")
        self.assertEqual((0, "nothing is recommended\n"), (code, output))
        self.assertRegex(errors, r"\Awarning: [^\n]*wrong.yaml: base: [^\n]*\n\Z")

    def test_runs_that_cannot_be_made_are_told_and_the_claim_stays_untested(self) -> None:
        self.told("optimise", "--system", "mine", "--param", f"execution.commission_rate={CHEAP},{DEAR}",
                  "--sampler", "grid", "--metric", "roi", "--best", "0", "--processes", "1")  # fmt: skip
        code, output, errors = self.command("recommend", "--system", "mine", "--confirm", "--offline")
        self.assertEqual((3, ""), (code, output))
        self.assertRegex(errors, r"\Aerror: [^\n]*no candle of[^\n]*\n\Z")
        self.assertEqual([], self.store().records(Recommendation))
        self.assertEqual(1, len(self.store().records(Optimisation)))


if __name__ == "__main__":
    unittest.main()
