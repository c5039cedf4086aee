"""The pages of the dashboard, clicked through in a real browser on practice data of a real server."""

import shutil
import unittest
from typing import Any, ClassVar

from tests.support.asked_dashboards import CONFIG
from tests.support.browser import needs_browser
from tests.support.dashboards import dashboard
from tests.support.shared import REPOSITORY
from tests.support.shown_dashboards import WEEK, ShownDashboard
from tests.support.system_files import write_system
from tests.support.waiting import wait_until

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
const view = () => drawn.price.chart.timeScale().getVisibleRange();
// The view is moved a picture after the candles are others.
const there = () => shortest() && Math.abs(view().from - at) <= 900;
for (let tries = 0; tries < 400 && !there(); tries++) await new Promise((done) => setTimeout(done, 50));
const near = data(), range = view();
const [from, to] = [near[0].time, near.at(-1).time];
return [whole.length, text(whole) === text(joined), near.length < 1000 && from < at && at < to,
  text(near) === text(own.filter((one) => from <= one.time && one.time <= to)), Math.abs(range.from - at) <= 900];
"""


SYSTEM = "practice-dear"
UNREADABLE = "0123456789abcdef"
# Where each fill costs 0.2 %, fewer trades are better in every month: what is recommended is true.
DEAR = {
    "description": "The shipped strategy on the practice market, where trading is dear",
    "base": "config/practice.yaml",
    "overrides": {"symbols": ["BTC/USDT", "ETH/USDT"], "execution": {"commission_rate": 0.002}},
    "windows": {"january": "2024-01", "february": "2024-02", "march": "2024-03"},
}
PROGRAM = """\
def decide(market, account, trigger):
    symbol = trigger.symbol
    if trigger.trigger_type == "scheduled":
        if symbol in account.positions:
            return Decision("close", reason="a day is enough")
        return None
    rsi = market.get_indicator(symbol, "rsi(14)", "1h")["value"]
    price = market.get_current_prices()[symbol]
    return Decision("buy", size=0.5, stop=price * 0.98, targets=[price * 1.03], reason="oversold")
"""
_LOST = "return Number(document.querySelector('#trades tbody tr td.figure')?.textContent.replace('−', '-')) < 0"


class Shown(ShownDashboard):
    """One folder as a clone has it, with one system more, and two runs."""

    _made: ClassVar[list[str]] = []

    @classmethod
    def prepare(cls) -> None:
        shutil.copytree(CONFIG, cls.folder / "config")
        write_system(cls.folder, SYSTEM, **DEAR)
        broken = cls.folder / "logs" / "backtests" / "broken" / "runs" / UNREADABLE
        broken.mkdir(parents=True)
        (broken / "result.json").write_text("{}")
        cls.config, cls.systems = cls.folder / "config", cls.folder / "config" / "systems"

    @property
    def runs(self) -> list[str]:
        if not self._made:
            self._made.extend(self.made(strategy_params={"ema_fast": fast}) for fast in (9, 7))
            self.told(f"backtest/results/{self._made[0]}", "PATCH", {"tags": [HOSTILE[:40]], "note": HOSTILE})
        return self._made


@needs_browser
def setUpModule() -> None:
    Shown.begin(unittest.enterModuleContext)


class Pages(Shown):
    def test_each_page_is_drawn_in_both_themes_and_widths(self) -> None:
        for name, place in (
            ("run", "#/run"), ("results", "#/results"), ("result", f"#/results/{self.runs[0]}"),
            ("compare", f"#/compare?runs={','.join(self.runs)}"), ("systems", "#/systems"),
            ("system", "#/systems/practice-scalping"), ("jobs", "#/jobs"), ("job", "#/jobs/1"),
            ("playbacks", "#/playback"), ("sessions", "#/live"), ("nowhere", "#/no/where"),
        ):  # fmt: skip
            self.looked_at(name, place)
        self.show("#/live")
        chosen = self.browser.run("return document.querySelector('#session-what').value")
        self.assertEqual("config practice.yaml", chosen)

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
        self.says("#started", "completed")
        self.browser.press("#started a", "Look at the result")
        self.browser.wait("return document.querySelector('#trades-table') !== null")
        self.says("#notes", "from the page")
        made = self.told(f"backtest/results/{self.browser.run('return location.hash.split(`/`)[2]')}")
        self.assertEqual((["ETH/USDT"], "5000"), (made["symbols"], made["initial_capital"]))
        settings = self.told(f"backtest/results/{made['id']}/page")["runs"][0]["settings"]
        self.assertEqual(8, settings["live"]["strategy"]["params"]["ema_fast"])
        self.assertEqual(0.001, settings["live"]["execution"]["commission_rate"])
        self.assertEqual(0.1, settings["risk"]["max_exposure"])

    def test_a_form_begins_with_what_the_configuration_has_and_asks_for_what_was_changed(self) -> None:
        self.show("#/run")
        own = self.told("configurations/practice.yaml")
        symbols = ", ".join(own["symbols"])
        for name, value in (("symbols", symbols), ("timeframe", "15m"), ("capital", "10000"), ("size", "0.05")):
            shown = self.browser.run("return document.getElementById(arguments[0]).value", f"run-{name}")
            self.assertEqual(value, shown)
        fast = "return document.querySelector('[data-field=ema_fast]').value"
        self.assertEqual(str(own["strategy_params"]["ema_fast"]), self.browser.run(fast))
        self.browser.fill("[data-field=ema_fast]", "6")
        for name, value in (("symbols", "BTC/USDT"), ("end", "2024-01-03"), ("size", ""), ("name", "what was changed")):
            self.browser.fill(f"#run-{name}", value)
        self.browser.press("#start")
        self.says("#started", "completed", 60)
        job = self.told("jobs?page_size=1")["items"][0]["id"]
        asked = self.told(f"jobs/{job}")["request"]["overrides"]
        self.assertEqual({"symbols": ["BTC/USDT"], "strategy": {"params": {"ema_fast": 6}}}, asked)
        self.browser.press("label", "A system")
        self.browser.fill("#system", "practice-reversion")
        self.says("#system-values", "rsi_reversion")

    def test_all_runs_together_and_what_people_are_told(self) -> None:
        self.assertGreater(len(self.runs), 1)
        self.looked_at("summary", "#/summary")
        told = self.told("backtest/summary")
        self.assertIn(str(told["best"][0]["metrics"]["total_trades"]), self.text("#best-runs tbody tr"))
        self.says("#by-symbol", "BTC/USDT")
        self.says("#unreadable", f"logs/backtests/broken/runs/{UNREADABLE}")
        self.says("#unreadable", "manifest.json: No such file or directory")
        self.show("#/live")
        offered = self.browser.run(
            "return [...document.querySelectorAll('#session-what option')].map((one) => one.value)"
        )
        self.assertIn("portfolio practice-pair", offered)
        self.looked_at("alerts", "#/alerts")
        self.says("#page", "no channel stands in config/alerts.yaml")

    def test_what_is_refused_is_said_in_the_words_of_the_server_and_nothing_is_lost(self) -> None:
        self.show("#/run")
        self.browser.fill("#run-end", "2023-01-01")
        self.browser.press("#start")
        self.says("#problems", "no candle of 15m fits")
        self.assertEqual("2023-01-01", self.browser.run("return document.querySelector('#run-end').value"))
        # The browser itself tells its console of an answer that is an error.
        self.assertTrue(all("422" in one for one in self.browser.logged()))

    def test_an_answer_that_is_cut_off_because_its_page_was_left_is_no_answer(self) -> None:
        self.show("#/jobs")
        how = self.browser.run(
            """
            const { ask } = await import("/front/board/client.js");
            const gone = new AbortController(), own = window.fetch;
            const half = new ReadableStream({
              start(body) {
                body.enqueue(new TextEncoder().encode("["));
                gone.signal.addEventListener("abort", () => body.error(gone.signal.reason));
              },
            });
            window.fetch = () => Promise.resolve(new Response(half, { status: 200 }));
            const asked = ask("jobs", { signal: gone.signal });
            window.fetch = own;
            setTimeout(() => gone.abort(), 0);
            return asked.then((told) => `told ${told}`, (error) => error.name);
            """
        )
        self.assertEqual("AbortError", how)

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
        # What has no figure comes last, whichever way they are sorted.
        rows = f"#runs tbody tr:not([data-id='{UNREADABLE}'])"
        ids = f'return [...document.querySelectorAll("{rows}")].map((one) => one.dataset.id)'
        self.browser.press("#runs th button", "Return")
        through = self.told("backtest/results?sort=total_return_pct&status=COMPLETED")["items"]
        listed = [one["id"] for one in through]
        self.browser.wait(f"{ids}.join() === '{','.join(listed)}'")
        self.browser.press("#runs th button", "Return")
        self.browser.wait(f"{ids}.reverse().join() === '{','.join(listed)}'")
        self.browser.press(f"#runs tr[data-id='{third}'] input")
        self.browser.press("#chosen button", "Name, tags, note")
        self.browser.fill("dialog input", "the quick one")
        self.browser.fill("dialog .field:nth-of-type(2) input", "mine, quick")
        self.browser.press("dialog button", "Keep")
        for words in ("the quick one", "config_backtest_20240101_20240108", "mine"):
            self.says(f"#runs tr[data-id='{third}']", words)
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
        before = self.browser.computed()
        self.assertEqual(50_000, self.browser.run(MANY)[1])
        # What the page computes, whatever else is on the machine; alone it is a quarter of a second.
        self.assertLess(self.browser.computed() - before, 2.0)
        self.browser.picture("dashboard-many-candles")
        held, *true = self.browser.run(ZOOMED)
        self.assertLess(held, 2_001)
        self.assertEqual([True, True, True, True], true, "joined exactly; near by, the candles themselves")
        self.show("#/results")

    def test_candles_are_fetched_and_their_coverage_is_seen(self) -> None:
        self.show("#/data")
        for name, value in (("symbols", "ADA/USDT"), ("timeframe", "1h"), ("end", "2024-01-11")):
            self.browser.fill(f"#fetch-{name}", value)
        self.browser.press("#fetch")
        self.says("#series", "ADA/USDT")
        self.browser.press("#series a", "ADA/USDT")
        self.says("#page", "Coverage")
        place = self.browser.run("return location.hash")
        cells, whole = self.browser.run(
            "return [document.querySelector('.coverage').dataset.cells,"
            " document.querySelectorAll('rect.whole-cell').length]"
        )
        self.assertEqual(("10", 10), (cells, whole))
        self.looked_at("series", place)
        self.looked_at("data", "#/data")

    def test_what_a_search_is_refused_for_is_said(self) -> None:
        self.show("#/optimise")
        self.browser.fill("[data-range=ema_fast]", "8..5")
        self.browser.press("#search")
        self.says("#problems", "is empty")
        self.assertTrue(all("422" in one for one in self.browser.logged()))

    def test_a_cross_validation_is_asked_for_and_its_paths_are_seen(self) -> None:
        self.show("#/optimise")
        self.browser.fill("#search-system", "practice-scalping")
        self.browser.fill("#search-window", "january")
        for selector, value in (
            ("[data-range=ema_fast]", "8, 9"), ("#search-metric", "roi"), ("#search-groups", "3"),
            ("#search-left-out", "1"), ("#search-purge", "12h"),
        ):  # fmt: skip
            self.browser.fill(selector, value)
        self.browser.press("#search")
        self.browser.wait("return location.hash.startsWith('#/optimise/')")
        self.says("#page", "The account along each path")
        found = self.told(f"backtest/optimize/{self.browser.run('return location.hash.split(`/`)[2]')}")
        self.assertEqual(("COMPLETED", "cross-validation"), (found["status"], found["kind"]))
        self.assertEqual((3, 1), (len(found["result"]["splits"]), len(found["result"]["paths"])))
        self.browser.picture("dashboard-cross-validation")


class ProgramPages(Shown):
    def test_a_server_that_changes_nothing_says_that_a_changed_text_is_not_checked(self) -> None:
        self.told("programs/watched", "PUT", {"text": "def decide(market, account, trigger):\n    return None\n"})
        places = ("--config", str(self.config), "--systems", str(self.systems))
        with dashboard(self.folder, *places, "--read-only") as other:
            self.browser.go(other.entrance)
            self.show("#/programs/watched")
            self.says("#findings", "The check finds nothing.")
            self.browser.fill("#text", "import os\n")
            self.says("#findings", "Not checked: this server changes nothing.")
            self.assertEqual("", self.text("#reads"))
            self.browser.press("#check")
            self.says("#problems", "--read-only")
            self.browser.go(self.server.entrance)
        self.assertIn("403", "".join(self.browser.logged()))
        self.browser.asked_for()
        self.told("programs/watched", "DELETE")

    def test_a_program_is_written_checked_and_run_and_what_woke_it_is_seen(self) -> None:
        self.show("#/programs")
        self.says("#pools", "rsi_oversold")
        self.browser.fill("#new-program", "dip")
        self.browser.press("button", "Write a program")
        self.browser.wait("return document.querySelector('#text') !== null")
        self.browser.fill("#text", "import os\n\ndef decide(market, account, trigger):\n    return None\n")
        self.says("#findings", "import")
        numbers = "return document.querySelector('.editor .lines').textContent"
        self.assertEqual("1\n2\n3\n4\n5\n", self.browser.run(numbers))
        self.browser.wait("return document.querySelector('.editor .lines .error')?.textContent === '1\\n'")
        self.browser.press("#findings button", "dip:1:")
        chosen = "const one = document.activeElement; return one.value.slice(one.selectionStart, one.selectionEnd)"
        self.assertEqual("import os", self.browser.run(chosen))
        self.numbered_as_far_as_it_is_seen()
        self.indented()
        self.nothing_typed_is_lost()
        self.browser.fill("#text", PROGRAM)
        self.says("#findings", "finds nothing")
        self.says("#reads", "rsi(14) on 1h")
        self.browser.fill("#program-note", HOSTILE)
        self.told("programs/dip", "PUT", {"text": PROGRAM + "# elsewhere\n"})
        self.browser.press("#keep")
        self.says("#problems", "version 4 was kept meanwhile, and this rests on version 3")
        self.assertTrue(all("409" in one for one in self.browser.logged()))
        self.browser.press("#keep")
        self.says("#program-state", "version 5")
        self.browser.press("label", "rsi_oversold")
        for name, value in (("schedule", "1d"), ("symbols", "BTC/USDT"), ("end", "2024-01-06"), ("name", "of a text")):
            self.browser.fill(f"#run-{name}", value)
        self.browser.press("#once")
        self.says("#tried-calls", 'get_indicator("BTC/USDT", "rsi(14)", "1h")')
        self.says("#tried-calls", "oversold")
        self.browser.press("#start")
        self.says("#trigger-log", "the schedule")
        self.says("#trigger-log", "rsi(14) = ")
        run = str(self.browser.run("return new URLSearchParams(location.hash.split('?')[1]).get('run')"))
        log = self.told(f"backtest/results/{run}/triggers")
        self.says("#triggers", f"{log['signals']} by pools, {log['scheduled']} by the schedule")
        shown = "return [...document.querySelectorAll('#trigger-log tbody tr')].map((one) => one.cells[5].textContent)"
        for show in ("acted", "held", "problems", "all"):
            if show != "acted":  # Those that did something are shown at first.
                self.browser.press(f"#triggers [name=show][value={show}]")
                self.browser.wait(f"return location.hash.includes('show={show}')")
            items = self.told(f"backtest/results/{run}/triggers?show={show}&page_size=25")["items"]
            self.assertEqual([one["outcome"] + one["outcome_reason"] for one in items], self.browser.run(shown), show)
        self.assertGreater(log["shown"]["acted"] * log["shown"]["held"], 0)
        self.seen("program")
        self.show(f"#/programs/dip?run={run}")
        self.says("#trigger-log", "the schedule")
        self.seen("program-log", "#triggers")
        self.traded_on_paper()
        self.show(f"#/programs/dip?run={run}")
        self.browser.press("#result-way a", "Look at the result")
        self.says("#notes", "of a text")
        self.looked_at("programs", "#/programs")

    def traded_on_paper(self) -> None:
        """Start a session of the newest version from the form, and find it with its version."""
        self.browser.press("label", "rsi_oversold")
        for name, value in (("schedule", "1h"), ("symbols", "BTC/USDT")):
            self.browser.fill(f"#run-{name}", value)
        self.browser.fill("#session-name", "of-a-text")
        self.browser.press("#session-run")
        self.browser.wait("return location.hash === '#/live/of-a-text'")
        self.says("#page", "dip, version 5")
        wait_until(lambda: self.told("sessions/of-a-text")["steps"])
        self.show("#/summary")
        self.says("#running-sessions", "of-a-text")
        self.told("sessions/of-a-text/stop", "POST", {"confirm": "of-a-text"})
        wait_until(lambda: self.told("sessions/of-a-text")["run"])
        self.show("#/programs/dip")
        self.says("#program-sessions", "of-a-text")
        self.says("#program-sessions", "ended")
        made = self.told("sessions/of-a-text")["run"]
        self.told(f"backtest/results/{made}?files=true", "DELETE")

    def nothing_typed_is_lost(self) -> None:
        """Begin from an example, keep it by the keyboard, change it, leave and come back, look at what was, restore."""
        closed = "const asked = new Event('beforeunload', { cancelable: true }); return !dispatchEvent(asked)"
        text = "return document.querySelector('#text').value"
        self.assertTrue(self.browser.run(closed), "whoever closes the tab is asked")
        self.browser.fill("#template", "strongest")
        self.browser.press("dialog button", "Replace it")
        example = (REPOSITORY / "examples" / "programs" / "strongest.py").read_text()
        self.assertEqual(example, self.browser.run(text))
        saved = "document.dispatchEvent(new KeyboardEvent('keydown', { key: 's', ctrlKey: true, cancelable: true }))"
        self.assertIs(False, self.browser.run(f"return {saved}"), "the browser does not save the page")
        self.says("#program-state", "version 1")
        self.assertFalse(self.browser.run(closed))
        self.browser.fill("#text", example + "# more\n")
        self.show("#/programs")
        self.says("#programs", "changed")
        self.show("#/programs/dip")
        self.assertEqual(example + "# more\n", self.browser.run(text))
        self.browser.run(saved)
        self.says("#program-state", "version 2")
        self.browser.fill("#version", "1")
        self.says("#older", "Version 1 of 2")
        self.assertEqual(example, self.browser.run(text))
        self.browser.press("#older button", "To the newest")
        self.says("#program-state", "version 2")
        self.show("#/programs/dip?version=1")
        self.seen("program-older")
        self.browser.press("#older button", "Restore it")
        self.says("#program-state", "version 3")
        self.assertEqual("", self.text("#older"))
        self.assertEqual(example, self.told("programs/dip")["text"])

    def numbered_as_far_as_it_is_seen(self) -> None:
        """Hold the numbers of lines beside their lines, however far down."""
        self.browser.fill("#text", "\n".join(["pass"] * 200))
        self.browser.run("document.querySelector('#text').scrollTop = 1234")
        self.browser.drawn()
        beside = (
            "const [lines, text] = document.querySelectorAll('.editor > *');"
            "return [lines.clientHeight - text.clientHeight, lines.scrollTop, text.scrollTop]"
        )
        self.assertEqual([0, 1234, 1234], self.browser.run(beside))

    def indented(self) -> None:
        """Let Enter begin a line where the one before begins, and Ctrl-[ move it out."""
        self.browser.fill("#text", "if True:")
        typed = (
            "const area = document.getElementById('text'); area.focus();"
            "area.setSelectionRange(area.value.length, area.value.length); for (const [key, ctrlKey] of arguments[0])"
            " area.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true, cancelable: true }));"
            "return area.value"
        )
        self.assertEqual("if True:\n    ", self.browser.run(typed, [["Enter", False]]))
        self.assertEqual("if True:\n", self.browser.run(typed, [["[", True]]))
        self.assertEqual("if True:\n", self.browser.run(typed, [["Tab", False]]), "which leads on")

    def test_a_pool_is_written_as_conditions_and_tried_alone(self) -> None:
        self.show("#/pools/my-dip")
        self.browser.fill("[data-condition=feature]", "rsi(14")
        self.browser.press("#keep-pool")
        self.says("#problems", "pool my-dip: ")
        self.browser.fill("[data-condition=feature]", "rsi(14)")
        self.browser.fill("[data-condition=value]", "35")
        self.browser.press("#add")
        last = ".condition:last-child [data-condition={}]"
        self.browser.fill(last.format("feature"), "close")
        self.browser.fill(last.format("value"), "ema(50)")
        self.browser.fill("#pool-cooldown", "4h")
        self.browser.press("#keep-pool")
        self.says("#pool-state", "version 1")
        pool = self.told("pools/my-dip")["pool"]
        self.assertEqual([35.0, "ema(50)"], [one["value"] for one in pool["all"]])
        self.browser.fill("#try-symbols", "BTC/USDT")
        self.browser.fill("#try-end", "2024-01-15")
        self.browser.press("#try")
        asked = {"pool": pool, "config": "practice.yaml", "symbols": ["BTC/USDT"], "start_date": "2024-01-01"}
        told = self.told("pools/test", "POST", {**asked, "end_date": "2024-01-15"})
        told = self.ended(f"/api/trials/{told['id']}")["result"]
        self.assertGreater(told["total"], 0)
        self.says("#pool-outcome", f"{told['total']} trigger")
        count = "return document.querySelectorAll('#pool-triggers tbody tr').length"
        self.assertEqual(told["total"], self.browser.run(count))
        self.assertTrue(all("422" in one for one in self.browser.logged()))
        self.seen("pool", "#pool-outcome")
        # One that takes long is watched, and ended by hand or by leaving the page.
        for field, value in (("timeframe", "1m"), ("start", "2022-10-01"), ("end", "2023-11-01")):
            self.browser.fill(f"#try-{field}", value)
        for leaves in (False, True):
            self.browser.press("#try")
            self.browser.wait("return document.querySelector('#pool-outcome .trial button') !== null")
            if leaves:
                self.show("#/programs")
            else:
                self.browser.press("#pool-outcome button", "Cancel")
                self.says("#pool-outcome", "ended before it was through")
            wait_until(lambda: self.told("trials")[0]["status"] == "CANCELLED")


class PlaybackPage(Shown):
    def draws(self, candles: int) -> None:
        """Wait until so many candles are drawn, and none of the future."""
        self.browser.wait(
            "const { drawn } = await import('/front/time_charts.js');"
            f"return drawn.playback?.series.candles?.data().length === {candles}"
        )

    def at(self, name: str) -> dict[str, Any]:
        now: dict[str, Any] = self.told(f"playbacks/{name}")["state"]["now"]
        return now

    def test_it_is_driven_by_buttons_keys_and_the_scrubber_and_forks_under_other_settings(self) -> None:
        self.show(f"#/results/{self.runs[0]}")
        self.browser.press("#page button", "Play back")
        self.browser.wait("return location.hash.startsWith('#/playback/') && document.querySelector('#play') !== null")
        name = str(self.browser.run("return location.hash.split('/')[2]"))
        self.addCleanup(self.ask, f"/api/playbacks/{name}", "DELETE")
        self.says("#state", "step 0 of 672")
        self.browser.fill("#steps", "10")
        self.browser.press("#step")
        self.says("#state", "step 10 of 672")
        self.browser.fill("#event", "trade")
        self.browser.press("#next")
        self.says("#state", "stopped by a trade")
        closed = self.at(name)
        self.assertEqual(1, len(closed["trades"]))
        self.draws(closed["index"])
        back = closed["index"] - 20
        self.browser.run(
            "const to = document.getElementById('scrubber'); to.value = arguments[0];"
            "to.dispatchEvent(new Event('change'))", closed["time_ms"] - 20 * 900_000
        )  # fmt: skip
        self.says("#state", f"step {back} of 672")
        self.draws(back)

        self.browser.fill("#speed", "5")
        self.browser.run("document.activeElement.blur()")
        key = "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: arguments[0], bubbles: true }))"
        self.browser.run(key, " ")
        self.browser.wait(
            f"return Number(document.querySelector('#state').textContent.match(/step (\\d+)/)[1]) >= {back + 5}"
        )
        self.browser.run(key, " ")
        self.says("#state", "paused")
        at = self.at(name)["index"]
        self.browser.run(key, "ArrowRight")
        self.says("#state", f"step {at + 1} of 672")
        self.browser.press("#fork")
        self.browser.fill("dialog textarea", '{"strategy.params.ema_fast": 7}')
        self.browser.press("dialog button", "Fork")
        self.browser.wait(f"return !location.hash.endsWith('{name}') && document.querySelector('#play') !== null")
        other = str(self.browser.run("return location.hash.split('/')[2]"))
        self.assertIn("ema_fast 7", self.text("h1"))
        # At a candle a second all of them would take longer than is waited for here.
        self.assertGreater(self.at(other)["total"], 120)
        self.browser.fill("#speed", "1")
        self.browser.press("#play")
        self.says("#state", "playing")
        self.browser.fill("#speed", "")
        self.says("#state", "ended", 90)
        self.browser.press("#page button", "Close")
        self.browser.wait("return location.hash === '#/playback'")
        self.says("#playbacks", "ScalpingEMARSI")
        self.assertNotIn(other, [one["id"] for one in self.told("playbacks")])
        self.older_candles_come_when_they_are_scrolled_to()

    def older_candles_come_when_they_are_scrolled_to(self) -> None:
        opened = self.told("playbacks", "POST", {"asked": {**WEEK, "end_date": "2024-01-25"}})
        name, rows = opened["id"], 24 * 96
        self.addCleanup(self.ask, f"/api/playbacks/{name}", "DELETE")
        self.told(f"playbacks/{name}/control", "POST", {"action": "run_to", "time": "2024-01-25"})
        wait_until(lambda: self.at(name)["index"] == rows)
        self.show(f"#/playback/{name}")
        self.draws(1_500)
        self.browser.run(
            "const { drawn } = await import('/front/time_charts.js');"
            "drawn.playback.chart.timeScale().setVisibleLogicalRange({ from: 5, to: 105 });"
        )
        self.draws(rows)
        seen = self.browser.run(
            "const { drawn } = await import('/front/time_charts.js');"
            "const data = drawn.playback.series.candles.data();"
            "const range = drawn.playback.chart.timeScale().getVisibleLogicalRange();"
            "return [data.every((one, at) => at === 0 || one.time - data[at - 1].time === 900), Math.round(range.from)]"
        )
        self.assertEqual([True, rows - 1_500 + 5], seen, "what was looked at stays in view")


class WholeWay(Shown):
    """From a backtest to a change of its system, and the rehearsal."""

    def test_a_backtest_a_losing_trade_a_search_a_recommendation_and_a_rehearsal(self) -> None:
        self.browser.go(self.server.entrance)
        self.a_backtest_is_run_and_watched()
        self.it_is_played_back_to_a_losing_trade_and_why_it_was_taken()
        self.two_parameters_are_optimised()
        self.a_recommendation_is_accepted_and_applied()
        self.its_rehearsal_is_started_held_killed_and_stopped()
        self.a_portfolio_is_rehearsed()

    def shown_part(self, name: str, selector: str) -> None:
        """Keep a picture of a part of a page that is held to what all must keep elsewhere."""
        self.browser.run("document.querySelector(arguments[0]).scrollIntoView()", selector)
        self.browser.drawn()
        self.browser.picture(f"dashboard-journey-{name}")

    def a_backtest_is_run_and_watched(self) -> None:
        self.browser.press("nav a", "Run")
        self.browser.press("label", "A system")
        self.browser.fill("#system", SYSTEM)
        self.browser.fill("#window", "january")
        self.browser.press("#start")
        self.browser.wait("return document.querySelector('#started .card') !== null")
        self.browser.picture("dashboard-journey-1-run")
        self.says("#started", "completed")
        self.browser.press("#started a", "Look at the result")
        self.browser.wait("return document.querySelector('#trades-table') !== null")
        self.browser.picture("dashboard-journey-2-result")

    def it_is_played_back_to_a_losing_trade_and_why_it_was_taken(self) -> None:
        self.browser.press("#page button", "Play back")
        self.browser.wait("return document.querySelector('#play') !== null")
        self.browser.press("#next")
        self.says("#state", "stopped by a trade")
        self.browser.wait(_LOST)
        self.seen("journey-3-losing-trade")
        lost = self.text("#trades tbody tr td:nth-child(2)")
        self.browser.press("#trades button", "To its entry")
        self.says("#trades", "No position was closed yet.")
        self.says("#signal .decision", "What it saw")
        said = self.text("#signal .decision")
        symbol, side = lost.split(" ")
        for words in (side, "order ", "Ema fast", "Rsi", "Gates", "Risk", "approved"):
            self.assertIn(words, said)
        self.shown_part("4-why", "#signal")
        self.browser.press("#step")
        self.says("#positions", symbol)

    def two_parameters_are_optimised(self) -> None:
        self.browser.press("nav a", "Optimise")
        self.browser.wait("return document.querySelector('#search') !== null")
        self.browser.fill("#search-system", SYSTEM)
        self.browser.fill("[data-range=ema_slow]", "21, 55, 89")
        self.browser.fill("[data-range=rsi_period]", "7, 14")
        self.seen("journey-5-search")
        self.browser.press("#search")
        self.browser.wait("return document.querySelector('#heat') !== null")
        place = self.browser.run("return location.hash")
        self.assertEqual(6, self.told(f"backtest/optimize/{place.split('/')[2]}")["trials"])
        for words in ("Two parameters and what they reached", "How much of the best is luck"):
            self.says("#page", words)
        self.seen("journey-6-luck", "#luck")
        self.shown_part("7-heat-map", "#heat")
        self.show("#/optimise")
        self.says("#searches", SYSTEM)
        self.show(place)

    def a_recommendation_is_accepted_and_applied(self) -> None:
        self.browser.press("#page a", "Recommendations")
        self.browser.wait("return document.querySelector('#recommend') !== null")
        self.browser.fill("[aria-label=System]", SYSTEM)
        self.browser.fill("#confirm", "1")
        self.browser.press("#recommend")
        self.says("#recommendations", "ema_slow: 21 → 89")
        self.says("#came-of-it", "1 stand")
        self.browser.press(".recommendation summary", "All evidence")
        self.says("#recommendations", "windows")
        self.seen("journey-8-recommendation")
        self.browser.press(".recommendation button", "Accept")
        self.browser.fill("dialog textarea", "fewer trades, where each is dear")
        self.browser.press("dialog button", "Accept")
        self.says(".recommendation", f"{SYSTEM}-r1")
        self.says(".recommendation", "fewer trades, where each is dear")
        self.browser.picture("dashboard-journey-9-accepted")
        self.browser.press(".recommendation button", "Apply")
        self.browser.press("dialog button", "Apply")
        self.says(".recommendation h2", "applied")
        self.assertIn(f"{SYSTEM}-r1", [one["id"] for one in self.told("systems")])

    def its_rehearsal_is_started_held_killed_and_stopped(self) -> None:
        self.browser.press(".recommendation a", "Rehearse the version")
        self.browser.wait("return document.querySelector('#session-what') !== null")
        self.says("#page", "There is none yet")
        chosen = "return document.querySelector('#session-what').value"
        self.assertEqual(f"system {SYSTEM}-r1", self.browser.run(chosen))
        self.browser.fill("#session-speed", "3000")
        self.browser.press("#session-run")
        self.browser.wait("return document.querySelector('#operator') !== null")
        name = str(self.browser.run("return location.hash.split('/')[2]"))
        self.says("#page .head .badge", "running")
        self.says("#happened", "step")
        self.browser.press("#operator button", "Hold entries")
        self.says("#page", "New entries are held.")
        self.browser.press("#kill")
        self.assertTrue(self.browser.run("return document.querySelector('dialog button.danger').disabled"))
        self.browser.fill("#confirm-id", name)
        self.browser.press("dialog button", "Engage")
        self.says("#operator", "Release the kill switch")
        self.says("#page", "The kill switch is engaged")
        self.seen("journey-10-rehearsal")
        self.browser.press("#stop")
        self.browser.fill("#confirm-id", name)
        self.browser.press("dialog button", "Stop")
        self.says("#page .head .badge", "ended")
        shown = self.told(f"sessions/{name}")
        self.assertEqual(("ended", f"{SYSTEM}-r1"), (shown["state"], shown["started_with"]["system"]))
        self.assertGreater(shown["steps"], 0)
        self.browser.press("#operator a", "Its result")
        self.browser.wait("return location.hash.startsWith('#/results/')")
        self.says("#page", "Live paper session")

    def a_portfolio_is_rehearsed(self) -> None:
        self.show("#/live")
        self.browser.fill("#session-what", "portfolio practice-pair")
        self.browser.fill("#session-speed", "3000")
        self.browser.press("#session-run")
        self.browser.wait("return document.querySelector('#operator') !== null")
        name = str(self.browser.run("return location.hash.split('/')[2]"))
        self.says("#page .head .badge", "running")
        self.says("#happened", "step")
        self.browser.press("#stop")
        self.browser.fill("#confirm-id", name)
        self.browser.press("dialog button", "Stop")
        self.says("#page .head .badge", "ended")
        shown = self.told(f"sessions/{name}")
        self.assertEqual(("ended", "practice-pair"), (shown["state"], shown["started_with"]["portfolio"]))
        self.assertCountEqual(["scalping", "reversion"], shown["members"])


if __name__ == "__main__":
    unittest.main()
