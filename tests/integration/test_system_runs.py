"""Systems run for real on the practice market: backtests, rehearsals and paper sessions, and what they prove."""

import contextlib
import io
import json
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from backtests import run_config_backtest
from core.errors import ConfigurationError, StrategyError
from market_data.practice.practice_market import PracticeMarket
from practice.exchange import PracticeExchange
from practice.exchange_options import ExchangeOptions
from practice.faults.fault_script import FaultScript, ReviseCandle
from runs.store.run_store import open_store
from runs.store.store_rows import Epoch
from systems import archive_system, list_systems, promote_system, run_system, smoke_systems
from systems.life_cycle import StrategyEpochTracker, run_epoch, system_backtest
from systems.life_cycle.epoch_index import index_epochs
from tests.support.config_tree import write_config
from tests.support.sessions.live_sessions import BUSY_PARAMS
from tests.support.system_files import LIVE, system_places, write_system

DAYS = "2024-01-01..2024-01-02"
MINUTES = {"symbols": ["BTC/USDT"], "timeframe": "1m", "strategy": {"params": dict(BUSY_PARAMS)}}
BROKEN = """
class Broken:
    name = "broken"
    warmup_candles = 0

    def __init__(self, params):
        self.params = params

    def stream(self, symbol):
        return self

    def update(self, candle):
        raise ZeroDivisionError("no volume")
"""


class SystemCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.places = system_places(self.folder)

    def write(self, **keys: object) -> None:
        write_system(self.folder, "mine", **{"windows": {"days": DAYS}, **keys})

    def run_it(self, *arguments: str | None, **options: object):
        with contextlib.redirect_stderr(io.StringIO()):
            return run_system("mine", *arguments, places=self.places, **options)

    def promoted(self, **options: object):
        return promote_system("mine", self.places, **options)


class Backtests(SystemCase):
    def test_a_run_is_the_backtest_of_the_configuration_that_one_would_have_written(self) -> None:
        self.write(overrides={"execution": {"slippage": 0.001}, "risk": {"max_exposure": 0.1}})
        run = self.run_it("days")
        other = self.folder / "other"
        config = write_config(other, live={**LIVE, "execution": {"slippage": 0.001}}, risk={"max_exposure": 0.1})
        ordinary = run_config_backtest(
            "2024-01-01", "2024-01-03", config_path=config, data_dir=self.places.data_dir, output_dir=other / "out"
        )
        for key in ("trades_sha256", "settings_sha256", "data_sha256", "run_id", "performance", "statistics"):
            with self.subTest(key):
                self.assertEqual(ordinary[key], run["result"][key])
        self.assertGreater(run["result"]["performance"]["total_trades"], 0)
        mine, theirs = Path(run["folder"]), Path(ordinary["output_dir"]) / "latest"
        self.assertEqual(
            [mine / "system.json"], sorted(path for path in mine.iterdir() if not (theirs / path.name).exists())
        )
        for name in ("trades.csv", "equity.csv", "decisions.jsonl"):
            self.assertEqual((theirs / name).read_bytes(), (mine / name).read_bytes(), name)
        note = json.loads((mine / "system.json").read_text())
        window = {"name": "days", "text": DAYS, "start": "2024-01-01T00:00:00.000Z", "end": "2024-01-03T00:00:00.000Z"}
        self.assertEqual({"system": "mine", "system_uid": run["system_uid"], "window": window}, note)
        self.assertEqual(list_systems(self.places)[0]["system_uid"], run["system_uid"])

    def test_what_came_of_it_is_kept_whole(self) -> None:
        self.write()
        run = self.run_it("days")
        record = Path(run["record"])
        results = json.loads((record / "results.json").read_text())
        self.assertEqual((run["metrics"], run["system_uid"]), (results["metrics"], results["system_uid"]))
        trades = [json.loads(line) for line in (record / "trades.jsonl").read_text().splitlines()]
        self.assertEqual(run["result"]["performance"]["total_trades"], len(trades))
        self.assertEqual(run["metrics"]["trade_quality"]["trades"], len(trades))
        profit = sum(trade["realized_pnl"] for trade in trades)
        self.assertAlmostEqual(run["result"]["performance"]["realized_pnl"], profit, 6)
        self.assertEqual("completed", json.loads((record / "summary.json").read_text())["status"])

    def test_the_runner_serves_any_epoch_and_only_the_whole_system_is_evidence_of_it(self) -> None:
        self.write(promotion=["trades >= 1"])
        for symbol, evidence in (("BTC/USDT", 0), ("all", 1)):
            told = run_epoch(
                "creation", symbol, "mine", system_backtest, [], ["trades >= 1"], window="days", places=self.places,
                tracker=StrategyEpochTracker(self.places.logs),
            )  # fmt: skip
            self.assertTrue(told["passed"], told["promotion_reason"])
            with self.subTest(symbol):
                self.assertEqual(evidence, len(self.promoted(dry=True)["evidence"]))
        self.assertEqual(1, self.promoted(dry=True)["other_versions"])
        with self.assertRaisesRegex(ConfigurationError, "a system runs on one; ExperimentTracker runs several"):
            system_backtest("mine", "all", ["1h", "4h"], window="days", places=self.places)

    def test_a_failing_strategy_marks_the_run_failed_and_is_no_evidence(self) -> None:
        (self.folder / "config" / "broken.py").write_text(BROKEN)
        self.write(overrides={"strategy": {"type": "broken.py:Broken"}}, promotion=["trades >= 0"])
        with self.assertRaises(StrategyError):
            self.run_it("days")
        found = self.promoted()
        self.assertEqual((1, [], False), (found["failed_runs"], found["evidence"], found["promoted"]))
        (summary,) = (self.folder / "logs").glob("epochs/*/*/summary.json")
        self.assertEqual("failed", json.loads(summary.read_text())["status"])

    def test_bad_arguments_are_refused_before_anything_is_written(self) -> None:
        self.write()
        table = (
            ((None,), {}, "a backtest of mine needs a window — allowed: days"),
            (("day",), {}, "mine has no window 'day' (did you mean days?)"),
            (("days", "idea"), {}, "epoch idea is not run — allowed: backtest, demo, live"),
            (("days", "live"), {}, "a paper session has no window"),
            (("days", "demo"), {"duration": "2x"}, "'2x' is no duration"),
        )
        for arguments, options, expected in table:
            with self.subTest(arguments), self.assertRaises(ConfigurationError) as caught:
                self.run_it(*arguments, **options)
            self.assertIn(expected, str(caught.exception))
        self.assertFalse((self.folder / "logs" / "live").exists())


class Promotion(SystemCase):
    CRITERIA = ("trades >= 1", "ambiguous_share < 0.5", "later.trades >= 1")

    def test_a_system_goes_on_when_every_criterion_has_its_evidence_and_holds(self) -> None:
        self.write(windows={"days": DAYS, "later": "2024-01-05"}, promotion={"backtest": list(self.CRITERIA)})
        found = self.promoted()
        self.assertFalse(found["promoted"])
        self.assertEqual([(None, False)] * 3, [(one["value"], one["holds"]) for one in found["criteria"]])
        self.assertIn("python -m systems run mine --window later", found["criteria"][2]["reason"])
        self.assertFalse(self.run_it("days")["passed"])
        later = self.run_it("later")
        self.assertEqual((True, "demo"), (later["passed"], later["next_epoch"]))
        self.assertFalse(promote_system("mine", self.places, dry=True)["promoted"])
        found = self.promoted()
        self.assertEqual((True, "backtest", "demo"), (found["promoted"], found["epoch"], found["next_epoch"]))
        self.assertTrue(all(one["holds"] and "run " in one["source"] for one in found["criteria"]))
        self.assertEqual("demo", list_systems(self.places)[0]["epoch"])
        (record,) = [
            json.loads(line) for line in (self.folder / "logs/epochs/promotions.jsonl").read_text().splitlines()
        ]
        self.assertEqual(("backtest", "demo", list(self.CRITERIA)),
                         (record["from"], record["to"], [one["criterion"] for one in record["criteria"]]))  # fmt: skip
        self.assertEqual(2, len(record["evidence"]))
        again = self.promoted()
        self.assertEqual((False, "demo"), (again["promoted"], again["epoch"]))
        self.assertIn("no criteria", again["promotion_reason"])

    def test_evidence_is_of_what_was_run_and_of_nothing_that_was_changed_since(self) -> None:
        self.write(promotion=["trades >= 1"])
        self.run_it("days")
        self.assertTrue(self.promoted()["promoted"])
        self.write(promotion=["trades >= 1"], windows={"days": "2024-01-05"})
        self.assertEqual("demo", self.promoted(dry=True)["epoch"])
        self.assertIn("no evidence", self.promoted(dry=True)["criteria"][0]["reason"])
        self.write(promotion=["trades >= 1"], overrides={"execution": {"slippage": 0.001}})
        changed = self.promoted(dry=True)
        self.assertEqual(("backtest", [], 1), (changed["epoch"], changed["evidence"], changed["other_versions"]))
        self.write(promotion=["trades >= 1"], description="Another", tags=["x"])
        self.assertEqual(("demo", True), tuple(self.promoted(dry=True)[key] for key in ("epoch", "passed")))

    def test_the_last_backtest_of_a_window_counts_and_a_damaged_record_does_not(self) -> None:
        self.write(promotion=["trades >= 1"])
        first = self.run_it("days")
        results = Path(first["record"]) / "results.json"
        second = Path(self.run_it("days")["record"]) / "results.json"
        values = json.loads(second.read_text())
        values["metrics"]["trade_quality"]["trades"] = 0
        second.write_text(json.dumps(values))
        self.assertFalse(self.promoted(dry=True)["passed"])
        second.write_text("{")
        self.assertTrue(self.promoted(dry=True)["passed"])
        results.unlink()
        self.assertEqual([], self.promoted(dry=True)["evidence"])

    def test_a_run_whose_outputs_are_gone_or_changed_is_no_evidence(self) -> None:
        self.write(promotion=["trades >= 1"])
        log = Path(self.run_it("days")["folder"]) / "trades.csv"
        whole = log.read_bytes()
        for content, lost in ((whole + b"\n", 1), (whole, 0)):
            log.unlink()  # The top-level log is the same file under another name.
            with self.subTest(lost=lost):
                self.assertEqual((1, []), tuple(self.promoted(dry=True)[key] for key in ("lost_runs", "evidence")))
                log.write_bytes(content)
                self.assertEqual(
                    (lost, not lost), tuple(self.promoted(dry=True)[key] for key in ("lost_runs", "passed"))
                )
        for name in ("result.json", "manifest.json"):
            document = log.with_name(name)
            whole = document.read_bytes()
            document.unlink()
            with self.subTest(name):
                self.assertEqual((1, []), tuple(self.promoted(dry=True)[key] for key in ("lost_runs", "evidence")))
            document.write_bytes(whole)
        self.assertTrue(self.promoted(dry=True)["passed"])

    def test_archiving_needs_no_evidence_and_ends_it_once(self) -> None:
        self.write()
        self.assertEqual("archived", archive_system("mine", self.places)["next_epoch"])
        self.assertEqual("archived", list_systems(self.places)[0]["epoch"])
        self.assertIn("is the last epoch", self.promoted()["promotion_reason"])
        with self.assertRaisesRegex(ConfigurationError, "archived already"):
            archive_system("mine", self.places)


class Sessions(SystemCase):
    def test_a_rehearsal_of_a_system_of_another_exchange_proves_its_parity(self) -> None:
        self.write(
            overrides={**MINUTES, "exchange": "binanceus"}, windows={"day": "2024-01-01"}, promotion=["parity == exact"]
        )
        self.assertIn("--window day --epoch demo", self.promoted()["criteria"][0]["reason"])
        run = self.run_it("day", "demo", duration="1h", speed=3000.0)
        self.assertEqual(("exact", "journal: equal · history: 0 differences"),
                         (run["metrics"]["parity"], run["parity_verdict"]))  # fmt: skip
        self.assertEqual(60, run["result"]["statistics"]["steps"])
        self.assertGreater(run["metrics"]["trade_quality"]["trades"], 0)
        self.assertEqual(("2024-01-01T00:00:00.000Z", "2024-01-01T01:00:00.000Z"),
                         (run["window"]["start"], run["window"]["end"]))  # fmt: skip
        self.assertTrue((Path(run["folder"]) / "parity.json").is_file())
        self.assertTrue(self.promoted()["promoted"])
        results = Path(run["record"]) / "results.json"
        results.write_text(results.read_text().replace('"parity": "exact"', '"parity": "different"'))
        found = self.promoted(dry=True)
        self.assertEqual(("different", False), (found["criteria"][0]["value"], found["criteria"][0]["holds"]))

    def test_a_paper_session_runs_for_its_time_in_any_thread_and_one_that_history_denies_is_told(self) -> None:
        self.write(overrides=MINUTES, promotion={"backtest": ["live.parity == exact"]})
        script = FaultScript(faults=(ReviseCandle(final=10, change=0.05),))
        options = ExchangeOptions(speed=3000.0, timeframe="1m", streams_before_start=1, script=script, keep_sent=False)
        with PracticeExchange(PracticeMarket(), options) as exchange:
            addresses = (exchange.rest_url, exchange.stream_url)
            with ThreadPoolExecutor(1) as orchestrator:
                run = orchestrator.submit(self.run_it, None, "live", duration="30m", addresses=addresses).result()
        self.assertEqual(30, run["result"]["statistics"]["steps"])
        self.assertNotIn("window", run)
        self.assertEqual("different", run["metrics"]["parity"], run["parity_verdict"])
        found = self.promoted()
        self.assertEqual(("live", False), (found["evidence"][0]["epoch"], found["promoted"]))
        self.assertEqual("different", found["criteria"][0]["value"])


class Index(SystemCase):
    def test_the_store_of_runs_has_what_the_folders_say_and_can_be_made_again(self) -> None:
        (self.folder / "config" / "broken.py").write_text(BROKEN)
        self.write(promotion=["trades >= 1"])
        run = self.run_it("days")
        self.write(overrides={"strategy": {"type": "broken.py:Broken"}})
        with self.assertRaises(StrategyError):
            self.run_it("days")
        StrategyEpochTracker(self.places.logs).epoch_start("mine", "idea", "BTC/USDT")
        logs = Path(str(self.places.logs))
        for name in ("one", "another"):
            with self.subTest(name), open_store(f"sqlite:///{self.folder / name}.sqlite") as store:
                self.assertEqual([3, 0], [index_epochs(store, logs) for _ in range(2)])
                rows = {one.status: one for one in store.records(Epoch)}
                self.assertEqual({"COMPLETED", "FAILED", "RUNNING"}, rows.keys())
                done = rows["COMPLETED"]
                self.assertEqual((run["run_id"], run["metrics"], True), (done.run_id, done.metrics, done.passed))
                self.assertEqual(("trades >= 1", True), (done.criteria[0]["criterion"], done.criteria[0]["holds"]))
                self.assertIn("ZeroDivisionError", rows["FAILED"].failure)


class Smoke(SystemCase):
    def test_every_system_runs_shortly_whatever_its_exchange_and_a_broken_one_is_named(self) -> None:
        self.write()
        write_system(self.folder, "other", overrides={"exchange": "binance", "symbols": ["TAO/USDT", "BTC/USDT"]})
        write_system(self.folder, "wrong", base="nowhere.yaml")
        mine, other, wrong = smoke_systems(self.places.systems)
        self.assertEqual((True, 400), (mine["ok"], mine["candles"]))
        self.assertEqual(({"TAO/USDT": "ETH/USDT"}, 400), (other["stand_ins"], other["candles"]))
        self.assertEqual(("wrong", False), (wrong["id"], wrong["ok"]))
        self.assertFalse((self.folder / "logs").exists())


if __name__ == "__main__":
    unittest.main()
