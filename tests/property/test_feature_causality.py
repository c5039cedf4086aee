"""No feature strategy is changed by what comes after: at every step of a small run, on columns of everything."""

import unittest
from collections.abc import Callable

from core.candle import Step
from strategies import ScalpingEMARSI
from strategies.features.feature_strategy import FeatureStrategy
from tests.property.test_causality import LIVELY, QUICK
from tests.support.feature_strategies import Crossing, Leader, MaskedCrossing
from tests.support.market_data_sets import practice_candles
from tests.support.runs.kernel_runs import steps_of
from tests.support.runs.strategy_runs import SteppedRun, alter_after, stepped_run
from tests.support.scale import scaled
from tests.support.times import MINUTE_MS

SYMBOLS = ("BTC/USDT", "SOL/USDT")
WARM = 360
MAKES: tuple[Callable[[], FeatureStrategy], ...] = (
    Crossing,
    MaskedCrossing,
    Leader,
    lambda: ScalpingEMARSI(QUICK),
)


class FeatureCausality(unittest.TestCase):
    def test_at_every_step_of_a_small_run(self) -> None:
        stored = practice_candles(SYMBOLS, "1m", WARM + scaled(60, 300))
        warm = {symbol: own[:WARM] for symbol, own in stored.items()}
        steps = steps_of({symbol: own[WARM:] for symbol, own in stored.items()}, SYMBOLS, MINUTE_MS)

        def run(make: Callable[[], FeatureStrategy], shown: list[Step], known: bool | list[Step] = True) -> SteppedRun:
            return stepped_run(make(), shown, SYMBOLS, LIVELY, warm_up=warm, known=known)

        for make in MAKES:
            whole = run(make, steps)
            name = whole.session.rules.strategy_name
            self.assertGreater(len(whole.trades), 1_000, name)
            for number, step in enumerate(steps):
                expected = whole.up_to(step.time_ms)
                for known in (True, alter_after(steps, step.time_ms)):
                    self.assertEqual(expected, run(make, steps[: number + 1], known).up_to(step.time_ms), name)


if __name__ == "__main__":
    unittest.main()
