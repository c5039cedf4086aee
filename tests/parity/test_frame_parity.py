"""A frame strategy decides alike candle by candle, with faults in between, and with all candles known."""

import unittest

from practice.faults.fault_script import DropConnections, DuplicateFinals, SkipCandle, Stall
from strategies.anchored_blocks import BLOCK_CANDLES, stored_candles_needed
from tests.parity import test_live_faults
from tests.support.frame_strategies import Breakout
from tests.support.sessions.live_sessions import SYMBOLS
from tests.support.times import JANUARY_MS, MINUTE_MS

LENGTH = 4
BOUNDARY_MS = (JANUARY_MS // MINUTE_MS // BLOCK_CANDLES + 1) * BLOCK_CANDLES * MINUTE_MS


class FrameParity(test_live_faults.LiveParity):
    def test_a_session_over_the_end_of_a_block_with_faults(self) -> None:
        start_ms = BOUNDARY_MS - 31 * MINUTE_MS
        faults = (
            DropConnections(at="10m"),
            Stall(at="27m", duration="6m"),
            DuplicateFinals(at="40m"),
            SkipCandle(at="20m", symbols=(SYMBOLS[1],), where="everywhere"),
        )
        for form in ("Breakout", "TableBreakout"):
            strategy = {"type": f"tests.support.frame_strategies:{form}", "params": {"length": LENGTH, "multiple": 0.6}}
            with self.subTest(form):
                run = self.live(*faults, candles=110, start_ms=start_ms, live={"strategy": strategy})
                self.expect_parity(run)
                needed = stored_candles_needed(Breakout({"length": LENGTH}), start_ms, MINUTE_MS)
                self.assertEqual(LENGTH + BLOCK_CANDLES - 31, needed)
                self.assertEqual({needed}, {len(candles) for candles in run.head.warmup.values()})


if __name__ == "__main__":
    unittest.main()
