"""Simulated days of live trading: no step lost, memory flat, and history parity to the byte."""

import subprocess
import sys
import tempfile
import unittest
from itertools import pairwise
from pathlib import Path

from core.candle import Candle
from practice.market.wide_market import practice_source
from tests.support.memory import resident_mb
from tests.support.runs.backtest_runs import command_environment
from tests.support.scale import LONG
from tests.support.sessions.live_sessions import LiveRun, run_live
from tests.support.sessions.session_outputs import journal_outputs, received_outputs, truth_outputs
from tests.support.shared import REPOSITORY
from tests.support.times import at

DAY = 1_440
FOUR = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT")
TEN = (*practice_source(1).markets(), "AAA/USDT", "BBB/USDT")
SHIPPED = {"strategy": {"type": "scalping_ema_rsi"}}
MOST_GROWTH_MB = 12.0
"""Between the first quarter's end and the last one's. A week of kept candles would be more; a day's would not."""


class Soak(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.resident: list[float] = []

    def soak(self, symbols: tuple[str, ...], candles: int) -> LiveRun:
        """Run a session with the shipped strategy; memory is read at each quarter."""
        steps = 0

        def count() -> None:
            nonlocal steps
            steps += 1
            if steps % (candles // 4) == 0:
                self.resident.append(resident_mb())

        return run_live(
            self.base,
            candles=candles,
            symbols=symbols,
            pace="read",
            keep_sent=False,
            updates_per_candle=0,
            live=SHIPPED,
            on_step=count,
        )

    def expect_whole(self, run: LiveRun, candles: int) -> None:
        self.assertEqual([step.time_ms for step in run.steps], [at(n) for n in range(1, candles + 1)])
        self.assertTrue(all(isinstance(one, Candle) for step in run.steps for one in step.candles))
        self.assertEqual(run.noted, [])
        self.assertGreater(run.outputs["trades.csv"].count(b"\n"), 10)
        self.assertEqual(run.outputs, received_outputs(run))
        self.assertEqual(run.outputs, journal_outputs(run, self.base / "journal"))
        self.assertEqual(run.outputs, truth_outputs(run))
        self.assertEqual(len(self.resident), 4)
        self.assertLess(self.resident[-1] - self.resident[0], MOST_GROWTH_MB, self.resident)

    def test_a_day_of_four_symbols_is_whole_and_the_parity_command_agrees(self) -> None:
        run = self.soak(FOUR, DAY)
        self.expect_whole(run, DAY)
        checked = subprocess.run(
            [sys.executable, "-m", "backtests.parity", str(run.path)],
            cwd=REPOSITORY,
            env=command_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertEqual(checked.stdout.splitlines()[-1], "journal: equal · history: 0 differences")

    @unittest.skipUnless(LONG, "a simulated week takes minutes")
    def test_a_week_of_ten_symbols_is_whole(self) -> None:
        run = self.soak(TEN, 7 * DAY)
        self.expect_whole(run, 7 * DAY)
        growths = [after - before for before, after in pairwise(self.resident)]
        self.assertLess(growths[-1], MOST_GROWTH_MB / 2, self.resident)


if __name__ == "__main__":
    unittest.main()
