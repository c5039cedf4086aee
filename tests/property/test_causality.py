"""Nothing up to an instant changes when the data after it is altered or cut away: decisions, trades, equity."""

import datetime as dt
import json
import tempfile
import unittest
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from backtests.config_backtest import ConfigBacktestRunner
from core.candle import Step
from core.instants import format_ms
from core.trading_signal import Signal
from strategies import ScalpingEMARSI
from tests.support.candles import candles_of
from tests.support.config_tree import write_config
from tests.support.market_data_sets import frame_of, practice_candles, practice_columns, recorded_columns
from tests.support.runs.kernel_runs import steps_of
from tests.support.runs.strategy_runs import AnyStrategy, alter_after, stepped_run
from tests.support.scale import scaled
from tests.support.scripted_strategy import ScriptedStrategy
from tests.support.shared import needs_shared
from tests.support.times import JANUARY_MS, MINUTE_MS

START_2018_MS = 1_514_851_200_000
"""2018-01-02T00:00Z; the outage of 2018-01-04 lies in the range."""

QUICK: Mapping[str, object] = {
    "ema_fast": 2,
    "ema_slow": 5,
    "rsi_period": 3,
    "atr_period": 3,
    "volume_lookback": 4,
    "volume_multiplier": 0.8,
    "rsi_long_min": 40.0,
    "rsi_long_max": 90.0,
    "rsi_short_min": 10.0,
    "rsi_short_max": 60.0,
    "rsi_extreme_low": 2.0,
    "rsi_extreme_high": 98.0,
}
LIVELY: Mapping[str, object] = {
    "slippage": 0.0005,
    "commission_rate": 0.0005,
    "on_opposite_signal": "reverse",
    "enable_trailing_stop": True,
    "trailing_stop_pct": 0.002,
    "max_daily_loss_pct": 0.004,
    "on_halt": "flatten",
    "max_exposure": 0.1,
    "max_exposure_pct": 0.15,
}
SYMBOLS = ("BTC/USDT", "SOL/USDT")


class KernelCausality(unittest.TestCase):
    def check(
        self, strategy: AnyStrategy, steps: list[Step], symbols: tuple[str, ...], at: list[int], least_trades: int
    ) -> None:
        whole = stepped_run(strategy, steps, symbols, LIVELY)
        self.assertGreaterEqual(whole.session.account.totals.trades.all.trades, least_trades)
        for time_ms in at:
            expected = whole.up_to(time_ms)
            cut = stepped_run(strategy, [step for step in steps if step.time_ms <= time_ms], symbols, LIVELY)
            self.assertEqual(expected, cut.up_to(time_ms), f"cut after {format_ms(time_ms)}")
            other = stepped_run(strategy, alter_after(steps, time_ms), symbols, LIVELY)
            self.assertEqual(expected, other.up_to(time_ms), f"altered after {format_ms(time_ms)}")

    def test_at_every_step_of_a_small_run_of_the_shipped_strategy(self) -> None:
        strategy = ScalpingEMARSI(QUICK)
        steps = steps_of(practice_candles(SYMBOLS, "1m", scaled(110, 400)), SYMBOLS, MINUTE_MS)
        self.check(strategy, steps, SYMBOLS, [step.time_ms for step in steps], least_trades=5)

    def test_at_every_step_of_a_small_scripted_run_with_holes(self) -> None:
        candles = {
            symbol: [one for number, one in enumerate(stored) if (number * 7 + place) % 11]
            for place, (symbol, stored) in enumerate(practice_candles(SYMBOLS, "1m", scaled(110, 400)).items())
        }
        script = {
            symbol: {
                one.open_time_ms: Signal(
                    "LONG" if number % 18 else "SHORT",
                    sl_distance=one.close * 0.001,
                    tp_distance=one.close * 0.0015,
                )
                for number, one in enumerate(stored)
                if number % 9 == 0
            }
            for symbol, stored in candles.items()
        }
        steps = steps_of(candles, SYMBOLS, MINUTE_MS)
        self.check(ScriptedStrategy(script, 3), steps, SYMBOLS, [step.time_ms for step in steps], least_trades=5)

    def test_sampled_on_a_large_run(self) -> None:
        symbols = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT")
        steps = steps_of(practice_candles(symbols, "15m", scaled(2_000, 30_000)), symbols, 15 * MINUTE_MS)
        samples = [steps[len(steps) * part // 8].time_ms for part in (1, 3, 5, 7)]
        self.check(ScalpingEMARSI(), steps, symbols, samples, least_trades=20)

    @needs_shared
    def test_sampled_on_recorded_candles(self) -> None:
        symbols = ("BTC/USDT", "ETH/USDT")
        paths = ("binance@2017-2019/BTC-USDT/1m.csv.gz", "binance@2017-2019/ETH-USDT/1m.csv.gz")
        last = scaled(4_000, 40_000)
        candles = {}
        for symbol, path in zip(symbols, paths, strict=True):
            first = recorded_columns(path, 1_000_000)
            candles[symbol] = candles_of(first.between(START_2018_MS, START_2018_MS + last * MINUTE_MS))
        steps = steps_of(candles, symbols, MINUTE_MS)
        samples = [steps[len(steps) * part // 6].time_ms for part in (1, 3, 5)]
        self.check(ScalpingEMARSI(), steps, symbols, samples, least_trades=3)


class Frames:
    """A provider that answers with frames of practice candles, which from an instant on may be altered or missing."""

    def __init__(self, known_until_ms: int | None, *, alter: bool) -> None:
        self.known_until_ms = known_until_ms
        self.alter = alter

    def fetch_ohlcv(
        self, symbol: str, interval: str, start_date: dt.datetime, end_date: dt.datetime, use_cache: bool = True
    ) -> pd.DataFrame:
        frame = frame_of(practice_columns(symbol, interval, 900, JANUARY_MS))
        frame = frame[(frame["timestamp"] >= start_date) & (frame["timestamp"] < end_date)]
        if self.known_until_ms is None:
            return frame
        later = frame["timestamp"] >= pd.Timestamp(self.known_until_ms, unit="ms", tz="UTC")
        if not self.alter:
            return frame[~later]
        prices = ["open", "high", "low", "close", "volume"]
        frame.loc[later, prices] = frame.loc[later, prices] * 1.25
        return frame


class CommandCausality(unittest.TestCase):
    """The same through the whole program: provider, warm-up, timeline, kernel, files."""

    def outputs(self, provider: Frames, until_ms: int) -> tuple[list[str], list[dict[str, Any]]]:
        """Return trade rows and decisions up to a time, without what only the end of a run does."""
        with tempfile.TemporaryDirectory() as folder:
            live = write_config(
                Path(folder),
                live={
                    "exchange": "practice",
                    "symbols": ["BTC/USDT", "SOL/USDT"],
                    "timeframe": "15m",
                    "strategy": {"type": "scalping_ema_rsi", "params": dict(QUICK)},
                },
            )
            runner = ConfigBacktestRunner(
                live, "2024-01-02", "2024-01-09", data_dir=f"{folder}/data", output_dir=f"{folder}/out"
            )
            runner.data_provider = provider  # type: ignore[assignment]
            result = runner.run()
            rows = Path(result["log_file"]).read_text(encoding="utf-8").splitlines()[1:]
            decisions = (Path(result["output_dir"]) / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
        limit = format_ms(until_ms)
        kept = [row for row in rows if row.split(",")[0] <= limit and row.split(",")[14] != "end"]
        events = [json.loads(line) for line in decisions]
        return kept, [one for one in events if one["time"] <= limit and one.get("reason") != "end"]

    def test_trades_and_decisions_before_the_change_are_the_same(self) -> None:
        for hour in (60, 110, 170):
            known_until = JANUARY_MS + hour * 3_600_000
            # A fill at the open of the first candle that differs carries that open's time and is not compared.
            until = known_until - 1
            expected = self.outputs(Frames(None, alter=False), until)
            self.assertGreater(len(expected[0]), 4)
            with self.subTest(hour=hour):
                self.assertEqual(expected, self.outputs(Frames(known_until, alter=False), until), "cut")
                self.assertEqual(expected, self.outputs(Frames(known_until, alter=True), until), "altered")


if __name__ == "__main__":
    unittest.main()
