"""Where runs are found, and what a half or damaged folder is told."""

import contextlib
import os
import re
import shutil
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path
from unittest import mock

import numpy as np

from backtests.config_backtest import ConfigBacktestRunner
from backtests.timeline import MarketWindow, steps_of
from core.errors import ConfigurationError, StoreError
from core.event_lines import TRADE_HEADER, trade_line
from core.events import Fill, TradeRow
from engine.session import Session
from runs.reading import find_run, measure_run, read_run
from runs.reading.log_rows import read_log
from runs.reading.run_candles import candles_of
from tests.support.config_tree import write_config
from tests.support.runs.written_runs import EAGER, candles, written_run

STEM = "config_backtest_20240101_20240126"


class RunFolders(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.source = Path(folder.name)
        fed = candles(count=600)
        cls.first, _, _ = written_run(cls.source / "backtests", candles=fed)
        cls.second, _, _ = written_run(cls.source / "backtests", {"slippage": 0.001}, candles=fed)

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.root = self.base / "backtests"
        shutil.copytree(self.source / "backtests", self.root)

    def own(self, run_id: str) -> Path:
        return self.root / self.first.folder.parent.relative_to(self.source / "backtests") / run_id

    def test_a_run_is_read_by_each_of_its_places(self) -> None:
        own = self.own(self.second.run_id)
        for place in (self.root / f"{STEM}.csv", self.root / STEM, self.root / STEM / "result.json", own,
                      own / "trades.csv", str(own)):  # fmt: skip
            run = read_run(place)
            self.assertEqual((run.run_id, run.folder, run.kind, run.status),
                             (self.second.run_id, own, "backtest", "COMPLETED"))  # fmt: skip
            self.assertEqual(run.log_file, own / "trades.csv")
        self.assertEqual(read_run(self.own(self.first.run_id)).run_id, self.first.run_id)

    def test_a_link_to_a_run_is_that_run(self) -> None:
        link = self.root / "best"
        link.symlink_to(self.own(self.first.run_id), target_is_directory=True)
        self.assertEqual(read_run(link).folder, self.own(self.first.run_id))

    def test_the_latest_is_read_where_its_own_folder_was_removed(self) -> None:
        for one in (self.first, self.second):
            shutil.rmtree(self.own(one.run_id))
        run = read_run(self.root / STEM)
        self.assertEqual((run.run_id, run.log_file), (self.second.run_id, self.root / f"{STEM}.csv"))
        self.assertEqual(measure_run(run).to_dict(), measure_run(self.second).to_dict())

    def test_without_the_times_of_steps_the_rows_of_the_account_stand_in(self) -> None:
        own = self.own(self.first.run_id)
        (own / "steps.npy").unlink()
        run = read_run(own)
        self.assertTrue(run.curve.sparse)
        told, whole = measure_run(run), measure_run(self.first)
        self.assertEqual(whole.drawdown.seen_at, "every step")
        self.assertEqual(told.drawdown.seen_at, "changes of the account and daily closes")
        for name in ("net_profit", "best_day_pct", "trades", "expectancy", "value_at_risk_pct", "total_costs"):
            self.assertEqual(told.figure(name), whole.figure(name), name)
        self.assertEqual(run.trades.entry_time_ms.tolist(), self.first.trades.entry_time_ms.tolist())
        self.assertEqual(self.first.warnings, run.warnings[:-1])
        self.assertIn("steps.npy is not there: drawdown", run.warnings[-1])

    def test_a_backtest_that_lost_its_curve_is_no_longer_whole(self) -> None:
        own = self.own(self.first.run_id)
        for name in ("equity.npy", "steps.npy"):
            (own / name).unlink()
            with self.assertRaisesRegex(StoreError, "equity.npy is missing: the folder is no longer whole"):
                _ = read_run(own).curve

    def test_a_run_is_found_by_its_id_the_beginning_of_it_its_name_and_as_the_latest(self) -> None:
        roots = [self.root, self.base / "nowhere"]
        ids = self.first.run_id, self.second.run_id
        for run_id in ids:
            self.assertEqual(find_run(run_id, roots), self.own(run_id))
            self.assertEqual(find_run(run_id[:8], roots), self.own(run_id))
        os.utime(self.own(ids[0]) / "result.json", (2**31, 2**31))
        self.assertEqual(find_run("latest", roots), self.own(ids[0]))
        self.assertEqual(read_run(find_run(STEM, roots)).run_id, ids[1])
        with contextlib.chdir(self.base):
            self.assertEqual(find_run(f"backtests/{STEM}.csv"), Path(f"backtests/{STEM}.csv"))

    def test_a_run_that_cannot_be_found_is_one_line(self) -> None:
        common = self.first.run_id[:4]
        shutil.copytree(self.own(self.first.run_id), self.own(f"{common}zzz"))
        for text, words in (
            ("zzz", "has that id or name — allowed: an id or its beginning, a name, a folder, or latest"),
            ("", "has that id or name"),
            ("../nothing", "has that id or name"),
            (common, f"begins 2 runs: {self.first.run_id}, {common}zzz — allowed: more letters of one"),
        ):
            with self.assertRaises(ConfigurationError) as caught:
                find_run(text, [self.root])
            self.assertIn(words, str(caught.exception))
            self.assertNotIn("\n", str(caught.exception))
        with self.assertRaisesRegex(ConfigurationError, "there is no run below .*nowhere; make one"):
            find_run("latest", [self.base / "nowhere"])

    def test_half_and_damaged_folders_are_one_line_that_names_the_file(self) -> None:
        damages = {
            "manifest.json": {None: "manifest.json", b"{": "is no manifest", b'{"settings": 1}': "is no manifest"},
            "result.json": {None: "has no result.json", b"[]": "is no result", b"\xff": "is no result"},
            "trades.csv": {
                None: "cannot read",
                b"": "does not begin with the header",
                b"\xff\xfe": "is no text",
            },
            "equity.csv": {None: "cannot read", b"time,equity\n": "does not begin with the header"},
            "equity.npy": {b"": "is no column of numbers", b"PK": "is no column of numbers"},
        }
        for name, ways in damages.items():
            for content, words in ways.items():
                with self.subTest(name=name, words=words):
                    self.setUp()
                    file = self.own(self.first.run_id) / name
                    file.unlink()
                    if content is not None:
                        file.write_bytes(content)
                    self.refused(words)
        for column, words in ((np.zeros((2, 2)), "has 2 dimensions"), (np.zeros(3), "they are not of one run")):
            self.setUp()
            np.save(self.own(self.first.run_id) / "steps.npy", column)
            self.refused(words)

    def refused(self, words: str) -> None:
        with self.assertRaises(StoreError) as caught:
            measure_run(read_run(self.own(self.first.run_id)))
        self.assertIn(words, str(caught.exception))
        self.assertIn(str(self.root), str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_a_damaged_row_of_the_trade_log_names_its_line(self) -> None:
        log = self.own(self.first.run_id) / "trades.csv"
        lines = log.read_text().splitlines(keepends=True)
        for change, words in (
            (lines[2].replace("CLOSE", "SHUT"), "line 3: is no row of a trade log: SHUT"),
            (lines[2].replace(",CLOSE,", ",CLOSE,x,"), "line 3: 17 cells where the header has 16"),
            ("x" + lines[2], "is no time such as 2024-01-01T00:00:00.000Z"),
            (re.sub(r"(CLOSE,\w+,)", r"\1x", lines[2]), "a number is expected"),
        ):
            with self.subTest(words):
                log.write_text("".join([*lines[:2], change, *lines[3:]]))
                self.refused(words)
        # A last line that was cut off is no row yet.
        log.write_text("".join(lines[:-1]) + lines[-1][:20])
        self.assertEqual(len(read_run(log).rows), len(lines) - 2)

    def test_rows_are_read_as_they_were_told_whatever_their_texts_hold(self) -> None:
        for text in ('=1+1, "so"\nand\r\nso', "'=quoted", "a\u2028b\x1cc\x85d", "é", ""):
            fill = Fill(
                "A,B/USDT", -1, Decimal("0.5"), Decimal("100.10"), Decimal(100), Decimal("0.01"), 1_704_067_200_123
            )
            row = TradeRow(fill, "OPEN", "1", text, "signal", Decimal("-1.5"), Decimal(2), tag=text)
            log = self.base / "trades.csv"
            log.write_bytes((TRADE_HEADER + 2 * trade_line(row)).encode())
            for one in read_log(log):
                self.assertEqual((one.symbol, one.side, one.strategy), ("A,B/USDT", "SHORT", text))
                self.assertEqual(one.metadata.get("tag", ""), text)
                self.assertEqual((one.time_ms, one.price, one.balance), (fill.time_ms, fill.price, row.balance))

    def test_a_folder_that_is_none_is_one_line(self) -> None:
        (self.base / "empty").mkdir()
        for path, words in ((self.base / "empty", "is no folder of a run"), (self.base / "none", "no such folder")):
            with self.assertRaisesRegex(StoreError, words):
                read_run(path)

    def test_a_run_cut_short_is_partial_and_judged_by_the_time_it_covers(self) -> None:
        with mock.patch("backtests.run.replay", lambda session, steps, *_: _some(session, steps)):
            run, _, _ = written_run(self.base / "cut", candles=candles(count=600))
        self.assertEqual(run.status, "PARTIAL")
        self.assertEqual(run.window[1], int(run.curve.times_ms[-1]))
        self.assertEqual(len(run.curve.equity), 50)
        told = measure_run(run)
        self.assertAlmostEqual(told.performance.days, 50 / 24, places=9)


def _some(session: Session, window: MarketWindow) -> bool:
    """Show a session fifty steps, as if it were then interrupted."""
    for number, step in enumerate(steps_of(window), 1):
        session.process(step)
        if number == 50:
            return False
    return True


class CandlesOfARun(unittest.TestCase):
    def test_those_of_the_store_are_found_where_they_are_those_it_was_fed(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            base = Path(name)
            live = {
                "exchange": "practice", "symbols": ["BTC/USDT", "ETH/USDT"], "timeframe": "1h", "strategy": EAGER,
                "detail_interval": "15m", "data": {"cache_dir": str(base / "data")},
            }  # fmt: skip
            runner = ConfigBacktestRunner(write_config(base, live), "2024-01-01", "2024-01-05", output_dir=base / "out")
            run = read_run(runner.run()["output_dir"])
            found = candles_of(run)
            self.assertEqual({symbol: one.rows for symbol, one in found.items()}, {"BTC/USDT": 384, "ETH/USDT": 384})
            told = measure_run(run, found)
            self.assertEqual(told.trade_quality.trades_with_excursions, told.trade_quality.trades)
            self.assertGreater(told.trade_quality.trades, 0)
            self.assertAlmostEqual(
                told.benchmark.total_return_pct, run.result.performance.buy_and_hold_return_pct, places=9
            )
            # Another set of candles is not the one that the run was fed.
            settings = run.manifest.settings["live"]
            settings["exchange"] = "elsewhere"
            self.assertEqual(candles_of(run), {})


if __name__ == "__main__":
    unittest.main()
