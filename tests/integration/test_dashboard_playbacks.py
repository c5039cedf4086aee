"""Playbacks over a real server: driven by requests, ending in the figures of the plain run, and shown by streams.

Streams are cut again and again: nothing is missed, nothing comes twice.
"""

import asyncio
import http.client
import json
import socket
import unittest
from typing import Any

import aiohttp
import numpy as np

from backtests.config_backtest import ConfigBacktestRunner
from core.instants import format_ms
from tests.support.asked_dashboards import CONFIG, AskedDashboard
from tests.support.streams import Listener
from tests.support.waiting import PATIENCE_S, wait_until

FROM, TO, STEPS = "2024-01-01", "2024-01-06", 5 * 96
ASKED = {"config": "practice.yaml", "symbols": ["BTC/USDT"], "start_date": FROM, "end_date": TO}


def ended(one: dict[str, Any]) -> bool:
    """Return whether a message says that a playback has come to its end."""
    return one["kind"] == "state" and one["data"]["control"] == "ended"


class Played(AskedDashboard):
    """One server for all, which finds the plain run of what is played back."""

    arguments = ("--workers", "0")

    @classmethod
    def prepare(cls) -> None:
        ConfigBacktestRunner(
            CONFIG / "practice.yaml", FROM, TO, symbols=["BTC/USDT"],
            data_dir=cls.folder / "data" / "backtest_cache", output_dir=cls.folder / "logs" / "backtests",
        ).run()  # fmt: skip

    def opened(self, **asked: Any) -> str:
        view = self.told("playbacks", "POST", asked or {"asked": ASKED})
        self.addCleanup(lambda: self.ask(f"/api/playbacks/{view['id']}", "DELETE"))
        state = view["state"]
        self.assertEqual(("paused", 0, STEPS), (state["control"], state["now"]["index"], state["now"]["total"]))
        return str(view["id"])

    def control(self, name: str, **asked: Any) -> dict[str, Any]:
        state: dict[str, Any] = self.told(f"playbacks/{name}/control", "POST", asked)["state"]
        return state

    def state(self, name: str) -> dict[str, Any]:
        state: dict[str, Any] = self.told(f"playbacks/{name}")["state"]
        return state


def setUpModule() -> None:
    Played.begin(unittest.enterModuleContext)


class Playbacks(Played):
    def test_any_way_through_it_ends_in_the_figures_of_the_plain_run_and_a_fork_has_other_settings(self) -> None:
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
        shown = self.told(f"playbacks/{name}/candles?symbol=BTCUSDT")
        self.assertEqual(entered, shown["time_ms"]["rows"], "no candle of the future")
        self.control(name, action="play")
        wait_until(lambda: self.state(name)["control"] == "ended")
        ended = self.state(name)["now"]
        self.assertEqual((STEPS, 100.0), (ended["index"], ended["progress_percent"]))
        curve = self.told(f"playbacks/{name}/curve")
        # The last is after the end has closed what was open.
        self.assertEqual(STEPS + 1, len(curve["equity"]))

        found = self.told("backtest/results/latest?points=20000")
        self.assertEqual(found["metrics"]["total_trades"], ended["metrics"]["total_trades"])
        self.assertAlmostEqual(found["metrics"]["roi"], float(ended["metrics"]["total_return_pct"]), 6)
        self.assertEqual(found["equity_curve"]["equity"], curve["equity"])
        self.opened(run=found["id"])

        forked = self.told(f"playbacks/{name}/fork", "POST", {"changes": {"strategy.params.ema_fast": 5}})
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
                found, told = self.ask(path, "POST", body)
                self.assertEqual(status, found)
                self.assertIn(said, told["detail"])

    def test_states_are_streamed_while_it_plays_and_controls_of_others_rule(self) -> None:
        name = self.opened()
        with Listener(self.server, f"playback:{name}") as heard:
            self.control(name, action="speed", candles_per_second=100)
            playing = self.control(name, action="play")
            self.assertEqual("playing", playing["control"])
            wait_until(lambda: len(heard.data("state")) > 5)
            # Whoever only looks changes nothing.
            self.assertGreater(len(self.told(f"playbacks/{name}/curve")["equity"]), 0)
            self.assertEqual("playing", self.state(name)["control"])
            held = self.control(name, action="pause")
            self.assertEqual("paused", held["control"])
            self.assertEqual(held["now"]["index"], self.state(name)["now"]["index"])
            self.control(name, action="speed")
            self.control(name, action="play")
            heard.wait_for("state", lambda one: one["control"] == "ended")
        numbers = [one["now"]["index"] for one in heard.data("state")]
        self.assertEqual((sorted(numbers), STEPS), (numbers, numbers[-1]))


class Streams(Played):
    def playing(self, speed: float) -> str:
        """Return a playback that is about to play."""
        name = self.opened()
        self.control(name, action="speed", candles_per_second=speed)
        return name

    def stream(self, name: str, after: str | None) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_S)
        self.addCleanup(connection.close)
        headers = {"Authorization": f"Bearer {self.server.token}", "Accept": "text/event-stream"}
        if after is not None:
            headers["Last-Event-ID"] = after
        connection.request("GET", f"/api/events?topics=playback:{name}", headers=headers)
        answer = connection.getresponse()
        self.assertEqual((200, "no-store"), (answer.status, answer.headers["cache-control"]))
        self.assertTrue(answer.headers["content-type"].startswith("text/event-stream"))
        return answer

    def test_a_stream_that_is_cut_at_random_misses_nothing_and_repeats_nothing(self) -> None:
        name = self.playing(150)
        after: str | None = None
        seen: list[dict[str, Any]] = []
        draw = np.random.default_rng(4)
        began = False
        while not seen or not ended(seen[-1]):
            answer, left = self.stream(name, after), int(draw.integers(1, 12))
            while left and not (seen and ended(seen[-1])):
                line = answer.readline()
                if line.startswith(b"id: "):
                    mark = line[4:].decode().strip()
                    after = mark if after is None else after
                    if not began:
                        began = True
                        self.control(name, action="play")
                elif line.startswith(b"data: "):
                    seen.append(json.loads(line[6:]))
                    after, left = mark, left - 1
            # Without a word, as a network is gone.
            answer.fp.raw._sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
            answer.close()
        numbers = [one["seq"] for one in seen]
        self.assertGreater(len(numbers), 20)
        self.assertEqual(list(range(numbers[0], numbers[0] + len(numbers))), numbers)
        self.assertEqual({"state", "signals", "trades", "fills"}, {one["kind"] for one in seen})

    def test_a_socket_has_the_same_messages_and_is_closed_to_strangers(self) -> None:
        asyncio.run(self._by_socket(self.playing(400)))

    async def _by_socket(self, name: str) -> None:
        address = f"ws://127.0.0.1:{self.server.port}/api/events/ws?topics=playback:{name}"
        bearer = {"Authorization": f"Bearer {self.server.token}"}
        heard: list[dict[str, Any]] = []
        after = ""
        async with aiohttp.ClientSession() as client:
            for headers in ({}, {**bearer, "Origin": "http://evil.example"}):
                with self.assertRaises(aiohttp.WSServerHandshakeError):
                    await client.ws_connect(address, headers=headers)
            while not heard or not ended(heard[-1]):
                async with client.ws_connect(f"{address}{after}", headers=bearer) as stream:
                    await stream.send_bytes(b"\xff")  # What a client sends ends nothing.
                    if not heard:
                        await asyncio.sleep(0.2)  # Until it listens: without a mark it begins with what comes next.
                        await asyncio.to_thread(self.control, name, action="play")
                    for _ in range(5):
                        heard.append(json.loads(await stream.receive_str(timeout=PATIENCE_S)))
                        if ended(heard[-1]):
                            break
                after = f"&after={heard[-1]['id']}"
        numbers = [one["seq"] for one in heard]
        self.assertEqual(list(range(numbers[0], numbers[0] + len(numbers))), numbers)

    def test_who_comes_from_another_start_of_the_server_is_told_of_a_gap(self) -> None:
        answer = self.stream("nothing", "00000000-12")
        for line in iter(answer.readline, b""):
            if line.startswith(b"data: "):
                self.assertEqual("gap", json.loads(line[6:])["kind"])
                break


if __name__ == "__main__":
    unittest.main()
