"""``python -m research portfolio``: what it prints and keeps, and a line for everything that cannot be."""

import contextlib
import io
import json
import os
import re
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from research.__main__ import main
from runs.store.run_store import open_store
from runs.store.store_rows import Optimisation, Trial
from tests.support.browser import CHROMIUM, DRIVER, browser
from tests.support.system_files import LIVE, system_places, write_system

PAIR = {"id": "pair", "description": "For tests", "members": {"one": "first", "two": "second"}}


class Command(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.places = system_places(self.folder)
        write_system(self.folder, "first")
        write_system(self.folder, "second", overrides={"symbols": ["SOL/USDT"]})
        write_system(self.folder, "hourly", overrides={"timeframe": "1h"})
        self.url = f"sqlite:///{self.folder}/runs.sqlite"
        environment = patch.dict(os.environ, HARNESS_STORE_URL=self.url)
        environment.start()
        self.addCleanup(environment.stop)

    def write(self, name: str = "pair", **keys: object) -> Path:
        path = self.folder / "config" / "portfolios" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({**PAIR, **keys}), encoding="utf-8")
        return path

    def run_verb(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        places = ("--systems", str(self.places.systems), "--logs", str(self.places.logs), "--data-dir",
                  str(self.places.data_dir))  # fmt: skip
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["portfolio", *arguments, *places])
        return code, out.getvalue(), err.getvalue()

    def refused(self, *arguments: str) -> str:
        """Return the one line that a command ends with."""
        code, out, err = self.run_verb(*arguments)
        self.assertEqual((2, ""), (code, out), err)
        self.assertEqual(1, err.count("\n"), err)
        return err

    def test_a_run_is_shown_kept_and_shown_again(self) -> None:
        self.write(rebalance="1d", capital=9_000, windows={"days": "2024-01-01..2024-01-06"})
        code, shown, err = self.run_verb("pair")
        self.assertEqual(0, code, err)
        self.assertIn("Portfolio 1: pair, days: 2024-01-01", shown)
        self.assertIn(
            "member of the portfolio pair", (next((self.folder / "logs").rglob("one/result.json"))).read_text()
        )
        self.assertEqual((0, shown, err), self.run_verb("--show", "latest"))
        # The same run again is the same row.
        self.assertEqual((0, shown, err), self.run_verb("pair", "--window", "days"))
        self.assertIn("1       COMPLETED  pair", self.run_verb()[1])
        with open_store(self.url) as store:
            (row,) = store.records(Optimisation, method="portfolio")
            members = store.records(Trial, optimisation=row.id)
            runs = {one.id: one for one in store.runs()}
        self.assertEqual([("one", "first"), ("two", "second")],
                         [(one.params["member"], one.params["system"]) for one in members])  # fmt: skip
        self.assertEqual([4_500] * 2, [int(runs[one.run].capital) for one in members])
        told = json.loads(self.run_verb("--show", "1", "--json")[1])
        self.assertEqual(["one", "two"], list(told["members"]))

    def test_its_page_has_what_the_run_came_to(self) -> None:
        self.write(rebalance="1d", windows={"days": "2024-01-01..2024-01-06"}, limits={"max_open_trades": 1})
        code, out, err = self.run_verb("pair", "--report", "--json")
        self.assertEqual(0, code, err)
        told = json.loads(out)
        self.assertEqual(self.folder / "logs" / "reports", Path(told["report"]).parent)
        text = Path(told["report"]).read_text(encoding="utf-8")
        [held] = re.findall(r'(?s)<script type="application/json" id="data">(.*?)</script>', text)
        page = json.loads(held, parse_constant=self.fail)["portfolio"]
        self.assertNotIn(str(self.folder), held)
        self.assertEqual(told["performance"], page["performance"])
        self.assertAlmostEqual(told["performance"]["equity"], page["equity"][-1], 3)
        own = [one["equity_by_day"] for one in page["members"]]
        for whole, *parts in zip(page["equity"], *own, strict=True):
            self.assertAlmostEqual(whole, sum(parts), 3)
        for one in page["members"]:
            result = told["members"][one["name"]]
            grown = 100 * (one["units"][-1] / one["starting_balance"] - 1)
            self.assertAlmostEqual(result["total_return_pct"], grown, 4)
            refused = {hit["limit"]: hit["times"] for hit in one["limits_hit"] if hit["what"] == "refused"}
            self.assertEqual(result["refused_by_limits"], refused)
        self.assertTrue(any(one["limits_hit"] for one in page["members"]))
        moved = [part["moved"] for one in page["rebalances"] for part in one["shares"]]
        self.assertAlmostEqual(told["moved"], sum(one for one in moved if one > 0), 6)
        self.assertEqual(told["rebalances"], len(page["rebalances"]))
        self.opened(Path(told["report"]))

    def opened(self, page: Path) -> None:
        """Require that a real browser draws it whole, without an error."""
        if not (CHROMIUM and DRIVER):
            return
        with browser() as window:
            for width in (1400, 390):
                window.open(page, width=width, dark=width == 390)
                window.drawn()
                sections = window.run("return [...document.querySelectorAll('section')].map((one) => one.id)")
                self.assertEqual(["equity", "allocation", "brought", "together", "limits", "made"], sections)
                lines = window.run("return [...document.querySelectorAll('.line-plot svg path.line')].length")
                self.assertEqual(3 + 3 + 2, lines)
                self.assertEqual(width, window.run("return document.documentElement.scrollWidth"))
                self.assertGreater(len(window.picture(f"portfolio-{width}")), 10_000)
                self.assertEqual([], window.logged())

    def test_what_cannot_be_is_one_line(self) -> None:
        self.assertIn("there is no portfolio 'pair' — ", self.refused("pair", "--window", "2024-01"))
        self.write()
        self.assertIn("names no window — allowed: --window", self.refused("pair"))
        self.assertIn("did you mean pair?", self.refused("pari"))
        self.assertIn("pair has no window 'june' — allowed: ", self.refused("pair", "--window", "june"))
        self.assertIn("there is none of that number", self.refused("--show", "7"))
        self.assertIn("--window of which portfolio?", self.refused("--window", "2024-01"))
        self.assertIn("--show shows what was run", self.refused("pair", "--show", "7"))
        cases: list[tuple[dict[str, object], str]] = [
            ({"id": "other"}, "id: 'other' — allowed: pair"),
            ({"members": {}}, "members: names none"),
            ({"members": {"A b": "first"}}, "cannot be the name of a member"),
            ({"members": {"one": "frist"}}, "members.one: there is no system 'frist' (did you mean first?)"),
            ({"members": {"one": "first@0123"}}, "not '0123' — allowed: first@"),
            ({"members": {"one": "no.yaml"}}, "members.one: 'no.yaml' names no file — looked for "),
            ({"members": {"one": "first", "two": "hourly"}}, "members.two: timeframe is '1h', that of one is '15m'"),
            ({"allocation": "fixed"}, "weights: is missing"),
            ({"allocation": "fixed", "weights": {"one": 1}}, "weights: names one — allowed: a number above 0 for each"),
            ({"weights": {"one": 1, "two": 1}}, "has no effect with allocation equal"),
            ({"allocation": "risk_parity"}, "has no effect with rebalance never"),
            ({"allocation": "riskparity", "rebalance": "7d"}, "did you mean risk_parity?"),
            ({"rebalance": "weekly"}, "rebalance: 'weekly' — allowed: never, monthly, or a number of days such as 7d"),
            ({"limits": {"max_open_trade": 2}}, "limits.max_open_trade: unknown key (did you mean"),
            ({"limits": {"max_drawdown_pct": 10}}, "limits.max_drawdown_pct: 10"),
        ]  # fmt: skip
        for keys, words in cases:
            with self.subTest(words):
                self.write(**keys)
                self.assertIn(words, self.refused("pair", "--window", "2024-01-01..2024-01-02"))
        self.assertFalse((self.folder / "logs" / "backtests").exists())

    def test_a_configuration_can_be_a_member(self) -> None:
        self.write(members={"one": "config/live.yaml"}, windows={"day": "2024-01-01..2024-01-03"})
        code, out, err = self.run_verb("pair", "--json")
        self.assertEqual(0, code, err)
        self.assertEqual(LIVE["symbols"], json.loads(out)["config"]["symbols"])


if __name__ == "__main__":
    unittest.main()
