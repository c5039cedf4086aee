"""Cross-validation: against runs made one by one, and sentinels at every boundary of what a search may see."""

import functools
import itertools
import math
import subprocess
import unittest
from typing import Any
from unittest.mock import patch

import numpy as np

import research
from backtests import MemoryBacktest, run_backtest
from core.candle_columns import CandleColumns
from core.errors import ConfigurationError
from core.time_range import TimeRange
from core.timeframe import DAY_MS
from dashboard.api.searches import Searches
from research.folds.cross_validation_result import CrossValidation, Distribution
from research.folds.left_out_ranks import LeftOutRanks, left_out_ranks
from research.folds.path_curves import path_curves, validation_luck
from research.folds.windowed_base import WindowedBase
from research.studies.study_base import base_of_runs
from runs.store.store_rows import Optimisation, Trial
from tests.support.candles import candles_of
from tests.support.changed_candles import with_candle_changed
from tests.support.hour_strategy import planted_candles
from tests.support.research_cases import Interrupted, StoreCase
from tests.support.studies import CONFIG
from tests.support.times import HOUR_MS, JANUARY_MS

SPACE = {"hour": "11..13"}
DAYS, GROUPS = 32, 4
SHAPE = {"groups": GROUPS, "test_groups": 2, "purge": "6h", "embargo": "18h"}
"""Groups of whole days; a search begins a day after a group that is left out, and ends six hours before one."""


class ValidationCase(StoreCase):
    days = DAYS

    def setUp(self) -> None:
        super().setUp()
        self.candles = planted_candles(self.days)

    def validated(self, candles: CandleColumns | None = None, **options: Any) -> CrossValidation:
        given = {"sampler": "grid", "metric": "roi", "processes": 1, **SHAPE, **options}
        base = MemoryBacktest({"BTC/USDT": candles_of(self.candles if candles is None else candles)}, config=CONFIG)
        self.last = self.opened()
        return research.cross_validate(base, given.pop("parameters", SPACE), store=self.last, **given)


@functools.cache
def alone(hour: int, first: int, end: int) -> list[float]:
    """Return the daily returns of one run over some rows of candles."""
    done = run_backtest(
        {"BTC/USDT": candles_of(planted_candles(DAYS).slice(first, end))},
        config={**CONFIG, "strategy": {**CONFIG["strategy"], "params": {"hour": hour}}},
    )
    equity = [10_000.0, *done.daily_closes.equity.tolist()]
    return [after / before - 1 for before, after in itertools.pairwise(equity)]


class Brute(ValidationCase):
    def test_every_split_and_path_is_what_single_runs_come_to(self) -> None:
        found = self.validated()
        size = 24 * DAYS // GROUPS
        self.assertEqual((6, 3, 3), (len(found.splits), len(found.paths), found.tried))
        best = []
        for one in found.splits:
            spans = [[(edge - JANUARY_MS) // HOUR_MS for edge in span.to_tuple_ms()] for span in one.split.train]
            self.assertEqual([own for own in range(GROUPS) if own not in one.split.tests],
                             [first // size for first, _ in spans])  # fmt: skip
            growth = {
                hour: math.prod(1 + value for first, end in spans for value in alone(hour, first, end)) - 1
                for hour in (11, 12, 13)
            }
            best.append(max(growth, key=lambda hour: growth[hour]))
            self.assertEqual(best[-1], one.params["hour"])
            self.assertAlmostEqual(100 * growth[best[-1]], one.in_value, 9)
            tested = [value for own in one.split.tests for value in alone(best[-1], own * size, own * size + size)]
            self.assertAlmostEqual(100 * (math.prod(1 + value for value in tested) - 1), one.out_value, 9)
        for path in found.paths:
            returns = [value for own, split in enumerate(path.splits)
                       for value in alone(best[split], own * size, own * size + size)]  # fmt: skip
            self.assertEqual(DAYS, len(returns))
            self.assertAlmostEqual(100 * (math.prod(1 + value for value in returns) - 1), path.value, 9)
            sharpe = np.mean(returns) / np.std(returns, ddof=1) * math.sqrt(365)
            self.assertAlmostEqual(sharpe, path.figures["risk_adjusted.sharpe"], 9)
        self.assertEqual(3, found.distributions["metric"].paths)
        self.assertEqual(sum(one.value < 0 for one in found.paths) / 3, found.losing)


class Paths(ValidationCase):
    days = 12

    def test_trades_are_counted_over_all_runs_of_a_path(self) -> None:
        [path, *_] = self.validated(metric="profit_factor").paths
        figures = path.figures
        counts = [figures[f"trade_quality.{name}"] for name in ("wins", "losses", "evens")]
        self.assertEqual(figures["trade_quality.trades"], sum(counts))
        self.assertAlmostEqual(100 * counts[0] / sum(counts), figures["trade_quality.win_rate_pct"], 12)

    def test_more_processes_make_the_same(self) -> None:
        with patch("backtests.many.worker_pool.subprocess.Popen", wraps=subprocess.Popen) as begun:
            self.assertEqual(self.validated().to_dict(), self.validated(processes=2).to_dict())
        self.assertEqual(1, begun.call_count, "all its searches and tests are made by the same processes")

    def test_points_that_are_not_ranked_leave_paths_without_figures(self) -> None:
        found = self.validated(min_trades=1000)
        self.assertEqual({None}, {one.trial for one in found.splits} | {one.value for one in found.paths})
        self.assertEqual((None, 0), (found.losing, found.distributions["metric"].paths))

        ranks = left_out_ranks(found, self.last)
        self.assertEqual(([None] * 6, None), (ranks.ranks, ranks.probability))

    def test_a_probability_of_overfitting_by_hand(self) -> None:
        # The middle of four points lies between the second and the third.
        self.assertEqual(0.5, LeftOutRanks(points=4, ranks=[1.0, 4.0, None, 2.5, 2.0, 3.0, 3.5]).probability)

    def test_a_distribution_by_hand(self) -> None:
        found = Distribution.of([3.0, None, 1.0, 2.0, 5.0, 4.0, math.inf])
        self.assertEqual((5, 3.0, 1.0, 5.0), (found.paths, found.mean, found.lowest, found.highest))
        self.assertEqual((1.2, 2.0, 3.0, 4.0, 4.8), tuple(round(one, 12) for one in found.quantiles))


class Leaks(ValidationCase):
    days = 12

    def test_no_search_sees_a_group_that_is_left_out_or_what_lies_about_it(self) -> None:
        clean = self.searched(self.candles)
        size = 24 * self.days // GROUPS
        # Rows of the second group and after the border to the third, at each side of what is cut off.
        for row in (size, 2 * size - 6, 2 * size - 7, 2 * size, 2 * size + 23, 2 * size + 24):
            changed = self.searched(with_candle_changed(self.candles, row))
            self.assertEqual(clean.keys(), changed.keys())
            seen = 0
            for span, trials in clean.items():
                inside = span.start_ms <= JANUARY_MS + row * HOUR_MS < span.end_ms
                seen += inside
                with self.subTest(row=row, span=str(span)):
                    self.assertEqual(inside, trials != changed[span])
            # The second group is cut in its last six hours where the third is left out, the third in its first day.
            self.assertGreater(seen, 0)

    def test_a_search_does_not_warm_up_on_what_lies_before_it(self) -> None:
        candles = {"BTC/USDT": candles_of(planted_candles(16))}
        base = base_of_runs(MemoryBacktest(candles, strategy="scalping_ema_rsi"))
        span = TimeRange(JANUARY_MS + 10 * DAY_MS, JANUARY_MS + 15 * DAY_MS)
        for isolated in (False, True):
            windowed = WindowedBase(base.runs, span, isolated=isolated)
            _, strategy = windowed.decides(base.settings, "")
            needed = windowed.market_of(windowed.plan, strategy)[1]
            self.assertGreater(needed, 20)
            [loaded] = windowed.load(windowed.plan, strategy, needed).candles.values()
            self.assertEqual((0 if isolated else needed, 5 * 24), (loaded.warmup.rows, loaded.window.rows))
            self.assertEqual(span.start_ms, loaded.window.open_time_ms[0])

    def searched(self, candles: CandleColumns) -> dict[TimeRange, list[tuple[object, ...]]]:
        """Return what was found on every range that is searched, with the hash of all that it was fed."""
        store = self.opened()
        base = MemoryBacktest({"BTC/USDT": candles_of(candles)}, config=CONFIG)
        research.cross_validate(base, SPACE, store=store, sampler="grid", metric="roi", processes=1, **SHAPE)
        return {
            TimeRange(one.start_ms, one.end_ms): [
                (trial.fingerprint, trial.daily_equity) for trial in store.records(Trial, optimisation=one.id)
            ]
            for one in store.records(Optimisation)
            if one.method != "cross-validation"  # What all of them came to is no search.
        }


class Goes(ValidationCase):
    days = 12

    def test_interrupted_anywhere_it_comes_to_the_same_and_nothing_is_made_twice(self) -> None:
        whole = self.validated()
        base = MemoryBacktest({"BTC/USDT": candles_of(self.candles)}, config=CONFIG)
        cut = Interrupted(self.opened().database, "here")
        ranges = len({span for one in whole.splits for span in one.split.train})
        tests = len({(one.trial, own) for one in whole.splits for own in one.split.tests})
        goes = (
            (4, f"interrupted in search 2 of {ranges}"),
            (1, f"interrupted in search 2 of {ranges}"),
            (3 * ranges - 5 + 2, "interrupted in the tests"),
            (1, "interrupted in the tests"),
            (tests - 3 + 2, "interrupted in the tests"),  # While what it came to is kept.
            (1000, ""),
        )
        for number, (until, words) in enumerate(goes):
            cut.left = until
            kept = [(one.id, one.number, one.daily_equity) for one in cut.records(Trial)]
            try:
                if number == 0:
                    research.cross_validate(base, SPACE, store=cut, sampler="grid", metric="roi", processes=1, **SHAPE)
                else:
                    found = research.resume_cross_validation(
                        "latest", base=base, store=cut, processes=1 + (number == 3)
                    )
                self.assertFalse(words)
            except KeyboardInterrupt as interrupt:
                self.assertEqual(
                    f"{words}; what is done is kept: python -m research cross-validate --resume 1", str(interrupt)
                )
            now = {one.id: (one.id, one.number, one.daily_equity) for one in cut.records(Trial)}
            self.assertEqual(kept, [now[one[0]] for one in kept])
        self.assertEqual(whole.to_dict(), found.to_dict())
        self.assertEqual(found.to_dict(), research.read_cross_validation(1, cut).to_dict())
        rows = cut.records(Trial)
        self.assertEqual(3 * ranges, sum(one.fingerprint is not None for one in rows))
        self.assertEqual(tests + 6, sum(one.optimisation == 1 for one in rows))
        self.assertEqual({"COMPLETED"}, {one.status for one in cut.records(Optimisation)})

    def test_it_is_not_gone_on_with_where_it_would_be_mixed(self) -> None:
        store = Interrupted(self.opened().database, "here")
        store.left = 4  # One search is whole, and the next is not.
        base = MemoryBacktest({"BTC/USDT": candles_of(self.candles)}, config=CONFIG)
        with self.assertRaises(KeyboardInterrupt):
            research.cross_validate(base, SPACE, store=store, sampler="grid", metric="roi", processes=1, **SHAPE)
        changed = MemoryBacktest({"BTC/USDT": candles_of(with_candle_changed(self.candles, 30))}, config=CONFIG)
        other = MemoryBacktest({"BTC/USDT": candles_of(self.candles)}, config={**CONFIG, "risk": {
            "default_risk_per_trade": 0.02}})  # fmt: skip
        for given, words in (
            ({"base": changed}, "study 2: the candles of the window are no longer those that it was begun with"),
            ({"base": other}, "cross-validation 1: the settings of the system are no longer those"),
            ({}, "cross-validation 1: is of no system — allowed: to resume it with base=…"),
        ):
            with self.subTest(words), self.assertRaisesRegex(ConfigurationError, words):
                research.resume_cross_validation(1, store=store, processes=1, **given)


class Accounts(ValidationCase):
    def test_the_account_along_a_path_is_that_of_its_tests_one_after_the_other(self) -> None:
        found = self.validated()
        store = self.last
        size = 24 * DAYS // GROUPS
        for path, curve in zip(found.paths, path_curves(found, store), strict=True):
            returns = [value for own, split in enumerate(path.splits) for value in
                       alone(found.splits[split].params["hour"], own * size, own * size + size)]  # fmt: skip
            self.assertEqual(list(range(JANUARY_MS // DAY_MS, JANUARY_MS // DAY_MS + DAYS)), curve.days.tolist())
            np.testing.assert_allclose(np.cumprod(1 + np.array(returns)), curve.growth, rtol=1e-12)
            self.assertAlmostEqual(path.figures["performance.total_return_pct"], 100 * (curve.growth[-1] - 1), 9)

    def ranks_by_hand(self, found: CrossValidation) -> list[float]:
        """Return where the best of each split came among the hours, by single runs over the longest ranges."""
        spans = {span.to_tuple_ms() for one in found.splits for span in one.split.train}
        size = DAYS * DAY_MS // GROUPS
        longest = [
            max((one for one in spans if (one[0] - JANUARY_MS) // size == own), key=lambda one: one[1] - one[0])
            for own in range(GROUPS)
        ]
        ranks = []
        for one in found.splits:
            came = {
                hour: math.prod(
                    1 + value
                    for own in one.split.tests
                    for value in alone(hour, *((edge - JANUARY_MS) // HOUR_MS for edge in longest[own]))
                )
                for hour in (11, 12, 13)
            }
            ranks.append(1.0 + sum(value < came[one.params["hour"]] for value in came.values()))
        return ranks

    def test_what_is_said_of_luck_by_hand(self) -> None:
        found = self.validated()
        ranks = left_out_ranks(found, self.last)
        by_hand = self.ranks_by_hand(found)
        self.assertEqual((3, by_hand), (ranks.points, ranks.ranks))
        self.assertEqual(sum(one <= 2 for one in by_hand) / 6, ranks.probability)
        page = Searches(self.last).page(str(found.id))["validation"]
        self.assertEqual(
            (by_hand, ranks.probability), ([one["out_rank"] for one in page["splits"]], page["overfitting"])
        )
        said = dict(validation_luck(found, path_curves(found, self.last)))
        self.assertEqual(["losing", "choosing", "chance", "one past"], list(said))
        lost = sum(one.figures["performance.total_return_pct"] < 0 for one in found.paths)
        self.assertTrue(said["losing"].startswith(f"{lost} of 3 paths lost; "))
        group = DAYS / GROUPS
        worse = 0
        for one in found.splits:
            searched = sum(span.length_ms for span in one.split.train) / DAY_MS
            inside, outside = (figures["performance.total_return_pct"] for figures in (one.in_figures, one.out_figures))
            worse += outside / (2 * group) < inside / searched
        self.assertTrue(said["choosing"].startswith(f"in {worse} of 6 searches the best earned less a day "))
        self.assertIn(f"the 3 paths go through the same {DAYS} days", said["one past"])


class Refused(ValidationCase):
    def test_what_cannot_be_is_told_before_anything_is_run(self) -> None:
        table: tuple[tuple[dict[str, Any], str], ...] = (
            ({"sampler": "tpe", "trials": 4}, "sampler 'tpe': learns, .* — allowed: grid, random, qmc"),
            ({"metric": ["roi", "sharpe"]}, "metric: 2 objectives — allowed: one"),
            ({"metric": "worst_trade"}, "metric worst_trade: trade_quality.worst_trade is not known of runs that are"),
            ({"metric": lambda done: 1.0}, "a function is not known of runs that are joined"),
            ({"purge": "4"}, "purge: '4' is no length"),
            ({"purge": "9d"}, "purge 9d and embargo 18h leave nothing to search where groups 1, 3 are left out"),
            ({"groups": 1}, "groups: 1 — allowed: a whole number from 2 to 20"),
        )
        for given, words in table:
            with self.subTest(words), self.assertRaisesRegex(ConfigurationError, words):
                self.validated(**given)


if __name__ == "__main__":
    unittest.main()
