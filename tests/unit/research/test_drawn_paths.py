"""Drawn paths: exact small cases, a slow model, arch's bootstrap, the fair walk, and the same however they are made."""

import itertools
import math
import time
import tracemalloc
import unittest
import unittest.mock
from collections import Counter

import numpy as np
import scipy.stats
from arch.bootstrap import StationaryBootstrap

from market_data.practice.practice_random import stream
from research.monte_carlo import path_outcomes as outcomes_module
from research.monte_carlo.drawn_paths import DearerSteps, DrawnBlocks, MissedSteps, PathSource, ShuffledOrder
from research.monte_carlo.path_outcomes import QUANTILES, actual_outcome, path_outcomes
from tests.support.curves import drawn_returns
from tests.support.scale import scaled

GROWTH = 1.0 + drawn_returns(250, 2)
MASK = 2**64 - 1


def slow_word(key: int, counter: int) -> int:
    """Return a word of a stream in whole numbers of any length: SplitMix64."""
    word = (key + counter * 0x9E3779B97F4A7C15) & MASK
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & MASK
    return word ^ (word >> 31)


def slow_blocks(key: int, path: int, steps: int, block: float) -> list[int]:
    """Return the places of a path, step by step."""
    places: list[int] = []
    for step in range(steps):
        word = slow_word(key, path * steps + step)
        if step == 0 or word % 2**32 < round(2**32 / block):
            places.append((word >> 32) * steps >> 32)
        else:
            places.append((places[-1] + 1) % steps)
    return places


def sources(factors: np.ndarray = GROWTH, seed: int = 7) -> dict[str, PathSource]:
    """Return one source of each kind."""
    most = np.full(len(factors), 0.002)
    return {
        "blocks": DrawnBlocks.of(factors, 8.0, seed, "blocks"),
        "drawn": DrawnBlocks.of(factors, 1.0, seed, "drawn"),
        "shuffled": ShuffledOrder.of(factors, seed, "shuffled"),
        "missed": MissedSteps.of(factors, 0.2, seed, "missed"),
        "dearer": DearerSteps.of(factors, most, seed, "dearer"),
    }


def texts(source: PathSource, paths: int = 300) -> list[bytes]:
    """Return the bytes of all outcomes."""
    found = path_outcomes(source, paths)
    return [getattr(found, name).tobytes() for name in found.__struct_fields__]


class SmallCases(unittest.TestCase):
    def test_two_trades_drawn_are_four_outcomes_alike(self) -> None:
        up, down = 1.5, 0.5
        found = path_outcomes(DrawnBlocks.of(np.array([up, down]), 1.0, 1, "two"), 40_000)
        counts = Counter(found.final.tolist())
        self.assertEqual({up * up, up * down, down * down}, set(counts))
        for value, share in ((up * up, 0.25), (up * down, 0.5), (down * down, 0.25)):
            self.assertAlmostEqual(share, counts[value] / 40_000, delta=0.01)
        self.assertEqual([0.25, 0.75, 0.75, 0.75, 2.25],
                         np.quantile(found.final, (0.05, 0.3, 0.5, 0.7, 0.95)).tolist())  # fmt: skip
        # Down from 1 to 0.25, from 1 to 0.5 by either order, or never.
        self.assertEqual({0.75, 0.5, 0.0}, set(found.drawdown.tolist()))

    def test_blocks_without_end_are_rotations(self) -> None:
        factors = np.array([1.1, 0.9, 1.3, 0.7])
        paths = DrawnBlocks.of(factors, 2.0**31, 1, "turn").factors(0, 400)
        turned = {tuple(np.roll(factors, one)) for one in range(4)}
        self.assertEqual(turned, set(map(tuple, paths.tolist())))

    def test_every_order_of_three_is_as_probable(self) -> None:
        paths = ShuffledOrder.of(np.array([1.1, 1.2, 1.3]), 1, "three").factors(0, 30_000)
        counts = Counter(map(tuple, paths.tolist()))
        self.assertEqual(set(itertools.permutations((1.1, 1.2, 1.3))), set(counts))
        self.assertGreater(scipy.stats.chisquare(list(counts.values())).pvalue, 0.001)

    def test_as_many_are_missed_as_the_binomial_has_it(self) -> None:
        found = MissedSteps.of(np.full(20, 2.0), 0.3, 1, "missed").factors(0, 20_000)
        missed = Counter((found == 1.0).sum(axis=1).tolist())
        usual = range(3, 10)
        seen, expected = [missed[one] for one in usual], scipy.stats.binom.pmf(usual, 20, 0.3)
        self.assertGreater(scipy.stats.chisquare(seen, expected * sum(seen) / expected.sum()).pvalue, 0.001)

    def test_a_step_is_dearer_by_half_of_the_most_on_average(self) -> None:
        most = np.array([0.0, 0.1, 0.2])
        paths = DearerSteps.of(np.ones(3), most, 1, "dearer").factors(0, 50_000)
        self.assertTrue((paths > 1.0 - most - 1e-15).all() and (paths <= 1.0).all())
        self.assertTrue(np.allclose(1.0 - most / 2, paths.mean(axis=0), atol=0.001))

    def test_an_account_that_is_gone_stays_gone(self) -> None:
        found = path_outcomes(DrawnBlocks.of(np.array([1.2, -0.5, 1.1]), 2.0**31, 1, "gone"), 50)
        self.assertEqual((0.0, 0.0, 1.0), (found.final.max(), found.lowest.max(), found.drawdown.min()))

    def test_drawdown_and_lowest_are_those_of_the_curve_from_its_beginning(self) -> None:
        found = actual_outcome(np.array([0.8, 1.5, 0.5, 1.2]))
        self.assertAlmostEqual(0.72, found.final[0], 15)
        self.assertAlmostEqual(0.5, found.drawdown[0], 15)
        self.assertAlmostEqual(0.6, found.lowest[0], 15)
        self.assertEqual(
            [0.0, 1.0], [actual_outcome(np.array([1.1])).drawdown[0], actual_outcome(np.array([1.1])).lowest[0]]
        )
        self.assertAlmostEqual(0.2, actual_outcome(np.array([0.8])).drawdown[0], 15)


class AgainstOthers(unittest.TestCase):
    def test_paths_are_those_of_a_slow_model(self) -> None:
        for block in (1.0, 1.5, 8.0, 90.0):
            source = DrawnBlocks.of(np.ones(37), block, 5, "slow")
            places = source.places(11, 4)
            for row in range(4):
                expected = slow_blocks(stream(5, "slow"), 11 + row, 37, block)
                self.assertEqual(expected, places[row].tolist())
        factors = np.arange(1.0, 38.0)
        shuffled = ShuffledOrder.of(factors, 5, "slow").factors(3, 2)
        for row in range(2):
            drawn = [slow_word(stream(5, "slow"), (3 + row) * 37 + step) >> 6 for step in range(37)]
            self.assertEqual([factors[one] for one in np.argsort(drawn)], shuffled[row].tolist())

    def test_the_bootstrap_has_the_distribution_of_arch(self) -> None:
        # Days that keep a part of the day before, so that the length of the blocks matters.
        returns = drawn_returns(300, 9)
        returns[1:] += 0.4 * returns[:-1]
        growth = 1.0 + returns
        for block in (1, 6, 25):
            theirs = StationaryBootstrap(block, growth, seed=1)
            drawn = [actual_outcome(data[0][0]) for data in theirs.bootstrap(4000)]
            ours = path_outcomes(DrawnBlocks.of(growth, block, 1, "arch"), 4000)
            for name in ("final", "drawdown", "lowest"):
                other = np.array([getattr(one, name)[0] for one in drawn])
                self.assertGreater(scipy.stats.ks_2samp(getattr(ours, name), other).pvalue, 0.001, (block, name))

    def test_ruin_of_a_fair_walk_is_that_of_the_reflection_principle(self) -> None:
        steps, rung = 200, 1.05
        factors = np.tile([rung, 1.0 / rung], steps // 2)
        found = path_outcomes(DrawnBlocks.of(factors, 1.0, 3, "walk"), 40_000)
        for depth in (5, 10, 21):
            # P(lowest ≤ -k) = P(S ≤ -k) + P(S < -k), S = 2 · binomial − n.
            last = scipy.stats.binom(steps, 0.5)
            closed = last.cdf(math.floor((steps - depth) / 2)) + last.cdf(math.ceil((steps - depth) / 2) - 1)
            ruined = float(np.mean(found.lowest <= rung ** (-depth + 0.5)))
            self.assertAlmostEqual(closed, ruined, delta=0.008)

    def test_shuffling_moves_no_final_equity_and_blocks_keep_losses_that_cluster(self) -> None:
        growth = np.concatenate([np.full(180, 1.004), np.full(20, 0.98), np.full(180, 1.004), np.full(20, 0.98)])
        shuffled, own = path_outcomes(ShuffledOrder.of(growth, 1, "s"), 500), actual_outcome(growth)
        self.assertTrue(np.allclose(own.final[0], shuffled.final, rtol=1e-12, atol=0.0))
        blocks = path_outcomes(DrawnBlocks.of(growth, 20.0, 1, "b"), 500)
        deep = [float(np.quantile(one.drawdown, 0.95)) for one in (shuffled, blocks)]
        self.assertLess(deep[0], own.drawdown[0])
        self.assertGreater(deep[1], own.drawdown[0])


class Making(unittest.TestCase):
    def test_the_same_seed_gives_the_same_bytes_and_another_others(self) -> None:
        for (name, source), again, other in zip(
            sources().items(), sources().values(), sources(seed=8).values(), strict=True
        ):
            self.assertEqual(texts(source), texts(again), name)
            self.assertNotEqual(texts(source)[1], texts(other)[1], name)

    def test_chunks_change_nothing(self) -> None:
        for name, source in sources().items():
            whole = texts(source)
            for cells in (1, 250, 7 * 250 + 1, 10**7):
                with unittest.mock.patch.object(outcomes_module, "_CELLS", cells):
                    self.assertEqual(whole, texts(source), (name, cells))

    def test_bands_are_the_quantiles_of_equity_along_the_way(self) -> None:
        for factors in (GROWTH, GROWTH[:30]):
            source = DrawnBlocks.of(factors, 4.0, 1, "bands")
            found = path_outcomes(source, 200)
            equity = np.cumprod(source.factors(0, 200), axis=1)
            self.assertEqual((0, len(factors)), (found.band_steps[0], found.band_steps[-1]))
            self.assertEqual([1.0] * 5, found.bands[0].tolist())
            for step, band in zip(found.band_steps[1:], found.bands[1:], strict=True):
                self.assertEqual(np.quantile(equity[:, step - 1], QUANTILES).tolist(), band.tolist())

    def test_ten_thousand_paths_of_five_thousand_trades_take_less_than_five_seconds(self) -> None:
        growth = 1.0 + drawn_returns(5000, 1) / 10
        for name, source in list(sources(growth).items())[: scaled(1, 5)]:
            began = time.process_time()
            path_outcomes(source, 10_000)
            self.assertLess(time.process_time() - began, 5.0, name)

    def test_memory_does_not_grow_with_the_length_of_paths(self) -> None:
        peaks = []
        for steps in (500, 5000):
            source = DrawnBlocks.of(1.0 + drawn_returns(steps, 1), 5.0, 1, "memory")
            tracemalloc.start()
            path_outcomes(source, 2000)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        self.assertLess(peaks[1], 1.3 * peaks[0])


if __name__ == "__main__":
    unittest.main()
