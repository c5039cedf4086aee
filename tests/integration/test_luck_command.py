"""``python -m research luck`` and ``monte-carlo`` as a user runs them, after a study and a run by hand."""

import json
import statistics
import unittest
from typing import Any, ClassVar

from research.studies.search import read_study
from tests.integration.test_optimise_command import SECTION, StudyCommand

STUDIED = {**SECTION, "window": "weeks", "trials": 5, "seed": 3}


class LuckCommand(StudyCommand):
    system: ClassVar[dict[str, Any]] = {"windows": {"weeks": "2024-01-01..2024-01-21"}, "optimise": STUDIED}

    def setUp(self) -> None:
        super().setUp()
        code, _, errors = self.optimise("--system", "mine")
        self.assertEqual((0, ""), (code, errors))
        ((self.place, _),) = [(one.folder, one.run_id) for one in self.store().runs()]

    def told(self, verb: str, *arguments: str) -> dict[str, object]:
        """Return what a verb prints as JSON."""
        code, output, errors = self.command(verb, self.place, *arguments, "--json")
        self.assertEqual((0, ""), (code, errors))
        return json.loads(output)

    def test_luck_counts_all_that_was_tried_on_the_candles_of_a_run(self) -> None:
        shown = json.loads(self.command("show", "latest", "--json")[1])["luck"]["best"]
        luck, more = self.told("luck"), self.told("luck", "--further", "40")
        self.assertEqual((5, 45), (luck["trials"], more["trials"]))
        for name in ("deflated_sharpe", "beaten_by_chance", "expected_best_sharpe", "overfitting"):
            self.assertIsNotNone(luck[name], name)
            self.assertEqual(shown[name], luck[name], name)
        # Of 20 days there is no annualised figure, in a study as little as of a run.
        self.assertEqual((None, None), (shown["sharpe"], luck["sharpe"]))
        self.assertLess(more["deflated_sharpe"], luck["deflated_sharpe"])
        self.assertGreater(more["beaten_by_chance"], luck["beaten_by_chance"])

    def test_a_study_says_whether_its_best_stands_on_a_plateau(self) -> None:
        code, _, errors = self.optimise("--system", "mine", "--sampler", "grid", "--trials", "15", "--param",
                                        "ema_fast=3..5", "--param", "sl_atr_multiple=1.0..3.0:0.5")  # fmt: skip
        self.assertEqual((0, ""), (code, errors))
        study = read_study("latest", self.store())
        values = {(one.params["ema_fast"], one.params["sl_atr_multiple"]): one.value for one in study.trials}
        best = max(values, key=values.get)
        beside = [value for one, value in values.items()
                  if one != best and abs(one[0] - best[0]) <= 1 and abs(one[1] - best[1]) <= 0.5]  # fmt: skip
        found = json.loads(self.command("show", "latest", "--json")[1])["luck"]["stability"]
        self.assertEqual((len(beside), statistics.median(beside)), (found["neighbours"], found["median"]))
        self.assertIn("stability: the best parameters stand on a", self.command("show", "latest")[1])

    def test_it_is_run_again_with_entries_at_other_times_and_prices_moved(self) -> None:
        arguments = ("--permutations", "3", "--noise", "2", "--processes", "1")
        again = self.told("luck", *arguments)["runs"]
        self.assertEqual(3, again["entries at other times"]["compared"]["runs"])
        self.assertEqual(2, again["prices moved"]["compared"]["runs"])
        code, output, errors = self.command("luck", self.place, *arguments)
        self.assertEqual((0, ""), (code, errors))
        self.assertRegex(output, r"luck: (of 5 trials the best Sharpe|whether chance)")
        self.assertRegex(output, r"entries at other times: \d of 3 runs with the same entries")

    def test_monte_carlo_is_the_same_twice_and_another_with_another_seed(self) -> None:
        one, again, other = (self.told("monte-carlo", "--paths", "50", "--seed", seed) for seed in ("1", "1", "2"))
        self.assertEqual(one, again)
        self.assertNotEqual(one["ways"], other["ways"])
        code, output, errors = self.command("monte-carlo", self.place, "--paths", "50")
        self.assertEqual((0, ""), (code, errors))
        self.assertIn("trades shuffled (draw-down alone)", output)

    def test_what_cannot_be_is_one_line(self) -> None:
        for arguments, wrong in (
            (("luck", "nothing"), "run 'nothing': no run has that id or name"),
            (("luck", self.place, "--noise", "-1"), "--noise: -1 — allowed: a whole number from 0"),
            (("monte-carlo", self.place, "--paths", "0"), "paths: 0 — allowed: a whole number from 1 to 100000"),
            (("monte-carlo", self.place, "--ruin", "2"), "ruin: 2.0 — allowed: a fraction above 0, at most 1"),
        ):
            code, output, errors = self.command(*arguments)
            self.assertEqual((2, ""), (code, output))
            self.assertTrue(errors.startswith(f"error: {wrong}"), errors)
            self.assertEqual(1, errors.count("\n"))


if __name__ == "__main__":
    unittest.main()
