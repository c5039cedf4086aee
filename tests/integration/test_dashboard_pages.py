"""The pages of the dashboard, clicked through in a real browser on practice data of a real server."""

import unittest
from typing import ClassVar

from tests.support.browser import needs_browser
from tests.support.shown_dashboards import ShownDashboard

HOSTILE = "</script><img src=x onerror=window.injected=1>"
MANY = """
const { closeCharts } = await import('/front/time_charts.js');
closeCharts();
const { priceChart } = await import('/front/price_chart.js');
const { unpackTrades } = await import('/front/columns.js');
const rows = 50000, traded = 2000, start = 1704067200000, unit = 900000;
const wave = (size, length) => Array.from({ length: rows }, (_, row) => Math.round(size * Math.sin(row / length)));
const level = (size) => Array.from({ length: rows }, (_, row) => size + (row % 7) * 10);
const candles = { time_ms: { start, unit, rows, steps: 1 }, decimals: 2, open: wave(40, 900), close: wave(400, 3),
  high: level(200), low: level(200), length_ms: unit, own_length_ms: unit };
candles.open[0] = 4000000;
const many = (make) => Array.from({ length: traded }, (_, row) => make(row));
const trades = many((row) => ({ number: row + 1, symbol: 'BTC/USDT', side: row % 2 ? 'LONG' : 'SHORT', reason: 'stop',
  tag: '', entry_ms: start + row * 24 * unit, exit_ms: start + (row * 24 + 11) * unit, entry_inside: 0, exit_inside: 0,
  entry_price: 40000, exit_price: 40010, realized_pnl: row % 3 - 1, r: 1, risk: 1 }));
const run = { candles: { 'BTC/USDT': candles }, levels: null, quote: 'USDT',
  result: { performance: { starting_balance: 10000 } } };
const main = document.getElementById('page');
let marked = false;
const beside = { trade() {}, candle() {}, seen(symbol, from, to, mark) {
  if (!marked) mark(many((row) => ({ time: start + row * 24 * unit, up: row % 2 === 1, refused: row % 5 === 0 })));
  marked = true;
} };
const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
const began = performance.now();
const prices = priceChart(run, trades, beside);
main.replaceChildren(...prices.parts);
prices.open();
[...main.querySelectorAll('button')].find((one) => one.textContent === 'All candles').click();
await frame();
const took = performance.now() - began;
const { drawn } = await import('/front/time_charts.js');
window.packed = candles;
return [took, drawn.price.points.candles];
"""
ZOOMED = """
const { drawn } = await import('/front/time_charts.js');
const own = (await import('/front/columns.js')).unpackCandles(window.packed);
const data = () => drawn.price.series.candles.data();
const text = (rows) => JSON.stringify(rows.map((one) => [one.time, one.open, one.high, one.low, one.close]));
const whole = data(), length = whole[2].time - whole[1].time, slots = new Map();
for (const one of own) {
  const slot = Math.floor(one.time / length);
  slots.set(slot, [...(slots.get(slot) ?? []), one]);
}
const joined = [...slots].map(([slot, rows]) => ({ time: slot * length, open: rows[0].open,
  high: Math.max(...rows.map((one) => one.high)), low: Math.min(...rows.map((one) => one.low)),
  close: rows.at(-1).close }));
const middle = Math.floor(whole.length / 2), at = whole[middle].time;
drawn.price.chart.timeScale().setVisibleLogicalRange({ from: middle, to: middle + 5 });
const shortest = () => data()[1].time - data()[0].time === 900;
for (let tries = 0; tries < 400 && !shortest(); tries++) await new Promise((done) => setTimeout(done, 50));
const near = data(), range = drawn.price.chart.timeScale().getVisibleRange();
const [from, to] = [near[0].time, near.at(-1).time];
return [whole.length, text(whole) === text(joined), near.length < 1000 && from < at && at < to,
  text(near) === text(own.filter((one) => from <= one.time && one.time <= to)), Math.abs(range.from - at) <= 900];
"""


@needs_browser
class Pages(ShownDashboard):
    """Two runs for all."""

    runs: ClassVar[list[str]] = []

    def setUp(self) -> None:
        super().setUp()
        if not self.runs:
            self.runs.extend(self.made(strategy_params={"ema_fast": fast}) for fast in (9, 7))
            self.told(f"backtest/results/{self.runs[0]}", "PATCH", {"tags": [HOSTILE[:40]], "note": HOSTILE})

    def test_each_page_is_drawn_in_both_themes_and_widths(self) -> None:
        for name, place in (
            ("run", "#/run"), ("results", "#/results"), ("result", f"#/results/{self.runs[0]}"),
            ("compare", f"#/compare?runs={','.join(self.runs)}"), ("systems", "#/systems"),
            ("system", "#/systems/practice-scalping"), ("jobs", "#/jobs"), ("job", "#/jobs/1"),
            ("nowhere", "#/no/where"),
        ):  # fmt: skip
            self.looked_at(name, place)

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
        made = self.told(f"backtest/results/{self.browser.run('return location.hash.split(`/`)[2]')}")
        self.assertEqual((["ETH/USDT"], "5000"), (made["symbols"], made["initial_capital"]))
        settings = self.told(f"backtest/results/{made['id']}/page")["runs"][0]["settings"]
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
        trade = self.told(f"backtest/results/{self.runs[0]}?points=0")["trades"][0]
        said = self.text("#decided")
        for words in ("Trade #1, BTC/USDT", trade["side"], "Ema fast", "Rsi", "Risk", "approved", "Closed"):
            self.assertIn(words, said)
        self.browser.picture("dashboard-trade-explained")

    def test_runs_are_sorted_filtered_tagged_compared_and_removed(self) -> None:
        third = self.made(strategy_params={"ema_fast": 5})
        self.show("#/results")
        ids = "return [...document.querySelectorAll('#runs tbody tr')].map((one) => one.dataset.id)"
        self.browser.press("#runs th button", "Return")
        listed = [one["id"] for one in self.told("backtest/results?sort=total_return_pct")["items"]]
        self.browser.wait(f"{ids}.join() === '{','.join(listed)}'", 30)
        self.browser.press("#runs th button", "Return")
        self.browser.wait(f"{ids}.reverse().join() === '{','.join(listed)}'", 30)
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
        self.assertEqual(0, self.told("backtest/results?tag=quick")["total"])
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

    def test_with_fifty_thousand_candles_two_thousand_trades_and_signals_a_chart_is_drawn_at_once(self) -> None:
        self.show("#/results")
        self.browser.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})

        def computed() -> float:
            found = self.browser.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
            return next(float(one["value"]) for one in found if one["name"] == "TaskDuration")

        before = computed()
        self.assertEqual(50_000, self.browser.run(MANY)[1])
        # What the page computes, whatever else is on the machine; alone it is a quarter of a second.
        self.assertLess(computed() - before, 2.0)
        self.browser.picture("dashboard-many-candles")
        held, *true = self.browser.run(ZOOMED)
        self.assertLess(held, 2_001)
        self.assertEqual([True, True, True, True], true, "joined exactly; near by, the candles themselves")
        self.show("#/results")


if __name__ == "__main__":
    unittest.main()
