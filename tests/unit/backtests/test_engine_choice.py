"""Which engine makes a run, and what is said of it; the bytes are the same."""

import contextlib
import dataclasses
import io
import json
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec

from backtests import run_backtest
from backtests.config_backtest import ConfigBacktestRunner, main
from backtests.engines import engine_choice
from backtests.run_plan import RunPlan
from core.errors import ConfigurationError, ParityError, StrategyError
from tests.support.candles import candles_of
from tests.support.config_tree import write_config
from tests.support.example_strategies import QUICK_EXAMPLES
from tests.support.frame_strategies import Breakout
from tests.support.market_data_sets import practice_columns
from tests.support.runs.backtest_runs import run_command, scheduled_config

QUICK = {"ema_fast": 2, "ema_slow": 4, "volume_multiplier": 0.5}
HOURS = ("2024-01-01", "2024-01-01T12:00")


class EngineChoice(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def config(self, strategy: str, params: object, execution: object = None) -> Path:
        """Write a configuration of two symbols on the practice market."""
        live = {
            "exchange": "practice",
            "symbols": ["BTC/USDT", "ETH/USDT"],
            "timeframe": "1m",
            "strategy": {"type": strategy, "params": params},
            "execution": execution or {},
            "data": {"cache_dir": str(self.base / "data")},
            "logging": {"directory": str(self.base / "logs")},
        }
        return write_config(self.base, live=live)

    def run_on(self, config: Path, **options: Any) -> tuple[dict[str, Any], str]:
        """Run a backtest; return its result and the engine that its manifest names."""
        result = ConfigBacktestRunner(config, *HOURS, **options).run()
        manifest = json.loads((Path(result["output_dir"]) / "manifest.json").read_bytes())
        return result, manifest["engine"]

    def test_both_engines_make_the_same_run_and_the_manifest_names_the_one_that_did(self) -> None:
        config = self.config("scalping_ema_rsi", QUICK)
        compiled, by_compiled = self.run_on(config, engine="compiled")
        reference, by_reference = self.run_on(config, engine="reference")
        verified, _ = self.run_on(config, engine="compiled", verify_engine=True)
        self.assertEqual(("compiled", "reference (because it was asked for)"), (by_compiled, by_reference))
        self.assertEqual(compiled, reference)
        self.assertEqual(compiled, verified)
        self.assertGreater(compiled["performance"]["total_trades"], 20)

    def test_a_run_without_files_is_the_same_by_either_engine(self) -> None:
        config = self.config("scalping_ema_rsi", QUICK)
        written, _ = self.run_on(config, engine="reference")
        before = sorted(self.base.rglob("*"))
        for engine in ("reference", "compiled"):
            trades, none = (
                ConfigBacktestRunner(config, *HOURS, engine=engine, outputs=kept).run() for kept in ("trades", "none")
            )
            self.assertEqual(written["trades_sha256"], trades["trades_sha256"])
            self.assertEqual(len(trades.trades), 2 * written["performance"]["total_trades"])
            self.assertEqual("", none["trades_sha256"] + trades["orders_sha256"])
            for less in (trades, none):
                self.assertEqual(written["performance"], less["performance"])
                self.assertEqual(written["statistics"], less["statistics"])
                self.assertNotIn("output_dir", less)
        self.assertEqual(before, sorted(self.base.rglob("*")))

    def test_a_strategy_in_the_streaming_form_is_heard_candle_by_candle(self) -> None:
        config = scheduled_config(self.base, signals={"5": "LONG", "300": "SHORT"}, warmup_candles=3)
        result, engine = self.run_on(config, engine="compiled", verify_engine=True)
        self.assertEqual("reference (because it is verified)", engine)
        self.assertEqual(2, result["statistics"]["signals_generated"])

    def test_examples_are_the_same_by_either_engine(self) -> None:
        for name, params in QUICK_EXAMPLES.items():
            if name == "donchian_breakout":
                continue
            with self.subTest(name):
                result, _ = self.run_on(self.config(name, params), engine="compiled", verify_engine=True)
                self.assertGreater(result["performance"]["total_trades"], 1)

    def test_signals_of_all_rows_at_once_are_the_same_by_either_engine_in_all_words(self) -> None:
        for prices in (False, True):
            with self.subTest(prices=prices):
                config = self.config("tests.support.column_signals:Wordy", {"prices": prices})
                result, _ = self.run_on(config, engine="compiled", verify_engine=True)
                self.assertGreater(result["performance"]["total_trades"], 100)

    def test_one_row_that_a_strategy_says_only_candle_by_candle_is_found_where_engines_are_compared(self) -> None:
        config = self.config("tests.support.column_signals:Planted", QUICK_EXAMPLES["trend_filter"])
        self.assertEqual("compiled", self.run_on(config, engine="compiled")[1])
        with self.assertRaisesRegex(ParityError, "the engines differ in .*decisions"):
            self.run_on(config, verify_engine=True)

    def test_columns_that_say_something_else_throughout_end_a_run_wherever_they_are_heard(self) -> None:
        config = self.config("tests.support.column_signals:Otherwise", QUICK_EXAMPLES["trend_filter"])
        told = 'says {.*"tag":"otherwise".*} about BTC/USDT beside nothing at the candle opened 2024.* and decide {'
        with self.assertRaisesRegex(StrategyError, told):
            self.run_on(config, engine="compiled")

    def test_columns_that_are_none_end_a_run_with_a_line_that_says_so(self) -> None:
        config = self.config("tests.support.column_signals:Short", {})
        told = (
            r"signals about BTC/USDT: .* rows are bool of shape \(\d+,\); allowed: booleans of .*column_signals.py:\d+"
        )
        with self.assertRaisesRegex(StrategyError, told):
            self.run_on(config, engine="compiled")

    def test_a_short_run_is_made_by_the_reference_kernel(self) -> None:
        _, engine = self.run_on(self.config("scalping_ema_rsi", QUICK))
        self.assertEqual("reference (because the run is shorter than 200,000 candles)", engine)

    def test_both_make_a_run_that_is_verified_however_short_it_is(self) -> None:
        config = self.config("scalping_ema_rsi", QUICK)
        for choice in ("auto", "reference"):
            _, engine = self.run_on(config, engine=choice, verify_engine=True)
            self.assertEqual("reference (because it is verified)", engine)

    def test_a_verified_run_says_that_it_compiles_the_rules_first(self) -> None:
        config = self.config("scalping_ema_rsi", QUICK)
        asked = ["--config", str(config), "--start", HOURS[0], "--end", HOURS[1], "--verify-engine"]
        told = "compiling the rules, once on this machine: about a minute\n"
        for more, said in (([], told), (["--quiet"], "")):
            with (
                patch("compiled.compiling.sources.is_compiled", return_value=False),
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()) as errors,
            ):
                self.assertEqual(0, main([*asked, *more]))
            self.assertEqual(said, errors.getvalue())

    def test_a_run_that_one_engine_alone_can_make_is_made_and_warns_that_nothing_was_verified(self) -> None:
        # Compiled by now: the command has nothing to say of that.
        self.run_on(self.config("scalping_ema_rsi", QUICK), engine="compiled")
        config = self.config("donchian_breakout", QUICK_EXAMPLES["donchian_breakout"])
        plain, _ = self.run_on(config)
        asked, engine = self.run_on(config, verify_engine=True)
        self.assertIn("reference (because the strategy looks at the account", engine)
        warning = asked.pop("warnings")[-1]
        told = r"\Anothing was verified: the reference kernel alone .*, because the strategy looks at"
        self.assertRegex(warning, told)
        self.assertEqual([], [text for text in plain.pop("warnings") if "verified" in text])
        self.assertEqual(plain, asked)
        asked_for = ("--config", config, "--start", HOURS[0], "--end", HOURS[1], "--verify-engine")
        for quiet in ((), ("--quiet",)):
            done = run_command(*asked_for, *quiet)
            self.assertEqual((0, f"warning: {warning}\n"), (done.returncode, done.stderr))
            self.assertEqual(not quiet, "nothing was verified" in done.stdout)

    def test_a_difference_between_the_engines_is_an_error_that_names_it(self) -> None:
        config, made = self.config("scalping_ema_rsi", QUICK), engine_choice.run_compiled

        def dearer(plan: RunPlan, *others: Any) -> Any:
            execution = plan.settings.live.execution.model_copy(update={"slippage": 0.002})
            live = plan.settings.live.model_copy(update={"execution": execution})
            settings = dataclasses.replace(plan.settings, live=live)
            return made(msgspec.structs.replace(plan, settings=settings), *others)

        told = "differ in trades, orders, ledger, equity, decisions, the equity of every step, .*performance of the res"
        with patch("backtests.run.run_compiled", dearer), self.assertRaisesRegex(ParityError, told):
            self.run_on(config, verify_engine=True)

    def test_what_is_not_covered_is_made_by_the_reference_kernel_and_it_is_said_why(self) -> None:
        cases: tuple[tuple[str, object, object, str], ...] = (
            ("donchian_breakout", QUICK_EXAMPLES["donchian_breakout"], None, "the strategy looks at the account"),
            ("scalping_ema_rsi", QUICK, {"starting_balance": 1e12}, "does not fit 64 bits"),
        )
        for strategy, params, execution, reason in cases:
            config = self.config(strategy, params, execution)
            worth = {"CANDLES_WORTH_IT": 1, "CANDLES_WORTH_COMPILING": 1}
            with self.subTest(reason), patch.multiple("backtests.engines.engine_choice", **worth):
                _, engine = self.run_on(config)
                self.assertIn(reason, engine)
                with self.assertRaisesRegex(ConfigurationError, f"--engine compiled: .*{reason}"):
                    self.run_on(config, engine="compiled")

    def test_an_object_that_cannot_be_copied_is_asked_by_the_reference_kernel(self) -> None:
        strategy = Breakout({"length": 5})
        strategy.__dict__["guard"] = threading.Lock()
        candles = candles_of(practice_columns("BTC/USDT", "1m", 300))
        with patch.multiple("backtests.engines.engine_choice", CANDLES_WORTH_IT=1, CANDLES_WORTH_COMPILING=1):
            by_itself = run_backtest(candles, strategy=strategy)
            with self.assertRaisesRegex(ConfigurationError, "--engine compiled: the strategy cannot be copied"):
                run_backtest(candles, strategy=strategy, engine="compiled")
        plain = run_backtest(candles, strategy=Breakout({"length": 5}))
        self.assertGreater(len(plain.trades), 2)
        self.assertEqual(plain.metrics, by_itself.metrics)

    def test_the_command_runs_both_engines_and_refuses_what_is_not_covered(self) -> None:
        config = self.config("scalping_ema_rsi", QUICK)
        asked = ("--config", config, "--start", HOURS[0], "--end", HOURS[1], "--quiet", "--engine", "compiled")
        done = run_command(*asked, "--verify-engine")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.config("donchian_breakout", QUICK_EXAMPLES["donchian_breakout"])
        done = run_command(*asked)
        self.assertEqual(2, done.returncode)
        self.assertRegex(
            done.stderr, r"\Aerror: --engine compiled: the strategy looks at the account .* allowed: .*\n\Z"
        )


if __name__ == "__main__":
    unittest.main()
