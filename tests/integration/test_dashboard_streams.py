"""Streams of a real server, cut again and again: nothing is missed, nothing comes twice."""

import asyncio
import http.client
import json
import socket
import tempfile
import unittest
import urllib.request
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from tests.support.dashboards import Dashboard, dashboard
from tests.support.shared import REPOSITORY

CONFIG = REPOSITORY / "config"
ASKED = {"config": "practice.yaml", "symbols": ["BTC/USDT"], "start_date": "2024-01-01", "end_date": "2024-01-04"}


def ended(one: dict[str, Any]) -> bool:
    """Return whether a message says that a playback has come to its end."""
    return one["kind"] == "state" and one["data"]["control"] == "ended"


class Streams(unittest.TestCase):
    server: Dashboard

    @classmethod
    def setUpClass(cls) -> None:
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        arguments = ("--config", str(CONFIG), "--systems", str(CONFIG / "systems"), "--workers", "0")
        cls.server = cls.enterClassContext(dashboard(folder, *arguments))

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        request = self.server.request(path, method=method, body=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def playing(self, speed: float) -> str:
        """Return a playback that is about to play: three days of quarters."""
        name = str(self.ask("/api/playbacks", "POST", {"asked": ASKED})["id"])
        self.addCleanup(lambda: self.ask(f"/api/playbacks/{name}", "DELETE"))
        self.control(name, action="speed", candles_per_second=speed)
        return name

    def control(self, name: str, **asked: Any) -> None:
        self.ask(f"/api/playbacks/{name}/control", "POST", asked)

    def opened(self, name: str, after: str | None) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
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
            answer, left = self.opened(name, after), int(draw.integers(1, 12))
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
                    if not heard:
                        await asyncio.sleep(0.2)  # Until it listens: without a mark it begins with what comes next.
                        await asyncio.to_thread(self.control, name, action="play")
                    for _ in range(5):
                        heard.append(json.loads(await stream.receive_str(timeout=30)))
                        if ended(heard[-1]):
                            break
                after = f"&after={heard[-1]['id']}"
        numbers = [one["seq"] for one in heard]
        self.assertEqual(list(range(numbers[0], numbers[0] + len(numbers))), numbers)

    def test_who_comes_from_another_start_of_the_server_is_told_of_a_gap(self) -> None:
        name = self.playing(400)
        answer = self.opened(name, "00000000-12")
        for line in iter(answer.readline, b""):
            if line.startswith(b"data: "):
                self.assertEqual("gap", json.loads(line[6:])["kind"])
                break


if __name__ == "__main__":
    unittest.main()
