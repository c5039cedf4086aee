"""Recommendations over the interface of a real server: made by a worker of synthetic studies, decided by requests."""

import unittest

from research.recommendations.system_now import SystemNow
from systems.catalogue import read_system
from tests.support.asked_dashboards import AskedDashboard
from tests.support.histories import drawn_returns, windows_of, write_study
from tests.support.studies import store_in
from tests.support.system_files import system_places, write_system

POINTS = [(fast, stop) for fast in range(3, 9) for stop in (1, 2, 3)]
GRID = {"ema_fast": "3..8", "sl_atr_multiple": "1,2,3"}
NOW, BEST = (5, 2), (7, 3)
PATH = "/api/backtest/recommendations"


class Recommendations(AskedDashboard):
    @classmethod
    def prepare(cls) -> None:
        places = system_places(cls.folder)
        cls.systems = cls.folder / "config" / "systems"
        write_system(cls.folder, "mine", windows={"first": "2024-01"})
        system = SystemNow(read_system("mine", places.systems), places)
        (cls.folder / "data").mkdir(exist_ok=True)
        with store_in(cls.folder / "data") as store:
            for number, window in enumerate(windows_of(6)):
                returns = drawn_returns([1, number], 30, POINTS, {BEST: 0.004})
                write_study(store, system, window, GRID, returns, returns[NOW])

    def test_what_is_true_is_recommended_accepted_and_reviewed(self) -> None:
        self.assertEqual(422, self.ask(PATH, "POST", {"system": "yours"})[0])
        status, started = self.ask(PATH, "POST", {"system": "mine"})
        self.assertEqual(202, status, started)
        job = self.ended(f"/api/jobs/{started['job']}")
        self.assertEqual(("COMPLETED", [1]), (job["status"], job["outcome"]["recommendations"]), job)
        [row] = self.ask(f"{PATH}?status=pending&system=mine")[1]["items"]
        recommended = {"strategy.params.ema_fast": 7, "strategy.params.sl_atr_multiple": 3}
        self.assertEqual(("pending", recommended), (row["status"], row["recommended"]))
        change = row["expected_change"]
        self.assertTrue(change["low"] < 0.004 < change["high"], change)
        self.assertEqual(0, self.ask(f"{PATH}?status=rejected")[1]["total"])
        self.assertEqual(0, self.ask(f"{PATH}?system=yours")[1]["total"])

        self.assertEqual(409, self.ask(f"{PATH}/1/apply", "POST", {})[0], "nothing is accepted yet")
        self.assertEqual(409, self.ask(f"{PATH}/1/review", "POST", {})[0])
        status, accepted = self.ask(f"{PATH}/1/accept", "POST", {"note": "looks right"})
        self.assertEqual((200, "accepted", "mine-r1", "looks right"),
                         (status, accepted["status"], accepted["version"], accepted["note"]))  # fmt: skip
        params = read_system("mine-r1", str(self.systems)).settings.live.strategy.params
        self.assertEqual((7, 3.0), (params["ema_fast"], params["sl_atr_multiple"]))
        for action in ("accept", "reject"):
            status, told = self.ask(f"{PATH}/1/{action}", "POST", {})
            self.assertEqual(409, status)
            self.assertIn("is accepted already (mine-r1)", told["detail"])
        started = self.ask(f"{PATH}/1/review", "POST")[1]
        job = self.ended(f"/api/jobs/{started['job']}")
        self.assertIn("0 of 30 days", job["outcome"]["reviewed"][0]["waits"])
        self.assertEqual("applied", self.ask(f"{PATH}/1/apply", "POST", {})[1]["status"])
        self.assertEqual(5, len(self.ask(f"{PATH}/1")[1]["evidence"]["windows"]))
        for path in ("2", "2/accept", "99999999999/reject"):
            self.assertIn(self.ask(f"{PATH}/{path}", "GET" if path == "2" else "POST", None)[0], (404, 422))


if __name__ == "__main__":
    unittest.main()
