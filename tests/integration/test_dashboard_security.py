"""What whoever has no right, or no good will, cannot make a real server do."""

import contextlib
import http.client
import json
import os
import socket
import tempfile
import time
import unittest
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from dashboard.access.guarded_connection import REQUEST_SECONDS, STRANGERS
from tests.support.dashboards import Dashboard, dashboard
from tests.support.shared import REPOSITORY
from tests.support.waiting import wait_until

CONFIG = REPOSITORY / "config"
TOKEN = "a-token-of-this-test-0123456789"
SPAN = {"config": "practice.yaml", "symbols": ["BTC/USDT"], "start_date": "2024-01-01", "end_date": "2024-01-03"}
ODD = "<img src=x onerror=window.injected=1> \u05d0"
ALERT = {"id": "sound", "kind": "halt", "severity": "info", "time_ms": 0, "title": ODD, "text": ODD}
ATTEMPT = {"record": "attempt", "channel": "a", "ids": ["sound"], "result": "failed", "detail": "", "attempts": 1}
ALERTS = [
    json.dumps({"at_ms": 0, **one})
    for one in (
        {"record": "alert", "alert": ALERT, "channels": ["a"]},
        {"record": "alert", "alert": {**ALERT, "id": "late", "time_ms": 10**17}, "channels": ["a"]},
        {"record": "alert", "alert": {**ALERT, "id": "later"}, "channels": ["a"], "at_ms": 10**17},
        ATTEMPT,
        {**ATTEMPT, "result": "unheard of"},
        {**ATTEMPT, "at_ms": -(10**17)},
    )
]
CODE = "import pathlib\npathlib.Path('was_loaded').touch()\nclass Own:\n    pass\n"


class Security(unittest.TestCase):
    server: Dashboard
    folder: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        (cls.folder / "own.py").write_text(CODE)
        for name in (ODD, os.fsdecode(b"no\xfftext")):
            session = cls.folder / "logs" / "live" / name
            session.mkdir(parents=True)
            (session / "journal.jsonl").write_bytes(b"{}\n[[[\n")
            (session / "alerts.jsonl").write_text("\n".join((*ALERTS, "")))
        arguments = ("--config", str(CONFIG), "--systems", str(CONFIG / "systems"), "--workers", "1")
        cls.server = cls.enterClassContext(
            dashboard(cls.folder, *arguments, environment={"HARNESS_DASHBOARD_TOKEN": TOKEN}, warm=False)
        )

    def ask(
        self, path: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(connection.close)
        told = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **(headers or {})}
        connection.request(method, path, body if isinstance(body, bytes | None) else json.dumps(body).encode(), told)
        answer = connection.getresponse()
        text = answer.read()
        self.assertNotIn(TOKEN.encode(), text)
        return answer.status, json.loads(text) if "json" in str(answer.getheader("content-type")) else text

    def raw(self, text: str) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.server.port), timeout=60)
        self.addCleanup(made.close)
        made.sendall(text.encode())
        return made

    def head(self, first: str, *more: str) -> str:
        host = f"Host: 127.0.0.1:{self.server.port}"
        return "\r\n".join((first, host, f"Authorization: Bearer {TOKEN}", *more, "", ""))

    def test_a_request_loads_no_code_and_names_no_file(self) -> None:
        own = f"{self.folder}/own.py:Own"
        closed: tuple[dict[str, Any], ...] = (
            {"strategy": own},
            {"strategy": "own:Own"},
            {"overrides": {"strategy": {"type": own}}},
            {"overrides": {"strategy.type": own}},
            {"overrides": {"strategy": {"type": "program", "file": own.partition(":")[0]}}},
            {"overrides": {"strategy": {"type": "program", "decisions": "/etc/passwd"}}},
            {"overrides": {"strategy.file": "../../etc/passwd"}},
            {"overrides": {"strategy.pools": ["../../etc/passwd"]}},
            {"overrides": {"strategy": {"type": None}, "trading_mode": {"default_strategy": own}}},
            {"overrides": {"trading_mode.kill_switch_file": "/etc/passwd"}},
            {"overrides": {"trading_mode": {"kill_switch_env_var": "HOME"}}},
            {"overrides": {"data": {"cache_dir": "/etc"}}},
            {"overrides": {"data.cache_dir": "/etc"}},
            {"overrides": {"logging": {"directory": "/tmp"}}},
            {"overrides": {"risk": {"config_file": "/etc/passwd"}}},
            {"overrides": {"exchange": "../../etc"}},
            {"overrides": {"watch": ["../../etc/passwd"]}},
            {"config": "../live.yaml"},
            {"config": str(CONFIG / "live.yaml")},
        )
        for one in closed:
            self.assertEqual(422, self.ask("/api/backtest/run", "POST", {**SPAN, **one})[0], one)
            self.assertEqual(422, self.ask("/api/playbacks", "POST", {"asked": {**SPAN, **one}})[0], one)
        for name in (
            "strategy.type",
            " strategy . type",
            "strategy",
            "strategy.file",
            "data.cache_dir",
            "trading_mode.default_strategy",
        ):
            asked = {"system": "practice-scalping", "parameter_ranges": {name: [own]}}
            self.assertEqual(422, self.ask("/api/backtest/optimize", "POST", asked)[0], name)
        status, opened = self.ask("/api/playbacks", "POST", {"asked": SPAN})
        self.assertEqual(201, status, opened)
        for changes in ({"strategy.type": own}, {"strategy": {"type": own}}, {"trading_mode.kill_switch_file": "/etc"}):
            status, told = self.ask(f"/api/playbacks/{opened['id']}/fork", "POST", {"changes": changes})
            self.assertEqual(422, status, told)
        self.assertEqual(200, self.ask(f"/api/playbacks/{opened['id']}", "DELETE")[0])
        self.assertFalse((self.folder / "was_loaded").exists())

    def test_no_name_of_a_request_leads_out_of_the_folders(self) -> None:
        climbing = ("..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "..", "%2e%2e", "..%5C..%5Cetc", "a%0d%0ab")
        for name in climbing:
            for path in ("systems/{}", "sessions/{}", "backtest/results/{}", "backtest/results/{}/report", "jobs/{}",
                         "playbacks/{}", "backtest/optimize/{}",
                         "programs/{}", "pools/{}", "backtest/results/{}/triggers", "data/{}/15m?symbol=BTC/USDT",
                         "data/practice/{}?symbol=BTC/USDT", "data/practice/15m?symbol={}"):  # fmt: skip
                status, told = self.ask("/api/" + path.format(name))
                self.assertIn(status, (404, 405, 422), (path, name))
                self.assertNotIn("root:", str(told))
        for asked in ({"run": "/etc"}, {"run": "../../etc"}, {"asked": {"system": "../../etc/x", "window": "january"}}):
            self.assertIn(self.ask("/api/playbacks", "POST", asked)[0], (404, 422), asked)
        for name in ("../../etc/x", "/etc/passwd", "."):
            for key in ("config", "system", "portfolio"):
                self.assertEqual(422, self.ask("/api/sessions", "POST", {key: name})[0], (key, name))
            status, told = self.ask("/api/sessions", "POST", {"config": "practice.yaml", "rehearsal": {}, "name": name})
            self.assertEqual(422, status, told)

    def test_odd_requests_are_refused_and_never_a_defect(self) -> None:
        address = "/api/backtest/run"
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
            status, _ = self.ask(address, "POST", SPAN, {"Content-Type": kind})
            self.assertEqual(415, status, kind)
        bodies = (b"[" * 400_000, b'{"a":' * 100_000, b'{"initial_capital":1e999}', b'{"initial_capital":NaN}', b"\xff",
                  b'{"position_size":' + b"9" * 10_000 + b"}", b'{"overrides":{"x":NaN}}', b"null", b'"x"')  # fmt: skip
        for body in bodies:
            self.assertIn(self.ask(address, "POST", body)[0], (400, 422), body[:30])
        named = json.dumps({**SPAN, "name": "a@b"})
        for body in (named.encode().replace(b"@", b"\xed\xa0\x80"), named.replace("@", "\\u0000").encode("utf-16"),
                     named.replace("@", "\\ud800").encode("utf-32-le")):  # fmt: skip
            status, told = self.ask(address, "POST", body)
            self.assertEqual((422, "body: cannot be read — allowed: JSON in UTF-8"), (status, told["detail"]))
        for query in ("tag=a%00", "tag=a%00&tag=b"):
            status, told = self.ask(f"/api/backtest/results?{query}")
            self.assertEqual(422, status, query)
            self.assertIn("query: a text has a NUL in it", told["detail"])
        deep: Any = 1
        for _ in range(300):
            deep = {"a": deep}
        huge = {"overrides": {"execution": {"starting_balance": 10**400}}}
        for more in ({"overrides": deep}, {"overrides": {"execution": deep}}, {"strategy_params": deep}, huge):
            self.assertEqual(422, self.ask(address, "POST", {**SPAN, **more})[0], str(more)[:40])
        for method in ("TRACE", "PROPFIND", "BREW"):
            self.assertEqual(405, self.ask("/api/version", method)[0], method)
        fields = "&".join(f"a={one}" for one in range(300))
        for headers in ({"Authorization": ""}, {"Authorization": "", "Cookie": "a[b]=1; =;;x"}):
            self.assertEqual(401, self.ask(f"/?token=x&{fields}", headers=headers)[0])
        for text, status in (
            (f"GET /api/version HTTP/1.0\r\nAuthorization: Bearer {TOKEN}\r\n\r\n", 421),
            (self.head("GET /api/version HTTP/1.1", "Host: evil.example"), 400),
            (self.head("GET http://evil.example/api/version HTTP/1.1"), 404),
            (self.head("GET /api/events?topics=a&after=x-" + "1" * 5_000 + " HTTP/1.1", "Connection: close"), 200),
        ):
            self.assertIn(f" {status} ".encode(), self.raw(text).recv(200), text[:60])

    def test_what_others_have_put_into_the_folders_keeps_no_page_from_its_own(self) -> None:
        told = self.ask("/api/sessions")[1]
        self.assertEqual([ODD], [one["id"] for one in told["items"]], "what is no text has no name to tell")
        self.assertEqual((200, ODD), (self.ask(f"/api/sessions/{quote(ODD)}")[0], told["items"][0]["id"]))
        self.assertEqual(200, self.ask("/api/backtest/results")[0])
        status, told = self.ask("/api/alerts")
        self.assertEqual((200, ["sound"]), (status, list({one["id"] for one in told["items"]})))

    def test_a_cookie_of_another_server_beside_its_own_locks_nobody_out(self) -> None:
        entered = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(entered.close)
        entered.request("GET", f"/?token={TOKEN}")
        own = str(entered.getresponse().getheader("set-cookie")).partition(";")[0]
        name = own.partition("=")[0]
        for beside in (f"{own}; {name}=wrong", f"{name}=wrong; {own}", f"a[b]={{1}}; {own}"):
            self.assertEqual(200, self.ask("/", headers={"Authorization": "", "Cookie": beside})[0], beside)
        self.assertEqual(401, self.ask("/", headers={"Authorization": "", "Cookie": f"{name}=wrong"})[0])

    def test_strangers_shut_nobody_out(self) -> None:
        slow = self.raw(self.head("POST /api/backtest/run HTTP/1.1", "Content-Type: application/json",
                                  "Content-Length: 100"))  # fmt: skip
        begun = self.raw("GET / HT")
        unread = self.raw(f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\nContent-Length: 100\r\n\r\n")
        started = time.monotonic()
        idle = [self.raw("") for _ in range(3 * STRANGERS)]
        self.assertEqual(200, self.ask("/api/version")[0])
        ends = sum(_is_cut(one) for one in idle)
        self.assertGreaterEqual(ends, 2 * STRANGERS, "the oldest make room")
        for _ in range(500):
            flood = self.raw(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n\r\n" * 4)
            flood.close()
        self.assertEqual(200, self.ask("/api/version")[0], "who has the token is counted alone")
        del begun, unread
        while time.monotonic() - started < REQUEST_SECONDS:
            with contextlib.suppress(OSError):
                slow.sendall(b" ")
            time.sleep(1)
        self.assertIn(b" 408 ", slow.recv(200))
        server = psutil.Process(self.server.process.pid)
        wait_until(
            lambda: sum(one.status == "ESTABLISHED" for one in server.net_connections()) < 10,
            "what was begun and not ended is held",
            seconds=0.2,
        )

    def test_the_token_is_in_no_command_line_environment_of_a_child_or_log(self) -> None:
        self.assertEqual(201, self.ask("/api/playbacks", "POST", {"asked": SPAN})[0])
        children = psutil.Process(self.server.process.pid).children(recursive=True)
        self.assertGreaterEqual(len(children), 2, "a worker and a playback")
        for one in children:
            if "resource_tracker" not in " ".join(one.cmdline()):
                self.assertNotIn(TOKEN, str(one.environ()))
            self.assertNotIn(TOKEN, str(one.cmdline()))
        self.assertNotIn(TOKEN, str(psutil.Process(self.server.process.pid).cmdline()))
        for file in self.folder.rglob("*"):
            if file.is_file():
                self.assertNotIn(TOKEN.encode(), file.read_bytes(), file)


def _is_cut(one: socket.socket) -> bool:
    one.settimeout(0.01)
    try:
        return one.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


if __name__ == "__main__":
    unittest.main()
