"""Streams that close candles before their time, or never: what was decided is still what REST has, when it was due."""

import statistics
import tempfile
import unittest
from pathlib import Path

import msgspec

from practice.faults.fault_script import FaultScript, SkipCandle, Stall, WrongClock
from tests.support.sessions.live_sessions import GRACE_S, LONGEST_S, QUICK, SYMBOLS, LiveRun, run_live
from tests.support.sessions.session_outputs import journal_outputs, truth_outputs

PATIENCE_S = 1.0
"""How long the exchange stands for a step that does not come."""

PATIENT = msgspec.structs.replace(QUICK, stale_candles=1_000, quiet_seconds=LONGEST_S, stale_seconds=LONGEST_S)
"""A feed that renews no connection by itself."""


class SilentStream(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def expect_truth(self, run: LiveRun) -> None:
        self.assertEqual(run.steps, run.truth_steps)
        self.assertEqual(run.outputs, truth_outputs(run))
        self.assertEqual(run.outputs, journal_outputs(run, self.base / "journal"))

    def sources(self, run: LiveRun) -> set[str | None]:
        return {source for record in run.step_records[-5:] for source in record.sources}

    def test_updates_flow_and_no_candle_is_closed_any_more(self) -> None:
        script = FaultScript(faults=(SkipCandle(final=16, count=5, symbols=SYMBOLS),))
        run = run_live(self.base, script, candles=20, patience_s=3.0, limits=PATIENT)
        self.expect_truth(run)
        self.assertEqual({"rest"}, self.sources(run))

    def test_nothing_comes_any_more_on_a_connection_that_stands(self) -> None:
        script = FaultScript(faults=(Stall(at="15.5m", duration="10m"),))
        run = run_live(self.base, script, candles=20, patience_s=3.0, limits=PATIENT)
        self.expect_truth(run)
        self.assertEqual({"rest"}, self.sources(run))

    def test_a_final_before_its_close_is_no_step_before_it_is_due_unless_the_settings_believe_it(self) -> None:
        """The exchange's clock says a minute less than when it closes candles: each final is half a minute early."""
        for seconds, held in ((2, True), (60, False)):
            with self.subTest(early_final_seconds=seconds):
                base = self.base / str(seconds)
                base.mkdir()
                script = FaultScript(faults=(WrongClock(at=0, by="-1m"),))
                session = {"barrier_grace_seconds": GRACE_S, "early_final_seconds": seconds}
                run = run_live(base, script, candles=10, stop_after=8, patience_s=PATIENCE_S, live={"session": session})
                self.assertEqual(run.steps, run.truth_steps)
                self.assertEqual(held, statistics.median(run.view.delays) > PATIENCE_S / 2)


if __name__ == "__main__":
    unittest.main()
