"""The pages of a real server in a real browser: opened by their addresses, pressed, and held to what all must keep."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from tests.support.asked_dashboards import AskedDashboard
from tests.support.browser import Browser, browser
from tests.support.waiting import PATIENCE_S

LOOKS = ((1400, False), (1400, True), (390, False))
WEEK = {"config": "practice.yaml", "symbols": ["BTC/USDT"], "start_date": "2024-01-01", "end_date": "2024-01-08"}
_READY = "return document.body?.dataset.ready !== undefined"


class ShownDashboard(AskedDashboard):
    """One server with a worker and one browser.

    After each test the console must be empty, nothing of elsewhere asked for, and no text have become part of the page.
    """

    browser: ClassVar[Browser]

    @classmethod
    def begin(cls, enter: Callable[[AbstractContextManager[Any]], Any]) -> None:
        super().begin(enter)
        cls.browser = enter(browser())
        cls.browser.look(width=1400, dark=False)
        cls.browser.go(cls.server.entrance)

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

    def made(self, **asked: Any) -> str:
        """Return the id of a backtest that is asked for, when it is made."""
        started = self.told("backtest/run", "POST", {**WEEK, **asked})
        made = self.ended(f"/api/backtest/results/{started['backtest_id']}?points=0")
        self.assertEqual("COMPLETED", made["status"], made)
        return str(made["id"])

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

    def says(self, selector: str, words: str, seconds: float = PATIENCE_S) -> None:
        """Wait until an element says some words."""
        condition = f"return document.querySelector({json.dumps(selector)})?.textContent.includes({json.dumps(words)})"
        try:
            self.browser.wait(condition, seconds)
        except AssertionError as error:
            problems = self.text("#problems")
            raise AssertionError(
                f"{selector} does not say {words!r}: {self.text(selector)[:500]} {problems}"
            ) from error

    def looked_at(self, name: str, place: str) -> None:
        """Draw a page in both widths, the wide one in both themes: whole, without a word of trouble."""
        for width, dark in LOOKS:
            self.browser.look(width=width, dark=dark)
            if not dark:
                self.show(place)
            self.kept(name, width, dark)

    def seen(self, name: str, selector: str = "h1") -> None:
        """Hold a part of the page that is open to the same: it follows the window and the theme."""
        for width, dark in LOOKS:
            self.browser.look(width=width, dark=dark)
            self.browser.run("document.querySelector(arguments[0]).scrollIntoView()", selector)
            self.kept(name, width, dark)
        self.browser.look(width=1400, dark=False)

    def kept(self, name: str, width: int, dark: bool) -> None:
        """Keep a picture of a page that is whole, no wider than its window, and without a word of trouble."""
        with self.subTest(name, width=width, dark=dark):
            self.browser.drawn()
            self.assertEqual([], self.browser.logged())
            self.assertEqual(width, self.browser.run("return document.documentElement.scrollWidth"))
            self.assertEqual("", self.text("#problems"))
            self.browser.picture(f"dashboard-{name}-{width}-{'dark' if dark else 'light'}")
