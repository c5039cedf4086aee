"""Epochs that are run with any function: what is written of them, and that a failure is marked and raised."""

import json
import logging
import tempfile
import threading
import unittest
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import ConfigurationError, StoreError
from core.instants import parse_instant
from systems.life_cycle import ExperimentTracker, StrategyEpoch, StrategyEpochTracker, current_run_id, run_epoch
from systems.life_cycle.plain_values import plain_value
from systems.life_cycle.run_logging import run_logging

START_MS = parse_instant("2024-03-01T12:00")
FOLDER = "20240301T120000Z"


class EpochCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.logs = Path(folder.name) / "logs"
        self.now_ms = START_MS

    def clock(self) -> int:
        return self.now_ms

    def tracker(self) -> StrategyEpochTracker:
        return StrategyEpochTracker(self.logs, self.clock)

    def run_one(self, runner_fn, **options):
        options = {"epoch": "backtest", "symbol": "BTC/USDT", "strategy_id": "mine", "timeframes": ["1h"], **options}
        return run_epoch(runner_fn=runner_fn, tracker=self.tracker(), **options)

    def document(self, run_id: str, name: str):
        return json.loads((self.logs / "epochs" / FOLDER / run_id / name).read_text(), parse_constant=self.fail)

    def events(self) -> list[dict[str, object]]:
        (file,) = self.logs.glob("events_*.jsonl")
        self.assertEqual("events_20240301.jsonl", file.name)
        return [json.loads(line, parse_constant=self.fail) for line in file.read_text().splitlines()]


class Runs(EpochCase):
    def test_a_run_returns_its_verdict_and_leaves_its_documents(self) -> None:
        def runner(symbol, timeframes, deposit, epoch, run_id, tracker):
            self.now_ms += 2_500
            tracker.log_trade({"symbol": symbol, "pnl": np.float64(1.25)})
            return {
                "metrics": {"sharpe": np.float64(1.5), "trades": np.int64(3), "sortino": float("nan")},
                "trades": [{"symbol": symbol, "pnl": float("inf")}],
                "deposit": deposit,
                "next_epoch": "the runner's own",
            }

        result = self.run_one(runner, promotion_criteria=["sharpe > 1", "trades >= 3"], deposit=1000)
        run_id = result["run_id"]
        self.assertEqual(
            {
                "run_id": run_id,
                "strategy_id": "mine",
                "epoch": "backtest",
                "symbol": "BTC/USDT",
                "metrics": {"sharpe": 1.5, "trades": 3, "sortino": None},
                "passed": True,
                "promotion_reason": "all 2 criteria hold",
                "next_epoch": "demo",
            },
            result,
        )
        config = self.document(run_id, "config.json")
        self.assertEqual({"deposit": 1000}, config["arguments"])
        self.assertEqual((["sharpe > 1", "trades >= 3"], "runner"), (config["promotion_criteria"], config["runner_fn"]))
        results = self.document(run_id, "results.json")
        self.assertEqual((result["metrics"], 1000), (results["metrics"], results["deposit"]))
        summary = self.document(run_id, "summary.json")
        told = [summary[key] for key in ("status", "seconds", "trades", "passed", "next_epoch")]
        self.assertEqual(["completed", 2.5, 2, True, "demo"], told)
        self.assertEqual(
            {"criterion": "sharpe > 1", "value": 1.5, "holds": True, "source": "", "reason": ""}, summary["criteria"][0]
        )
        rows = (self.logs / "epochs" / FOLDER / run_id / "trades.jsonl").read_text().splitlines()
        self.assertEqual([1.25, None], [json.loads(row)["pnl"] for row in rows])
        self.assertEqual(["epoch_start", "epoch_complete"], [one["event"] for one in self.events()])
        self.assertEqual({run_id}, {one["run_id"] for one in self.events()})

    def test_where_a_promotion_leads_is_said_only_of_one_that_is_earned(self) -> None:
        refused = self.run_one(lambda: {"sharpe": 0.5}, promotion_criteria=["sharpe > 1"], next_epoch="live")
        self.assertEqual((False, None), (refused["passed"], refused["next_epoch"]))
        self.assertEqual("1 of 1 criteria not met: sharpe > 1 (0.5)", refused["promotion_reason"])
        earned = self.run_one(lambda: {"sharpe": 1.5}, promotion_criteria=["sharpe > 1"], next_epoch=StrategyEpoch.LIVE)
        self.assertEqual((True, "live"), (earned["passed"], earned["next_epoch"]))
        self.assertFalse(self.run_one(lambda: {"sharpe": 9})["passed"])

    def test_two_runs_of_the_same_at_one_instant_have_folders_of_their_own(self) -> None:
        one, other = (self.run_one(lambda **told: {})["run_id"] for _ in range(2))
        self.assertEqual(f"{one}-2", other)

    def test_an_exception_marks_the_run_failed_and_is_raised(self) -> None:
        for error in (ValueError("no\nprice"), KeyboardInterrupt()):

            def runner(error=error):
                raise error

            with self.subTest(error), self.assertRaises(type(error)) as caught:
                self.run_one(runner)
            self.assertIs(error, caught.exception)
            event = self.events()[-1]
            summary = self.document(event["run_id"], "summary.json")
            self.assertEqual(("failed", type(error).__name__), (summary["status"], summary["error_type"]))
            self.assertEqual(("epoch_failed", summary["error"]), (event["event"], event["error"]))
            self.assertNotIn("\n", summary["error"])
            self.assertFalse((self.logs / "epochs" / FOLDER / event["run_id"] / "results.json").exists())

    def test_bad_arguments_are_refused_before_anything_runs(self) -> None:
        table = (
            ({"epoch": "bactest"}, "epoch 'bactest' is none (did you mean backtest?)"),
            ({"next_epoch": 5}, "epoch 5 is none"),
            ({"promotion_criteria": ["sharpe => 1"]}, "did you mean >=?"),
            ({"runner_fn": "run"}, "runner_fn: 'run' — allowed: a function"),
        )
        for changes, expected in table:
            with self.subTest(changes), self.assertRaises(ConfigurationError) as caught:
                self.run_one(**{"runner_fn": lambda: self.fail("it ran"), **changes})
            self.assertIn(expected, str(caught.exception))
        self.assertFalse(self.logs.exists())

    def test_a_runner_that_cannot_be_called_or_answers_nonsense_is_named(self) -> None:
        table = (
            (lambda price: {}, {}, "needs price"),
            (lambda symbol: {}, {"deposit": 1}, "has no parameter deposit"),
            (lambda: None, {}, "returned null — allowed: a mapping of metrics"),
            (lambda: {"metrics": 5}, {}, "returned metrics that are 5"),
        )
        for runner, options, expected in table:
            with self.subTest(expected), self.assertRaises(ConfigurationError) as caught:
                self.run_one(runner, **options)
            self.assertIn(expected, str(caught.exception))

    def test_what_cannot_be_written_is_one_error_that_names_the_file(self) -> None:
        self.logs.write_text("a file where the folder should be")
        with self.assertRaises(StoreError) as caught:
            self.run_one(dict)
        self.assertIn(str(self.logs), str(caught.exception))

    def test_a_tracker_keeps_one_run_at_a_time(self) -> None:
        tracker = self.tracker()
        with self.assertRaisesRegex(ConfigurationError, "no run is under way"):
            tracker.log_trade({})
        run_id = tracker.epoch_start("mine", "idea", "BTC/USDT")
        with self.assertRaisesRegex(ConfigurationError, f"run {run_id} is under way"):
            tracker.epoch_start("mine", "idea", "BTC/USDT")
        self.assertEqual(run_id, tracker.epoch_complete({})["run_id"])
        self.assertNotEqual(run_id, tracker.epoch_start("mine", "creation", "BTC/USDT"))


class PlainValues(unittest.TestCase):
    def test_whatever_a_runner_answers_is_a_value_that_json_has(self) -> None:
        values = {
            "frame": pd.DataFrame({"time": [pd.Timestamp("2024-01-01", tz="UTC"), pd.NaT], "pnl": [1.5, np.nan]}),
            "array": np.array([1.0, np.inf]),
            "exact": Decimal("1.10"),
            "place": Path("a"),
            "epoch": StrategyEpoch.DEMO,
            "function": len,
            "set": {3},
        }
        expected = {
            "frame": {"time": {"0": "2024-01-01T00:00:00.000Z", "1": None}, "pnl": {"0": 1.5, "1": None}},
            "array": [1.0, None],
            "exact": "1.10",
            "place": "a",
            "epoch": "demo",
            "function": "len",
            "set": [3],
        }
        self.assertEqual(expected, plain_value(values))
        endless: list[object] = []
        endless.append(endless)
        json.dumps(plain_value(endless), allow_nan=False)


class LoggingContext(EpochCase):
    def test_records_of_a_run_carry_its_id_and_become_its_events(self) -> None:
        seen = []

        class Seen(logging.Handler):
            def emit(self, record):
                seen.append(getattr(record, "run_id", None))

        log, handler = logging.getLogger("a.strategy"), Seen()
        log.addHandler(handler)
        self.addCleanup(log.removeHandler, handler)

        def runner(run_id):
            self.assertEqual(run_id, current_run_id())
            log.warning("spread %s", 1.5)
            other = threading.Thread(target=lambda: log.warning("of nobody"))
            other.start()
            other.join()
            return {}

        run_id = self.run_one(runner)["run_id"]
        log.warning("after")
        self.assertEqual([run_id, "-", None], seen)
        self.assertEqual("-", current_run_id())
        logged = [
            json.loads(line) for file in self.logs.glob("events_*.jsonl") for line in file.read_text().splitlines()
        ]
        logged = [one for one in logged if one["event"] == "log"]
        told = [[one[key] for key in ("run_id", "level", "logger", "message")] for one in logged]
        self.assertEqual([[run_id, "WARNING", "a.strategy", "spread 1.5"]], told)

    def test_contexts_nest_and_leave_nothing_behind(self) -> None:
        factory, handlers = logging.getLogRecordFactory(), list(logging.getLogger().handlers)
        with run_logging("outer"):
            with run_logging("inner", self.logs):
                self.assertEqual("inner", current_run_id())
            self.assertEqual("outer", current_run_id())
        inside, over = threading.Event(), threading.Event()

        def other() -> None:
            with run_logging("other"):
                inside.set()
                over.wait(10)

        overlapping = threading.Thread(target=other)
        overlapping.start()
        inside.wait(10)
        with run_logging("mine"):
            over.set()
            overlapping.join()
            self.assertEqual("mine", logging.getLogRecordFactory()("a", 30, "f", 1, "m", (), None).run_id)
        self.assertIs(factory, logging.getLogRecordFactory())
        self.assertEqual(handlers, logging.getLogger().handlers)


class Experiments(EpochCase):
    def test_every_combination_is_run_and_one_that_fails_stops_none(self) -> None:
        experiment = ExperimentTracker(["a", "b"], ["1h", "4h"], ["BTC/USDT", "ETH/USDT"], self.logs, self.clock)

        def runner(strategy_id, timeframe, symbol):
            if (strategy_id, symbol) == ("b", "ETH/USDT"):
                raise ConfigurationError(f"{symbol} is not listed")
            return {"trades": 10 if timeframe == "1h" else 1}

        rows = experiment.run("backtest", runner, promotion_criteria=["trades > 5"])
        self.assertEqual(
            [("a", "1h", "BTC/USDT", True), ("a", "1h", "ETH/USDT", True), ("a", "4h", "BTC/USDT", False),
             ("a", "4h", "ETH/USDT", False), ("b", "1h", "BTC/USDT", True), ("b", "1h", "ETH/USDT", False),
             ("b", "4h", "BTC/USDT", False), ("b", "4h", "ETH/USDT", False)],
            [(row["strategy_id"], row["timeframe"], row["symbol"], row["passed"]) for row in rows],
        )  # fmt: skip
        self.assertEqual(rows, experiment.results)
        summary = experiment.summary()
        counts = {key: summary[key] for key in ("combinations", "run", "failed", "passed")}
        self.assertEqual({"combinations": 8, "run": 8, "failed": 2, "passed": 3}, counts)
        self.assertEqual("ETH/USDT is not listed", summary["results"][5]["error"])
        statuses = [json.loads(file.read_text())["status"] for file in self.logs.glob("epochs/*/*/summary.json")]
        self.assertEqual((6, 2), (statuses.count("completed"), statuses.count("failed")))

    def test_a_defect_of_a_runner_ends_the_experiment(self) -> None:
        with self.assertRaises(ZeroDivisionError):
            ExperimentTracker(["a"], ["1h"], ["X"], self.logs, self.clock).run("backtest", lambda: 1 / 0)

    def test_axes_and_results_that_are_none_are_refused(self) -> None:
        for axes in (([], ["1h"], ["X"]), (["a"], "1h", ["X"]), (["a"], ["1h"], ["X", "X"])):
            with self.subTest(axes), self.assertRaisesRegex(ConfigurationError, "each once"):
                ExperimentTracker(*axes)
        with self.assertRaisesRegex(ConfigurationError, "is no combination"):
            ExperimentTracker(["a"], ["1h"], ["X"]).record(("a", "4h", "X"), {})


if __name__ == "__main__":
    unittest.main()
