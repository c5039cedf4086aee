"""Walk-forward: each test is a backtest by itself, nothing leaks into a search, and interruptions change nothing."""

import contextlib
import io
import math
import re
import tempfile
import unittest
from typing import Any, ClassVar

import numpy as np

import research
from backtests import MemoryBacktest, run_backtest
from core.candle_columns import CandleColumns
from core.errors import ConfigurationError, HarnessError
from core.instants import format_ms
from research.folds.parameter_drift import drift_of
from research.folds.stitched_account import Depth, efficiency
from research.folds.walk_forward_result import WalkForward
from research.spaces.ranges import parameter_of
from research.studies.study_run import StudyTaken
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation, Trial
from tests.support.candles import candles_of
from tests.support.changed_candles import with_candle_changed
from tests.support.hour_strategy import planted_candles
from tests.support.research_cases import Interrupted, StoreCase
from tests.support.studies import BEST_HOUR, CONFIG, store_in, told
from tests.support.times import HOUR_MS, JANUARY_MS

SPACE = {"hour": "9..14", "target": "0.004,0.012"}
LENGTHS = {"train": "5d", "test": "60c", "purge": "6h", "embargo": "3c"}
"""Of 14 days: searches of 114 hours, tests from hours 123, 183 and 243 on, the last to hour 303."""
GIVEN: dict[str, Any] = {"sampler": "grid", "metric": "net_profit", "processes": 1, **LENGTHS}


def base_of(candles: CandleColumns) -> MemoryBacktest:
    return MemoryBacktest({"BTC/USDT": candles_of(candles)}, config=CONFIG)


class Overtaken(RunStore):
    """A store into which another process writes that it makes the second fold."""

    def record(self, record: Any) -> int:
        if isinstance(record, Trial) and (record.number, record.status) == (2, "RUNNING"):
            super().record(record)
        return super().record(record)


class WalkCase(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.candles = planted_candles(14)

    def walk(self, candles: CandleColumns | None = None, **options: Any) -> WalkForward:
        given = {**GIVEN, **options}
        given.setdefault("store", self.opened())
        base = base_of(self.candles if candles is None else candles)
        return research.walk_forward(given.pop("base", base), given.pop("parameters", SPACE), **given)


class Tests(WalkCase):
    """One walk-forward for all that look at what it came to."""

    shared: ClassVar[RunStore]
    walked: ClassVar[WalkForward]

    @classmethod
    def setUpClass(cls) -> None:
        cls.shared = cls.enterClassContext(store_in(cls.enterClassContext(tempfile.TemporaryDirectory())))
        cls.walked = research.walk_forward(base_of(planted_candles(14)), SPACE, **GIVEN, store=cls.shared)

    def test_a_terminal_is_told_which_fold_is_searched(self) -> None:
        shown = io.StringIO()
        with contextlib.redirect_stderr(shown):
            made = {"sampler": "random", "trials": 1, "metric": "net_profit", "processes": 1, "store": self.opened()}
            research.walk_forward(base_of(self.candles), SPACE, **LENGTHS, **made, show_progress=True)
        self.assertEqual(["1", "2", "3"], list(dict.fromkeys(re.findall(r"Fold (\d) of 3", shown.getvalue()))))

    def test_each_test_is_a_backtest_with_the_balance_that_the_one_before_left(self) -> None:
        walk = self.walked
        hours = [[(edge - JANUARY_MS) // HOUR_MS for span in (one.notes.train, one.notes.test) for edge in
                  span.to_tuple_ms()] for one in walk.folds]  # fmt: skip
        self.assertEqual([[0, 114, 123, 183], [60, 174, 183, 243], [120, 234, 243, 303]], hours)
        balance = 10_000.0
        for one, (*_, begins, ends) in zip(walk.folds, hours, strict=True):
            single = run_backtest(
                {"BTC/USDT": candles_of(self.candles.slice(0, ends))},
                config={
                    **CONFIG,
                    "strategy": {**CONFIG["strategy"], "params": one.trial.params},
                    "execution": {**CONFIG["execution"], "starting_balance": balance},
                },
                start=format_ms(JANUARY_MS + begins * HOUR_MS),
            )
            self.assertEqual(single.trades_sha256, one.notes.trades_sha256)
            self.assertEqual(balance, one.notes.starting_balance)
            self.assertEqual(single.metrics["total_trades"], one.trial.trades)
            self.assertEqual(single.metrics["net_profit"], one.out_value)
            balance = single.result.performance.current_balance
            self.assertEqual((balance, single.result.performance.equity), (one.notes.final_balance,) * 2)
        self.assertNotEqual(10_000.0, balance)
        self.assertEqual(balance, walk.figures["performance.final_equity"])

    def test_each_search_is_a_study_of_its_own_range(self) -> None:
        for one in self.walked.folds:
            span = one.notes.train
            first, last = ((edge - JANUARY_MS) // HOUR_MS for edge in span.to_tuple_ms())
            candles = {"BTC/USDT": candles_of(self.candles.slice(0, last))}
            base = MemoryBacktest(candles, config=CONFIG, start=format_ms(JANUARY_MS + first * HOUR_MS))
            alone = research.optimise(base, SPACE, sampler="grid", metric="net_profit", best=0, processes=1,
                                      store=self.opened(f"alone-{one.number}"))  # fmt: skip
            study = research.read_study(one.notes.study, self.shared)
            self.assertEqual([one.value for one in alone.trials], [one.value for one in study.trials])
            best = alone.ranked[0]
            self.assertEqual((best.params, best.value, 12), (one.trial.params, one.notes.in_value, one.notes.tried))
            self.assertEqual(BEST_HOUR, best.params["hour"])

    def test_a_search_that_is_anchored_begins_where_the_first_does(self) -> None:
        walk = self.walk(anchored=True, parameters={"hour": "12,13"})
        self.assertEqual({JANUARY_MS}, {one.notes.train.start_ms for one in walk.folds})
        rolling = self.walk(parameters={"hour": "12,13"})
        self.assertEqual([one.notes.test for one in rolling.folds], [one.notes.test for one in walk.folds])

    def test_the_account_is_one(self) -> None:
        walk = self.walked
        # By hand: every test's own curve, one after the other.
        curve = [10_000.0]
        for one in walk.folds:
            days = np.frombuffer(one.trial.daily_equity, "<f8").tolist()
            begins = one.trial.first_day - walk.daily.first_day
            self.assertEqual(days[:-1], walk.daily.equity[begins : begins + len(days) - 1].tolist())
            curve.append(one.notes.final_balance)
        self.assertEqual(curve[-1], walk.daily.equity[-1])
        self.assertEqual(curve[0], walk.daily.starting_balance)
        self.assertAlmostEqual(100 * (curve[-1] / curve[0] - 1), walk.figures["performance.total_return_pct"], 12)
        self.assertEqual(sum(one.trial.trades for one in walk.folds), walk.figures["trade_quality.trades"])
        rows = [math.prod(1 + walk.daily.returns())]
        self.assertAlmostEqual(curve[-1] / curve[0], rows[0], 12)

    def test_what_is_not_ranked_trades_nothing_and_the_balance_goes_on(self) -> None:
        walk = self.walk(min_trades=1000)
        self.assertEqual([None] * 3, [one.notes.trial for one in walk.folds])
        self.assertRegex(walk.folds[0].notes.untraded, r"\d closed trades, fewer than 1000")
        self.assertEqual([10_000.0] * 3, [one.notes.final_balance for one in walk.folds])
        self.assertEqual((0.0, None), (walk.figures["performance.total_return_pct"], walk.efficiency))
        self.assertTrue((walk.daily.equity == 10_000.0).all())

    def test_more_processes_make_the_same(self) -> None:
        one, two = self.walked.to_dict(), self.walk(processes=2).to_dict()
        self.assertEqual(_timeless(one), _timeless(two))


class Leaks(WalkCase):
    """Sentinels at every boundary: what a search may not see is changed, and nothing of it changes."""

    def test_no_search_sees_what_is_purged_embargoed_or_tested(self) -> None:
        options = {"parameters": {"hour": "12,13"}}
        clean = self.studies(self.candles, options)
        # About the second fold: before its search, its first and last candle, purged, embargoed, tested, after it.
        for row in (59, 60, 173, 174, 179, 180, 182, 183, 242, 243):
            changed = self.studies(with_candle_changed(self.candles, row), options)
            for fold, (first, end) in enumerate(((0, 114), (60, 174), (120, 234))):
                with self.subTest(row=row, fold=fold):
                    same = clean[fold] == changed[fold]
                    # The candle right before a search warms it up: it is past, and may be seen.
                    self.assertEqual(not first - 1 <= row < end, same)

    def studies(self, candles: CandleColumns, options: dict[str, Any]) -> list[list[tuple[object, ...]]]:
        """Return what the searches of all folds came to, with the hash of all that they were fed."""
        store = self.opened()
        walk = self.walk(candles, store=store, **options)
        return [told(research.read_study(one.notes.study, store).trials) for one in walk.folds]


class Goes(WalkCase):
    def test_interrupted_anywhere_it_comes_to_the_same_and_nothing_is_made_twice(self) -> None:
        options = {"sampler": "tpe", "trials": 9, "batch": 3, "seed": 2}
        whole = self.walk(**options)
        cut = Interrupted(self.opened("cut").database, "here")
        base = base_of(self.candles)
        # In the first search; in the test of the first fold; in the second search, twice; before the third fold.
        for number, until in enumerate((4, 6, 3, 5, 4, 40)):
            cut.left = until
            kept = [(one.id, one.fingerprint) for one in cut.records(Trial) if one.fingerprint is not None]
            try:
                if number == 0:
                    self.walk(**options, base=base, store=cut)
                else:
                    walk = research.resume_walk_forward("latest", base=base, store=cut, processes=1)
            except KeyboardInterrupt as interrupt:
                self.assertRegex(str(interrupt), r"interrupted in fold \d of 3; .* walk-forward --resume 1$")
                self.assertLess(number, 5)
            now = {one.id: one.fingerprint for one in cut.records(Trial)}
            self.assertEqual(kept, [(id_, now[id_]) for id_, _ in kept])
        self.assertEqual(_timeless(whole.to_dict()), _timeless(walk.to_dict()))
        self.assertEqual(walk.to_dict(), research.read_walk_forward("latest", cut).to_dict())
        self.assertEqual(27, len([one for one in cut.records(Trial) if one.fingerprint is not None]))
        made = {walk.id, *(one.notes.study for one in walk.folds)}
        self.assertEqual({"COMPLETED"}, {one.status for one in cut.records(Optimisation) if one.id in made})

    def test_one_that_another_process_makes_is_left_to_it(self) -> None:
        store = Overtaken(self.opened().database, "here")
        with self.assertRaisesRegex(StudyTaken, "fold 2 is there already: another process makes it"):
            self.walk(store=store, parameters={"hour": "12"})
        [row] = store.records(Optimisation, method="walk-forward")
        self.assertEqual("RUNNING", row.status)  # The other one tells how it ends.

    def test_it_is_not_gone_on_with_where_it_would_be_mixed(self) -> None:
        store = self.opened()
        self.walk(store=store, parameters={"hour": "12,13"})
        other = MemoryBacktest({"BTC/USDT": candles_of(self.candles)}, config={**CONFIG, "risk": {
            "default_risk_per_trade": 0.02}})  # fmt: skip
        table: tuple[tuple[Any, dict[str, Any], str], ...] = (
            (1, {"base": other}, "walk-forward 1: the settings of the system are no longer those"),
            (1, {}, "walk-forward 1: is of no system — allowed: to resume it with base=…"),
            (7, {}, "walk-forward '7': there is none of that number — allowed: latest, or such as 1"),
            ("all", {}, "walk-forward 'all': there is none of that number"),
        )
        for walk, given, words in table:
            with self.subTest(words), self.assertRaisesRegex(ConfigurationError, words):
                research.resume_walk_forward(walk, store=store, processes=1, **given)
        with self.assertRaisesRegex(ConfigurationError, "study '1': is a walk-forward"):
            research.read_study(1, store)

    def test_what_cannot_be_is_told_before_anything_is_run(self) -> None:
        store = self.opened()
        table: tuple[tuple[dict[str, Any], str], ...] = (
            ({"train": "13d", "test": "2d"}, "train 13d .* do not fit into the window"),
            ({"train": "ninety"}, "train: 'ninety' is no length"),
            ({"test": "90m"}, "test: '90m' is no whole number of candles of 1h"),
            ({"purge": "5d"}, "purge: 5d leaves nothing of train 5d"),
            ({"parameters": {"execution.starting_balance": "1000,2000"}}, "is what one fold hands to the next"),
            ({"metric": "sharp"}, "did you mean sharpe"),
        )
        for given, words in table:
            with self.subTest(words), self.assertRaisesRegex(ConfigurationError, words):
                self.walk(store=store, **given)
        self.assertEqual([], store.records(Optimisation))
        with self.assertRaisesRegex(HarnessError, "study 2: all 2 trials failed; the first: .*as planted"):
            self.walk(store=store, parameters={"hour": "12,13", "fails_below": "24"})
        self.assertEqual(["PARTIAL", "FAILED"], [one.status for one in store.records(Optimisation)])


class Figures(unittest.TestCase):
    def test_efficiency_by_hand(self) -> None:
        # 3 % in 30 days against 18 % in 90: 0.1 a day against 0.2.
        self.assertAlmostEqual(0.5, efficiency([(3.0, 30.0)], [(18.0, 90.0)]), 12)
        # Together: (3 − 1.5) / 60 = 0.025 a day against (18 + 9) / 180 = 0.15.
        self.assertAlmostEqual(1 / 6, efficiency([(3.0, 30.0), (-1.5, 30.0)], [(18.0, 90.0), (9.0, 90.0)]), 12)
        for inside in ([(0.0, 90.0)], [(-2.0, 90.0)], [(None, 90.0)], []):
            self.assertIsNone(efficiency([(3.0, 30.0)], inside))

    def test_the_draw_down_of_one_account_is_seen_across_tests(self) -> None:
        # A peak of 120 in the first test, 90 in the second: a quarter lost, though each lost less by itself.
        first = Depth(100.0).after(np.array([120.0, 108.0]))
        self.assertEqual((120.0, 10.0), (first.peak, first.max_drawdown_pct))
        second = first.after(np.array([104.0, 90.0, 95.0]))
        self.assertEqual((120.0, 25.0), (second.peak, second.max_drawdown_pct))
        self.assertEqual(second, second.after(np.array([])))

    def test_drift_by_hand(self) -> None:
        parameters = [parameter_of("a", "5..25"), parameter_of("b", "0.001..0.1 log"), parameter_of("c", "14,20,30"),
                      parameter_of("d", "slow,fast"), parameter_of("e", "7")]  # fmt: skip
        points = [
            {"a": 5, "b": 0.001, "c": 14, "d": "slow", "e": 7},
            {"a": 10, "b": 0.01, "c": 30, "d": "slow", "e": 7},
            None,
            {"a": 25, "b": 0.1, "c": 20, "d": "fast", "e": 7},
            {"a": 15, "b": 0.1, "c": 14, "d": "slow", "e": 7},
        ]
        found = {one.name: (tuple(None if move is None else round(move, 12) for move in one.moves), one.mean_move)
                 for one in drift_of(parameters, points)}  # fmt: skip
        self.assertEqual(((0.25, None, None, 0.5), 0.375), found["a"])
        self.assertEqual((0.5, None, None, 0.0), found["b"][0])
        self.assertEqual(((1.0, None, None, 0.5), 0.75), found["c"])
        self.assertEqual(((0.0, None, None, 1.0), 0.5), found["d"])
        self.assertEqual(((0.0, None, None, 0.0), 0.0), found["e"])


def _timeless(plain: dict[str, Any]) -> dict[str, Any]:
    """Return a walk-forward without what another store numbers otherwise."""
    return {**plain, "folds": [{**one, "study": None} for one in plain["folds"]]}


if __name__ == "__main__":
    unittest.main()
