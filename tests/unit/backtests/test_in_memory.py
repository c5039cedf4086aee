"""Candles in memory through the kernel: the same as through the store, however they are held, and nothing written."""

import contextlib
import datetime as dt
import io
import tempfile
import traceback
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from backtests import run_backtest
from backtests.config_backtest import ConfigBacktestRunner
from core.candle import Candle
from core.errors import CandleError, ConfigurationError, StrategyError
from core.instants import format_ms
from core.trading_signal import Signal
from market_data.__main__ import main as market_data
from market_data.practice.practice_market import PracticeMarket
from tests.support.candles import candles_of
from tests.support.config_tree import write_config
from tests.support.feature_strategies import Crossing
from tests.support.frame_strategies import BlockBreakout, Breakout, NextCandle
from tests.support.market_data_sets import frame_of, practice_columns
from tests.support.times import JANUARY_MS, MINUTE_MS

BTC, ETH = "BTC/USDT", "ETH/USDT"
BREAKOUT = {"type": "tests.support.frame_strategies:BlockBreakout", "params": {"length": 12}}


def above(candle: Candle) -> Signal | None:
    """Long on every candle that closes in its upper quarter."""
    if candle.close > candle.high - 0.25 * (candle.high - candle.low):
        return Signal("LONG", sl_distance=0.002 * candle.close, tp_distance=0.002 * candle.close)
    return None


class SameAsTheStore(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def config(self, exchange: str, symbols: list[str]) -> Path:
        live: dict[str, object] = {
            "exchange": exchange,
            "symbols": symbols,
            "timeframe": "1m",
            "strategy": BREAKOUT,
            "data": {"cache_dir": str(self.base / "data")},
            "logging": {"directory": str(self.base / "logs")},
        }
        return write_config(self.base, live=live)

    def test_with_a_warm_up_and_the_markets_own_rules(self) -> None:
        config = self.config("practice", [BTC, ETH])
        start_ms, end_ms = JANUARY_MS + 500 * MINUTE_MS, JANUARY_MS + 2_000 * MINUTE_MS
        stored = ConfigBacktestRunner(config, format_ms(start_ms), format_ms(end_ms)).run()
        self.assertGreater(stored["performance"]["total_trades"], 20)
        earlier_ms = start_ms - 2_000 * MINUTE_MS
        frames = {symbol: frame_of(PracticeMarket().candles(symbol, "1m", earlier_ms, end_ms)) for symbol in (BTC, ETH)}
        options: dict[str, Any] = {"instruments": PracticeMarket().markets(), "start": format_ms(start_ms)}
        for kept in ({}, {"output_dir": self.base / "written"}):
            result = run_backtest(frames, config=config, **options, **kept)
            told = result.to_dict()
            for name in ("trades_sha256", "orders_sha256", "data_sha256", "settings_sha256", "strategy_sha256"):
                self.assertEqual(stored[name], told[name], name)
            self.assertEqual(stored["performance"], told["performance"])
            self.assertEqual(stored["statistics"], told["statistics"])
            self.assertEqual(Path(stored["log_file"]).read_bytes(), result.trade_log)
            self.assertEqual(stored["performance"]["equity"], result.equity["equity"].iloc[-1])
        by_object = run_backtest(frames, strategy=BlockBreakout({"length": 12}), config=config, **options)
        self.assertEqual(stored["trades_sha256"], by_object.trades_sha256)

    def test_with_rules_read_off_imported_candles(self) -> None:
        columns = practice_columns(ETH, "1m", 1_200)
        source = self.base / "candles.csv"
        frame_of(columns).assign(timestamp=columns.open_time_ms).to_csv(source, index=False)
        with contextlib.redirect_stdout(io.StringIO()):
            store = ["--exchange", "mine", "--data-dir", str(self.base / "data")]
            imported = market_data(["import", *store, "--symbol", ETH, "--timeframe", "1m", str(source)])
        self.assertEqual(0, imported)
        config = self.config("mine", [ETH])
        start, end = format_ms(JANUARY_MS), format_ms(JANUARY_MS + 1_200 * MINUTE_MS)
        stored = ConfigBacktestRunner(config, start, end, offline=True).run()
        self.assertGreater(stored["performance"]["total_trades"], 10)
        told = run_backtest({ETH: frame_of(columns)}, config=config).to_dict()
        for name in ("trades_sha256", "data_sha256"):
            self.assertEqual(stored[name], told[name])


class HoweverTheyAreHeld(unittest.TestCase):
    columns = practice_columns(BTC, "1m", 300)

    def forms(self) -> Iterator[Any]:
        frame, candles = frame_of(self.columns), candles_of(self.columns)
        yield frame
        yield frame.set_index("timestamp")
        yield frame.rename(columns=str.title)
        yield frame.assign(timestamp=self.columns.open_time_ms)
        yield frame.assign(timestamp=frame["timestamp"].dt.tz_localize(None))
        yield candles
        yield iter(candles)
        rows = [tuple(column.tolist()[row] for column in self.columns) for row in range(300)]
        yield rows
        yield [list(row) for row in rows]
        yield [(dt.datetime.fromtimestamp(row[0] / 1000, dt.UTC), *row[1:]) for row in rows]
        yield [(format_ms(int(row[0])), *row[1:]) for row in rows]
        yield frame.to_dict("records")

    def test_the_result_is_the_same(self) -> None:
        expected = run_backtest({BTC: candles_of(self.columns)}, above)
        self.assertGreater(expected.metrics["total_trades"], 10)
        self.assertEqual(expected.metrics["total_trades"], (expected.trades["action"] == "CLOSE").sum())
        for number, form in enumerate(self.forms()):
            with self.subTest(form=number):
                self.assertEqual(expected.trades_sha256, run_backtest(form, above, symbol=BTC).trades_sha256)

    def test_nothing_is_written_unless_it_is_asked_for(self) -> None:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            run_backtest(candles_of(self.columns), above)
            self.assertEqual([], list(Path().iterdir()))
            result = run_backtest(candles_of(self.columns), above, output_dir="out")
            self.assertTrue(Path(result.to_dict()["log_file"]).is_file())
            self.assertTrue(Path("out").is_dir())

    def test_outputs_that_are_not_asked_for_are_not_rendered_and_change_no_figure(self) -> None:
        candles = candles_of(practice_columns(BTC, "1m", 600))
        full = run_backtest(candles, above, symbol=BTC)
        trades, none = (run_backtest(candles, above, symbol=BTC, outputs=kept) for kept in ("trades", "none"))
        self.assertGreater(full.result.performance.total_trades, 20)
        self.assertEqual(full.trade_log, trades.trade_log)
        hashes = {"trades_sha256": "", "orders_sha256": "", "ledger_sha256": ""}
        self.assertEqual(full.to_dict() | hashes, none.to_dict())
        self.assertEqual(none.to_dict() | {"trades_sha256": full.trades_sha256}, trades.to_dict())
        for less in (trades, none):
            self.assertTrue(full.equity.equals(less.equity))
            with self.assertRaisesRegex(ConfigurationError, "not kept: the run had outputs='.*' — allowed: 'full'"):
                less.plot()
        with self.assertRaisesRegex(ConfigurationError, "the trade log was not kept.* — allowed: 'trades' or 'full'"):
            print(none.trades)

    def test_a_function_a_mapping_and_an_object_say_the_same(self) -> None:
        def in_words(candle: Candle) -> dict[str, Any] | None:
            signal = above(candle)
            if signal is None:
                return None
            return {
                "signal": "LONG",
                "metadata": {"sl_distance": signal.sl_distance, "tp_distance": signal.tp_distance},
            }

        class Streamed:
            name, warmup_candles = "above", 0

            def stream(self, symbol: str) -> Any:
                return self

            def update(self, candle: Candle) -> Signal:
                return above(candle) or Signal("FLAT")

        candles = candles_of(self.columns)
        first = run_backtest(candles, above)
        for other in (run_backtest(candles, in_words), run_backtest(candles, strategy=Streamed())):
            self.assertEqual(first.metrics, other.metrics)
        self.assertEqual(first.metrics, run_backtest({"A/USDT": candles}, {"A/USDT": above}).metrics)

    def test_an_object_that_declares_features_is_the_named_one(self) -> None:
        candles = candles_of(practice_columns(BTC, "1m", 900))
        config = {"strategy": {"type": "tests.support.feature_strategies:Crossing", "params": {"fast": 2}}}
        named = run_backtest(candles, config=config)
        self.assertGreater(named.metrics["total_trades"], 5)
        strategy = Crossing({"fast": 2})
        objects = [run_backtest(candles, strategy=strategy) for _ in range(2)]
        for one in objects:
            self.assertEqual(named.trades_sha256, one.trades_sha256)
        self.assertEqual(*(one.to_dict()["strategy_sha256"] for one in objects))
        minutes = candles_of(practice_columns(BTC, "15m", 50))
        with self.assertRaisesRegex(ConfigurationError, "feature 'trend': timeframe '5m' is no multiple"):
            run_backtest(minutes, strategy=strategy)

    def test_symbols_are_the_same_however_they_are_spelt(self) -> None:
        leader, follower = (candles_of(practice_columns(symbol, "1m", 1_500)) for symbol in (BTC, ETH))
        config = {"strategy": {"params": {"leader": "BTC-USDT", "regime": 5}}}
        runs = [
            run_backtest({btc: leader, eth: follower}, strategy="btc_regime", config=config)
            for btc, eth in ((BTC, ETH), ("BTCUSDT", "eth_usdt"))
        ]
        self.assertGreater(runs[0].metrics["total_trades"], 3)
        self.assertEqual(*(one.metrics for one in runs))
        self.assertNotIn(b"BTCUSDT", runs[1].trade_log)

    def test_entries_that_lack_a_stop_are_told_of(self) -> None:
        candles = candles_of(self.columns)
        first = next(one for one in candles if one.close > one.open)
        close = format_ms(first.open_time_ms + MINUTE_MS)

        def told(reason: str, **said: float) -> None:
            def up(candle: Candle) -> Signal:
                return Signal("LONG", **said) if candle.close > candle.open else Signal("FLAT")

            result = run_backtest(candles, up).to_dict()
            refused = result["statistics"]["refusal_reasons"][reason]
            what = f"{refused:,} entries were refused, up's first on ASSET/USDT at the close {close}, for lack of a "
            (warning,) = [text for text in result["warnings"] if "refused" in text]
            self.assertTrue(warning.startswith(what + reason.partition("_")[0]), warning)

        told("stop_distance")
        told("stop_distance", sl_distance=-5.0)
        told("stop_distance", atr=0.0)
        told("target_distance", sl_distance=50.0, tp_distance=0.0)
        self.assertFalse(any("refused" in text for text in run_backtest(candles, above).to_dict()["warnings"]))

    def test_the_configuration_is_that_of_a_live_yaml_with_its_other_files_inside(self) -> None:
        candles = candles_of(self.columns)
        config = {
            "execution": {"starting_balance": 500.0},
            "risk": {"default_risk_per_trade": 0.005},
            "trading_mode": {"max_open_trades": 1},
        }
        self.assertEqual(500.0, run_backtest(candles, above, config=config).metrics["starting_balance"])
        self.assertEqual("1m", run_backtest(candles, above).to_dict()["config"]["interval"])
        with self.assertRaisesRegex(ConfigurationError, r"(?s)risk\.default_risk.*trading_mode\.max_open"):
            run_backtest(candles, above, config={"risk": {"default_risk": 1}, "trading_mode": {"max_open": 1}})

    def test_who_decides_is_part_of_the_hashes(self) -> None:
        candles = candles_of(self.columns)

        def with_stop(stop: float) -> Any:
            return lambda candle: Signal("LONG", sl_distance=stop)

        named = [run_backtest(candles, with_stop(stop)).to_dict() for stop in (50.0, 50.0, 60.0)]
        named.append(run_backtest(candles, strategy=Breakout({"length": 3})).to_dict())
        named.append(run_backtest(candles, strategy=Breakout({"length": 4})).to_dict())
        hashes = [one["strategy_sha256"] for one in named]
        self.assertEqual(hashes[0], hashes[1])
        self.assertEqual(4, len(set(hashes)))


class BadInput(unittest.TestCase):
    def refused(self, expected: str, candles: Any, *arguments: Any, **options: Any) -> None:
        with self.subTest(expected), self.assertRaises((CandleError, ConfigurationError, StrategyError)) as caught:
            run_backtest(candles, *(arguments or (above,)), **options)
        text = str(caught.exception)
        self.assertNotIn("\n", text)
        self.assertIn(expected, text)

    def test_a_row_that_is_no_candle_is_named(self) -> None:
        good = [(MINUTE_MS * n, 10.0, 11.0, 9.0, 10.0, 1.0) for n in range(4)]
        for expected, wrong in (
            ("high below open or close: open 10.0, high 9.5", (4 * MINUTE_MS, 10.0, 9.5, 9.0, 10.0, 1.0)),
            ("a price that is not between", (4 * MINUTE_MS, 10.0, 11.0, 9.0, float("nan"), 1.0)),
            ("a volume that is negative", (4 * MINUTE_MS, 10.0, 11.0, 9.0, 10.0, -1.0)),
            ("is not later than the row before it", (3 * MINUTE_MS, 10.0, 11.0, 9.0, 10.0, 1.0)),
            ("does not open at a boundary of 1m", (4 * MINUTE_MS + 1, 10.0, 11.0, 9.0, 10.0, 1.0)),
            ("not enough values", (4 * MINUTE_MS, 10.0)),
            ("could not convert string to float", (4 * MINUTE_MS, 10.0, "x", 9.0, 10.0, 1.0)),
            ("is not a date", ("yesterday", 10.0, 11.0, 9.0, 10.0, 1.0)),
            ("has no volume", {"time": 4 * MINUTE_MS, "open": 10.0, "high": 11.0, "low": 9.0, "close": 10.0}),
            ("has no timestamp", {"open": 10.0}),
            ("cannot unpack non-iterable int", 5),
        ):
            self.refused("row 4", [*good, wrong])
            self.refused(expected, [*good, wrong])

    def test_a_frame_that_is_not_one_of_candles(self) -> None:
        frame = frame_of(practice_columns(BTC, "1m", 5))
        lacking = frame.drop(columns=["low", "volume"])
        self.refused("the frame has no low, volume; its columns are timestamp, open, high, close", lacking)
        self.refused("no number", frame.assign(high="much"))
        timeless = frame.drop(columns=["timestamp"])
        self.refused("the frame has no times; its columns are open, high, low, close, volume", timeless)
        self.refused("row 2: ", frame.assign(timestamp=["2024-01-01", "2024-01-02", "soon", "x", "y"]))
        self.refused("row 3", frame.assign(timestamp=[*frame["timestamp"][:3], pd.NaT, frame["timestamp"][4]]))

    def test_what_cannot_be_run(self) -> None:
        candles = candles_of(practice_columns(BTC, "1m", 5))
        self.refused("there are no candles", [])
        self.refused("the mapping is empty", {})
        self.refused("allowed: a DataFrame, or an iterable of candles", 5)
        self.refused("give timeframe", candles[:1])
        self.refused("are the times UTC milliseconds?", [(n, 10.0, 11.0, 9.0, 10.0, 1.0) for n in range(3)])
        self.refused("allowed: one of the two", candles, above, strategy="scalping_ema_rsi")
        self.refused("allowed: an object of it", candles, None, strategy=Breakout)
        self.refused("is no object with features and decide or with stream", candles, None, strategy=object())
        self.refused("scalping_ema_rsi", candles, None, strategy="scalping_ema_rs")
        self.refused("signal_generator for B/USDT is None", {"A/USDT": candles, "B/USDT": candles}, {"A/USDT": above})
        self.refused("nothing decides: neither signal_generator nor strategy is given", candles, None)
        self.refused("nothing decides", candles, None, config={"risk": {"default_risk_per_trade": 0.01}})
        self.refused(
            "symbol 'FOO' names no quote currency — allowed: such as BTC/USDT or BTCUSDT", candles, symbol="FOO"
        )
        self.refused("start 2030", candles, start="2030-01-01")
        self.refused("detail_interval", candles, config={"detail_interval": "10s"})
        self.refused("watch", candles, config={"watch": ["ETH/USDT"]})
        self.refused("outputs: 'some' — allowed: full, trades, none", candles, above, outputs="some")
        self.refused("allowed: 'full' beside output_dir", candles, above, outputs="none", output_dir="somewhere")
        self.refused("signal_generator returned 'LONG'", candles, lambda candle: "LONG")
        self.refused("candle opened 2024-01-01T00:00:00.000Z: ZeroDivisionError", candles, lambda candle: 1 / 0)
        with self.assertRaisesRegex(TypeError, "no option timefame.*timeframe"):
            run_backtest(candles, above, timefame="1m")  # type: ignore[call-arg]

    def test_a_failure_shows_its_line_and_the_users_own_frames_alone(self) -> None:
        candles = candles_of(practice_columns(BTC, "1m", 5))

        def fails(candle: Candle) -> Signal:
            return Signal("LONG", sl_distance=candle.close / 0)

        for generator, cause in ((fails, ZeroDivisionError), (lambda candle: "LONG", None)):
            try:
                self.fail(run_backtest(candles, generator))  # assertRaises drops the frames.
            except StrategyError as caught:
                error = caught
            self.assertRegex(str(error), r" \(test_in_memory\.py:\d+\)$")
            frames = traceback.extract_tb(error.__traceback__)
            self.assertEqual(["run_backtest"], [one.name for one in frames[1:]])
            if cause is None:
                self.assertIsNone(error.__cause__)
            else:
                assert error.__cause__ is not None
                self.assertIsInstance(error.__cause__, cause)
                self.assertEqual(["fails"], [one.name for one in traceback.extract_tb(error.__cause__.__traceback__)])

    def test_look_ahead_of_a_frame_strategy_is_found_here_too(self) -> None:
        self.refused("look-ahead", practice_frame(), None, strategy=NextCandle())


def practice_frame() -> pd.DataFrame:
    return frame_of(practice_columns(BTC, "1m", 100))


if __name__ == "__main__":
    unittest.main()
