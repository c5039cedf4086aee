"""A plan is a plain value: it can go to another process, and gives the same run there."""

import pickle
import tempfile
import unittest
from pathlib import Path

import msgspec

from backtests.config_backtest import ConfigBacktestRunner, HistoricalDataProvider
from backtests.run import run_backtest
from tests.support.shared import REPOSITORY


class RunPlans(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.runner = ConfigBacktestRunner(
            REPOSITORY / "config" / "practice.yaml",
            "2024-01-01",
            "2024-01-03",
            symbols=["BTC/USDT", "ETH/USDT"],
            data_dir=self.base / "data",
            output_dir=self.base / "out",
        )

    def test_a_copy_from_a_pickle_runs_to_the_same_hashes(self) -> None:
        before = self.runner.safety_monitor
        result = self.runner.run_typed()
        self.assertIsNot(self.runner.safety_monitor, before)
        self.assertNotEqual(self.runner.safety_monitor.current_equity, before.current_equity)
        self.assertGreater(result.performance.total_trades, 2)
        plan = pickle.loads(pickle.dumps(self.runner.plan))
        self.assertEqual(plan, self.runner.plan)
        live = plan.settings.live
        provider = HistoricalDataProvider(live.exchange, cache_dir=live.data.cache_dir, offline=plan.offline)
        elsewhere = msgspec.structs.replace(plan, output_dir=self.base / "copy")
        again = run_backtest(elsewhere, provider)
        places = {"log_file": result.log_file, "output_dir": result.output_dir}
        self.assertNotEqual(again.output_dir, result.output_dir)
        self.assertEqual(msgspec.structs.replace(again, **places), result)

    def test_it_holds_the_kill_switch_as_it_stands(self) -> None:
        self.assertFalse(self.runner.plan.kill_switch_engaged)
        self.runner.kill_switch.engaged = True
        result = self.runner.run_typed()
        self.assertTrue(self.runner.plan.kill_switch_engaged and self.runner.safety_monitor.kill_switch_engaged())
        self.assertEqual(result.performance.total_trades, 0)
        self.assertIn("kill_switch", result.statistics.refusal_reasons)


if __name__ == "__main__":
    unittest.main()
