"""Studies: the same trials whatever makes them and however often they are interrupted, and the truth about each."""

import contextlib
import sys
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import numpy as np
from sqlalchemy import text

import research
from backtests import BacktestResult, MemoryBacktest, run_backtest
from core.errors import ConfigurationError, HarnessError, StoreError
from research.samplers.listed_samplers import RandomSampler
from research.samplers.sampler_choice import SAMPLERS
from research.studies.judged_trials import UNRANKED, VERIFIED
from research.studies.study import Study
from research.studies.study_luck import sharpes_tried, study_luck
from runs.store import database
from runs.store.run_store import RunStore, open_store
from runs.store.store_rows import Optimisation, RunRow, Trial
from tests.support.candles import candles_of
from tests.support.hour_strategy import planted_candles
from tests.support.research_cases import Interrupted, StoreCase
from tests.support.studies import BEST_HOUR, CONFIG, DAYS, SPACE, planted_base, told

CANDLES = {"BTC/USDT": candles_of(planted_candles(DAYS))}


class Overtaken(RunStore):
    """A store into which another process writes the same trial first."""

    def record(self, record: Any) -> int:
        if isinstance(record, Trial) and record.number == 2:
            super().record(record)
        return super().record(record)


class Removed(RunStore):
    """A store whose folder somebody empties before it keeps its third trial."""

    def record(self, record: Any) -> int:
        if isinstance(record, Trial) and record.number == 2:
            for one in Path(str(self.database.url.database)).parent.iterdir():
                one.unlink()
        return super().record(record)


class StudyCase(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.base = planted_base(DAYS)
        self.store = self.opened("runs")

    def study(self, parameters: Any = SPACE, **options: Any) -> Study:
        given = {"metric": "net_profit", "processes": 1, "best": 0, "store": self.store, **options}
        return research.optimise(given.pop("base", self.base), parameters, **given)


class Grids(StudyCase):
    def test_a_grid_is_what_brute_force_finds(self) -> None:
        study = self.study({"hour": "10..15", "target": "0.004,0.012"}, sampler="grid", best=3, processes=2)
        expected = {}
        for hour in range(10, 16):
            for target in (0.004, 0.012):
                params = {"hour": hour, "target": target}
                config = {**CONFIG, "strategy": {**CONFIG["strategy"], "params": params}}
                expected[hour, target] = run_backtest(CANDLES, config=config)
        self.assertEqual(list(expected), [(one.params["hour"], one.params["target"]) for one in study.trials])
        for trial, single in zip(study.trials, expected.values(), strict=True):
            self.assertEqual(single.metrics["net_profit"], trial.value)
            self.assertEqual(single.metrics["total_trades"], trial.trades)
            daily = np.frombuffer(trial.daily_equity, "<f8")
            self.assertEqual(single.daily_closes.equity.tolist(), daily.tolist())
        ranked = sorted(expected, key=lambda one: -expected[one].metrics["net_profit"])
        self.assertEqual(ranked, [(one.params["hour"], one.params["target"]) for one in study.ranked])
        self.assertEqual(BEST_HOUR, study.best[0].params["hour"])
        for one in study.best:
            single = expected[one.params["hour"], one.params["target"]]
            verified = next(trial for trial in study.trials if trial.id == one.id).notes[VERIFIED]
            self.assertEqual((True, single.trades_sha256), (verified["agrees"], verified["trades_sha256"]))

    def test_a_grid_with_fewer_trials_takes_some_of_it_each_once(self) -> None:
        some = self.study(sampler="grid", trials=20)
        points = [tuple(one.params.values()) for one in some.trials]
        self.assertEqual((20, 20), (len(points), len(set(points))))
        self.assertNotEqual(sorted(points), points)
        self.assertNotEqual(
            points, [tuple(one.params.values()) for one in self.study(sampler="grid", trials=20, seed=1).trials]
        )


class SameTrials(StudyCase):
    def test_every_sampler_gives_the_same_trials_in_any_number_of_processes_and_across_interruptions(self) -> None:
        for sampler in SAMPLERS:
            options = {"sampler": sampler, "trials": 20, "seed": 3, "conditions": ["hour < 22"]}
            whole = self.study(**options, store=self.opened(f"{sampler}-whole"))
            expected = told(whole.trials)
            self.assertEqual(20, len(expected))
            # What a sampler is told comes in any order from threads as from processes, which are dear to start.
            with self.subTest(sampler, executor="threads"), ThreadPoolExecutor(3) as threads:
                store = self.opened(f"{sampler}-threads")
                self.assertEqual(expected, told(self.study(**options, store=store, executor=threads).trials))
            for processes in (2, 3) if sampler == "tpe" else ():
                with self.subTest(sampler, processes=processes):
                    store = self.opened(f"{sampler}-{processes}")
                    self.assertEqual(expected, told(self.study(**options, store=store, processes=processes).trials))
            with self.subTest(sampler, interrupted=True):
                store = self.opened(f"{sampler}-cut")
                cut = Interrupted(store.database, "here")
                for number, (until, processes) in enumerate(((5, 1), (3, 1), (9, 1), (30, 1 + (sampler == "tpe")))):
                    cut.left = until
                    try:
                        if number == 0:
                            self.study(**options, store=cut)
                        else:
                            done = research.resume("latest", base=self.base, store=cut, processes=processes)
                    except KeyboardInterrupt as interrupt:
                        self.assertRegex(str(interrupt), r"interrupted; \d+ trials are kept: .* --resume 1$")
                self.assertEqual(expected, told(done.trials))
                self.assertEqual(expected, told(store.records(Trial)))

    def test_a_longer_study_begins_as_the_shorter_one(self) -> None:
        for sampler in ("tpe", "genetic", "grid"):
            with self.subTest(sampler):
                long = self.study(sampler=sampler, trials=26, store=self.opened(f"{sampler}-long"))
                store = self.opened(f"{sampler}-short")
                self.study(sampler=sampler, trials=21, store=store)
                self.assertEqual(told(long.trials), told(research.resume(1, trials=26, base=self.base, store=store,
                                                                         processes=1).trials))  # fmt: skip

    def test_nothing_is_run_twice(self) -> None:
        study = self.study({"hour": "11..13"}, sampler="random", trials=12)
        self.assertEqual(12, len(study.trials))
        first: dict[Any, Trial] = {}
        for one in study.trials:
            known = first.setdefault(one.fingerprint, one)
            self.assertEqual((known.figures, known.value), (one.figures, one.value))
            self.assertEqual(None if known is one else known.id, one.same_as)
        self.assertEqual(9, len(study.duplicates))
        for hour in (11, 12, 13):
            config = {**CONFIG, "strategy": {**CONFIG["strategy"], "params": {"hour": hour}}}
            value = run_backtest(CANDLES, config=config).metrics["net_profit"]
            self.assertEqual({value}, {one.value for one in study.trials if one.params["hour"] == hour})
        with patch("research.studies.search.ManyRuns.run", side_effect=self.only_the_base()):
            again = research.resume(study.id, base=self.base, store=self.store, processes=1)
        self.assertEqual(told(study.trials), told(again.trials))

    def only_the_base(self) -> Any:
        """Return what runs the base and fails for anything else."""
        from backtests import ManyRuns

        run = ManyRuns.run
        opened = ManyRuns(self.base, processes=1)
        self.addCleanup(opened.close)

        def base_alone(variations: Any) -> Any:
            asked = list(variations)
            self.assertIn(asked, ([{}], []))  # Of a batch that is known nothing is asked for.
            return run(opened, asked)

        return base_alone


class Searches(StudyCase):
    def test_every_sampler_that_learns_finds_what_was_planted(self) -> None:
        for sampler in ("tpe", "cmaes", "genetic"):
            study = self.study(sampler=sampler, trials=50)
            with self.subTest(sampler):
                self.assertEqual(BEST_HOUR, study.ranked[0].params["hour"])

    def test_the_sampler_is_asked_by_batches_and_told_in_the_order_in_which_it_was_asked(self) -> None:
        heard: list[tuple[Any, ...]] = []

        class Hearing(RandomSampler):
            def ask(self) -> Any:
                proposal = super().ask()
                heard.append((proposal.point,))
                return proposal

            def tell(self, proposal: Any, values: Any) -> None:
                heard.append((proposal.point, values))

        base = planted_base(DAYS, strategy={**CONFIG["strategy"], "params": {"fails_below": 12, "hour": 20}})
        with patch("research.studies.study_run.sampler_of", lambda *given, in_order: Hearing(given[1], given[3])):
            study = self.study(sampler="tpe", trials=12, batch=5, base=base)
        expected: list[tuple[Any, ...]] = []
        worst = None
        for batch in (study.trials[:5], study.trials[5:10], study.trials[10:]):
            expected += [(one.params,) for one in batch]
            for one in batch:
                worst = worst if one.objectives is None else min(worst or one.objectives, one.objectives)
                expected.append((one.params, one.objectives or worst))
        self.assertEqual(expected, heard)
        self.assertTrue(0 < len(study.failed) < 12)

    def test_several_objectives_have_a_front(self) -> None:
        study = self.study(metric=["net_profit", "max_drawdown"], sampler="nsga2", trials=40)
        values = [one.objectives for one in study.ranked]
        front = [one.objectives for one in study.front]
        slow = [own for own in values if not any(a >= own[0] and b <= own[1] and [a, b] != own for a, b in values)]
        self.assertEqual(sorted(slow), sorted(front))
        self.assertEqual(front, values[: len(front)])

    def test_a_function_of_a_result_and_a_figure_of_all_outputs_are_objectives_too(self) -> None:
        function = self.study({"hour": "11..13"}, sampler="grid", metric=lambda done: done.metrics["equity"] - 10_000)
        full = self.study({"hour": "11..13"}, sampler="grid", metric=["worst_trade", "expectancy_r"])
        for place, hour in enumerate((11, 12, 13)):
            config = {**CONFIG, "strategy": {**CONFIG["strategy"], "params": {"hour": hour}}}
            single = run_backtest(CANDLES, config=config)
            self.assertEqual(single.metrics["equity"] - 10_000, function.trials[place].value)
            self.assertEqual(
                [single.metrics["worst_trade"], single.metrics["expectancy_r"]], full.trials[place].objectives
            )


class Truth(StudyCase):
    def test_a_trial_without_trades_is_not_ranked_and_is_told_as_the_worst(self) -> None:
        base = planted_base(
            DAYS, strategy={**CONFIG["strategy"], "params": {"target": 0.05}}, risk={"min_position_size_usd": 1}
        )
        study = self.study(
            {"hour": "11..13", "risk.min_position_size_usd": "1,1000000"},
            base=base,
            sampler="grid",
            metric="max_drawdown",
        )
        without = [one for one in study.trials if one.params["risk.min_position_size_usd"] == 1_000_000]
        self.assertEqual([(0, None, "0 closed trades, fewer than 1")] * 3,
                         [(one.trades, one.value, one.notes[UNRANKED]) for one in without])  # fmt: skip
        self.assertEqual(3, len(study.ranked))
        many = self.study({"hour": "11..13"}, sampler="grid", min_trades=100)
        self.assertEqual([], many.ranked)

    def test_trials_that_fail_are_counted_and_the_others_go_on(self) -> None:
        base = planted_base(DAYS, strategy={**CONFIG["strategy"], "params": {"fails_below": 5, "hour": 9}})
        study = self.study({"hour": "3..6"}, base=base, sampler="grid")
        self.assertEqual(["FAILED", "FAILED", "COMPLETED", "COMPLETED"], [one.status for one in study.trials])
        self.assertRegex(study.failed[0].failure, "failed on BTC/USDT at the candle .*as planted")
        self.assertEqual([5, 6], sorted(one.params["hour"] for one in study.ranked))
        with self.assertRaisesRegex(HarnessError, r"^study 2: all 3 trials failed; the first: .*as planted"):
            self.study({"hour": "0..2"}, base=base, sampler="grid")
        self.assertEqual(["COMPLETED", "FAILED"], [one.status for one in self.store.records(Optimisation)])

    def test_a_function_that_gives_no_number_fails_its_trials_with_what_it_gave_and_where(self) -> None:
        given = iter(("much", None, float("nan"), [1.0], 10**400, np.float32(2.5)))

        def mine(done: BacktestResult) -> Any:
            for one in given:
                return one
            sys.exit("enough\nof it")

        study = self.study({"hour": "11..17"}, sampler="grid", metric=mine)
        no_number = "metric .*mine: returned {} — allowed: a number, or None"
        for trial, words in zip(study.trials, (
            no_number.format("'much'"), None, None, no_number.format(r"\[1.0\]"), no_number.format("1000.*"), None,
            r"SystemExit: enough of it \(test_studies.py:\d+\)",
        ), strict=True):  # fmt: skip
            with self.subTest(trial.params):
                self.assertRegex(str(trial.failure), f"\\A{words}\\Z")
        self.assertEqual(([2.5], 2), ([one.value for one in study.ranked], len(study.unranked)))

    def test_points_that_may_not_be_tried_cost_no_run(self) -> None:
        conditions = ["hour % 2 == 0", "stop > target"]
        study = self.study({"hour": "0..23", "target": "0.002..0.09:0.022"}, sampler="grid", conditions=conditions)
        expected = [(hour, target) for hour in range(0, 24, 2) for target in (0.002, 0.024, 0.046)]
        self.assertEqual(expected, [tuple(one.params.values()) for one in study.trials])
        self.assertEqual(24 * 5 - len(expected), sum(study.refused.values()))
        with self.assertRaisesRegex(
            ConfigurationError, "no point may be tried: all 24 were refused, 24 by 'hour > 30'"
        ):
            self.study({"hour": "0..23"}, sampler="grid", conditions=["hour > 30"])
        with self.assertRaisesRegex(ConfigurationError, "10,000 points in a row may not be tried, 10000 by"):
            self.study({"hour": "0..23"}, sampler="random", trials=5, conditions=["hour > 30"])
        with self.assertRaisesRegex(ConfigurationError, "10,000 points in a row may not be tried, 10000 by"):
            wide = {"hour": "0..23", "stop": "0.1..0.11:1e-8"}
            self.study(wide, sampler="grid", trials=5, conditions=["hour > 30"])
        states = [one.status for one in self.store.records(Optimisation)]
        self.assertEqual(["COMPLETED", "FAILED", "FAILED", "FAILED"], states)
        # What the settings themselves refuse is no trial either.
        beyond = self.study({"hour": "22..25"}, sampler="grid")
        self.assertEqual([22, 23], [one.params["hour"] for one in beyond.trials])
        self.assertRegex(next(iter(beyond.refused)), "hour: 24 — allowed: ")

    def test_where_one_point_in_hundreds_may_be_tried_all_samplers_find_some_the_same_when_gone_on_with(self) -> None:
        space = {"hour": "0..23", "target": "0.002..0.09", "stop": "0.002..0.19"}
        options: dict[str, Any] = {"conditions": ["hour < 4", "stop > 40 * target"], "trials": 8}
        for sampler in SAMPLERS[1:]:
            with self.subTest(sampler):
                whole = self.study(space, **options, sampler=sampler, store=self.opened(f"{sampler}-whole"))
                self.assertEqual(8, len(whole.trials))
                store = self.opened(sampler)
                self.study(space, **{**options, "trials": 3}, sampler=sampler, store=store)
                again = research.resume(1, trials=8, base=self.base, store=store, processes=1)
                self.assertEqual(told(whole.trials), told(again.trials))

    def test_a_trial_that_is_another_when_it_is_run_again_is_told(self) -> None:
        study = self.study({"hour": "11..13"}, sampler="grid")
        best = study.ranked[0]
        figures = {**best.figures, "trade_quality.wins": 900}
        self.store.record(msgspec.structs.replace(best, figures=figures))
        settings = {**study.row.settings, "verified": 1}
        self.store.record(msgspec.structs.replace(study.row, settings=settings))
        again = research.resume(1, base=self.base, store=self.store, processes=1)
        (wrong,) = again.disagreeing
        self.assertEqual(best.id, wrong.id)
        self.assertRegex(wrong.notes[VERIFIED]["difference"], r"^trade_quality.wins was 900, and is \d+$")
        notes = {name: one for name, one in wrong.notes.items() if name != VERIFIED}
        self.store.record(
            msgspec.structs.replace(best, notes=notes, daily_equity=best.daily_equity[:-8] + np.float64(9.0).tobytes())
        )
        (wrong,) = research.resume(1, base=self.base, store=self.store, processes=1).disagreeing
        self.assertEqual("the equity at the end of the days is another", wrong.notes[VERIFIED]["difference"])

    def test_what_cannot_be_is_one_line_before_anything_is_run(self) -> None:
        hour = {"hour": "0..23"}
        table: tuple[tuple[Any, dict[str, Any], str], ...] = (
            (hour, {"sampler": "tpee", "trials": 3}, r"sampler 'tpee' \(did you mean tpe\?\) — allowed: grid, random"),
            (hour, {"sampler": "tpe"}, "sampler tpe: the number of trials is not said — allowed: --trials N"),
            (hour, {"sampler": "tpe", "trials": 0}, "trials: 0 — allowed: a whole number from 1"),
            (hour, {"sampler": "tpe", "trials": 5, "batch": 0}, "batch: 0"),
            (hour, {"sampler": "random", "trials": 5, "seed": -1}, "seed: -1"),
            (hour, {"sampler": "genetic", "trials": 5, "metric": ["sharpe", "roi"]}, "knows one objective, of 2"),
            ({"target": "0.01..0.02"}, {"sampler": "grid"}, "sampler grid: target has no step"),
            ({"hour": "0..23", "stop": "0.00001..0.19:0.000001"}, {"sampler": "grid"}, "the grid has 4,559,784 points"),
            ({"execution.slipage": "0.0..0.1"}, {"sampler": "random", "trials": 5}, r"\(did you mean slippage\?\)"),
            ({"hour": "30..40"}, {"sampler": "grid"}, "hour: 30 — allowed: "),
            (hour, {"sampler": "grid", "metric": "sharp"}, r"\(did you mean sharpe\?\)"),
            (hour, {"sampler": "grid", "window": "x"}, "window: the base has its own"),
        )  # fmt: skip
        for parameters, options, words in table:
            with self.subTest(words), self.assertRaisesRegex(ConfigurationError, words) as raised:
                self.study(parameters, **options)
            self.assertNotIn("\n", str(raised.exception) if hasattr(raised, "exception") else "")
        self.assertEqual([], self.store.records(Optimisation))

    def test_a_range_that_the_settings_allow_with_the_others_alone_is_one(self) -> None:
        base = MemoryBacktest(CANDLES, config={"strategy": {"type": "scalping_ema_rsi"}})
        study = self.study({"ema_fast": "25..26", "ema_slow": "50..51"}, base=base, sampler="grid")
        self.assertEqual(4, len(study.trials))
        with self.assertRaisesRegex(ConfigurationError, r"ema_fast: 25 — allowed: below ema_slow \(21\)"):
            self.study({"ema_fast": "25..26", "rsi_period": "5..6"}, base=base, sampler="grid")

    def test_all_that_was_tried_on_the_candles_counts_once_by_studies_and_by_hand(self) -> None:
        first = self.study({"hour": "11..13"}, sampler="random", trials=12)
        self.study({"hour": "12..15"}, sampler="grid")
        daily = [one.daily_sharpe for one in self.store.records(Trial) if one.same_as is None]
        self.assertEqual(7, len(daily))
        found = sharpes_tried(first, self.store)
        self.assertEqual((7, daily), (found.count, found.sharpes.tolist()))
        market, window = first.row.settings["market"], first.plan.window
        for number, (changes, count) in enumerate((({}, 8), ({"end_ms": 9}, 8), ({"timeframe": "2h"}, 8))):
            row = RunRow(
                host="here", folder=f"/{number}", run_id=str(number), name="by hand", kind="backtest",
                status="COMPLETED", exchange=market["exchange"], symbols=market["symbols"],
                timeframe=market["timeframe"], start_ms=window.start_ms, end_ms=window.end_ms, sharpe=3.0,
            )  # fmt: skip
            self.store.put(msgspec.structs.replace(row, **changes), [], [])
            found = sharpes_tried(first, self.store)
            self.assertEqual((count, [*daily, 3.0 / 365**0.5]), (found.count, found.sharpes.tolist()))
        beside = study_luck(first, self.store).beside
        self.assertEqual((4, 1, 1, 4), (beside.trials, beside.studies, beside.runs, beside.same_strategy))
        self.assertIn("4 trials of 1 other search and 1 run, 4 of the same strategy", beside.sentence)

    def test_two_processes_do_not_make_one_study(self) -> None:
        store = Overtaken(self.store.database, "here")
        with self.assertRaisesRegex(ConfigurationError, "trial 2 is there already: another process makes this study"):
            self.study({"hour": "0..5"}, sampler="grid", store=store)
        self.assertEqual("RUNNING", self.store.records(Optimisation)[0].status)  # The other one tells how it ends.
        whole = research.resume(1, base=self.base, store=self.store, processes=1)
        self.assertEqual(list(range(6)), [one.params["hour"] for one in whole.trials])

    def test_samplers_that_need_a_library_say_what_to_install(self) -> None:
        with patch("importlib.util.find_spec", return_value=None):
            for sampler in ("grid", "random"):
                self.assertEqual(3, len(self.study({"hour": "0..23"}, sampler=sampler, trials=3).trials))
            for sampler in ("tpe", "cmaes"):
                with self.assertRaisesRegex(
                    ConfigurationError, f"{sampler}: optuna is not installed — .*requirements-research"
                ):
                    self.study({"hour": "0..23"}, sampler=sampler, trials=3)

    def test_a_study_is_not_gone_on_with_where_it_would_be_mixed(self) -> None:
        self.study({"hour": "0..3"}, sampler="random", trials=4)
        table = (
            ({"base": planted_base(13)}, "the candles of the window are no longer"),
            (
                {"base": planted_base(DAYS, risk={"default_risk_per_trade": 0.02})},
                "the settings of the system are no longer",
            ),
            ({"base": self.base, "trials": 3}, "trials: 3 — allowed: at least 4"),
            ({}, "is of no system — allowed: to resume it with base=…"),
        )
        for given, words in table:
            with self.subTest(words), self.assertRaisesRegex(ConfigurationError, words):
                research.resume(1, store=self.store, processes=1, **given)
        self.store.record(msgspec.structs.replace(self.store.records(Optimisation)[0], code_version="another"))
        with self.assertRaisesRegex(ConfigurationError, "the code of the program are no longer those"):
            research.resume(1, store=self.store, base=self.base, processes=1)
        for name in ("7", "none"):
            with self.assertRaisesRegex(
                ConfigurationError, f"study '{name}': there is no such study — allowed: latest, or a"
            ):
                research.resume(name, store=self.store)


class Locked(StudyCase):
    def test_a_store_that_another_program_writes_to_is_waited_for(self) -> None:
        other = self.opened("runs")
        with other.database.writing() as connection:
            connection.execute(text("UPDATE trial SET value = 0"))
            studies: list[Study] = []
            waiting = threading.Thread(target=lambda: studies.append(self.study({"hour": "0..3"}, sampler="grid")))
            waiting.start()
            time.sleep(1.0)
            self.assertEqual([], studies)
        waiting.join()
        self.assertEqual(4, len(studies[0].trials))

    def test_it_stays_where_it_was_when_a_strategy_changes_the_folder_of_the_process(self) -> None:
        with contextlib.chdir(self.folder):
            store = open_store("sqlite:///there.sqlite")
        self.addCleanup(store.close)
        with store.database.reading():  # So that another connection is opened.
            self.assertEqual(4, len(self.study({"hour": "0..3"}, sampler="grid", store=store).trials))

    def test_one_that_is_removed_is_told_and_nothing_is_written_nowhere(self) -> None:
        store = Removed(self.store.database, "here")
        with self.assertRaisesRegex(StoreError, r"runs.sqlite: was removed or replaced while it was open, .*"):
            self.study({"hour": "0..5"}, sampler="grid", store=store)
        self.assertEqual([], list(Path(self.folder).iterdir()))

    def test_one_that_stays_locked_is_told_and_the_study_goes_on_later(self) -> None:
        with patch.object(database, "BUSY_SECONDS", 0.3):
            store = self.opened("locked")
            other = self.opened("locked")
            kept = store.record
            with other.database.writing() as connection:
                connection.execute(text("UPDATE trial SET value = 0"))
                with self.assertRaisesRegex(StoreError, "another program has been writing for 0.3 s; try again"):
                    self.study({"hour": "0..3"}, sampler="grid", store=store)
            self.assertEqual(kept, store.record)
            self.assertEqual(4, len(self.study({"hour": "0..3"}, sampler="grid", store=store).trials))


if __name__ == "__main__":
    unittest.main()
