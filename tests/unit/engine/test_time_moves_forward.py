"""Time is monotone inside a session, from the warm-up on, and a step is of its symbols, or the run stops."""

import unittest
from decimal import Decimal

from core.candle import Step
from core.errors import InvariantError
from core.instrument import Instrument
from tests.support.candles import candle
from tests.support.runs.kernel_runs import run_kernel
from tests.support.times import MINUTE_MS


class TimeMovesForward(unittest.TestCase):
    def test_a_candle_that_is_not_after_the_last_warm_up_candle_stops_the_run(self) -> None:
        instruments = {"A": Instrument("A", Decimal(1), Decimal(1))}
        candles = {"A": [candle(5), candle(6), candle(7)]}
        run = run_kernel({}, ["A"], candles, {}, instruments, warmup_candles=2, start_ms=7 * MINUTE_MS)
        self.assertEqual(1, run.session.statistics.steps)
        late = run_kernel(
            {}, ["A"], {"A": [candle(5), candle(6)]}, {}, instruments, warmup_candles=2, start_ms=7 * MINUTE_MS
        )
        for minute in (5, 6):
            with self.subTest(minute=minute), self.assertRaises(InvariantError):
                late.session.process(Step(20 * MINUTE_MS + minute, (candle(minute),)))

    def test_a_warm_up_that_goes_back_stops_the_run(self) -> None:
        run = run_kernel({}, ["A"], {"A": []}, {}, {"A": Instrument("A", Decimal(1), Decimal(1))})
        run.session.warm_up(0, [candle(3)])
        for minute in (3, 2):
            with self.assertRaises(InvariantError):
                run.session.warm_up(0, [candle(minute)])

    def test_a_step_of_other_symbols_stops_the_run(self) -> None:
        run = run_kernel({}, ["A"], {"A": []}, {}, {"A": Instrument("A", Decimal(1), Decimal(1))})
        for candles in ((), (None, candle(1))):
            with self.assertRaisesRegex(InvariantError, f"{len(candles)} candles of 1 symbols"):
                run.session.process(Step(2 * MINUTE_MS, candles))


if __name__ == "__main__":
    unittest.main()
