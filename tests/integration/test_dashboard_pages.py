"""The pages of the dashboard, clicked through in a real browser on practice data of a real server."""

import contextlib
import json
import tempfile
import unittest
import urllib.request
from pathlib import Path
from typing import Any, ClassVar

from tests.support.browser import Browser, browser, needs_browser
from tests.support.dashboards import Dashboard, dashboard
from tests.support.shared import REPOSITORY
from tests.support.waiting import wait_until

CONFIG = REPOSITORY / "config"
HOSTILE = "</script><img src=x onerror=window.injected=1>"
LOOKS = ((1400, False), (1400, True), (390, False), (390, True))
READY = "return document.body?.dataset.ready !== undefined"
WEEK = {"config": "practice.yaml", "symbols": ["BTC/USDT"], "start_date": "2024-01-01", "end_date": "2024-01-08"}


@needs_browser
class Pages(unittest.TestCase):
    """One server, two runs and one browser for all."""

    browser: ClassVar[Browser]
    server: ClassVar[Dashboard]
    runs: ClassVar[list[str]]

    @classmethod
    def setUpClass(cls) -> None:
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cls.server = stack.enter_context(
            dashboard(folder, "--config", str(CONFIG), "--systems", str(CONFIG / "systems"), "--workers", "1")
        )
        asked = [cls.ask("POST", "backtest/run", {**WEEK, "strategy_params": {"ema_fast": fast}}) for fast in (9, 7)]
        cls.runs = [cls.made(one["backtest_id"]) for one in asked]
        cls.ask("PATCH", f"backtest/results/{cls.runs[0]}", {"tags": [HOSTILE[:40]], "note": HOSTILE})
        cls.browser = stack.enter_context(browser())
        cls.browser.look(width=1400, dark=False)
        cls.browser.go(cls.server.entrance)

    @classmethod
    def ask(cls, method: str, path: str, body: Any = None) -> Any:
        request = cls.server.request(
            f"/api/{path}", method=method, body=None if body is None else json.dumps(body).encode()
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    @classmethod
    def made(cls, backtest: str) -> str:
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
        foreign = [one for one in self.browser.asked_for() if not one.startswith(self.server.address)]
        self.assertEqual([], foreign)

    def show(self, place: str) -> None:
        self.browser.run(
            "delete document.body.dataset.ready; if (location.hash === arguments[0])"
            " dispatchEvent(new Event('hashchange')); else location.hash = arguments[0]",
            place,
        )
        self.browser.wait(READY)

    def text(self, selector: str) -> str:
        return str(self.browser.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector))

    def says(self, selector: str, words: str, seconds: float = 10.0) -> None:
        condition = f"return document.querySelector({json.dumps(selector)})?.textContent.includes({json.dumps(words)})"
        try:
            self.browser.wait(condition, seconds)
        except Exception as error:
            raise AssertionError(f"{selector} does not say {words!r}: {self.text(selector)[:500]}") from error

    def test_each_page_is_drawn_in_both_themes_and_widths(self) -> None:
        for name, place in (
            ("run", "#/run"), ("results", "#/results"), ("result", f"#/results/{self.runs[0]}"),
            ("compare", f"#/compare?runs={','.join(self.runs)}"), ("systems", "#/systems"),
            ("system", "#/systems/practice-scalping"), ("jobs", "#/jobs"), ("job", "#/jobs/1"),
            ("nowhere", "#/no/where"),
        ):  # fmt: skip
            for width, dark in LOOKS:
                with self.subTest(name, width=width, dark=dark):
                    self.browser.look(width=width, dark=dark)
                    self.show(place)
                    self.browser.drawn()
                    self.assertEqual([], self.browser.logged())
                    self.assertEqual(width, self.browser.run("return document.documentElement.scrollWidth"))
                    self.assertEqual("", self.text("#problems"))
                    self.browser.picture(f"dashboard-{name}-{width}-{'dark' if dark else 'light'}")

    def test_a_backtest_is_asked_for_watched_and_looked_at(self) -> None:
        self.show("#/run")
        self.browser.fill("#run-strategy", "scalping_ema_rsi")
        self.browser.fill("[data-field=ema_fast]", "8")
        for name, value in (
            ("symbols", "ETH/USDT"), ("start", "2024-01-01"), ("end", "2024-01-06"), ("capital", "5000"),
            ("commission", "0.001"), ("size", "0.1"), ("name", "from the page"),
        ):  # fmt: skip
            self.browser.fill(f"#run-{name}", value)
        self.browser.press("#start")
        self.says("#started", "completed", 60)
        self.browser.press("#started a", "Look at the result")
        self.browser.wait("return document.querySelector('#trades-table') !== null")
        self.says("#notes", "from the page")
        made = self.ask("GET", f"backtest/results/{self.browser.run('return location.hash.split(`/`)[2]')}")
        self.assertEqual((["ETH/USDT"], "5000"), (made["symbols"], made["initial_capital"]))
        settings = self.ask("GET", f"backtest/results/{made['id']}/page")["runs"][0]["settings"]
        self.assertEqual(8, settings["live"]["strategy"]["params"]["ema_fast"])
        self.assertEqual(0.001, settings["live"]["execution"]["commission_rate"])
        self.assertEqual(0.1, settings["risk"]["max_exposure"])

    def test_what_is_refused_is_said_in_the_words_of_the_server_and_nothing_is_lost(self) -> None:
        self.show("#/run")
        self.browser.fill("#run-end", "2023-01-01")
        self.browser.press("#start")
        self.says("#problems", "no candle of 15m fits")
        self.assertEqual("2023-01-01", self.browser.run("return document.querySelector('#run-end').value"))
        # The browser itself tells its console of an answer that is an error.
        self.assertTrue(all("422" in one for one in self.browser.logged()))

    def test_a_trade_that_is_pressed_is_shown_with_what_was_seen_and_decided(self) -> None:
        self.show(f"#/results/{self.runs[0]}")
        self.says("#signals", "signals in view")
        self.browser.press("#trades-table tbody tr")
        self.says("#decided", "What it saw")
        trade = self.ask("GET", f"backtest/results/{self.runs[0]}?points=0")["trades"][0]
        said = self.text("#decided")
        for words in ("Trade #1, BTC/USDT", trade["side"], "Ema fast", "Rsi", "Risk", "approved", "Closed"):
            self.assertIn(words, said)
        self.browser.picture("dashboard-trade-explained")

    def test_runs_are_sorted_filtered_tagged_compared_and_removed(self) -> None:
        third = self.made(self.ask("POST", "backtest/run", {**WEEK, "strategy_params": {"ema_fast": 5}})["backtest_id"])
        self.show("#/results")
        ids = "return [...document.querySelectorAll('#runs tbody tr')].map((one) => one.dataset.id)"
        self.browser.press("#runs th button", "Return")
        listed = [one["id"] for one in self.ask("GET", "backtest/results?sort=total_return_pct")["items"]]
        self.browser.wait(f"{ids}.join() === '{','.join(listed)}'")
        self.browser.press("#runs th button", "Return")
        self.browser.wait(f"{ids}.reverse().join() === '{','.join(listed)}'")
        self.browser.press(f"#runs tr[data-id='{third}'] input")
        self.browser.press("#chosen button", "Tags and note")
        self.browser.fill("dialog input", "mine, quick")
        self.browser.press("dialog button", "Keep")
        self.says(f"#runs tr[data-id='{third}']", "quick")
        self.browser.run("document.querySelector('[role=search] details').open = true")
        self.browser.fill("[data-filter=tag]", "quick")
        self.browser.wait(f"{ids}.join() === '{third}'")
        self.browser.press("#chosen button", "Remove")
        self.browser.press("dialog button", "Remove with all files")
        self.says("#results", "No run is like that")
        self.assertEqual(0, self.ask("GET", "backtest/results?tag=quick")["total"])
        self.browser.fill("[data-filter=tag]", "")
        for run in self.runs:
            self.browser.press(f"#runs tr[data-id='{run}'] input")
        self.browser.press("#chosen button", "Compare")
        self.says("h1", "2 runs compared")

    def test_a_system_is_run_from_its_page_and_its_criteria_are_shown(self) -> None:
        self.show("#/systems")
        self.browser.press("#systems a", "practice-scalping")
        self.says("#page", "trades >= 100")
        self.browser.press("#page a", "run it")
        self.browser.wait("return document.querySelector('#window')?.value === 'january'")
        self.assertEqual("practice-scalping", self.browser.run("return document.querySelector('#system').value"))

    def test_the_keyboard_reaches_everything_and_a_page_takes_the_focus(self) -> None:
        self.show("#/results")
        self.assertEqual("page", self.browser.run("return document.activeElement.id"))
        unreachable = self.browser.run(
            "return [...document.querySelectorAll('[onclick], tr.leads, a:not([href])')].map((one) => one.outerHTML)"
        )
        self.assertEqual([], unreachable)


if __name__ == "__main__":
    unittest.main()
