"""Test cases that ask a real server of the dashboard in a folder of its own."""

import tempfile
import unittest
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.support.dashboards import Dashboard, dashboard
from tests.support.shared import REPOSITORY
from tests.support.waiting import wait_until

CONFIG = REPOSITORY / "config"


class AskedDashboard(unittest.TestCase):
    """One server for all tests of a class, or for several classes of a module, which are below one that is shared.

    ``arguments`` and ``environment`` are beside the server's folders and what surrounds the test.
    """

    server: Dashboard
    folder: Path
    config: Path = CONFIG
    systems: Path = CONFIG / "systems"
    arguments: tuple[str, ...] = ("--workers", "1")
    environment: Mapping[str, str] = {}

    @classmethod
    def setUpClass(cls) -> None:
        if not hasattr(cls, "server"):
            cls.begin(cls.enterClassContext)

    @classmethod
    def begin(cls, enter: Callable[[AbstractContextManager[Any]], Any]) -> None:
        """Start the server until ``enter`` is left: that of the module where classes below this one share it."""
        cls.folder = Path(enter(tempfile.TemporaryDirectory()))
        cls.prepare()
        places = ("--config", str(cls.config), "--systems", str(cls.systems))
        cls.server = enter(dashboard(cls.folder, *places, *cls.arguments, environment=cls.environment))

    @classmethod
    def prepare(cls) -> None:
        """Put into the folder what the server finds there."""

    def ask(self, path: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
        """Return the status of an answer, and what it says."""
        return self.server.ask(path, method, body)

    def told(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """Return what the interface answers to what it takes."""
        status, told = self.ask(f"/api/{path}", method, body)
        self.assertLess(status, 400, told)
        return told

    def ended(self, path: str) -> dict[str, Any]:
        """Return what is said of work as soon as it is neither waiting nor being made."""
        found: dict[str, Any] = {}

        def through() -> bool:
            found.update(self.ask(path)[1])
            return found["status"] not in ("PENDING", "RUNNING")

        wait_until(through, lambda: str(found), seconds=0.05)
        return found
