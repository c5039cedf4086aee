"""Searches where there is nothing to find, through the kernel on the practice market, and where something was planted.

``make test-long`` tries 500 points on each of 100 markets.
"""

import itertools
import random
import statistics
import unittest
from collections.abc import Sequence
from typing import Any

import numpy as np

from backtests import MemoryBacktest, run_many
from core.timeframe import DAY_MS
from market_data.practice.practice_market import PracticeMarket
from metrics.figures.undefined import Undefined
from research.luck.expected_best import SharpesTried
from research.luck.luck_report import Luck, luck_of_sample
from research.luck.permuted_entries import entry_permutation
from research.luck.sharpe_statistics import sharpe_sample
from research.luck.trial_returns import returns_of_trials
from tests.support.candles import candle, candles_of
from tests.support.scale import SEED, scaled
from tests.support.studies import BEST_HOUR, CONFIG
from tests.support.times import JANUARY_MS

MARKETS, TRIALS = scaled(2, 100), scaled(40, 500)
PERMUTED = scaled(0, 200)
BTC = "BTC/USDT"
SYMBOLS = (BTC, "ETH/USDT", "SOL/USDT", "XRP/USDT")
FREE = {"commission_rate": 0.0, "slippage": 0.0}
"""Without costs the best of many is as good as chance makes it."""


def practice_base(seed: int, symbols: Sequence[str], timeframe: str, days: int, execution: Any) -> MemoryBacktest:
    """Return a backtest of the shipped strategy on a practice market of its own."""
    market, end_ms = PracticeMarket(seed), JANUARY_MS + days * DAY_MS
    candles = {one: candles_of(market.candles(one, timeframe, JANUARY_MS, end_ms)) for one in symbols}
    return MemoryBacktest(candles, config={"strategy": {"type": "scalping_ema_rsi"}, "execution": execution})


def points(seed: int, count: int) -> list[dict[str, Any]]:
    """Return random parameters of the shipped strategy."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        fast = chance.randint(2, 14)
        point = {"ema_fast": fast, "ema_slow": fast + chance.randint(1, 30), "rsi_period": chance.randint(3, 30),
                 "volume_multiplier": chance.choice((0.5, 1.0, 1.3)),
                 "sl_atr_multiple": chance.choice((1.0, 1.5, 2.0, 3.0))}  # fmt: skip
        found.append({f"strategy.params.{name}": value for name, value in point.items()})
    return found


def luck_of_best(base: MemoryBacktest, variations: Sequence[dict[str, Any]]) -> Luck:
    """Return how much of the best of variations is luck."""
    done = [one.result.daily_closes for one in run_many(base, variations, processes=1) if one.result is not None]
    table = returns_of_trials(done)
    samples = [sharpe_sample(column) for column in table.T]
    sharpes = [float("nan") if isinstance(one, Undefined) else one.sharpe for one in samples]
    return luck_of_sample(samples[int(np.nanargmax(sharpes))], SharpesTried.of(sharpes, len(variations)), table)


class Searches(unittest.TestCase):
    def test_on_a_market_without_edge_the_best_of_many_is_told_to_be_luck(self) -> None:
        found = [
            luck_of_best(practice_base(SEED + seed, [BTC], "1h", 120, FREE), points(seed, TRIALS))
            for seed in range(MARKETS)
        ]
        self.assertEqual({TRIALS}, {one.trials for one in found})
        shown = [f"{one.sharpe:.1f} {one.deflated_sharpe:.3f} {one.overfitting.probability:.2f}" for one in found]
        self.assertGreaterEqual(sum(one.deflated_sharpe < 0.95 for one in found), 0.95 * MARKETS, shown)
        if MARKETS >= 100:
            # Trials share trades, so that the measure of one market is far from its mean.
            self.assertAlmostEqual(0.5, statistics.fmean(one.overfitting.probability for one in found), delta=0.1)
            self.assertLessEqual(sum(one.beaten_by_chance <= 0.05 for one in found), 12, shown)
            self.assertLessEqual(sum(one.superior_ability.spa <= 0.05 for one in found), 12, shown)

    def test_what_was_planted_is_told_to_be_none(self) -> None:
        # Hours of noise, of which one a day rises by as much again as the noise is wide.
        rises = np.tile(np.arange(24) == BEST_HOUR + 1, 60)
        closes = 100.0 * np.exp(np.cumsum(np.random.default_rng(1).normal(0.005 * rises, 0.005)))
        candles = [candle(60 * hour, before, close=close)
                   for hour, (before, close) in enumerate(itertools.pairwise([100.0, *closes.tolist()]))]  # fmt: skip
        variations = [{"strategy.params.hour": hour, "strategy.params.target": target}
                      for hour, target in itertools.product(range(24), (0.05, 0.09))]  # fmt: skip
        found = luck_of_best(MemoryBacktest({BTC: candles}, config=CONFIG), variations)
        self.assertGreater(found.deflated_sharpe, 0.95)
        self.assertLess(found.beaten_by_chance, 0.05)
        self.assertLess(found.overfitting.probability, 0.05)
        self.assertLess(found.superior_ability.spa, 0.05)


class Entries(unittest.TestCase):
    @unittest.skipUnless(PERMUTED, "takes minutes: make test-long")
    def test_on_a_market_without_edge_the_p_value_of_entries_is_even(self) -> None:
        values = []
        for seed in range(PERMUTED):
            base = practice_base(SEED + seed, SYMBOLS, "15m", 10, {})
            values.append(entry_permutation(base, permutations=19, seed=seed).p_value)
        shares = {level: float(np.mean(np.array(values) <= level)) for level in (0.05, 0.5, 0.95)}
        for level, share in shares.items():
            # Four standard errors of 200.
            self.assertAlmostEqual(level, share, delta=4.0 * (level * (1.0 - level) / PERMUTED) ** 0.5, msg=shares)


if __name__ == "__main__":
    unittest.main()
