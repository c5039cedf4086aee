"""A program is a strategy: the same bytes as the same logic written as one, in whichever way and process it is run."""

import json
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backtests import run_many
from backtests.config_backtest import ConfigBacktestRunner
from backtests.parity import check_parity
from core.errors import ConfigurationError
from core.instants import parse_instant
from core.trading_signal import Signal
from engine.assembly import build_strategy_of
from engine.fold import SessionFold
from engine.journal_records import ProgramRecord, SessionRecord, StepRecord, fields_of
from engine.renderer import SessionOutputs
from indicators import EMA, RSI
from indicators.features.feature import Feature
from market_data.practice.practice_market import PracticeMarket
from runs.reading.run_folder import read_run
from runs.reading.run_settings import settings_of_run
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now
from strategies.programs.program_strategy import ProgramStrategy
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.sandbox import CallInput
from tests.parity.test_live_kills import Killed, exchange
from tests.support.market_data_sets import practice_candles, practice_columns
from tests.support.runs.kernel_runs import settings_from
from tests.support.runs.program_runs import BTC, ETH, OF_15_MINUTES, AnsweringSandbox, program, run_strategy
from tests.support.scale import SEED
from tests.support.sessions.live_processes import journal_records, outputs_of, session_config
from tests.support.shared import REPOSITORY
from tests.support.times import JANUARY_MS, at

DIPS = """
def decide(market, account, trigger):
    held = account.positions.get(trigger.symbol)
    if held is not None:
        return Decision("close") if trigger.trigger_type == "scheduled" else None
    if trigger.trigger_type == "scheduled":
        return None
    price = market.get_current_prices()[trigger.symbol]
    trend = market.get_indicator(trigger.symbol, "ema(10)", "1h")["value"]
    low = min(row["low"] for row in market.get_klines(trigger.symbol, "", 3))
    memory["buys"] = memory.get("buys", 0) + 1
    side = "buy" if price > trend * 0.995 else "sell"
    stop = min(low, price * 0.995) if side == "buy" else price * 1.005
    return Decision(side, size=0.5, stop=stop, target_distance=price * 0.01, reason="dip " + str(memory["buys"]))
"""
POOL = {"id": "dip", "name": "Dip", "all": [{"feature": "rsi(14)", "op": "<", "value": 40}]}
SOL = "SOL/USDT"
DAYS = 12
BEFORE = 1_000
"""Candles before the window."""


class Dips(FeatureStrategy):
    """The same as a feature strategy."""

    name = "dips"

    def features(self, params: Any) -> Mapping[str, Any]:
        return {"rsi": RSI(14), "trend": Feature(EMA(10), timeframe="1h")}

    def decide(self, now: Now) -> Signal | None:
        closes = now.time.close
        if now.position is not None:
            return self.exit() if closes.hour % 4 == 0 and closes.minute == 0 else None
        if not now.rsi < 40 or now.before.rsi < 40:
            return None
        low = min(now.low, now.before.low, now.ago(2).low)
        if now.close > now.trend * 0.995:
            return self.long(stop=min(low, now.close * 0.995), target_distance=now.close * 0.01, size=0.5)
        return self.short(stop=now.close * 1.005, target_distance=now.close * 0.01, size=0.5)


def dips() -> ProgramStrategy:
    return program(text=DIPS, name="dips", pools=[POOL], schedule="4h")


class Alike(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.candles = practice_candles((BTC, ETH), "15m", BEFORE + 96 * DAYS)
        options = {"start_ms": JANUARY_MS + BEFORE * OF_15_MINUTES, "commission_rate": 0.0005, "slippage": 0.0005}
        cls.run_of = staticmethod(lambda strategy, **more: run_strategy(strategy, cls.candles, **options, **more))
        cls.by_program = cls.run_of(dips())

    def test_the_same_logic_as_a_feature_strategy_has_the_same_bytes(self) -> None:
        by_features = self.run_of(Dips())
        self.assertGreater(len(by_features.rows), 60)
        self.assertEqual({"LONG", "SHORT"}, {row["side"] for row in by_features.rows})
        self.assertLessEqual({"stop", "target", "exit_signal"}, {row["reason"] for row in by_features.rows})
        for part in ("trades", "equity", "orders", "ledger"):
            self.assertEqual(getattr(by_features, part), getattr(self.by_program, part), part)

    def test_by_columns_and_candle_by_candle_the_bytes_are_the_same_and_so_are_those_of_another_run(self) -> None:
        self.assertIn(b'"reason":"dip 3"', self.by_program.decisions)
        by_columns = self.run_of(dips(), known=True)
        for part in ("trades", "equity", "orders", "ledger", "decisions"):
            self.assertEqual(getattr(self.by_program, part), getattr(by_columns, part), part)


class Files(unittest.TestCase):
    """A program in files, as a command finds it."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def config(self, **live: object) -> Path:
        programs = self.base / "programs"
        (programs / "pools").mkdir(parents=True, exist_ok=True)
        (programs / "dips.py").write_text(DIPS, encoding="utf-8")
        pool = {key: value for key, value in POOL.items() if key != "id"}
        (programs / "pools" / "dip.yaml").write_text(json.dumps(pool), encoding="utf-8")
        strategy = {"type": "program", "file": "programs/dips.py", "pools": ["dip"], "schedule": "4h"}
        return session_config(self.base, live={"symbols": [BTC, ETH], "timeframe": "15m", "strategy": strategy, **live})

    def test_another_process_writes_the_same_bytes_and_the_run_is_made_again_from_its_manifest(self) -> None:
        config = self.config()
        result = ConfigBacktestRunner(str(config), "2024-01-12", "2024-01-15").run()
        folder = Path(result["output_dir"])
        decisions = (folder / "decisions.jsonl").read_bytes()
        self.assertEqual((True, None), (result["program"]["success"], result["program"]["error"]))
        self.assertGreater(result["program"]["signal_triggers"], 5)
        self.assertEqual(2 * 3 * 6, result["program"]["scheduled_triggers"])
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        self.assertEqual(DIPS, manifest["settings"]["live"]["strategy"]["params"]["code"])
        self.assertEqual(["dips.py"], list(manifest["strategy_files"]))
        self.assertIn("pydantic-monty", manifest["libraries"])
        again = subprocess.run(
            [sys.executable, "-m", "backtests.config_backtest", "--config", config, "--start", "2024-01-12",
             "--end", "2024-01-15", "--out", self.base / "again", "--quiet"],
            cwd=REPOSITORY, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.assertEqual(0, again.returncode, again.stderr)
        others = {one.read_bytes() for one in (self.base / "again").rglob("decisions.jsonl")}
        self.assertEqual({decisions}, others)
        # Nothing but the folder of the run is read.
        (self.base / "programs" / "dips.py").unlink()
        settings = settings_of_run(read_run(folder))
        self.assertEqual(result["settings_sha256"], settings.settings_sha256)
        build_strategy_of(settings)

    def test_runs_in_two_processes_are_those_of_one(self) -> None:
        base = ConfigBacktestRunner(str(self.config()), "2024-01-12", "2024-01-13")
        variations = (
            {},
            {"strategy.schedule": "1h"},
            {"strategy.params.call_seconds": 1.0},
            {"strategy.schedule": "6h"},
        )
        alone, beside = (list(run_many(base, variations, processes=one, outputs="full")) for one in (1, 2))
        self.assertEqual([None] * len(variations), [one.error for one in alone])
        self.assertGreater(len(alone[0].result.trade_log), 3)
        for one, other in zip(alone, beside, strict=True):
            self.assertEqual(one.result.to_dict(), other.result.to_dict())
            self.assertEqual(one.result.trade_log, other.result.trade_log)
        calls = [one.result.to_dict()["program"]["calls"] for one in beside]
        self.assertEqual(calls[0], calls[2])
        self.assertEqual(3, len(set(calls)))

    def test_a_watched_symbol_is_seen_and_a_condition_may_read_it(self) -> None:
        pool = {"name": "Sol", "mode": "level", "all": [{"feature": "close", "op": ">", "value": 0, "symbol": SOL}]}
        config = self.config(symbols=[BTC], watch=[SOL])
        (self.base / "programs" / "pools" / "dip.yaml").write_text(json.dumps(pool), encoding="utf-8")
        text = f"""def decide(market, account, trigger):
    rows = market.get_klines("{SOL}", "1h", 2)
    print(market.get_current_prices()["{SOL}"], [row["close"] for row in rows])
"""
        (self.base / "programs" / "dips.py").write_text(text, encoding="utf-8")
        folder = Path(ConfigBacktestRunner(str(config), "2024-01-12", "2024-01-13").run()["output_dir"])
        told = [json.loads(line) for line in (folder / "decisions.jsonl").read_text(encoding="utf-8").splitlines()]
        self.assertEqual(96 + 6, len(told))
        closes = practice_columns(SOL, "15m", 13 * 96).close.tolist()
        for one in told:
            rows = (parse_instant(one["time"]) - JANUARY_MS) // OF_15_MINUTES
            hours = [closes[rows // 4 * 4 - 5], closes[rows // 4 * 4 - 1]]
            self.assertEqual([f"{closes[rows - 1]} {hours}"], one["printed"])
            if one["trigger"]["type"] == "signal":
                self.assertEqual(
                    (SOL, closes[rows - 1]), (one["trigger"]["met"][0]["symbol"], one["trigger"]["met"][0]["value"])
                )

    def test_a_program_that_only_fails_is_halted_and_the_result_says_so(self) -> None:
        config = self.config()
        text = "def decide(market, account, trigger):\n    print('at', market.time)\n    return 1 / 0\n"
        (self.base / "programs" / "dips.py").write_text(text, encoding="utf-8")
        runner = ConfigBacktestRunner(str(config), "2024-01-12", "2024-01-14", engine="auto")
        result = runner.run()
        program = result["program"]
        self.assertEqual((False, 5, {"error": 5}), (program["success"], program["calls"], program["problems"]))
        self.assertRegex(program["error"], r"\Aline 3: ZeroDivisionError")
        self.assertTrue(any("the program was halted" in one for one in result["warnings"]), result["warnings"])
        folder = Path(result["output_dir"])
        last = json.loads((folder / "decisions.jsonl").read_text(encoding="utf-8").splitlines()[-1])
        self.assertEqual((True, {"action": "hold"}), (last["halted"], last["decision"]))
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        self.assertEqual("reference (because the strategy is a program)", manifest["engine"])
        with self.assertRaisesRegex(ConfigurationError, "--engine compiled: the strategy is a program"):
            ConfigBacktestRunner(str(config), "2024-01-12", "2024-01-14", engine="compiled").run()

    def test_a_session_that_was_killed_is_that_of_its_journal_and_of_history(self) -> None:
        config = self.config(
            timeframe="1m",
            strategy={"type": "program", "file": "programs/dips.py", "pools": ["dip"], "schedule": "5m"},
        )
        # Twice it has no end: what a machine makes of that is in the journal, and not found out again.
        endless = (
            "(market, account, trigger):\n    while market.time % 2400000 == 0 and trigger.symbol == 'BTC/USDT': pass\n"
        )
        text = DIPS.replace('"1h"', '"5m"').replace("(market, account, trigger):\n", endless)
        (self.base / "programs" / "dips.py").write_text(text, encoding="utf-8")
        killed = Killed(config, SEED, exchange(90, streams=2), kills=1)
        self.assertEqual(0, killed.exit_code, killed.errors)
        records = journal_records(killed.folder)
        self.assertEqual(1, sum(one["record"] == "resume" for one in records))
        calls = [one["call"] for one in records if one["record"] == "program"]
        outputs = outputs_of(killed.folder)
        told = [json.loads(line) for line in outputs["decisions.jsonl"].splitlines()]
        self.assertEqual({"signal", "scheduled"}, {one["trigger"]["type"] for one in told if one["event"] == "program"})
        self.assertGreater(outputs["trades.csv"].count(b"\n"), 8)
        failed = [one["call"] for one in told if one.get("problem", {}).get("kind") == "machine"]
        self.assertEqual((2, failed), (len(calls), calls))
        report = check_parity(killed.folder, offline=True, now_ms=at(90))
        self.assertEqual((0, True), (report.exit_code, report.journal is not None and report.journal.equal))
        self.assertEqual([], report.history.trades)


class Machines(unittest.TestCase):
    def test_a_call_that_ran_out_of_time_fails_again_wherever_the_journal_is_folded(self) -> None:
        candles = practice_candles((BTC,), "15m", 330)[BTC]
        late = ProgramProblem("machine", "the call took longer than it may — allowed: less work, or more call_seconds")

        def decide(given: CallInput) -> object:
            return {"action": "buy", "stop_distance": 300.0} if not given.account["positions"] else {"action": "close"}

        def folded(
            failing: int | None, noted: list[ProgramRecord], recall: bool
        ) -> tuple[str, list[ProgramRecord], list[float]]:
            calls = []

            def answer(given: CallInput) -> object:
                calls.append(given)
                return late if len(calls) == failing else decide(given)

            strategy = program(
                answer,
                pools=[{"id": "a", "name": "A", "mode": "level", "all": [{"feature": "close", "op": ">", "value": 0}]}],
            )
            outputs = SessionOutputs()
            record = SessionRecord(
                "s",
                "",
                "",
                {},
                {BTC: PracticeMarket().markets()[BTC]},
                {BTC: [fields_of(one) for one in candles[:300]]},
                False,
            )
            fold = SessionFold(record, settings_from({}, (BTC,), "15m"), outputs, strategy)
            if recall:
                fold.recall(noted)
            found = []
            for one in candles[300:]:
                fold.apply(StepRecord(one.open_time_ms + OF_15_MINUTES, (fields_of(one),), outputs.digest()))
                found += fold.machine_records()
            sandbox: AnsweringSandbox = strategy.sandbox
            return outputs.digest(), found, [one.call_seconds for one in sandbox.limits]

        live, noted, limits = folded(4, [], recall=False)
        self.assertEqual([ProgramRecord(4, late.text)], noted)
        self.assertEqual([0.25], limits)
        replayed, none, patient = folded(None, noted, recall=True)
        self.assertEqual((live, []), (replayed, none))
        self.assertEqual(5.0, patient[-1])
        self.assertNotEqual(live, folded(None, [], recall=False)[0])


if __name__ == "__main__":
    unittest.main()
