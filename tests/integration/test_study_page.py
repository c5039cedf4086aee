"""The page of a study, opened in a real browser."""

import contextlib
import itertools
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import research
from core.time_range import TimeRange
from research.pictures.fold_line import FoldLine, WalkLines
from research.pictures.study_data import study_data
from research.pictures.study_file import study_html, write_study_page
from research.studies.study import Study
from research.studies.study_luck import StudyLuck, study_luck
from runs.store.store_rows import Trial
from tests.support.browser import Browser, browser, needs_browser
from tests.support.studies import CONFIG, many_trials, planted_base, store_in

HOSTILE = "</script><img src=x onerror=window.injected=1>&amp;\u2028${x}`"
PARAMETERS = {
    "hour": "0..23",
    "target": "0.002..0.014:0.004",
    "stop": "0.002..0.1 log",
    "execution.slippage": "0.0001,0.0005",
    "risk.min_position_size_usd": "1,1000000",
}
SECTIONS = ("best", "heat", "slice", "parallel", "importance", "history", "front", "fan", "luck", "made")
CELLS = """
const { heatCells } = await import('front/study/heat_map.js');
const { unpackStudy } = await import('front/study/trials.js');
const trials = unpackStudy(JSON.parse(document.getElementById('data').textContent).study);
const named = (columns, name) => columns.find((one) => one.label === name || one.key === name);
const [x, y, metric, way] = arguments;
const map = heatCells(trials, { x: named(trials.parameters, x), y: named(trials.parameters, y),
  metric: named(trials.metrics, metric), way });
return map.cells.map((one) => [map.across[one.column], map.up[one.line], one.value, one.rows.length]);
"""


@needs_browser
class StudyPage(unittest.TestCase):
    """One browser and one page of a study with two objectives for all."""

    maxDiff = None
    browser: ClassVar[Browser]
    study: ClassVar[Study]
    luck: ClassVar[StudyLuck]
    rows: ClassVar[list[Trial]]
    page: ClassVar[Path]
    folder: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        cls.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        base = planted_base(12, strategy={**CONFIG["strategy"], "params": {"fails_below": 2, "hour": 9}})
        store = stack.enter_context(store_in(cls.folder))
        cls.study = research.optimise(
            base, PARAMETERS, sampler="random", trials=60, metric=["net_profit", "max_drawdown"], store=store,
            processes=1, best=2, seed=3,
        )  # fmt: skip
        cls.luck, cls.rows = study_luck(cls.study, store), store.records(Trial)
        cls.page = write_study_page(cls.study, cls.luck, cls.folder / "page.html")
        cls.browser = stack.enter_context(browser())

    def choose(self, section: str, place: int, text: str) -> None:
        """Choose an option of a section's select, as a user does."""
        select = self.browser.driver.find_elements(By.CSS_SELECTOR, f"#{section} select")[place]
        for option in select.find_elements(By.TAG_NAME, "option"):
            if option.text == text:
                option.click()
                return
        self.fail(f"{section}: no {text}")

    def fills(self) -> dict[str, str]:
        """Return the colours of the cells by their places."""
        self.browser.drawn()
        found: dict[str, str] = self.browser.run(
            "return Object.fromEntries([...document.querySelectorAll('#heat-map .cell')].map((one) =>"
            " [one.dataset.cell, getComputedStyle(one).fill]))"
        )
        return found

    def show(self, section: str) -> None:
        """Bring a section to the top of the window."""
        self.browser.run("document.getElementById(arguments[0]).scrollIntoView({ block: 'start' })", section)
        self.browser.drawn()

    def test_in_both_themes_and_widths_it_is_drawn_whole_without_an_error_or_a_request(self) -> None:
        colours = set()
        for width, dark in ((1400, False), (1400, True), (390, False)):
            with self.subTest(width=width, dark=dark):
                self.browser.open(self.page, width=width, dark=dark)
                self.browser.drawn()
                sections = self.browser.run("return [...document.querySelectorAll('section')].map((one) => one.id)")
                self.assertEqual(list(SECTIONS), sections)
                for section in SECTIONS:
                    self.show(section)
                    name = f"study-{section}-{width}-{'dark' if dark else 'light'}"
                    self.assertGreater(len(self.browser.picture(name)), 10_000)
                self.assertEqual([], self.browser.logged())
                self.assertEqual({self.page.resolve().as_uri()}, self.browser.asked_for())
                self.assertEqual(width, self.browser.run("return document.documentElement.scrollWidth"))
                colours.add(self.browser.run("return getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(2, len(colours))

    def test_the_cells_of_the_map_are_the_trials_of_the_store(self) -> None:
        self.browser.open(self.page)
        net, shares = "performance.net_profit", ("worst", "middle", "best")
        for x, y, metric, way in (
            ("hour", "target", "net_profit", "best"),
            ("target", "hour", "max_drawdown", "best"),
            ("risk.min_position_size_usd", "hour", "trade_quality.trades", "worst"),
            ("hour", "execution.slippage", net if net in self.figures() else "performance.total_return_pct", "middle"),
        ):
            with self.subTest(x=x, y=y, metric=metric, way=way):
                cells: dict[tuple[float, float], list[float | None]] = {}
                points: set[str | None] = set()
                for one in self.rows:
                    if one.fingerprint not in points:
                        points.add(one.fingerprint)
                        cells.setdefault((one.params[x], one.params[y]), []).append(self.value(one, metric))
                expected = {}
                for place, values in cells.items():
                    known = sorted((one for one in values if one is not None), reverse=metric == "max_drawdown")
                    middle = None if not known else (known[(len(known) - 1) // 2] + known[len(known) // 2]) / 2
                    picked = [known[0], middle, known[-1]] if known else [None] * 3
                    expected[place] = (picked[shares.index(way)], len(values))
                found = {(float(a), float(b)): (value, rows) for a, b, value, rows in
                         self.browser.run(CELLS, x, y, metric, way)}  # fmt: skip
                self.assertEqual(set(expected), set(found))
                for place, (value, count) in expected.items():
                    self.assertEqual(count, found[place][1])
                    if value is None:
                        self.assertIsNone(found[place][0])
                    else:
                        self.assertAlmostEqual(value, found[place][0], delta=1e-6 * max(1.0, abs(value)))

    def figures(self) -> set[str]:
        return {one["name"] for one in study_data(self.study, self.luck)["study"]["trials"]["figures"]}

    def value(self, trial: Trial, metric: str) -> Any:
        """Return what a trial reached in an objective, or a figure of it."""
        if "." in metric:
            return (trial.figures or {}).get(metric)
        return None if trial.objectives is None else trial.objectives[["net_profit", "max_drawdown"].index(metric)]

    def test_other_parameters_and_figures_change_the_map_and_the_best_is_marked(self) -> None:
        self.browser.open(self.page)
        before = self.fills()
        self.assertEqual(len(before), int(self.browser.run("return document.getElementById('heat-map').dataset.cells")))
        marks = "return document.querySelectorAll(`#heat-map ${arguments[0]}`).length"
        self.assertEqual([1, 1], [self.browser.run(marks, one) for one in (".star", ".ring")])
        # The ring stands where the best cell of the map is: the best trial's, as both parameters are shown.
        home = self.browser.run(
            "const [star, ring] = ['.star', '.ring'].map((one) =>"
            " document.querySelector(`#heat-map ${one}`).getBoundingClientRect());"
            "return star.left + star.width / 2 >= ring.left && star.right - star.width / 2 <= ring.right"
        )
        self.assertTrue(home)
        self.choose("heat", 0, "Max drawdown")
        other = self.fills()
        self.assertEqual(set(before), set(other))
        self.assertNotEqual(before, other)
        self.choose("heat", 1, "execution.slippage")
        self.choose("heat", 2, "hour")
        turned = self.fills()
        self.assertEqual({"0", "1"}, {place.split()[0] for place in turned})
        # A parameter against itself says nothing: the axes change places.
        self.choose("heat", 1, "hour")
        chosen = "return [...document.querySelectorAll('#heat select')].map((one) => one.selectedOptions[0].text)"
        self.assertEqual(["hour", "execution.slippage"], self.browser.run(chosen)[1:3])
        self.assertEqual({"0", "1"}, {place.split()[1] for place in self.fills()})
        self.choose("heat", 0, "Number of trials")
        self.assertEqual([], self.browser.logged())

    def test_names_of_axes_do_not_lie_over_each_other(self) -> None:
        for width in (390, 800, 1400):
            with self.subTest(width):
                self.browser.open(self.page, width=width)
                self.browser.drawn()
                names = self.browser.run(
                    "return [...document.querySelectorAll('#parallel-lines .axis-name')]"
                    ".map((one) => one.getBoundingClientRect()).map((one) => [one.left, one.right])"
                )
                self.assertEqual(len(PARAMETERS) + 2, len(names))
                self.assertEqual([], [pair for pair in itertools.pairwise(names) if pair[0][1] > pair[1][0]])

    def test_fronts_and_histories_are_those_of_the_study(self) -> None:
        self.browser.open(self.page)
        drawn = self.browser.run("return document.getElementById('front-drawing').dataset.front")
        self.assertEqual({one.number for one in self.study.front}, set(map(int, drawn.split())))
        steps = self.browser.run(
            "const { bestUntil } = await import('front/study/history.js');"
            "const { unpackStudy } = await import('front/study/trials.js');"
            "const trials = unpackStudy(JSON.parse(document.getElementById('data').textContent).study);"
            "return trials.objectives.map((one) => bestUntil(trials, one).map(({ row, value }) =>"
            " [trials.numbers[row], value]))"
        )
        for place, better in enumerate((float.__gt__, float.__lt__)):
            expected: list[list[float]] = []
            for one in self.rows:
                if one.objectives is not None and (
                    not expected or better(one.objectives[place], float(expected[-1][1]))
                ):
                    expected.append([one.number, one.objectives[place]])
            self.assertEqual(expected, steps[place])
        lines = self.browser.run("return Number(document.getElementById('parallel-lines').dataset.lines)")
        self.assertEqual(len(self.study.ranked), lines)
        self.choose("parallel", 1, "the best tenth")
        lines = self.browser.run("return Number(document.getElementById('parallel-lines').dataset.lines)")
        self.assertEqual(-(-len(self.study.ranked) // 10), lines)

    def test_the_table_of_the_best_has_their_luck_beside_them(self) -> None:
        self.browser.open(self.page)
        heads, *rows = self.browser.run(
            "return [...document.querySelectorAll('#best-table tr')].map((row) =>"
            " [...row.cells].map((cell) => cell.textContent))"
        )
        deflated = heads.index("DSR")
        best = self.study.ranked[:20]
        self.assertEqual([str(one.number) for one in best], [row[0] for row in rows])
        for one, row in zip(best, rows, strict=True):
            self.assertEqual(f"{self.luck.trials[one.number].deflated_sharpe:.3f}", row[deflated])
            self.assertEqual(str(one.params["hour"]), row[heads.index("hour")])
        sentence = self.browser.run("return document.getElementById('luck-sentence').textContent")
        self.assertEqual(self.luck.best.sentence.lower(), sentence.lower().rstrip("."))

    def test_folds_stand_in_a_table_of_their_own(self) -> None:
        day = 86_400_000
        folds = [
            FoldLine(number=place, train=TimeRange(place * day, (place + 9) * day),
                     test=TimeRange((place + 9) * day, (place + 12) * day), params=one.params, in_value=12.5,
                     out_value=out, efficiency=0.25, trades=4, max_drawdown_pct=1.5, balance=10_004.0)
            for place, (one, out) in enumerate(zip(self.study.ranked[:2], (3.0, None), strict=True))
        ]  # fmt: skip
        walk = WalkLines(title="Walk-forward 7: mine", name="walk-forward 7", window=TimeRange(0, 90 * day),
                         tiles=[("Out of sample", "-1.69 %", "of the account")],
                         facts=[("efficiency", "0.25 of it")], folds=folds)  # fmt: skip
        self.browser.open(write_study_page(self.study, self.luck, self.folder / "folds.html", walk), width=390)
        heads, *rows = self.browser.run(
            "return [...document.querySelectorAll('#fold-table tr')].map((row) =>"
            " [...row.cells].map((cell) => cell.textContent))"
        )
        self.assertEqual(["0", "1970-01-01 – 1970-01-10", "1970-01-10 – 1970-01-13"], rows[0][:3])
        self.assertEqual([str(one.params["hour"]) for one in folds], [row[heads.index("hour")] for row in rows])
        self.assertEqual(["3.0000 USDT", "n/a"], [row[heads.index("out")] for row in rows])
        title, name, badges, first, said = self.browser.run(
            "return [document.title, ...['h1', '.badges', '.tiles', '#folds'].map((one) =>"
            " document.querySelector(one).textContent)]"
        )
        self.assertEqual("Walk-forward 7: mine", title)
        self.assertTrue(name.endswith("walk-forward 7"), name)
        self.assertIn("1970-01-01 – 1970-04-01", badges)
        # What the tests came to stands before the best of any search, which says nothing of them.
        self.assertEqual("Out of sample-1.69 %of the account", first)
        self.assertIn("efficiency0.25 of it", said)
        self.assertEqual([], self.browser.logged())
        self.assertEqual(390, self.browser.run("return document.documentElement.scrollWidth"))

    def test_the_keyboard_tells_values_and_the_mouse_too(self) -> None:
        self.browser.open(self.page)
        self.browser.drawn()
        tip = "const tip = document.querySelector('.tip'); return tip && !tip.hidden ? tip.innerText : ''"
        for drawing in (
            "heat-map",
            "slice-drawing",
            "parallel-lines",
            "history-drawing",
            "front-drawing",
            "fan-drawing",
        ):
            with self.subTest(drawing):
                node = self.browser.driver.find_element(By.CSS_SELECTOR, f"#{drawing} svg")
                self.browser.run("arguments[0].focus()", node)
                node.send_keys(Keys.ARROW_RIGHT)
                first = self.browser.run(tip)
                node.send_keys(Keys.ARROW_RIGHT)
                second = self.browser.run(tip)
                self.assertTrue(first and second)
                self.assertNotEqual(first, second)
                node.send_keys(Keys.ESCAPE)
                self.assertEqual("", self.browser.run(tip))
        self.show("heat")
        self.browser.run(
            "const box = document.querySelector('#heat-map .cell').getBoundingClientRect();"
            "document.querySelector('#heat-map svg').dispatchEvent(new PointerEvent('pointermove',"
            " { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true }))"
        )
        self.assertIn("hour", self.browser.run(tip))
        self.browser.picture("study-tip-1400-light")

    def test_no_text_of_a_study_becomes_part_of_the_page(self) -> None:
        text = json.dumps(msgspec.to_builtins(study_data(self.study, self.luck)))
        hostile = json.dumps(HOSTILE)[1:-1]
        data = json.loads(text.replace("as planted", hostile).replace("execution.slippage", hostile))
        data["study"]["title"] = data["study"]["name"] = data["study"]["window_name"] = HOSTILE
        page = self.folder / "hostile.html"
        page.write_text(study_html(data), encoding="utf-8")
        self.browser.open(page)
        self.browser.drawn()
        self.assertIsNone(self.browser.run("return window.injected ?? null"))
        self.assertEqual([], self.browser.logged())
        self.assertEqual({page.resolve().as_uri()}, self.browser.asked_for())
        self.assertIn(HOSTILE, self.browser.run("return document.querySelector('h1').textContent"))

    def test_ten_thousand_trials_stay_usable(self) -> None:
        page = self.folder / "many.html"
        write_study_page(many_trials(self.study, 10_000), self.luck, page)
        self.assertLess(page.stat().st_size, 5_000_000)
        before = self.browser.computed()
        self.browser.open(page)
        self.browser.drawn()
        drawn = self.browser.computed()
        self.browser.run(
            "const select = document.querySelector('#heat select'); select.selectedIndex = 3;"
            "select.dispatchEvent(new Event('change'));"
        )
        self.browser.drawn()
        took = self.browser.computed() - drawn
        self.assertEqual([], self.browser.logged())
        self.assertEqual("2000", self.browser.run("return document.getElementById('parallel-lines').dataset.lines"))
        nodes = self.browser.run("return document.querySelectorAll('*').length")
        self.assertLess(nodes, 5_000)
        for section in ("heat", "parallel"):
            self.show(section)
            self.browser.picture(f"study-many-{section}")
        # What the page computes, whatever else the machine does; alone a third of a second, and a fortieth.
        self.assertLess(drawn - before, 3.0)
        self.assertLess(took, 1.0)

    def test_studies_of_one_parameter_of_one_trial_and_without_a_value_have_their_pages(self) -> None:
        base, made = planted_base(), {}
        with store_in(self.folder, "small") as store:
            one = {"store": store, "processes": 1, "best": 0, "sampler": "grid"}
            made["line"] = research.optimise(base, {"hour": "8..20"}, metric="net_profit", **one)
            made["point"] = research.optimise(base, {"hour": "12..12"}, metric="net_profit", **one)
            both = {"hour": "8..20", "target": "0.002..0.014:0.004"}
            made["gaps"] = research.optimise(
                base, both, metric="net_profit", **{**one, "sampler": "random"}, trials=3, seed=1
            )
            made["none"] = research.optimise(base, {"hour": "8..20"}, metric="net_profit", min_trades=1_000, **one)
            lucks = {name: study_luck(study, store) for name, study in made.items()}
        sections: dict[str, set[str]] = {}
        for name, study in made.items():
            with self.subTest(name):
                page = write_study_page(study, lucks[name], self.folder / f"{name}.html")
                self.browser.open(page, width=390)
                self.browser.drawn()
                self.assertEqual([], self.browser.logged())
                found = self.browser.run("return [...document.querySelectorAll('section')].map((one) => one.id)")
                sections[name] = set(found)
                empty = self.browser.run(
                    "return [...document.querySelectorAll('section')].filter((one) => one.children.length < 2)"
                    ".map((one) => one.id)"
                )
                self.assertEqual([], empty)
                if name == "gaps":
                    # Cells lie where their values do in the whole range, and not side by side.
                    steps = [0.002, 0.006, 0.01, 0.014]
                    cells = {(int(one.params["hour"]) - 8, steps.index(one.params["target"])) for one in study.trials}
                    drawn = self.browser.run("return [...document.querySelectorAll('#heat-map .cell')]"
                                             ".map((one) => one.dataset.cell.split(' ').map(Number))")  # fmt: skip
                    across = self.browser.run("return document.querySelectorAll('#heat select')[1].value")
                    turn = 1 if across == "0" else -1
                    self.assertEqual(cells, {tuple(one[::turn]) for one in drawn})
        self.assertEqual(set(SECTIONS) - {"heat", "parallel"}, sections["line"])
        self.assertEqual({"made"}, sections["none"])
        self.assertNotIn("heat", sections["point"])


if __name__ == "__main__":
    unittest.main()
