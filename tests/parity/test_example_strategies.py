"""The shipped examples in live sessions with faults, and their replays."""

import tempfile
import unittest
from pathlib import Path

from backtests.parity import check_parity
from practice.faults.fault_script import FaultScript, ReorderFinals, SkipCandle
from tests.parity.test_live_kills import exchange
from tests.support.example_strategies import QUICK_EXAMPLES
from tests.support.scale import scaled
from tests.support.sessions.live_processes import LiveProcess, outputs_of, session_config
from tests.support.times import at


class ExampleParity(unittest.TestCase):
    def test_every_example_is_replayed_the_same_with_missing_and_disordered_candles(self) -> None:
        steps = scaled(60, 720)
        script = FaultScript((SkipCandle(at="31m", symbols=("BTC/USDT",)), ReorderFinals(at="50m")))
        for name, params in QUICK_EXAMPLES.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                live: dict[str, object] = {"strategy": {"type": name, "params": dict(params)}}
                if name == "btc_regime":  # Its leader is watched and not traded.
                    live |= {"symbols": ["ETH/USDT", "SOL/USDT"], "watch": ["BTC/USDT"]}
                config = session_config(Path(folder), live=live)
                with (
                    exchange(steps, 6_000.0, script=script) as running,
                    LiveProcess(config, running, ["--for", f"{steps}m"]) as process,
                ):
                    self.assertEqual(0, process.ended(), process.errors)
                self.assertGreater(outputs_of(process.folder)["trades.csv"].count(b"\n"), 2)
                report = check_parity(process.folder, offline=True, now_ms=at(steps))
                self.assertEqual(0, report.exit_code)


if __name__ == "__main__":
    unittest.main()
