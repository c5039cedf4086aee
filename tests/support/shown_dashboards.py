"""The pages of a real server in a real browser: opened by their addresses, pressed, and held to what all must keep."""

import contextlib
import json
import tempfile
import unittest
import urllib.request
from pathlib import Path
from typing import Any, ClassVar

from tests.support.browser import Browser, browser
from tests.support.dashboards import Dashboard, dashboard
from tests.support.shared import REPOSITORY
from tests.support.waiting import wait_until

CONFIG = REPOSITORY / "config"
LOOKS = ((1400, False), (1400, True), (390, False), (390, True))
WEEK = {"config": "practice.yaml", "symbols": ["BTC/USDT"], "start_date": "2024-01-01", "end_date": "2024-01-08"}
_READY = "return document.body?.dataset.ready !== undefined"


class ShownDashboard(unittest.TestCase):
    """One server with a worker and one browser for all tests of a class.

    After each the console must be empty, nothing of elsewhere asked for, and no text have become part of the page.
    """

    browser: ClassVar[Browser]
    server: ClassVar[Dashboard]

    @classmethod
    def setUpClass(cls) -> None:
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cls.server = stack.enter_context(dashboard(folder, *cls.prepared(folder), "--workers", "1"))
        cls.browser = stack.enter_context(browser())
        cls.browser.look(width=1400, dark=False)
        cls.browser.go(cls.server.entrance)

    @classmethod
    def prepared(cls, folder: Path) -> tuple[str, ...]:
        """Put into the server's folder what it finds there, and return its arguments."""
        return "--config", str(CONFIG), "--systems", str(CONFIG / "systems")

    @classmethod
    def ask(cls, method: str, path: str, body: Any = None) -> Any:
        """Return what the interface answers."""
        request = cls.server.request(
            f"/api/{path}", method=method, body=None if body is None else json.dumps(body).encode()
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    @classmethod
    def made(cls, **asked: Any) -> str:
        """Return the id of a backtest that is asked for, when it is made."""
        backtest = cls.ask("POST", "backtest/run", {**WEEK, **asked})["backtest_id"]
        told: dict[str, Any] = {}

        def through() -> bool:
            told.update(cls.ask("GET", f"backtest/results/{backtest}?points=0"))
            return told["status"] == "COMPLETED"

        wait_until(through, lambda: str(told))
        return str(told["id"])

    def setUp(self) -> None:
        self.browser.look(width=1400, dark=False)
        self.browser.logged()

    def tearDown(self) -> None:
        self.assertEqual([], self.browser.logged())
        self.assertIsNone(self.browser.run("return window.injected ?? null"))
        # A browser's own pages ask for their pictures.
        asked = [one for one in self.browser.asked_for() if not one.startswith("chrome://")]
        foreign = [one for one in asked if not one.startswith(self.server.address)]
        self.assertEqual([], foreign)

    def show(self, place: str) -> None:
        """Open a page by what follows the address, and wait until it is drawn."""
        self.browser.run(
            "delete document.body.dataset.ready; if (location.hash === arguments[0])"
            " dispatchEvent(new Event('hashchange')); else location.hash = arguments[0]",
            place,
        )
        self.browser.wait(_READY)

    def text(self, selector: str) -> str:
        """Return what the first element of a selector says."""
        return str(self.browser.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector))

    def says(self, selector: str, words: str, seconds: float = 10.0) -> None:
        """Wait until an element says some words."""
        condition = f"return document.querySelector({json.dumps(selector)})?.textContent.includes({json.dumps(words)})"
        try:
            self.browser.wait(condition, seconds)
        except Exception as error:
            problems = self.text("#problems")
            raise AssertionError(
                f"{selector} does not say {words!r}: {self.text(selector)[:500]} {problems}"
            ) from error

    def looked_at(self, name: str, place: str) -> None:
        """Draw a page in both themes and widths: whole, without a word of trouble; pictures are kept."""
        for width, dark in LOOKS:
            with self.subTest(name, width=width, dark=dark):
                self.browser.look(width=width, dark=dark)
                self.show(place)
                self.kept(name, width, dark)

    def kept(self, name: str, width: int, dark: bool) -> None:
        """Keep a picture of a page that is whole, no wider than its window, and without a word of trouble."""
        self.browser.drawn()
        self.assertEqual([], self.browser.logged())
        self.assertEqual(width, self.browser.run("return document.documentElement.scrollWidth"))
        self.assertEqual("", self.text("#problems"))
        self.browser.picture(f"dashboard-{name}-{width}-{'dark' if dark else 'light'}")
