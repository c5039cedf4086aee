"""The page of a playback in a real browser: driven by buttons, keys and the scrubber, on practice data."""

import unittest
from typing import Any, ClassVar

from tests.support.browser import needs_browser
from tests.support.shown_dashboards import ShownDashboard


@needs_browser
class PlaybackPage(ShownDashboard):
    run_: ClassVar[str] = ""

    def setUp(self) -> None:
        super().setUp()
        type(self).run_ = self.run_ or self.made()

    def opened(self) -> str:
        """Return the id of the run's playback, opened by the button of its page."""
        self.show(f"#/results/{self.run_}")
        self.browser.press("#page button", "Play back")
        self.browser.wait("return location.hash.startsWith('#/playback/') && document.querySelector('#play') !== null")
        name = str(self.browser.run("return location.hash.split('/')[2]"))
        self.addCleanup(self.ask, f"/api/playbacks/{name}", "DELETE")
        return name

    def state(self, name: str) -> dict[str, Any]:
        state: dict[str, Any] = self.told(f"playbacks/{name}")["state"]
        return state

    def draws(self, candles: int) -> None:
        """Wait until so many candles are drawn, and none of the future."""
        self.browser.wait(
            "const { drawn } = await import('/front/time_charts.js');"
            f"return drawn.playback?.series.candles?.data().length === {candles}"
        )

    def test_it_is_stepped_to_a_losing_trade_which_is_explained_and_turned_back(self) -> None:
        name = self.opened()
        self.says("#state", "step 0 of 672")
        self.browser.fill("#steps", "10")
        self.browser.press("#step")
        self.says("#state", "step 10 of 672")
        self.browser.fill("#event", "trade")
        self.browser.press("#next")
        self.says("#state", "stopped by a trade")
        closed = self.state(name)["now"]
        self.assertEqual(1, len(closed["trades"]))
        for words in ("What it saw", "Ema fast", "Gates", "Risk"):
            self.says("#page", words)
        self.draws(closed["index"])
        self.browser.picture("dashboard-playback-trade")
        self.browser.run(
            "const to = document.getElementById('scrubber'); to.value = arguments[0];"
            "to.dispatchEvent(new Event('change'))", closed["time_ms"] - 20 * 900_000
        )  # fmt: skip
        self.says("#state", f"step {closed['index'] - 20} of 672")
        self.draws(closed["index"] - 20)

    def test_it_plays_by_the_keys_and_forks_under_other_settings(self) -> None:
        name = self.opened()
        self.browser.fill("#speed", "20")
        self.browser.run("document.activeElement.blur()")
        key = "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: arguments[0], bubbles: true }))"
        self.browser.run(key, " ")
        self.browser.wait("return Number(document.querySelector('#state').textContent.match(/step (\\d+)/)[1]) >= 10")
        self.browser.run(key, " ")
        self.says("#state", "paused")
        at = self.state(name)["now"]["index"]
        self.browser.run(key, "ArrowRight")
        self.says("#state", f"step {at + 1} of 672")
        self.browser.press("#fork")
        self.browser.fill("dialog textarea", '{"strategy.params.ema_fast": 7}')
        self.browser.press("dialog button", "Fork")
        self.browser.wait(f"return !location.hash.endsWith('{name}') && document.querySelector('#play') !== null")
        other = str(self.browser.run("return location.hash.split('/')[2]"))
        self.assertIn("ema_fast 7", self.text("h1"))
        self.browser.press("#page button", "Close")
        self.browser.wait("return location.hash === '#/playback'")
        self.says("#playbacks", "ScalpingEMARSI")
        self.assertNotIn(other, [one["id"] for one in self.told("playbacks")])

    def test_it_is_drawn_in_both_themes_and_widths(self) -> None:
        name = self.opened()
        self.browser.press("#next")
        self.says("#state", "stopped by a trade")
        self.looked_at("playback", f"#/playback/{name}")
        self.looked_at("playbacks", "#/playback")


if __name__ == "__main__":
    unittest.main()
