"""Time is monotone inside a session, from the warm-up on, or the run stops."""

import unittest
from decimal import Decimal

from core.candle import Candle, Step
from core.errors import InvariantError
from core.instrument import Instrument
from tests.support.kernel_runs import run_kernel

MINUTE = 60_000


def flat(minute: int) -> Candle:
    return Candle(minute * MINUTE, 100.0, 100.0, 100.0, 100.0, 1.0)


class TimeMovesForward(unittest.TestCase):
    def test_a_candle_that_is_not_after_the_last_warm_up_candle_stops_the_run(self) -> None:
        instruments = {"A": Instrument("A", Decimal(1), Decimal(1))}
        candles = {"A": [flat(5), flat(6), flat(7)]}
        run = run_kernel({}, ["A"], candles, {}, instruments, warmup_candles=2, start_ms=7 * MINUTE)
        self.assertEqual(1, run.session.statistics.steps)
        late = run_kernel({}, ["A"], {"A": [flat(5), flat(6)]}, {}, instruments, warmup_candles=2, start_ms=7 * MINUTE)
        for minute in (5, 6):
            with self.subTest(minute=minute), self.assertRaises(InvariantError):
                late.session.process(Step(20 * MINUTE + minute, (flat(minute),)))

    def test_a_warm_up_that_goes_back_stops_the_run(self) -> None:
        run = run_kernel({}, ["A"], {"A": []}, {}, {"A": Instrument("A", Decimal(1), Decimal(1))})
        with self.assertRaises(InvariantError):
            run.session.warm_up(0, [flat(3), flat(2)])


if __name__ == "__main__":
    unittest.main()
