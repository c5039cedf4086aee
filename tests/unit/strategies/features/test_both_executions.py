"""Feature strategies on columns and candle by candle: the same bytes, with holes, gaps, warm-up and other symbols."""

import random
import unittest
from collections.abc import Mapping, Sequence

from core.candle import Candle
from core.errors import StrategyError
from strategies import ScalpingEMARSI
from strategies.features.feature_strategy import FeatureStrategy
from tests.support.feature_strategies import Crossing, Leader, MaskedCrossing, TooMasked
from tests.support.market_data_sets import practice_candles
from tests.support.runs.kernel_runs import steps_of
from tests.support.runs.strategy_runs import SteppedRun, stepped_run
from tests.support.scale import SEED, scaled
from tests.support.times import MINUTE_MS

SYMBOLS = ("ETH/USDT", "BTC/USDT", "SOL/USDT")
SETTINGS: Mapping[str, object] = {
    "slippage": 0.0005,
    "max_gap": 9,
    "max_order_wait": 3,
    "on_opposite_signal": "close",
}
WARM = 150


def holed(candles: Sequence[Candle], chance: random.Random) -> list[Candle]:
    """Return the candles without some, and without a long row of them in the middle."""
    gap = len(candles) // 2 + chance.randrange(50)
    kept = [*candles[:gap], *candles[gap + 15 :]]
    return [one for one in kept if chance.random() < 0.93]


def run(strategy: FeatureStrategy, candles: Mapping[str, Sequence[Candle]], *, known: bool) -> SteppedRun:
    """Run the candles after each symbol's warm-up, the third symbol being listed late."""
    start_ms = candles["BTC/USDT"][WARM].open_time_ms
    warm = {symbol: [one for one in own if one.open_time_ms < start_ms] for symbol, own in candles.items()}
    rest = {symbol: [one for one in own if one.open_time_ms >= start_ms] for symbol, own in candles.items()}
    warm["SOL/USDT"], rest["SOL/USDT"] = [], rest["SOL/USDT"][100:]
    steps = steps_of(rest, SYMBOLS, MINUTE_MS)
    return stepped_run(strategy, steps, SYMBOLS, SETTINGS, warm_up=warm, known=known)


def outputs(ran: SteppedRun) -> tuple[bytes, bytes, bytes]:
    """Return what a run wrote, to its end."""
    done = ran.finished()
    return done.trades, done.equity, done.decisions


class SameBytesTest(unittest.TestCase):
    def test_of_every_kind_of_strategy(self) -> None:
        quick = {"ema_fast": 2, "ema_slow": 5, "rsi_period": 3, "atr_period": 3, "volume_lookback": 4}
        makes = {
            "crossing": Crossing,
            "masked": MaskedCrossing,
            "leader": Leader,
            "shipped": lambda: ScalpingEMARSI({**quick, "volume_multiplier": 0.5, "rsi_long_max": 95.0}),
        }
        chance = random.Random(SEED)
        for name, make in makes.items():
            stored = practice_candles(SYMBOLS, "1m", scaled(1_500, 5_000))
            candles = {symbol: holed(own, chance) for symbol, own in stored.items()}
            with self.subTest(name):
                slow, fast = run(make(), candles, known=False), run(make(), candles, known=True)
                self.assertGreater(slow.session.account.totals.trades.all.trades, 3)
                self.assertEqual(outputs(slow), outputs(fast))

    def test_a_mask_changes_nothing(self) -> None:
        candles = practice_candles(SYMBOLS, "1m", scaled(700, 3_000))
        plain, masked = (run(make(), candles, known=True) for make in (Crossing, MaskedCrossing))
        bare = [bytes(one.decisions) for one in (plain, masked)]
        self.assertGreater(bare[0].count(b"\n"), 20)
        self.assertEqual(bare[0], bare[1])

    def test_a_mask_that_hides_an_opinion_stops_the_run(self) -> None:
        candles = practice_candles(SYMBOLS, "1m", 5_000)
        with self.assertRaises(StrategyError) as caught:
            run(TooMasked(), candles, known=True)
        self.assertRegex(
            str(caught.exception),
            r"^strategy TooMasked failed on [A-Z]+/USDT at the candle opened 2024-01-0\S+: StrategyError: "
            r"candidates\(columns\) says that there is nothing to decide at this candle, and decide answers "
            r"(LONG|SHORT) \(feature_strategies.py:\d+\)$",
        )
        self.assertNotIn("\n", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
