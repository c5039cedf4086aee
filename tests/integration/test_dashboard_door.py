"""What the door of a real server lets through: by host, origin, token, method, size and rate."""

import http.client
import json
import socket
import tempfile
import unittest
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import psutil

from tests.support.dashboards import Dashboard, dashboard
from tests.support.warm_starts import COLD

KEPT_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class Answer:
    def __init__(self, got: http.client.HTTPResponse) -> None:
        self.status = got.status
        self.headers = {name.lower(): value for name, value in got.getheaders()}
        self.body = got.read()

    @property
    def problem(self) -> dict[str, object]:
        assert self.headers["content-type"] == "application/problem+json", self.headers
        told = json.loads(self.body)
        assert told["status"] == self.status
        return told


class Door(unittest.TestCase):
    server: Dashboard

    @classmethod
    def setUpClass(cls) -> None:
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.server = cls.enterClassContext(dashboard(Path(folder), "--workers", "0"))

    def ask(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: bytes | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        self.addCleanup(connection.close)
        connection.request(method, path, body, dict(headers or {}))
        return Answer(connection.getresponse())

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.server.token}"}

    @property
    def own(self) -> str:
        return self.server.address.rstrip("/")

    def cookie(self) -> str:
        entered = self.ask(f"/?token={self.server.token}")
        self.assertEqual(200, entered.status)
        return entered.headers["set-cookie"]

    def test_without_the_token_nothing_is_answered_not_even_a_file_of_the_front_end(self) -> None:
        for path in ("/", "/api/version", "/front/style.css", "/api/openapi.json", "/nowhere", "/api/events?topics=a"):
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": f"harness-{self.server.port}=0"}):
                self.assertEqual(401, self.ask(path, headers).status, path)
        self.assertEqual(401, self.ask(f"/api/version?token={self.server.token}").status, "only the entrance takes it")
        self.assertEqual(401, self.ask("/?token=wrong").status)
        told = self.ask("/api/version").problem
        self.assertEqual("No token", told["title"])
        self.assertNotIn(self.server.token, json.dumps(told))

    def test_the_printed_address_gives_a_cookie_that_opens_the_pages_and_is_not_the_token(self) -> None:
        cookie = self.cookie()
        self.assertRegex(cookie, rf"^harness-{self.server.port}=[0-9a-f]{{64}}; HttpOnly; SameSite=Strict; Path=/$")
        self.assertNotIn(self.server.token, cookie)
        pair = {"Cookie": f"other=1; {cookie.partition(';')[0]}"}
        self.assertEqual(200, self.ask("/", pair).status)
        self.assertEqual(200, self.ask("/front/style.css", pair).status)
        self.assertEqual(
            {"interface": "1", "program": "0.1.0", "read_only": False},
            json.loads(self.ask("/api/v1/version", pair).body),
        )
        another = {"Cookie": pair["Cookie"].replace(f"harness-{self.server.port}", "harness-1")}
        self.assertEqual(401, self.ask("/", another).status, "a cookie of another port is not of this server")

    def test_a_foreign_host_is_misdirected_whatever_it_knows(self) -> None:
        port = self.server.port
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1:1", f"127.0.0.1.evil.example:{port}", ""):
            self.assertEqual(421, self.ask("/api/version", {**self.bearer, "Host": host}).status, host)
        for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"):
            self.assertEqual(200, self.ask("/api/version", {**self.bearer, "Host": host}).status, host)

    def test_what_changes_something_or_streams_is_not_asked_by_another_origin(self) -> None:
        cookie = {"Cookie": self.cookie().partition(";")[0]}
        foreign = (
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": f"http://localhost:{self.server.port}"},  # Its own name, but not that which was asked.
            {"Origin": f"http://127.0.0.1:{self.server.port + 1}"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        )
        for told in foreign:
            for headers in (cookie, self.bearer):
                self.assertEqual(403, self.ask("/api/version", {**headers, **told}, "POST").status, told)
                streaming = {**headers, **told, "Accept": "text/event-stream"}
                self.assertEqual(403, self.ask("/api/events?topics=a", streaming).status, told)
        self.assertEqual(401, self.ask("/api/version", cookie, "POST").status, "a browser says where it asks from")
        for headers in ({**cookie, "Origin": self.own}, {**cookie, "Sec-Fetch-Site": "same-origin"}, self.bearer):
            self.assertEqual(405, self.ask("/api/version", headers, "POST").status, headers)

    def test_every_answer_is_kept_from_caches_frames_and_other_sites(self) -> None:
        for path in ("/", "/api/version", "/front/style.css", "/nowhere", "/api/nowhere"):
            for headers in (self.bearer, {}):
                answer = self.ask(path, headers)
                self.assertLessEqual(KEPT_HEADERS.items(), answer.headers.items())
                rules = answer.headers["content-security-policy"]
                self.assertIn("default-src 'self'", rules)
                self.assertIn("frame-ancestors 'none'", rules)
                self.assertNotIn("unsafe", rules)
                self.assertNotIn("access-control-allow-origin", answer.headers)
                self.assertNotIn("server", answer.headers)

    def test_names_that_climb_out_of_the_front_end_name_nothing(self) -> None:
        for path in ("/front/../command.py", "/front/%2e%2e/command.py", "/front/..%2fcommand.py", "/front//etc/passwd",
                     "/front/__init__.py", "/front/%00", "/front/study/../../../pyproject.toml"):  # fmt: skip
            self.assertEqual(404, self.ask(path, self.bearer).status, path)

    def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(self) -> None:
        said = self.ask("/api/version", {**self.bearer, "Content-Length": "1000001"}, "POST", b"")
        self.assertEqual(413, said.status)
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as raw:
            head = (
                f"POST /api/events?topics=a HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n"
                f"Authorization: Bearer {self.server.token}\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            raw.sendall(head.encode())
            self.assertIn(b" 415 ", raw.recv(4_096))

    def test_a_head_without_end_is_cut_off(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000)
            self.assertRegex(raw.recv(4_096), rb"^HTTP/1.1 4\d\d ")

    def test_what_goes_wrong_has_one_form(self) -> None:
        for path, status in (
            ("/nowhere", 404),
            ("/api/nowhere", 404),
            ("/api/events", 422),
            ("/api/events?topics=,", 422),
        ):
            self.assertIn("detail", self.ask(path, self.bearer).problem)
            self.assertEqual(status, self.ask(path, self.bearer).status, path)

    def test_without_being_asked_the_description_is_not_served(self) -> None:
        for path in ("/api/openapi.json", "/docs", "/redoc", "/openapi.json"):
            self.assertEqual(404, self.ask(path, self.bearer).status, path)


class Rates(unittest.TestCase):
    def test_a_client_that_asks_too_often_is_told_when_to_come_back(self) -> None:
        asked = ("--read-only", "--describe")
        with (
            tempfile.TemporaryDirectory() as folder,
            dashboard(Path(folder), *asked, environment=COLD) as server,
        ):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            self.addCleanup(connection.close)
            bearer = {"Authorization": f"Bearer {server.token}"}
            for path, operations in server.ask("/api/openapi.json")[1]["paths"].items():
                for method in operations.keys() - {"get"}:
                    connection.request(method.upper(), path, headers=bearer)
                    self.assertEqual(403, Answer(connection.getresponse()).status, f"--read-only: {method} {path}")
            self.assertEqual([], psutil.Process(server.process.pid).children(), "nor does a worker go on with jobs")
            # Without the token, at once: what is refused at the door is answered faster than the rate on any machine.
            flood = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
            with socket.create_connection(("127.0.0.1", server.port), timeout=60) as raw, raw.makefile("rb") as told:
                for _ in range(40):
                    raw.sendall(flood * 50)
                    heads = [_head(told) for _ in range(50)]
                    if b" 429 " in heads[-1]:
                        break
            self.assertIn(b"retry-after: 1\r\n", heads[-1])
            connection.request("GET", "/api/version", headers=bearer)
            self.assertEqual(200, Answer(connection.getresponse()).status, "who has the token is counted alone")


def _head(told: BinaryIO) -> bytes:
    """Return the head of the next answer of a connection; its body is passed over."""
    head = b"".join(iter(told.readline, b"\r\n"))
    told.read(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
    return head


if __name__ == "__main__":
    unittest.main()
