"""A way through the dashboard in a real browser: from a backtest to a change of its system, and the rehearsal."""

import shutil
import unittest

from tests.support.browser import needs_browser
from tests.support.shared import REPOSITORY
from tests.support.shown_dashboards import ShownDashboard
from tests.support.system_files import write_system

SYSTEM = "practice-dear"
# Where each fill costs 0.2 %, fewer trades are better in every month: what is recommended is true.
DEAR = {
    "description": "The shipped strategy on the practice market, where trading is dear",
    "base": "config/practice.yaml",
    "overrides": {"symbols": ["BTC/USDT", "ETH/USDT"], "execution": {"commission_rate": 0.002}},
    "windows": {"january": "2024-01", "february": "2024-02", "march": "2024-03"},
}
LOOKS = ((1400, False), (1400, True), (390, False))
_LOST = "return Number(document.querySelector('#trades tbody tr td.figure')?.textContent.replace('−', '-')) < 0"


@needs_browser
class Journey(ShownDashboard):
    """One folder as a clone has it, with one system more."""

    @classmethod
    def prepare(cls) -> None:
        shutil.copytree(REPOSITORY / "config", cls.folder / "config")
        write_system(cls.folder, SYSTEM, **DEAR)
        cls.systems = cls.folder / "config" / "systems"

    def seen(self, name: str, selector: str = "h1") -> None:
        """Keep pictures of a part of the page that is open."""
        for width, dark in LOOKS:
            self.browser.look(width=width, dark=dark)
            self.browser.run("document.querySelector(arguments[0]).scrollIntoView()", selector)
            self.kept(f"journey-{name}", width, dark)
        self.browser.look(width=1400, dark=False)

    def test_a_backtest_a_losing_trade_a_search_a_recommendation_and_a_rehearsal(self) -> None:
        self.a_backtest_is_run_and_watched()
        self.it_is_played_back_to_a_losing_trade_and_why_it_was_taken()
        self.two_parameters_are_optimised()
        self.a_recommendation_is_accepted()
        self.its_rehearsal_is_started_and_stopped()

    def a_backtest_is_run_and_watched(self) -> None:
        self.browser.press("nav a", "Run")
        self.browser.press("label", "A system")
        self.browser.fill("#system", SYSTEM)
        self.browser.fill("#window", "january")
        self.browser.press("#start")
        self.browser.wait("return document.querySelector('#started .card') !== null")
        self.seen("1-run")
        self.says("#started", "completed")
        self.browser.press("#started a", "Look at the result")
        self.browser.wait("return document.querySelector('#trades-table') !== null")
        self.seen("2-result")

    def it_is_played_back_to_a_losing_trade_and_why_it_was_taken(self) -> None:
        self.browser.press("#page button", "Play back")
        self.browser.wait("return document.querySelector('#play') !== null")
        self.browser.press("#next")
        self.says("#state", "stopped by a trade")
        self.browser.wait(_LOST)
        self.seen("3-losing-trade")
        lost = self.text("#trades tbody tr td:nth-child(2)")
        self.browser.press("#trades button", "To its entry")
        self.says("#trades", "No position was closed yet.")
        self.says("#signal .decision", "What it saw")
        said = self.text("#signal .decision")
        symbol, side = lost.split(" ")
        for words in (side, "order ", "Ema fast", "Rsi", "Gates", "Risk", "approved"):
            self.assertIn(words, said)
        self.seen("4-why", "#signal")
        self.browser.press("#step")
        self.says("#positions", symbol)

    def two_parameters_are_optimised(self) -> None:
        self.browser.press("nav a", "Optimise")
        self.browser.wait("return document.querySelector('#search') !== null")
        self.browser.fill("#search-system", SYSTEM)
        self.browser.fill("[data-range=ema_slow]", "21, 55, 89")
        self.browser.fill("[data-range=rsi_period]", "7, 14")
        self.seen("5-search")
        self.browser.press("#search")
        self.browser.wait("return document.querySelector('#heat') !== null")
        self.seen("6-luck", "#luck")
        self.seen("7-heat-map", "#heat")

    def a_recommendation_is_accepted(self) -> None:
        self.browser.press("#page a", "Recommendations")
        self.browser.wait("return document.querySelector('#recommend') !== null")
        self.browser.fill("[aria-label=System]", SYSTEM)
        self.browser.fill("#confirm", "1")
        self.browser.press("#recommend")
        self.says("#recommendations", "ema_slow: 21 → 89")
        self.browser.press(".recommendation summary", "All evidence")
        self.says("#recommendations", "windows")
        self.seen("8-recommendation")
        self.browser.press(".recommendation button", "Accept")
        self.browser.fill("dialog textarea", "fewer trades, where each is dear")
        self.browser.press("dialog button", "Accept")
        self.says(".recommendation", f"{SYSTEM}-r1")
        self.seen("9-accepted")

    def its_rehearsal_is_started_and_stopped(self) -> None:
        self.browser.press(".recommendation a", "Rehearse the version")
        self.browser.wait("return document.querySelector('#session-what') !== null")
        chosen = "return document.querySelector('#session-what').value"
        self.assertEqual(f"system {SYSTEM}-r1", self.browser.run(chosen))
        self.browser.press("#session-run")
        self.browser.wait("return document.querySelector('#operator') !== null")
        name = str(self.browser.run("return location.hash.split('/')[2]"))
        self.says("#page .head .badge", "running")
        self.says("#happened", "step")
        self.seen("10-rehearsal")
        self.browser.press("#stop")
        self.browser.fill("#confirm-id", name)
        self.browser.press("dialog button", "Stop")
        self.says("#page .head .badge", "ended")
        shown = self.told(f"sessions/{name}")
        self.assertEqual("ended", shown["state"])
        self.assertGreater(shown["steps"], 0)


if __name__ == "__main__":
    unittest.main()
