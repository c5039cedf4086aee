"""Runs with entries at other times and with prices moved, through the kernel; and what is made of a run itself."""

import math
import tempfile
import unittest

import numpy as np

from backtests import MemoryBacktest
from backtests.config_backtest import ConfigBacktestRunner
from core.candle import Candle
from core.errors import ConfigurationError
from market_data.practice.practice_random import stream
from metrics.figures.undefined import Undefined
from research.luck.expected_best import SharpesTried
from research.luck.luck_report import luck_blocks, luck_of_run
from research.luck.noisy_prices import jittered, price_noise
from research.luck.permuted_entries import entry_permutation
from research.luck.stored_base import plan_of_run
from research.monte_carlo.monte_carlo_report import monte_carlo, monte_carlo_blocks
from research.monte_carlo.monte_carlo_settings import MonteCarloSettings
from runs.commands.text_blocks import Facts, Grid
from runs.reading import read_run
from strategies import FeatureStrategy
from strategies.features.moment import Now
from tests.support.candles import candles_of
from tests.support.example_strategies import QUICK_EXAMPLES
from tests.support.market_data_sets import practice_columns
from tests.support.shared import REPOSITORY
from tests.support.times import HOUR_MS, MINUTE_MS

BTC, ETH = "BTC/USDT", "ETH/USDT"
CANDLES = {symbol: candles_of(practice_columns(symbol, "1m", 600)) for symbol in (BTC, ETH)}
QUICK = {"strategy": {"type": "scalping_ema_rsi", "params": {"ema_fast": 2, "ema_slow": 4, "volume_multiplier": 0.5}}}
MARK = 7.0


class OnTheMark(FeatureStrategy):
    """Buys where the volume is a mark, with a stop and a target at 0.5 %."""

    def decide(self, now: Now) -> object:
        """Return an entry at a mark."""
        distance = now.close / 200
        return self.long(stop_distance=distance, target_distance=distance) if now.volume == MARK else None


def marked_market(rise: float, count: int = 1500) -> list[Candle]:
    """Return minutes that wander, one in thirty marked; after a mark five of them rise by a fraction each."""
    chance = np.random.default_rng(3)
    marks = chance.random(count) < 1 / 30
    drift = np.convolve(marks, [0.0, *[rise] * 5])[:count]
    closes = 100.0 * np.exp(np.cumsum(0.001 * chance.standard_normal(count) + drift - rise * 5 / 30))
    rows = []
    for minute, close in enumerate(closes.round(2).tolist()):
        open_ = rows[-1].close if rows else 100.0
        volume = MARK if marks[minute] else 1.0
        rows.append(Candle(minute * MINUTE_MS, open_, max(open_, close), min(open_, close), close, volume))
    return rows


class EntriesAtOtherTimes(unittest.TestCase):
    def test_what_was_said_said_again_is_the_same_run_for_every_shipped_strategy(self) -> None:
        traded = 0
        for name, params in QUICK_EXAMPLES.items():
            config = {"strategy": {"type": name, "params": dict(params)}}
            base = MemoryBacktest(CANDLES, config=config, start="2024-01-01T01:00")
            own = base.run().result.performance
            found = entry_permutation(base, permutations=1)
            if isinstance(found, Undefined):
                self.assertEqual(("the strategy asked for no entry", 0), (found.reason, own.total_trades), name)
                continue
            traded += 1
            self.assertEqual(
                (own.total_return_pct / own.total_trades, own.total_trades),
                (found.compared.actual, found.compared.actual_trades),
                name,
            )
            self.assertGreater(found.compared.trades, 0.4 * own.total_trades, name)
        self.assertGreaterEqual(traded, 5)

    def test_entries_that_know_what_comes_are_told_from_those_that_do_not(self) -> None:
        knowing, blind = (
            entry_permutation(MemoryBacktest(marked_market(rise), strategy=OnTheMark()), permutations=19)
            for rise in (0.002, 0.0)
        )
        self.assertEqual((1 / 20, 0), (knowing.p_value, knowing.compared.as_good))
        self.assertGreater(blind.p_value, 0.05)
        self.assertEqual("0 of 19 runs with the same entries at other times were as good as the run (p 0.050)",
                         knowing.sentence)  # fmt: skip

    def test_any_number_of_processes_gives_the_same(self) -> None:
        base = MemoryBacktest(CANDLES, config=QUICK)
        one, two = (entry_permutation(base, permutations=4, seed=5, processes=count) for count in (1, 2))
        self.assertEqual(one, two)
        self.assertNotEqual(one, entry_permutation(base, permutations=4, seed=6))

    def test_without_an_entry_or_a_permutation_it_says_so(self) -> None:
        quiet = [Candle(minute * MINUTE_MS, 10.0, 10.0, 10.0, 10.0, 1.0) for minute in range(50)]
        found = entry_permutation(MemoryBacktest(quiet, strategy=OnTheMark()))
        self.assertEqual(Undefined("the strategy asked for no entry"), found)
        with self.assertRaisesRegex(ConfigurationError, "permutations: 0 — allowed: a whole number at least 1"):
            entry_permutation(MemoryBacktest(quiet, strategy=OnTheMark()), permutations=0)

    def test_a_stored_run_is_a_base(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            runner = ConfigBacktestRunner(REPOSITORY / "config" / "practice.yaml", "2024-01-01", "2024-01-08")
            runner.output_dir = folder
            run = read_run(runner.run()["output_dir"])
            found = entry_permutation(plan_of_run(run), permutations=2)
        own = run.result.performance
        self.assertEqual(own.total_trades, found.compared.actual_trades)
        self.assertEqual(own.total_return_pct / own.total_trades, found.compared.actual)


class MovedPrices(unittest.TestCase):
    def test_each_is_the_run_of_candles_that_were_moved_by_hand(self) -> None:
        base = MemoryBacktest(CANDLES, config=QUICK)
        scores = []
        for number in range(2):
            key = stream(stream(3, "noise"), str(number))
            candles = {}
            for symbol in CANDLES:
                columns, market = practice_columns(symbol, "1m", 600), stream(key, f"{symbol}/window")
                rules = base.load(base.plan, None, 0).candles[symbol].instrument
                candles[symbol] = candles_of(jittered(columns, rules.tick_size, 0.0002, market))
            scores.append(MemoryBacktest(candles, config=QUICK).run().result.performance.total_return_pct)
        found = price_noise(base, draws=2, seed=3, spread=0.0002).compared
        self.assertEqual((min(scores), max(scores)), tuple(np.quantile(scores, (0.0, 1.0))))
        self.assertEqual(np.quantile(scores, (0.05, 0.25, 0.5, 0.75, 0.95)).tolist(), list(found.quantiles))
        self.assertEqual(base.run().result.performance.total_return_pct, found.actual)

    def test_the_spread_is_that_of_the_settings(self) -> None:
        wide = {**QUICK, "execution": {"spread": {"model": "fixed", "fraction": 0.001}}}
        self.assertEqual(0.001, price_noise(MemoryBacktest(CANDLES, config=wide), draws=1).spread)
        self.assertIn(
            "moved within a tick and a spread", price_noise(MemoryBacktest(CANDLES, config=QUICK), draws=1).sentence
        )

    def test_what_cannot_be_is_refused(self) -> None:
        base = MemoryBacktest(CANDLES, config=QUICK)
        for options, wrong in (({"draws": 0}, "draws: 0"), ({"spread": -0.1}, "spread: -0.1")):
            with self.assertRaisesRegex(ConfigurationError, wrong):
                price_noise(base, **options)


class OfARun(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        candles = {symbol: candles_of(practice_columns(symbol, "1h", 24 * 60)) for symbol in (BTC, ETH)}
        base = MemoryBacktest(candles, config=QUICK)
        cls.result = base.run()

    def test_the_run_itself_is_among_the_figures_of_monte_carlo(self) -> None:
        with self.result.opened() as opened:
            found = monte_carlo(opened.run, MonteCarloSettings(paths=500, seed=2))
            again = monte_carlo(opened.run, MonteCarloSettings(paths=500, seed=2))
        self.assertEqual(found.to_dict(), again.to_dict())
        self.assertEqual(5, len(found.ways))
        performance = self.result.result.performance
        for one in found.ways:
            self.assertAlmostEqual(performance.equity, one.actual_final_equity, 6, one.way)
            self.assertEqual((len(one.band_steps), 5), (len(one.bands), len(one.bands[0])))
        by_name = {one.way: one for one in found.ways}
        self.assertAlmostEqual(
            by_name["trades_shuffled"].final_equity[0], by_name["trades_shuffled"].final_equity[4], 6
        )
        self.assertEqual(performance.total_trades, by_name["trades_drawn"].steps)
        self.assertEqual(60, by_name["day_blocks"].steps)
        self.assertLess(by_name["slippage"].final_equity[4], performance.equity)

    def test_monte_carlo_in_words_has_a_row_and_a_sentence_for_each_way(self) -> None:
        with self.result.opened() as opened:
            facts, table, told = monte_carlo_blocks(monte_carlo(opened.run, MonteCarloSettings(paths=100)))
        self.assertIsInstance(table, Grid)
        self.assertEqual((5, 5), (len(table.rows), len(told.rows)))
        self.assertIn("trades shuffled (draw-down alone)", [row[0] for row in table.rows])
        self.assertIn(("paths", "100 each, seed 0"), facts.rows)

    def test_without_a_trade_what_is_of_trades_is_undefined(self) -> None:
        quiet = [Candle(hour * HOUR_MS, 10.0, 10.0, 10.0, 10.0, 1.0) for hour in range(100)]
        with MemoryBacktest(quiet, strategy=OnTheMark()).run().opened() as opened:
            found = monte_carlo(opened.run, MonteCarloSettings(paths=10))
        self.assertEqual(["day_blocks"], [one.way for one in found.ways])
        self.assertEqual("there is no closed trade", found.undefined["trades_missed"])

    def test_impossible_settings_are_named(self) -> None:
        impossible = {"paths": (0, 1.5, 10**6), "seed": (-1,), "block": (0.5,), "missed": (1.5,), "ruin": (0.0,),
                      "slippage": (math.nan,)}  # fmt: skip
        for name, value in ((name, value) for name, values in impossible.items() for value in values):
            with self.assertRaisesRegex(ConfigurationError, f"^{name}: .* — allowed: "):
                MonteCarloSettings(**{name: value})

    def test_luck_has_the_sharpe_ratio_of_the_run_and_a_plain_sentence(self) -> None:
        noise = 0.01 * np.random.default_rng(1).standard_normal((60, 200))
        tried = SharpesTried.of(noise.mean(axis=0) / noise.std(axis=0, ddof=1), 250)
        with self.result.opened() as opened:
            luck, alone = luck_of_run(opened.run, tried, noise), luck_of_run(opened.run, SharpesTried.of([0.1]))
        self.assertAlmostEqual(self.result.metrics["sharpe"], luck.sharpe, 12)
        self.assertRegex(
            luck.sentence,
            r"^Sharpe -\d+\.\d+ is not the best of 250 trials, which is \d+\.\d+, and would be beaten by chance in",
        )
        self.assertEqual({}, {name: why for name, why in luck.undefined.items() if name != "minimum_track_record_days"})
        self.assertEqual(0.0, alone.expected_best_sharpe)
        self.assertEqual(alone.probabilistic_sharpe, alone.deflated_sharpe)
        self.assertAlmostEqual(1.0, alone.beaten_by_chance + alone.probabilistic_sharpe, 12)
        self.assertEqual("the returns of the trials are not at hand", alone.undefined["overfitting"])
        (block,) = luck_blocks(luck)
        self.assertIsInstance(block, Facts)
        self.assertEqual(("luck", luck.sentence), block.rows[0])
        self.assertEqual(luck.to_dict()["overfitting"]["combinations"], 12_870)

    def test_a_short_run_has_no_annualised_ratio(self) -> None:
        candles = {BTC: candles_of(practice_columns(BTC, "1h", 24 * 20))}
        with MemoryBacktest(candles, config=QUICK).run().opened() as opened:
            luck = luck_of_run(opened.run, SharpesTried.of([0.1, 0.2]))
        self.assertIsNone(luck.sharpe)
        self.assertIn(luck.undefined["sharpe"], luck.sentence)
        self.assertIsNotNone(luck.deflated_sharpe)


if __name__ == "__main__":
    unittest.main()
