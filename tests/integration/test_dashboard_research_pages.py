"""Pages of searches, recommendations, stored candles and sessions in a real browser, on practice data."""

import unittest

from research.recommendations.system_now import SystemNow
from systems.catalogue import read_system
from tests.support.browser import needs_browser
from tests.support.histories import drawn_returns, windows_of, write_study
from tests.support.shown_dashboards import ShownDashboard
from tests.support.studies import store_in
from tests.support.system_files import system_places, write_system

POINTS = [(fast, stop) for fast in range(3, 9) for stop in (1, 2, 3)]


@needs_browser
class ResearchPages(ShownDashboard):
    """A system whose synthetic studies speak for another point than its own."""

    @classmethod
    def prepare(cls) -> None:
        places = system_places(cls.folder)
        cls.systems = cls.folder / "config" / "systems"
        write_system(cls.folder, "mine", windows={"first": "2024-01"})
        system = SystemNow(read_system("mine", places.systems), places)
        (cls.folder / "data").mkdir(exist_ok=True)
        with store_in(cls.folder / "data") as store:
            for number, window in enumerate(windows_of(6)):
                returns = drawn_returns([1, number], 30, POINTS, {(7, 3): 0.004})
                write_study(
                    store, system, window, {"ema_fast": "3..8", "sl_atr_multiple": "1,2,3"}, returns, returns[(5, 2)]
                )

    def test_a_search_is_asked_for_watched_and_its_heat_map_and_luck_are_seen(self) -> None:
        self.show("#/optimise")
        self.browser.fill("[data-range=ema_fast]", "5..8:3")
        self.browser.fill("[data-range=rsi_period]", "14, 20")
        self.browser.fill("#search-best", "0")
        self.browser.press("#search")
        self.browser.wait("return location.hash.startsWith('#/optimise/o')", 20)
        place = self.browser.run("return location.hash")
        self.says("#page", "Two parameters and what they reached", 120)
        self.says("#page", "How much of the best is luck")
        self.assertEqual(4, self.told(f"backtest/optimize/{place.split('/')[2]}")["trials"])
        self.looked_at("search", place)
        self.looked_at("optimise", "#/optimise")
        self.says("#searches", "mine")

    def test_what_a_search_is_refused_for_is_said(self) -> None:
        self.show("#/optimise")
        self.browser.fill("[data-range=ema_fast]", "8..5")
        self.browser.press("#search")
        self.says("#problems", "is empty")
        self.assertTrue(all("422" in one for one in self.browser.logged()))

    def test_a_recommendation_is_made_explained_accepted_and_applied(self) -> None:
        self.show("#/recommendations")
        self.browser.fill("#confirm", "0")
        self.browser.press("#recommend")
        self.says("#came-of-it", "1 stand", 60)
        self.says(".recommendation", "strategy.params.ema_fast: ")
        self.browser.press(".recommendation summary")
        self.says(".recommendation details", "windows")
        self.looked_at("recommendations", "#/recommendations")
        self.browser.look(width=1400, dark=False)
        self.browser.press(".recommendation button", "Accept")
        self.browser.fill("dialog textarea", "looks right")
        self.browser.press("dialog button", "Accept")
        self.says(".recommendation", "mine-r1")
        self.says(".recommendation", "looks right")
        self.browser.press(".recommendation button", "Apply")
        self.browser.press("dialog button", "Apply")
        self.says(".recommendation h2", "applied")
        self.assertIn("mine-r1", [one["id"] for one in self.told("systems")])

    def test_candles_are_fetched_and_their_coverage_is_seen(self) -> None:
        self.show("#/data")
        for name, value in (("symbols", "SOL/USDT"), ("timeframe", "1h"), ("end", "2024-01-11")):
            self.browser.fill(f"#fetch-{name}", value)
        self.browser.press("#fetch")
        self.says("#series", "SOL/USDT", 60)
        self.browser.press("#series a", "SOL/USDT")
        self.says("#page", "Coverage")
        place = self.browser.run("return location.hash")
        cells, whole = self.browser.run(
            "return [document.querySelector('.coverage').dataset.cells,"
            " document.querySelectorAll('rect.whole-cell').length]"
        )
        self.assertEqual(("10", 10), (cells, whole))
        self.looked_at("series", place)
        self.looked_at("data", "#/data")


@needs_browser
class SessionPages(ShownDashboard):
    def test_a_session_is_rehearsed_watched_held_and_killed_after_a_second_confirmation(self) -> None:
        self.show("#/live")
        self.says("#page", "There is none yet")
        self.browser.fill("#session-speed", "3000")
        self.browser.press("#session-run")
        self.browser.wait("return location.hash.startsWith('#/live/')", 30)
        name = self.browser.run("return location.hash.split('/')[2]")
        self.says("#page .head", "running", 60)
        self.says("#happened", "step", 60)
        self.browser.press("#operator button", "Hold entries")
        self.says("#page", "New entries are held.")
        self.browser.press("#kill")
        self.assertTrue(self.browser.run("return document.querySelector('dialog button.danger').disabled"))
        self.browser.fill("#confirm-id", name)
        self.browser.press("dialog button", "Engage")
        self.says("#operator", "Release the kill switch", 30)
        self.says("#page", "The kill switch is engaged", 30)
        self.looked_at("session", f"#/live/{name}")
        self.looked_at("sessions", "#/live")
        self.show(f"#/live/{name}")
        self.browser.press("#stop")
        self.browser.fill("#confirm-id", name)
        self.browser.press("dialog button", "Stop")
        self.says("#page .head", "ended", 60)
        self.browser.press("#operator a", "Its result")
        self.browser.wait("return location.hash.startsWith('#/results/')")
        self.says("#page", "Live paper session", 30)


if __name__ == "__main__":
    unittest.main()
