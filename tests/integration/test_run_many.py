"""Many runs: each is the single run of its settings, whichever process makes it, and one that fails is told."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path
from typing import Any
from unittest.mock import patch

from backtests import ManyRuns, MemoryBacktest, run_backtest, run_many
from backtests.config_backtest import ConfigBacktestRunner
from backtests.many.short_run import make_short_run
from backtests.many.worker import Made
from core.candle import Candle
from core.errors import ConfigurationError, InvariantError, StrategyError
from indicators.features import series
from tests.support.candles import candles_of
from tests.support.config_tree import write_config
from tests.support.feature_strategies import Crossing
from tests.support.market_data_sets import practice_columns
from tests.support.shared import REPOSITORY
from tests.support.times import DAY_MS
from tests.support.warm_starts import cold
from validation.overrides import expanded, laid_over

BTC, ETH = "BTC/USDT", "ETH/USDT"
QUICK = {"ema_fast": 2, "ema_slow": 4, "volume_multiplier": 0.5}
CANDLES = {symbol: candles_of(practice_columns(symbol, "1m", 700)) for symbol in (BTC, ETH)}
CONFIG: dict[str, Any] = {"strategy": {"type": "scalping_ema_rsi", "params": QUICK}}
VARIATIONS: tuple[dict[str, Any], ...] = (
    {},
    {"strategy.params.ema_slow": 9},
    {"execution": {"slippage": 0.002}, "risk": {"default_risk_per_trade": 0.004}},
    {"strategy.params.ema_slow": 3, "trading_mode.max_open_trades": 1},
    {"strategy": {"type": "rsi_reversion"}},
)
ENDING = {"strategy": {"type": "tests.support.ending_strategy:Ending"}}


class InMemory(unittest.TestCase):
    maxDiff = None

    def single(self, variation: dict[str, Any], **options: Any) -> Any:
        return run_backtest(CANDLES, config=laid_over(CONFIG, expanded(variation)), **options)

    def test_each_is_the_single_run_in_the_order_of_the_variations(self) -> None:
        expected = [self.single(one) for one in VARIATIONS]
        self.assertGreater(min(one.metrics["total_trades"] for one in expected), 10)
        for processes in (1, 2):
            many = list(run_many(MemoryBacktest(CANDLES, config=CONFIG), iter(VARIATIONS), processes=processes,
                                 outputs="full"))  # fmt: skip
            self.assertEqual(list(enumerate(VARIATIONS)), [(done.number, done.variation) for done in many])
            for single, done in zip(expected, many, strict=True):
                self.assertEqual(single.to_dict(), done.result.to_dict())
                self.assertEqual(single.trade_log, done.result.trade_log)
                self.assertTrue((single.equity == done.result.equity).all().all())
            self.assertTrue(expected[0].round_trips.equals(many[0].result.round_trips))

    def test_what_is_not_asked_for_is_not_there(self) -> None:
        base, single = MemoryBacktest(CANDLES, config=CONFIG), self.single({})
        for processes in (1, 2):
            (none,) = run_many(base, [{}], processes=processes)
            (trades,) = run_many(base, [{}], processes=processes, outputs="trades")
            self.assertEqual(single.result.performance, none.result.result.performance)
            self.assertEqual(single.result.statistics, trades.result.result.statistics)
            self.assertEqual(single.trade_log, trades.result.trade_log)
            self.assertTrue((single.equity == trades.result.equity).all().all())
            more = "'trades' or 'full'"
            for name, allowed in (("trades", more), ("equity", more), ("round_trips", "'full'")):
                with self.assertRaisesRegex(ConfigurationError, f"was not kept: .* allowed: {allowed}$"):
                    getattr(none.result, name)

    def test_equity_by_day_and_the_engine_are_there_whatever_is_kept(self) -> None:
        base, single = MemoryBacktest(CANDLES, config=CONFIG), self.single({})
        times = single.equity.index.as_unit("ms").asi8
        days = (times - 1) // DAY_MS
        last = [float(single.equity["equity"].iloc[number]) for number in range(len(days))
                if number + 1 == len(days) or days[number + 1] != days[number]]  # fmt: skip
        for outputs in ("none", "trades", "full"):
            for processes in (1, 2):
                (done,) = run_many(base, [{}], processes=processes, outputs=outputs)
                daily = done.result.daily_closes
                self.assertEqual((int(days[0]), last), (daily.first_day, daily.equity.tolist()))
                self.assertEqual(single.engine, done.result.engine)

    def test_turns_that_come_to_many_runs_take_the_engine_of_many(self) -> None:
        base = MemoryBacktest(CANDLES, config=CONFIG)
        for runs, short in ((1, True), (100_000, False)):
            with ManyRuns(base, processes=1, runs=runs) as many:
                ((engine,),) = [[done.result.engine] for done in many.run([{}])]
                self.assertEqual(short, "is shorter than 200,000 candles" in engine, engine)

    def test_candles_from_before_the_start_are_as_many_as_each_run_needs(self) -> None:
        start = {"start": "2024-01-01T05:00"}
        variations = ({"strategy.params.ema_slow": 3}, {"strategy.params.ema_slow": 30}, {})
        many = run_many(MemoryBacktest(CANDLES, config=CONFIG, **start), variations, processes=1)
        for done, variation in zip(many, variations, strict=True):
            self.assertEqual(self.single(variation, **start).result.data_sha256, done.result.result.data_sha256)

    def test_a_strategy_object_is_asked_anew_by_every_run(self) -> None:
        base = MemoryBacktest(CANDLES[BTC], strategy=Crossing({"fast": 2}), symbol=BTC)
        variations = ({}, {"strategy.params.slow": 9}, {})
        for processes in (1, 2):
            first, second, third = run_many(base, variations, processes=processes)
            self.assertEqual(first.result.to_dict(), third.result.to_dict())
            for done, params in ((first, {"fast": 2}), (second, {"fast": 2, "slow": 9})):
                single = run_backtest(CANDLES[BTC], strategy=Crossing(params), symbol=BTC, outputs="none")
                self.assertEqual(single.to_dict(), done.result.to_dict())

    def test_features_are_computed_once_whichever_engine_runs(self) -> None:
        computed: list[int] = []
        known = series.node_columns

        def counted(nodes: Any, *arguments: Any, **options: Any) -> Any:
            computed.append(len(nodes))
            return known(nodes, *arguments, **options)

        base = MemoryBacktest(CANDLES, config=CONFIG, engine="reference")
        variations = [{"strategy.params.ema_fast": fast} for fast in (2, 3, 2, 3)]
        with patch.object(series, "node_columns", counted):
            many = list(run_many(base, variations, processes=1))
        self.assertEqual(many[0].result.to_dict(), many[2].result.to_dict())
        # Five features of each symbol, then one that is another.
        self.assertEqual([5, 5, 1, 1], computed)

    def test_what_cannot_be_varied_is_refused(self) -> None:
        def opinion(candle: Candle) -> None:
            return None

        base = MemoryBacktest(CANDLES, config=CONFIG)
        with self.assertRaisesRegex(ConfigurationError, "signal_generator is a function"):
            list(run_many(MemoryBacktest(CANDLES, opinion), [{}], processes=1))
        for arguments in ({"processes": 0}, {"processes": True}, {"outputs": "some"}):
            with self.assertRaisesRegex(ConfigurationError, "allowed"):
                run_many(base, [{}], **arguments)  # type: ignore[arg-type]
        with self.assertRaisesRegex(ConfigurationError, "base is 3 — allowed: a ConfigBacktestRunner"):
            run_many(3, [{}])  # type: ignore[arg-type]
        (done,) = run_many(base, [{"timeframe": "5m"}], processes=1)
        self.assertIn("variation 0: symbols and timeframe are those of the candles", str(done.error))


class Failing(unittest.TestCase):
    def setUp(self) -> None:
        self.enterContext(cold())

    def test_one_that_fails_is_told_and_does_not_end_the_rest(self) -> None:
        base = MemoryBacktest(CANDLES[BTC], config=ENDING, symbol=BTC)
        variations = [
            {"strategy.params.every": 4},
            {"strategy.params.what": "raise"},
            {"strategy.params.what": "exit"},
            {"strategy.params.what": "dance"},
            *[{"strategy.params.every": every} for every in (3, 4, 5)],
        ]
        many = list(run_many(base, variations))
        self.assertEqual([True, False, False, False, True, True, True], [done.error is None for done in many])
        self.assertEqual(many[0].result.to_dict(), many[5].result.to_dict())
        raised, ended, wrong = (done.error for done in many[1:4])
        self.assertIsInstance(raised, StrategyError)
        self.assertRegex(str(raised), "ValueError: it was asked to .ending_strategy.py:")
        self.assertIsInstance(ended, InvariantError)
        self.assertEqual("the process that made the run ended with exit code 7", str(ended))
        self.assertIsInstance(wrong, ConfigurationError)
        self.assertIn("strategy.params.what: 'dance'", str(wrong))
        self.assertEqual(None, many[2].result)

    def test_processes_and_files_end_with_the_one_who_takes_the_results(self) -> None:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            before = tempfile.tempdir
            tempfile.tempdir = folder
            try:
                base = MemoryBacktest(CANDLES[BTC], config=ENDING, symbol=BTC)
                slow = [{"strategy.params.seconds": 0.001}, *[{"strategy.params.seconds": 5.0}] * 3]
                with ManyRuns(base) as many:
                    for done in many.run(slow):
                        self.assertIsNone(done.error)
                        break
                    self.assertEqual(1, len(list(Path(folder).iterdir())))
                    begun = children()
                    # Two, and the one that they are copies of.
                    self.assertEqual(3, len(begun))
                self.assertEqual([], list(Path(folder).iterdir()))
                self.assertEqual(set(), begun & children())
            finally:
                tempfile.tempdir = before

    def test_turns_share_processes(self) -> None:
        with ManyRuns(MemoryBacktest(CANDLES[BTC], config=ENDING, symbol=BTC)) as many:
            first = [done.result.to_dict() for done in many.run([{}, {"strategy.params.every": 3}])]
            begun = children()
            self.assertEqual(first[1:], [done.result.to_dict() for done in many.run([{"strategy.params.every": 3}])])
            self.assertEqual(begun, children())

    def test_a_process_that_is_killed_is_replaced_though_there_is_none_left_to_copy(self) -> None:
        with ManyRuns(MemoryBacktest(CANDLES[BTC], config=ENDING, symbol=BTC)) as many:
            (first,) = many.run([{}])
            for last in range(2):
                for killed in children() if last else children(1):
                    os.kill(int(killed), signal.SIGKILL)
                lost, found = many.run([{}, {}])
                self.assertEqual(
                    f"the process that made the run {'is gone' if last else 'was ended by signal 9'}", str(lost.error)
                )
                self.assertEqual(first.result.to_dict(), found.result.to_dict())

    def test_a_turn_that_was_left_answers_none_of_the_next(self) -> None:
        left, asked = ([{"strategy.params.every": every} for every in some] for some in ((2, 3, 4, 5, 6), (7, 8, 9)))
        with ManyRuns(MemoryBacktest(CANDLES[BTC], config=ENDING, symbol=BTC)) as many:
            next(many.run(left))
            found = [done.result.to_dict() for done in many.run(asked)]
        with ManyRuns(MemoryBacktest(CANDLES[BTC], config=ENDING, symbol=BTC), processes=1) as many:
            self.assertEqual([done.result.to_dict() for done in many.run(asked)], found)


class Loading(unittest.TestCase):
    def test_the_run_that_loads_what_others_need_is_made(self) -> None:
        # One that fails would only be slow.
        self.assertIsInstance(make_short_run(), Made)


class FromTheStore(unittest.TestCase):
    def test_each_is_what_the_runner_makes_with_its_files(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            live = {"exchange": "practice", "symbols": [BTC, ETH], "timeframe": "15m", **CONFIG}
            places = {"data": {"cache_dir": f"{folder}/data"}, "logging": {"directory": f"{folder}/logs"}}
            config = write_config(Path(folder), live={**live, **places})
            window = ("2024-01-02", "2024-01-06")
            variations: list[dict[str, Any]] = [
                {},
                {"symbols": [ETH], "timeframe": "1h"},
                {"strategy.params.ema_slow": 40},
                {"timeframe": "7m"},
                {"detail_interval": "1m"},
            ]
            base = ConfigBacktestRunner(config, *window)
            many = list(run_many(base, variations, outputs="full"))
            self.assertIsNotNone(many.pop(3).error)
            del variations[3]
            for variation, done in zip(variations, many, strict=True):
                runner = ConfigBacktestRunner(config, *window, output_dir=Path(folder) / "single")
                runner.config = laid_over(runner.config, expanded(variation))
                runner.symbols, runner.interval = runner.config["symbols"], runner.config["timeframe"]
                single = runner.run()
                got = done.result.to_dict()
                self.assertEqual(single["run_id"], got["run_id"])
                for name in ("trades.csv", "decisions.jsonl", "equity.csv", "ledger.csv", "orders.csv", "equity.npy"):
                    files = [Path(one["output_dir"]) / one["run_id"] / name for one in (single, got)]
                    self.assertEqual(*(file.read_bytes() for file in files), name)
            self.assertGreater(many[0].result.metrics["total_trades"], 10)


class FromAnywhere(unittest.TestCase):
    PROGRAM = """
        from backtests import MemoryBacktest, run_many
        from strategies.features.feature_strategy import FeatureStrategy
        from tests.support.feature_strategies import Crossing

        class Mine(Crossing):
            pass

        rows = [(60_000 * n, 10.0, 11.0 + n % 3, 9.0, 10.0 + n % 2, 1.0) for n in range(90)]
        for strategy in (Crossing(), Mine()):
            for done in run_many(MemoryBacktest(rows, strategy=strategy), [{}, {"execution.slippage": 0.001}]):
                print(done.error or done.result)
    """

    def test_a_program_without_a_file_or_a_guard_may_ask(self) -> None:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-"],
            input=textwrap.dedent(self.PROGRAM),
            capture_output=True,
            text=True,
            check=False,
            cwd=REPOSITORY,
        )
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        first, second, *others = done.stdout.splitlines()
        self.assertEqual(["BacktestResult(90 candles"] * 2, [line.partition(",")[0] for line in (first, second)])
        for line in others:
            self.assertRegex(
                line, "the strategy is not to be had in another process: .*Mine.* allowed: a class of a mod"
            )

    def test_an_interrupt_while_processes_begin_is_for_the_one_who_asks(self) -> None:
        program = """
            import time
            from backtests.many.worker_pool import WorkerPool

            pool = WorkerPool(2)
            try:
                print("begun", flush=True)
                time.sleep(30)
            except KeyboardInterrupt:
                print("interrupted")
            finally:
                pool.close()
        """
        command = [sys.executable, "-c", textwrap.dedent(program)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY, start_new_session=True
        ) as asking:
            self.assertEqual("begun\n", asking.stdout.readline())  # type: ignore[union-attr]
            time.sleep(0.1)
            os.killpg(asking.pid, signal.SIGINT)
            self.assertEqual(("interrupted\n", ""), asking.communicate())


def children(least: int = 0, of: str | None = None) -> set[str]:
    """Return the processes that this one has started, and theirs; with ``least`` 1 only theirs."""
    of = of or str(os.getpid())
    own = Path(f"/proc/{of}/task/{of}/children").read_text(encoding="ascii").split()
    return set(() if least else own).union(*(children(least - 1 if least else 0, one) for one in own))


if __name__ == "__main__":
    unittest.main()
