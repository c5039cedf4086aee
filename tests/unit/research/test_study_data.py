"""What the page of a study holds, against the rows of the store."""

import json
import math
import tempfile
import unittest
from typing import Any, ClassVar

import msgspec
import numpy as np

import research
from research.monte_carlo.drawn_paths import DrawnBlocks
from research.monte_carlo.path_outcomes import path_outcomes
from research.objectives.objective import pareto_front
from research.pictures.study_data import study_data
from research.pictures.study_file import study_html, usual_place
from research.pictures.trial_columns import drawn_trials
from research.studies.study import Study
from research.studies.study_luck import StudyLuck, study_luck
from runs.store.store_rows import Trial
from tests.support.studies import CONFIG, many_trials, planted_base, store_in

PARAMETERS = {"hour": "3..14", "target": "0.002..0.014:0.004", "risk.min_position_size_usd": "1,1000000"}


def unpacked(packed: Any) -> list[Any]:
    """Return a packed column as it was."""
    return packed if isinstance(packed, list) else [packed["value"]] * packed["rows"]


class StudyData(unittest.TestCase):
    maxDiff = None
    study: ClassVar[Study]
    luck: ClassVar[StudyLuck]
    rows: ClassVar[list[Trial]]
    held: ClassVar[dict[str, Any]]

    @classmethod
    def setUpClass(cls) -> None:
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        base = planted_base(strategy={**CONFIG["strategy"], "params": {"fails_below": 5, "hour": 9}})
        with store_in(folder) as store:
            cls.study = research.optimise(
                base, PARAMETERS, sampler="random", trials=60, metric=["net_profit", "max_drawdown"], store=store,
                processes=1, best=2,
            )  # fmt: skip
            cls.luck, cls.rows = study_luck(cls.study, store), store.records(Trial)
        cls.held = json.loads(msgspec.json.encode(study_data(cls.study, cls.luck)))["study"]

    def test_the_first_studies_of_two_stores_have_pages_of_their_own(self) -> None:
        row = self.study.row
        later = msgspec.structs.replace(row, created_ms=row.created_ms + 1)
        done = msgspec.structs.replace(row, status="COMPLETED", settings={}, ended_ms=5)
        self.assertEqual("study_1_", usual_place(row).name[:8])
        self.assertNotEqual(usual_place(row), usual_place(later))
        self.assertEqual(usual_place(row), usual_place(done))

    def test_its_columns_are_the_rows_of_the_store(self) -> None:
        columns, rows = self.held["trials"], self.rows
        self.assertEqual((60, [one.number for one in rows]), (columns["rows"], columns["number"]))
        for parameter in columns["parameters"]:
            held = unpacked(parameter["values"])
            if parameter["kind"] == "choice":
                held = [(1, 1_000_000)[place] for place in held]
            self.assertEqual([one.params[parameter["name"]] for one in rows], held)
        for place, objective in enumerate(columns["objectives"]):
            self.assertEqual(
                [None if one.objectives is None else one.objectives[place] for one in rows],
                unpacked(objective["values"]),
            )
        self.assertGreater(len(columns["figures"]), 20)
        for figure in columns["figures"]:
            stored = [(one.figures or {}).get(figure["name"]) for one in rows]
            for own, value in zip(unpacked(figure["values"]), stored, strict=True):
                self.assertTrue(own == value or math.isclose(own, value, rel_tol=1e-6), figure["name"])
        codes = columns["state"]
        states = [codes["words"][int(code)] for code in codes["codes"]]
        expected = ["failed" if one.failure else "unranked" if one.value is None else "ranked" for one in rows]
        self.assertEqual((expected, {"failed", "unranked", "ranked"}), (states, set(states)))
        points: set[tuple[Any, ...]] = set()
        for one, again in zip(rows, unpacked(columns["again"]), strict=True):
            self.assertEqual(int(tuple(one.params.values()) in points), again)
            points.add(tuple(one.params.values()))

    def test_the_best_stand_with_their_luck_and_the_front_is_that_of_the_study(self) -> None:
        best = self.held["best"]
        self.assertEqual([one.number for one in self.study.ranked[:20]], [one["number"] for one in best])
        for row in best:
            own = self.luck.trials[row["number"]]
            self.assertEqual(
                [own.probabilistic_sharpe, own.deflated_sharpe],
                [row["probabilistic_sharpe"], row["deflated_sharpe"]],
            )
        self.assertEqual(["agrees", "agrees", None], [row["again"] for row in best[:3]])
        values = [one.objectives for one in self.study.ranked]
        front = pareto_front(values, self.study.objectives)
        self.assertEqual([self.study.ranked[place].number for place in front], self.held["front"])
        self.assertEqual(self.luck.best.sentence, self.held["luck"]["sentence"])
        self.assertEqual(self.study.base_figures["performance.net_profit"], self.held["base"][0])

    def test_what_a_reader_must_know_stands_first(self) -> None:
        said = "\n".join(self.held["warnings"])
        self.assertRegex(said, r"of 60 trials failed; the first: .*as planted")
        self.assertRegex(said, r"of 60 trials have no value; the first: 0 closed trades, fewer than 1")
        self.assertNotIn("earns nothing", said)
        losing = [one for one in self.study.ranked if one.figures["performance.total_return_pct"] < 0.0]
        lost = Study(self.study.row, self.study.plan, self.study.objectives, losing)
        first = study_data(lost, self.luck)["study"]["warnings"][0]
        self.assertRegex(first, rf"\Atrial {lost.ranked[0].number}, the best, earns nothing: -\d+\.\d\d %\Z")
        self.assertEqual("hour", self.held["importance"][0][0]["name"])

    def test_the_fan_is_of_the_days_of_the_best(self) -> None:
        best, fan = self.study.ranked[0], self.held["fan"]
        equity = np.frombuffer(best.daily_equity, "<f8")
        self.assertEqual((best.number, ["day_blocks"]), (fan["trial"], [one["way"] for one in fan["ways"]]))
        (way,) = fan["ways"]
        self.assertEqual(list(range(len(equity) + 1)), way["steps"])
        np.testing.assert_allclose([fan["start"], *equity], unpacked(way["actual"]), rtol=1e-6)
        growth = equity / np.array([fan["start"], *equity[:-1]])
        drawn = path_outcomes(DrawnBlocks.of(growth, fan["block"], 0, "day_blocks"), fan["paths"])
        for place, band in enumerate(way["bands"]):
            np.testing.assert_allclose(fan["start"] * drawn.bands[:, place], unpacked(band), rtol=1e-6)

    def test_many_trials_give_a_page_that_stays_small_and_has_the_best(self) -> None:
        many = many_trials(self.study, 12_500)
        drawn = drawn_trials(many)
        self.assertEqual(10_000, len(drawn))
        numbers = {one.number for one in drawn}
        self.assertLessEqual({one.number for one in many.ranked[:500]}, numbers)
        self.assertEqual(sorted(numbers), [one.number for one in drawn])
        gaps = np.diff(sorted(numbers))
        self.assertLess(gaps.max(), 6)
        page = study_html(study_data(many, self.luck))
        self.assertLess(len(page), 4_000_000)


if __name__ == "__main__":
    unittest.main()
