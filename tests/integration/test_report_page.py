"""The page of a run, opened in a real browser."""

import contextlib
import tempfile
import unittest
from pathlib import Path
from typing import ClassVar

import numpy as np

from backtests import run_backtest
from core.candle import Candle
from core.candle_columns import CandleColumns
from core.trading_signal import Signal
from market_data.practice.practice_market import PracticeMarket
from metrics import TradeColumns
from programs import BacktestConfig, ProgramBacktestEngine
from reports.page import write_page
from reports.page.page_file import page_data, page_text
from runs.reading import StoredRun, measure_run, read_run
from runs.reading.run_folder import trades_with_excursions
from tests.support.browser import Browser, browser, needs_browser
from tests.support.market_data_sets import practice_columns
from tests.support.runs.drawn_programs import NOTHING, decided_by, drawn_market, hour
from tests.support.runs.written_runs import fed_rows, written_run

HOSTILE = "</script><img src=x onerror=window.injected=1>&amp;\u2028${x}`"
LENGTH = 1_200


def hostile(candle: Candle) -> Signal | None:
    """Trade every fifth hour under a name that is no good."""
    if candle.open_time_ms // 3_600_000 % 5:
        return None
    return Signal("LONG", sl_distance=candle.close / 150, tp_distance=candle.close / 100, tag=HOSTILE)


def names_run(folder: Path) -> StoredRun:
    """Return a run whose trades have that name."""
    rows = fed_rows({"BTC/USDT": practice_columns("BTC/USDT", "1h", 400)})
    result = run_backtest(rows, hostile, output_dir=folder, instruments=PracticeMarket().markets())
    return read_run(str(result.to_dict()["log_file"]))


@needs_browser
class ReportPage(unittest.TestCase):
    """One browser and one page of a run for all."""

    browser: ClassVar[Browser]
    run_: ClassVar[StoredRun]
    page: ClassVar[Path]
    folder: ClassVar[Path]
    fed: ClassVar[dict[str, CandleColumns]]

    @classmethod
    def setUpClass(cls) -> None:
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        cls.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cls.run_, _, cls.fed = written_run(cls.folder / "run")
        cls.page = write_page([cls.run_], cls.folder / "page.html", candles=[cls.fed])
        cls.browser = stack.enter_context(browser())

    def shown(self) -> list[dict[str, str]]:
        """Return the rows of the table of trades, by the heads of their columns."""
        heads, rows = self.browser.run(
            "const table = document.getElementById('trades-table');"
            "const words = (row) => [...row.cells].map((cell) => cell.textContent);"
            "return [words(table.tHead.rows[0]), [...table.tBodies[0].rows].map(words)]"
        )
        return [dict(zip(heads, row, strict=True)) for row in rows]

    def press(self, head: str) -> None:
        """Press the head of a column."""
        self.browser.run(
            "[...document.querySelectorAll('#trades-table thead button')]"
            ".find((one) => one.textContent === arguments[0]).click()", head
        )  # fmt: skip

    def test_in_both_themes_and_widths_it_is_drawn_whole_without_an_error_or_a_request(self) -> None:
        colours = set()
        for width in (1400, 400):
            for dark in (False, True):
                with self.subTest(width=width, dark=dark):
                    self.browser.open(self.page, width=width, dark=dark)
                    self.browser.drawn()
                    self.assertEqual([], self.browser.logged())
                    self.assertEqual({self.page.resolve().as_uri()}, self.browser.asked_for())
                    self.assertEqual(width, self.browser.run("return document.documentElement.scrollWidth"))
                    picture = self.browser.picture(f"run-{width}-{'dark' if dark else 'light'}")
                    self.assertGreater(len(picture), 20_000)
                    colours.add(self.browser.run("return getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(2, len(colours))

    def test_the_calls_of_a_program_are_shown_with_what_came_of_them(self) -> None:
        said = {
            (hour(1), "AAA/USDT"): {"action": "buy", "stop_distance": 5, "target_distance": 10, "reason": HOSTILE},
            (hour(3), "AAA/USDT"): {"action": "long"},
        }
        config = BacktestConfig(
            code=NOTHING,
            scheduled_interval="1h",
            start_time=hour(0),
            end_time=hour(60),
            config_path=str(
                drawn_market(self.folder, {"AAA/USDT": [(100, 100, 100, 100), (100, 112, 99, 110), *[(110,) * 4] * 58]})
            ),
        )
        listener = decided_by(lambda given: said.get((given.trigger["time_ms"], given.trigger["symbol"])))
        result = ProgramBacktestEngine(config, listener).run()
        page = result.backtest.report(self.folder / "program.html")
        self.browser.open(page)
        self.assertEqual([], self.browser.logged())
        rows = (
            "return [...document.querySelectorAll('#trigger-log tbody tr')]"
            ".map((row) => [...row.cells].map((one) => one.textContent))"
        )
        pick = (
            "const pick = document.querySelector('#trigger-filters select[aria-label=\"All outcomes\"]');"
            "pick.value = '{}'; pick.dispatchEvent(new Event('change'))"
        )
        self.assertEqual(["1", "3"], [row[0] for row in self.browser.run(rows)], "what did something")
        said = self.browser.run("return document.querySelector('#triggers p.note[aria-live]').textContent")
        self.assertEqual("2 of 60 calls; 58 that held are not shown", said)
        self.browser.run(pick.format(""))
        shown = self.browser.run(rows)
        self.assertEqual(50, len(shown))  # Of 60 calls; the others are a press away.
        number, time, symbol, woken, decided, outcome, pnl = shown[0]
        self.assertEqual(("1", "2024-01-06 11:00", "AAA/USDT", "schedule"), (number, time, symbol, woken))
        self.assertIn("buy stop distance 5 target distance 10", decided)
        self.assertIn("closed: target", outcome)
        self.assertEqual(f"+{result.trades[0].pnl:.2f}", pnl)
        self.assertIn("'long'", shown[2][5])
        self.browser.run(pick.format("problem"))
        self.assertEqual(["3"], [row[0] for row in self.browser.run(rows)])
        self.assertEqual([], self.browser.run("return [...document.querySelectorAll('img')].length ? ['markup'] : []"))

    def test_the_button_changes_the_theme_and_the_charts_follow(self) -> None:
        self.browser.open(self.page)
        seen = "return [getComputedStyle(document.body).backgroundColor, " \
               "(await import('front/time_charts.js')).drawn.equity.chart.options().grid.vertLines.color]"  # fmt: skip
        before = self.browser.run(seen)
        self.browser.run("document.getElementById('theme').click()")
        after = self.browser.run(seen)
        self.assertNotEqual(before[0], after[0])
        self.assertNotEqual(before[1], after[1])
        self.browser.run("document.getElementById('theme').click()")
        self.assertEqual(before, self.browser.run(seen))

    def test_every_chart_has_the_points_of_the_run(self) -> None:
        self.browser.open(self.page)
        points = self.browser.run(
            "const found = {}; const { drawn } = await import('front/time_charts.js');"
            "for (const [name, one] of Object.entries(drawn)) found[name] = one.points; return found"
        )
        # The last step stands twice in the curve: as it was, and after everything was closed.
        steps = len(set(self.run_.curve.times_ms.tolist()))
        self.assertEqual(LENGTH, steps)
        self.assertEqual({"equity": steps, "held": steps}, points["equity"])
        self.assertEqual({"underwater": steps}, points["underwater"])
        self.assertEqual({"long": steps, "short": steps}, points["exposure"])
        self.assertEqual({"candles": LENGTH}, points["price"])
        days = len(self.run_.curve.daily().equity)
        window = 30 if days >= 60 else 10
        self.assertEqual(days - window + 1, points["rolling sharpe"]["rolling sharpe"])
        bars, dots = self.browser.run(
            "return [document.querySelectorAll('#distributions figure').length,"
            " [...document.querySelectorAll('[data-dots]')].map((one) => Number(one.dataset.dots))]"
        )
        self.assertEqual(6, bars)
        known = int(np.isfinite(measured(self.run_, self.fed).mae).sum())
        self.assertEqual([known, known], dots)

    def test_what_the_page_holds_is_what_the_run_was(self) -> None:
        self.browser.open(self.page)
        unpacked = self.browser.run(
            "const columns = await import('front/columns.js');"
            "const run = JSON.parse(document.getElementById('data').textContent).runs[0];"
            "return { candles: Object.fromEntries(Object.entries(run.candles).map(([name, one]) =>"
            " [name, columns.unpackCandles(one)])), trades: columns.unpackTrades(run.trades),"
            " levels: Object.fromEntries([['stop', 0], ['target', 1]].map(([kind, is]) => {"
            " const kept = columns.unpackNumbers(run.levels.target).map((one) => one === is);"
            " const own = (column) => column.filter((_, row) => kept[row]);"
            " return [kind, [own(columns.unpackWords(run.levels.symbol)),"
            " own(columns.unpackNumbers(run.levels.price))]]"
            " })), times: columns.unpackTimes(run.curve.time_ms), equity: columns.unpackNumbers(run.curve.equity) }"
        )
        for symbol, own in self.fed.items():
            rows = unpacked["candles"][symbol]
            self.assertEqual(own.open_time_ms.tolist(), [1_000 * row["time"] for row in rows])
            for name in ("open", "high", "low", "close"):
                np.testing.assert_allclose([row[name] for row in rows], getattr(own, name), rtol=1e-12)
        trades = measured(self.run_, self.fed)
        for name in ("symbol", "side", "reason"):
            self.assertEqual(list(getattr(trades, name)), [one[name] for one in unpacked["trades"]])
        for name in ("entry_ms", "exit_ms"):
            self.assertEqual(
                getattr(trades, name.replace("_ms", "_time_ms")).tolist(), [one[name] for one in unpacked["trades"]]
            )
        for name in ("realized_pnl", "entry_price", "quantity", "mae", "mfe", "risk", "commission"):
            drawn = [np.nan if one[name] is None else one[name] for one in unpacked["trades"]]
            np.testing.assert_allclose(drawn, getattr(trades, name), rtol=1e-7, atol=1e-7)
        levels = {kind: set(zip(*level_columns, strict=True)) for kind, level_columns in unpacked["levels"].items()}
        opened = [row for row in self.run_.rows if row.opens]
        for kind in ("stop", "target"):
            self.assertEqual({(row.symbol, float(row.told(kind))) for row in opened}, levels[kind])
        last = {int(time): value for time, value in zip(self.run_.curve.times_ms, self.run_.curve.equity, strict=True)}
        self.assertEqual(sorted(last), unpacked["times"])
        np.testing.assert_allclose(unpacked["equity"], [last[time] for time in sorted(last)], rtol=1e-8)

    def test_the_table_sorts_filters_and_counts(self) -> None:
        self.browser.open(self.page)
        results = sorted(self.run_.trades.realized_pnl.tolist())
        self.press("Result")
        self.assertEqual(f"+{results[-1]:,.2f}", self.shown()[0]["Result"])
        self.press("Result")
        self.assertEqual(f"−{-results[0]:,.2f}", self.shown()[0]["Result"])
        self.browser.run(
            "const search = document.querySelector('#trade-filters input');"
            "search.value = 'eth short'; search.dispatchEvent(new Event('input'))"
        )
        pairs = list(zip(self.run_.trades.symbol, self.run_.trades.side, strict=True))
        kept = [one for one in pairs if one == ("ETH/USDT", "SHORT")]
        rows = self.shown()
        self.assertEqual({("ETH/USDT", "SHORT")}, {(row["Symbol"], row["Side"]) for row in rows})
        said = self.browser.run("return document.querySelector('#trades .note').textContent")
        self.assertTrue(said.startswith(f"{len(kept)} of {len(pairs)} trades"), said)
        self.browser.run("document.querySelector('#trades-table tbody tr').click()")
        self.browser.wait("return document.querySelector('#price select').value === 'ETH/USDT'")
        self.assertEqual([], self.browser.logged())

    def test_no_text_of_a_run_becomes_part_of_the_page(self) -> None:
        run = names_run(self.folder / "names")
        page = write_page([run], self.folder / "names.html")
        self.browser.open(page)
        self.assertIsNone(self.browser.run("return window.injected ?? null"))
        self.assertEqual([], self.browser.logged())
        self.assertEqual({page.resolve().as_uri()}, self.browser.asked_for())
        self.assertEqual({HOSTILE}, {row["Tag"] for row in self.shown()})

    def test_a_run_without_a_trade_and_one_without_a_step_have_their_pages(self) -> None:
        rows = fed_rows({"BTC/USDT": practice_columns("BTC/USDT", "1h", 30)})
        result = run_backtest(
            rows, lambda candle: None, output_dir=self.folder / "idle", config={"exchange": "practice"}
        )
        data = page_data([read_run(str(result.to_dict()["log_file"]))])
        none = {"start": 0, "unit": 1, "rows": 0, "steps": []}
        still = data["runs"][0] | {"candles": {}, "levels": None, "days": None}
        still["curve"] = {key: [] for key in still["curve"]} | {"time_ms": none, "points": 0, "starting_balance": 1.0}
        for name, held in (("idle", data), ("still", {"runs": [still]})):
            with self.subTest(name):
                page = self.folder / f"{name}.html"
                page.write_text(page_text(held), encoding="utf-8")
                self.browser.open(page)
                self.assertEqual([], self.browser.logged())
                text = self.browser.run("return document.querySelector('main').textContent")
                self.assertIn("No position was closed.", text)
                self.assertEqual(name == "still", "There was no step." in text)

    def test_printed_it_is_light_and_as_wide_as_paper_and_then_as_before(self) -> None:
        self.browser.open(self.page, dark=True)
        state = (
            "return [getComputedStyle(document.body).backgroundColor,"
            " Math.max(...[...document.querySelectorAll('.chart')].map((one) => one.firstChild.offsetWidth))]"
        )
        before = self.browser.run(state)
        spans = (
            "return (await import('front/time_charts.js')).drawn.equity.chart.timeScale().getVisibleLogicalRange().from"
        )
        span = self.browser.run(spans)
        self.browser.run("dispatchEvent(new Event('beforeprint'))")
        colour, wide = self.browser.run(state)
        self.assertNotEqual(before[0], colour)
        self.assertLessEqual(wide, 740)
        self.assertAlmostEqual(span, self.browser.run(spans), places=3)
        self.browser.run("dispatchEvent(new Event('afterprint'))")
        self.browser.drawn()
        self.assertEqual(before, self.browser.run(state))

    def test_runs_are_compared_on_one_axis_with_what_differs(self) -> None:
        costly, _, _ = written_run(self.folder / "costly", {"commission_rate": 0.001})
        page = write_page([self.run_, costly], self.folder / "compared.html", candles=[self.fed, self.fed])
        self.browser.open(page, dark=True)
        self.browser.drawn()
        self.browser.picture("compared-1400-dark")
        self.assertEqual([], self.browser.logged())
        points = self.browser.run("return (await import('front/time_charts.js')).drawn.equity.points")
        self.assertEqual([LENGTH, LENGTH], list(points.values()))
        differs = self.browser.run(
            "return [...document.querySelectorAll('#differences tbody tr')].map((row) =>"
            " [...row.cells].map((cell) => cell.textContent))"
        )
        self.assertIn(["live.execution.commission_rate", "0.0005", "0.001"], differs)
        self.assertNotIn("live.execution.slippage", [row[0] for row in differs])
        costs = [measure_run(run, self.fed).entry_friction.total_costs for run in (self.run_, costly)]
        told = self.browser.run(
            "return [...document.querySelectorAll('#figures tbody tr')].map((row) =>"
            " [...row.cells].map((cell) => cell.textContent)).find((row) => row[0] === 'Total costs')"
        )
        self.assertEqual([f"{cost:,.2f} USDT" for cost in costs], told[1:])


def measured(run: StoredRun, fed: dict[str, CandleColumns]) -> TradeColumns:
    """Return a run's trades with their excursions."""
    return trades_with_excursions(run, fed)


if __name__ == "__main__":
    unittest.main()
