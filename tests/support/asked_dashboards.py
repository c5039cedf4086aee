"""Test cases that ask a real server of the dashboard in a folder of its own."""

import json
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.dashboards import Dashboard, dashboard
from tests.support.shared import REPOSITORY
from tests.support.waiting import wait_until

CONFIG = REPOSITORY / "config"


class AskedDashboard(unittest.TestCase):
    """One server for all tests of a class; ``arguments`` are beside its folders."""

    server: Dashboard
    folder: Path
    systems: Path = CONFIG / "systems"
    arguments: tuple[str, ...] = ("--workers", "1")

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.prepare()
        cls.server = cls.enterClassContext(
            dashboard(cls.folder, "--config", str(CONFIG), "--systems", str(cls.systems), *cls.arguments)
        )

    @classmethod
    def prepare(cls) -> None:
        """Put into the folder what the server finds there."""

    def ask(self, path: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
        """Return the status of an answer, and what it says."""
        request = self.server.request(path, method=method, body=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                self.assertEqual("application/problem+json", error.headers["content-type"])
                return error.code, json.load(error)

    def ended(self, path: str) -> dict[str, Any]:
        """Return what is said of work as soon as it is neither waiting nor being made."""
        found: dict[str, Any] = {}

        def through() -> bool:
            found.update(self.ask(path)[1])
            return found["status"] not in ("PENDING", "RUNNING")

        wait_until(through, lambda: str(found))
        return found
