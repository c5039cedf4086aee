"""Playbacks over a real server: driven by requests, shown by a stream, ending in the figures of the plain run."""

import json
import tempfile
import threading
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from core.instants import format_ms
from tests.support.dashboards import Dashboard, dashboard
from tests.support.shared import REPOSITORY
from tests.support.waiting import wait_until

CONFIG = REPOSITORY / "config"
ASKED = {"config": "practice.yaml", "symbols": ["BTC/USDT"], "start_date": "2024-01-01", "end_date": "2024-01-06"}
STEPS = 5 * 96


class Playbacks(unittest.TestCase):
    server: Dashboard

    @classmethod
    def setUpClass(cls) -> None:
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        arguments = ("--config", str(CONFIG), "--systems", str(CONFIG / "systems"), "--workers", "1")
        cls.server = cls.enterClassContext(dashboard(folder, *arguments))

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        request = self.server.request(path, method=method, body=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def refused(self, path: str, method: str = "GET", body: Any = None) -> tuple[int, str]:
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.ask(path, method, body)
        with caught.exception:
            return caught.exception.code, json.load(caught.exception)["detail"]

    def opened(self, **asked: Any) -> str:
        view = self.ask("/api/playbacks", "POST", asked or {"asked": ASKED})
        self.addCleanup(lambda: self.ask(f"/api/playbacks/{view['id']}", "DELETE"))
        self.assertEqual(
            ("paused", 0, STEPS),
            (view["state"]["control"], view["state"]["now"]["index"], view["state"]["now"]["total"]),
        )
        return str(view["id"])

    def control(self, name: str, **asked: Any) -> dict[str, Any]:
        state: dict[str, Any] = self.ask(f"/api/playbacks/{name}/control", "POST", asked)["state"]
        return state

    def test_any_way_through_it_ends_in_the_figures_of_the_plain_run(self) -> None:
        name = self.opened()
        self.assertEqual(10, self.control(name, action="step", count=10)["now"]["index"])
        stopped = self.control(name, action="next", events=["fill"])
        self.assertEqual(["fill"], stopped["stopped_by"])
        entered = stopped["now"]["index"]
        self.assertEqual(1, len(stopped["now"]["open_trades"]))
        self.assertEqual(200, self.control(name, action="run_to", time="2024-01-03T02:00")["now"]["index"])
        back = self.control(name, action="seek", time=format_ms(stopped["now"]["time_ms"]))
        self.assertEqual(entered, back["now"]["index"])
        self.assertEqual(stopped["now"]["open_trades"], back["now"]["open_trades"])
        shown = self.ask(f"/api/playbacks/{name}/candles?symbol=BTCUSDT")
        self.assertEqual(entered, shown["time_ms"]["rows"], "no candle of the future")
        self.control(name, action="play")
        wait_until(lambda: self.ask(f"/api/playbacks/{name}")["state"]["control"] == "ended")
        ended = self.ask(f"/api/playbacks/{name}")["state"]["now"]
        self.assertEqual((STEPS, 100.0), (ended["index"], ended["progress_percent"]))
        curve = self.ask(f"/api/playbacks/{name}/curve")
        # The last is after the end has closed what was open.
        self.assertEqual(STEPS + 1, len(curve["equity"]))

        job = self.ask("/api/backtest/run", "POST", ASKED)
        found: dict[str, Any] = {}

        def through() -> bool:
            found.update(self.ask(f"/api/backtest/results/{job['backtest_id']}?points=20000"))
            return found["status"] == "COMPLETED"

        wait_until(through, lambda: str(found))
        self.assertEqual(found["metrics"]["total_trades"], ended["metrics"]["total_trades"])
        self.assertAlmostEqual(found["metrics"]["roi"], float(ended["metrics"]["total_return_pct"]), 6)
        self.assertEqual(found["equity_curve"]["equity"], curve["equity"])
        self.opened(run=found["id"])

    def test_states_are_streamed_while_it_plays_and_controls_of_others_rule(self) -> None:
        name = self.opened()
        heard: list[dict[str, Any]] = []
        listening = threading.Event()

        def listen() -> None:
            request = self.server.request(f"/api/events?topics=playback:{name}")
            with urllib.request.urlopen(request, timeout=60) as stream:
                for line in stream:
                    listening.set()
                    one = json.loads(line[6:]) if line.startswith(b"data: ") else {"kind": None}
                    if one["kind"] == "state":
                        heard.append(one)
                        if one["data"]["control"] == "ended":
                            return

        listener = threading.Thread(target=listen)
        listener.start()
        listening.wait(30)
        self.control(name, action="speed", candles_per_second=100)
        playing = self.control(name, action="play")
        self.assertEqual("playing", playing["control"])
        wait_until(lambda: len(heard) > 5)
        held = self.control(name, action="pause")
        self.assertEqual("paused", held["control"])
        self.assertEqual(held["now"]["index"], self.ask(f"/api/playbacks/{name}")["state"]["now"]["index"])
        self.control(name, action="speed")
        self.control(name, action="play")
        listener.join(60)
        numbers = [one["data"]["now"]["index"] for one in heard]
        self.assertEqual((sorted(numbers), STEPS), (numbers, numbers[-1]))

    def test_a_fork_has_other_settings_and_what_is_wrong_is_said(self) -> None:
        name = self.opened()
        self.control(name, action="step", count=100)
        forked = self.ask(f"/api/playbacks/{name}/fork", "POST", {"changes": {"strategy.params.ema_fast": 5}})
        self.addCleanup(lambda: self.ask(f"/api/playbacks/{forked['id']}", "DELETE"))
        self.assertEqual(0, forked["state"]["now"]["index"])
        self.assertIn("ema_fast 5", forked["title"])
        for path, body, status, said in (
            (f"/api/playbacks/{name}/fork", {"changes": {"strategy.params.ema_fsat": 5}}, 422, "did you mean"),
            (f"/api/playbacks/{name}/fork", {"changes": {"strategy.type": "os:system"}}, 422, "is not registered"),
            (f"/api/playbacks/{name}/control", {"action": "seek"}, 422, "to which time"),
            (f"/api/playbacks/{name}/control", {"action": "dance"}, 422, "action"),
            ("/api/playbacks/nothing/control", {"action": "play"}, 404, "there is none of that id"),
            ("/api/playbacks", {}, 422, "one of the two is needed"),
            ("/api/playbacks", {"run": "nothing"}, 404, "nothing"),
        ):
            with self.subTest(said):
                found = self.refused(path, "POST", body)
                self.assertEqual(status, found[0])
                self.assertIn(said, found[1])


if __name__ == "__main__":
    unittest.main()
