"""A feature strategy with hooks, state and another symbol's features: killed and resumed, with faults, and replayed."""

import json
import tempfile
import unittest
from pathlib import Path

from backtests.parity import check_parity
from practice.faults.fault_script import FaultScript, ReorderFinals, SkipCandle
from tests.parity.test_live_kills import STEPS, Killed, exchange
from tests.support.scale import SEED
from tests.support.sessions.live_processes import LiveProcess, outputs_of, session_config
from tests.support.times import at

LIVE = {"strategy": {"type": "tests.support.feature_strategies:Leader"}}


class FeatureParity(unittest.TestCase):
    def setUp(self) -> None:
        self.base = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_its_state_is_rebuilt_whenever_it_is_killed(self) -> None:
        config = session_config(self.base / "whole", live=LIVE)
        with exchange(speed=20_000.0) as running, LiveProcess(config, running, ["--for", f"{STEPS}m"]) as process:
            self.assertEqual(0, process.ended(), process.errors)
            whole = outputs_of(process.folder)
        self.assertGreater(whole["trades.csv"].count(b"\n"), 20)
        killed = Killed(session_config(self.base / "killed", live=LIVE), SEED)
        self.assertEqual(0, killed.exit_code, killed.errors)
        self.assertEqual(whole, outputs_of(killed.folder))
        report = check_parity(killed.folder, offline=True, now_ms=at(STEPS))
        self.assertEqual(0, report.exit_code)

    def test_a_watched_symbol_and_the_exchange_s_longer_candles_are_replayed_the_same(self) -> None:
        live = {"watch": ["XRP/USDT"], "strategy": {"type": "tests.support.feature_strategies:Regime"}}
        config = session_config(self.base / "watch", live=live)
        with (
            exchange(speed=6_000.0, streams=8) as running,
            LiveProcess(config, running, ["--for", f"{STEPS}m"]) as process,
        ):
            self.assertEqual(0, process.ended(), process.errors)
            folder = process.folder
        told = [json.loads(line) for line in (folder / "decisions.jsonl").read_text().splitlines()]
        opinions = [one["signal"]["inputs"] for one in told if one["event"] == "decision"]
        self.assertGreater(len(opinions), 20)
        for one in opinions:
            self.assertEqual((one["own"], 0.0), (one["joined"], one["age"]))
        report = check_parity(folder, offline=True, now_ms=at(STEPS))
        self.assertEqual(0, report.exit_code)

    def test_candles_that_are_missing_late_or_out_of_order_are_replayed_the_same(self) -> None:
        script = FaultScript(
            (
                SkipCandle(at="61m", symbols=("BTC/USDT",)),
                SkipCandle(at="90m", symbols=("ETH/USDT",)),
                ReorderFinals(at="120m"),
            )
        )
        config = session_config(self.base / "faults", live=LIVE)
        with (
            exchange(speed=6_000.0, script=script) as running,
            LiveProcess(config, running, ["--for", f"{STEPS}m"]) as process,
        ):
            self.assertEqual(0, process.ended(), process.errors)
            folder = process.folder
        report = check_parity(folder, offline=True, now_ms=at(STEPS))
        self.assertTrue(report.journal is not None and report.journal.equal)
        self.assertEqual(0, report.exit_code)


if __name__ == "__main__":
    unittest.main()
