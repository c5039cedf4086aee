"""Searches over the interface of a real server, made by a real worker, against the same search in this process."""

import unittest
from typing import Any

import research
from systems.places import Places
from tests.support.asked_dashboards import CONFIG, AskedDashboard
from tests.support.studies import store_in

SEARCH: dict[str, Any] = {
    "system": "practice-scalping", "window": "january", "parameter_ranges": {"ema_fast": "5..8:3", "rsi_period": [14]},
    "sampler": "grid", "best": 0, "processes": 1,
}  # fmt: skip
PATH = "/api/backtest/optimize"


class Searches(AskedDashboard):
    def started(self, **asked: Any) -> dict[str, Any]:
        started: dict[str, Any]
        status, started = self.ask(PATH, "POST", {**SEARCH, **asked})
        self.assertEqual((202, "PENDING"), (status, started.get("status")), started)
        return started

    def test_a_search_is_that_of_the_command_and_its_second_one_is_estimated(self) -> None:
        started = self.started()
        self.assertEqual((2, 2), (started["total_combinations"], started["trials"]))
        self.assertIsNone(started["estimated_time_minutes"])
        asked = f"{PATH}/{started['optimization_id']}"
        found = self.ended(asked)
        self.assertEqual("COMPLETED", found["status"], found)
        with store_in(str(self.folder)) as store:
            same = research.optimise(
                "practice-scalping", SEARCH["parameter_ranges"], window="january", sampler="grid", best=0, processes=1,
                places=Places(str(CONFIG / "systems"), str(self.folder / "own"), str(self.folder / "data")),
                store=store,
            )  # fmt: skip
        best = found["best"]
        self.assertEqual([one.number for one in same.ranked], [one["number"] for one in best])
        self.assertEqual([one.objectives for one in same.ranked], [one["objectives"] for one in best])
        self.assertEqual({"ema_fast": "5..8:3", "rsi_period": "14"}, found["parameters"])
        self.assertTrue(found["sentences"])
        self.assertEqual(2, found["progress"]["done"])
        status, page = self.ask(f"{asked}/page")
        self.assertEqual((200, found["study"], 2), (status, page["study"]["id"], page["study"]["counts"]["trials"]))
        listed = self.ask(PATH)[1]["items"]
        self.assertIn(started["optimization_id"], [one["optimization_id"] for one in listed])
        self.assertEqual(found["study"], self.ask(f"{PATH}/{found['study']}")[1]["study"])
        again = self.started(seed=1)
        self.assertGreater(again["estimated_time_minutes"], 0.0)
        self.assertEqual(200, self.ask(f"/api/jobs/{again['job']}/cancel", "POST")[0])

    def test_a_walk_forward_is_made_fold_by_fold(self) -> None:
        started = self.started(walk_forward={"train": "10d", "test": "10d"})
        self.assertEqual((2, 4), (started["total_combinations"], started["trials"]))
        found = self.ended(f"{PATH}/{started['optimization_id']}")
        self.assertEqual(
            ("COMPLETED", "walk-forward", 2), (found["status"], found["kind"], len(found["result"]["folds"]))
        )
        status, page = self.ask(f"{PATH}/{started['optimization_id']}/page")
        self.assertEqual((200, 2), (status, len(page["study"]["folds"])))

    def test_what_is_wrong_is_said_at_once_in_the_words_of_the_command(self) -> None:
        for asked, said in (
            ({"parameter_ranges": {"ema_fsat": "5..8"}}, "did you mean ema_fast"),
            ({"parameter_ranges": {"ema_fast": "8..5"}}, "is empty"),
            ({"parameter_ranges": {"ema_fast": None}}, "ema_fast"),
            ({"parameter_ranges": {"strategy.type": ["os:system"]}}, "is not a request's to vary"),
            ({"parameter_ranges": {"trading_mode.kill_switch_file": ["/x"]}}, "is not a request's to vary"),
            ({"parameter_ranges": {"data.cache_dir": ["/x"]}}, "is not a request's to vary"),
            ({"system": "../practice-scalping"}, "practice-scalping"),
            ({"window": "janury"}, "january"),
            ({"sampler": "luck"}, "luck"),
            ({"metric": "beauty"}, "beauty"),
            ({"seed": -1}, "seed"),
            ({"walk_forward": {"train": "a while", "test": "10d"}}, "is no length"),
            ({"unknown": 1}, "unknown"),
        ):
            with self.subTest(said):
                status, told = self.ask(PATH, "POST", {**SEARCH, **asked})
                self.assertEqual(422, status, told)
                self.assertIn(said, told["detail"])
        for name in ("o99999", "99999", "o0", "nothing"):
            self.assertEqual(404, self.ask(f"{PATH}/{name}")[0])


if __name__ == "__main__":
    unittest.main()
