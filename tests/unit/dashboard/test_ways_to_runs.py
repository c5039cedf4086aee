import unittest
from typing import Any

from starlette.routing import Match

from dashboard.app import SUBJECTS


def way(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """Return which route takes a request, and with what."""
    for route in (route for subject in SUBJECTS for route in subject.routes.routes):
        match, found = route.matches({"type": "http", "method": method, "path": path})
        if match is Match.FULL:
            return str(getattr(route, "name", "")), found["path_params"]
    return "", {}


class WaysToRuns(unittest.TestCase):
    def test_a_member_of_a_portfolio_is_reached_under_its_name_and_what_follows_it(self) -> None:
        for run_id in ("9bc5a2f54fb4f0e2", "practice-pf/reversion", "b1"):
            for method, rest, name in (
                ("GET", "", "result"),
                ("PATCH", "", "change"),
                ("DELETE", "", "end"),
                ("GET", "/page", "page"),
                ("GET", "/report", "report"),
                ("GET", "/candles", "candles"),
                ("GET", "/decisions", "decisions"),
            ):
                with self.subTest(run_id, method=method, rest=rest):
                    self.assertEqual((name, {"run_id": run_id}), way(method, f"/backtest/results/{run_id}{rest}"))
        self.assertEqual(("results", {}), way("GET", "/backtest/results"))


if __name__ == "__main__":
    unittest.main()
