"""The backtest runner as users' scripts drive it: with a provider of their own, and without network."""

import datetime as dt
import json
import math
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

from backtests import run_config_backtest
from backtests.config_backtest import ConfigBacktestRunner, HistoricalDataProvider
from core.errors import ConfigurationError, DataUnavailableError, StrategyError
from execution import SafetyMonitor
from tests.support.runs.backtest_runs import END, PATH, START, events, frame_of, scheduled_config, trade_rows

PATCHED = "backtests.config_backtest.HistoricalDataProvider"


class RunnerCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_on(self, frame, config=None, start=START, end=END, **options):
        """Run with a mock in the provider's place, as ``mock.patch`` of the module's name puts it there."""
        with mock.patch(PATCHED) as provider:
            provider.return_value.fetch_ohlcv.return_value = frame
            self.provider = provider
            return run_config_backtest(start, end, config_path=config or self.config(), **options)

    def config(self, **changes):
        return scheduled_config(self.folder, **changes)


class Attributes(RunnerCase):
    def test_the_runner_shows_what_it_was_asked_for(self):
        runner = ConfigBacktestRunner(self.config(), START, END)
        self.assertEqual(runner.symbols, ["BTC/USDT"])
        self.assertEqual(runner.interval, "1m")
        self.assertEqual(runner.start_date, dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
        self.assertEqual(runner.end_date, dt.datetime(2024, 1, 1, 0, 10, tzinfo=dt.UTC))
        self.assertIsInstance(runner.safety_monitor, SafetyMonitor)
        self.assertIsInstance(runner.data_provider, HistoricalDataProvider)
        self.assertEqual(runner.config["exchange"], "practice")
        self.assertEqual(runner.config["execution"]["starting_balance"], 10_000.0)

    def test_symbols_and_interval_replace_those_of_the_configuration(self):
        runner = ConfigBacktestRunner(self.config(), START, END, "5m", ["ETHUSDT", "BTCUSDT"])
        self.assertEqual((runner.interval, runner.symbols), ("5m", ["ETHUSDT", "BTCUSDT"]))
        self.assertEqual((runner.config["timeframe"], runner.config["symbols"]), ("5m", ["ETHUSDT", "BTCUSDT"]))

    def test_a_date_may_be_text_date_or_datetime_and_without_a_zone_it_is_utc(self):
        config = self.config()
        tokyo = dt.timezone(dt.timedelta(hours=9))
        same = (
            "2024-01-01",
            "2024-01-01T00:00",
            "2024-01-01 00:00:00",
            "2024-01-01T09:00:00+09:00",
            dt.date(2024, 1, 1),
            dt.datetime(2024, 1, 1),  # noqa: DTZ001 - a naive one is the point
            dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
            dt.datetime(2024, 1, 1, 9, tzinfo=tokyo),
            pd.Timestamp("2024-01-01"),
        )
        for start in same:
            with self.subTest(start=start):
                runner = ConfigBacktestRunner(config, start, dt.date(2024, 1, 2))
                self.assertEqual(runner.start_date, dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
                self.assertEqual(runner.end_date - runner.start_date, dt.timedelta(days=1))

    def test_without_dates_the_window_is_the_last_24_hours_of_closed_candles(self):
        before = dt.datetime.now(dt.UTC)
        runner = ConfigBacktestRunner(self.config(timeframe="15m"))
        after = dt.datetime.now(dt.UTC)
        self.assertEqual(runner.end_date - runner.start_date, dt.timedelta(hours=24))
        self.assertEqual(runner.end_date.timestamp() % 900, 0)
        self.assertLessEqual(before - dt.timedelta(minutes=15), runner.end_date)
        self.assertLessEqual(runner.end_date, after)

    def test_a_start_that_is_not_before_the_end_is_refused_with_both(self):
        with self.assertRaisesRegex(ConfigurationError, "start 2024-01-02T.*end 2024-01-01T"):
            ConfigBacktestRunner(self.config(), "2024-01-02", "2024-01-01")
        with self.assertRaisesRegex(ConfigurationError, "not before"):
            ConfigBacktestRunner(self.config(), START, START)
        with self.assertRaisesRegex(ConfigurationError, "no candle of that timeframe fits"):
            ConfigBacktestRunner(self.config(), START, "2024-01-01T00:00:30")

    def test_what_is_no_date_is_refused_by_name(self):
        for start in ("yesterday", "2024-13-01", 20240101, ""):
            with self.subTest(start=start), self.assertRaisesRegex(ConfigurationError, "start"):
                ConfigBacktestRunner(self.config(), start, END)


class ReplacedProvider(RunnerCase):
    """Three ways in which scripts put their own candles in."""

    def check(self, result):
        self.assertEqual(result["statistics"]["candles_processed"], 10)
        # The result of the hand-worked candles: nobody else's give it.
        self.assertAlmostEqual(result["performance"]["realized_pnl"], 24.5584427170999, places=9)

    def test_the_class_replaced_by_a_mock_is_built_with_exchange_and_folder_and_asked_for_the_window(self):
        self.check(self.run_on(frame_of()))
        (exchange,), options = self.provider.call_args
        self.assertEqual((exchange, options["cache_dir"]), ("practice", str(self.folder / "data")))
        begin, end = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 1, 1, 0, 10, tzinfo=dt.UTC)
        self.provider.return_value.fetch_ohlcv.assert_called_once_with("BTC/USDT", "1m", begin, end)

    def test_the_method_patched_on_the_class_answers(self):
        with mock.patch.object(HistoricalDataProvider, "fetch_ohlcv", return_value=frame_of()) as fetch:
            self.check(ConfigBacktestRunner(self.config(), START, END).run())
        fetch.assert_called_once()

    def test_the_method_set_on_the_instance_answers(self):
        runner = ConfigBacktestRunner(self.config(), START, END)
        runner.data_provider.fetch_ohlcv = lambda *arguments, **options: frame_of()
        self.check(runner.run())

    def test_a_provider_set_on_the_runner_answers(self):
        class Provider:
            def fetch_ohlcv(self, symbol, interval, start_date, end_date, use_cache=True):
                return frame_of()

        runner = ConfigBacktestRunner(self.config(), START, END)
        runner.data_provider = Provider()
        self.check(runner.run())

    def test_nothing_replaced_the_practice_market_answers_and_a_second_run_is_the_same(self):
        runner = ConfigBacktestRunner(self.config(), START, END)
        first, second = runner.run(), runner.run()
        self.assertEqual(first["statistics"]["candles_processed"], 10)
        self.assertEqual(first, second)

    def test_the_candles_of_the_warm_up_are_asked_for_and_do_not_count(self):
        frame = frame_of([(100.0, 100.0, 100.0, 100.0)] * 3 + list(PATH), start="2023-12-31T23:57")
        result = self.run_on(frame, self.config(warmup_candles=3, signals={"5": "LONG"}))
        first = dt.datetime(2023, 12, 31, 23, 57, tzinfo=dt.UTC)
        self.assertEqual(self.provider.return_value.fetch_ohlcv.call_args.args[2], first)
        self.assertEqual(result["statistics"]["candles_processed"], 10)
        self.assertEqual(result["symbols"]["BTC/USDT"]["warmup_candles"], 3)
        # The fifth candle in all is the second of the window: decided at 00:02, entered there.
        rows = trade_rows(result["log_file"])
        self.assertEqual(rows[0]["timestamp"], "2024-01-01T00:02:00.000Z")

    def test_a_warm_up_that_is_not_there_is_made_up_for_inside_the_window_and_said(self):
        result = self.run_on(frame_of(), self.config(warmup_candles=3, signals={"2": "LONG", "4": "LONG"}))
        self.assertEqual(result["symbols"]["BTC/USDT"]["warmup_missing"], 3)
        self.assertEqual(result["statistics"]["refusal_reasons"], {"warming_up": 1})
        self.assertTrue(any("0 of 3 warm-up candles" in line for line in result["warnings"]))


class Frames(RunnerCase):
    """What a frame may look like."""

    def setUp(self):
        super().setUp()
        self.expected = self.run_on(frame_of())

    def same(self, frame):
        result = self.run_on(frame)
        for key in ("trades_sha256", "data_sha256"):
            self.assertEqual(result[key], self.expected[key])

    def test_naive_timestamps_are_utc(self):
        self.same(frame_of(tz=None))

    def test_other_zones_are_converted(self):
        frame = frame_of()
        self.same(frame.assign(timestamp=frame["timestamp"].dt.tz_convert("America/New_York")))

    def test_text_milliseconds_and_other_units_name_the_same_times(self):
        frame = frame_of()
        self.same(frame.assign(timestamp=frame["timestamp"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")))
        self.same(frame.assign(timestamp=frame["timestamp"].dt.as_unit("ms").astype("int64")))
        for unit in ("s", "ms", "us", "ns"):
            self.same(frame.assign(timestamp=frame["timestamp"].dt.as_unit(unit)))

    def test_times_may_stand_in_the_index(self):
        self.same(frame_of().set_index("timestamp"))
        self.same(frame_of(tz=None).set_index("timestamp"))

    def test_further_columns_integers_and_rows_outside_the_window_change_nothing(self):
        self.same(frame_of().assign(trades=7, note="x"))
        self.same(frame_of([*PATH, (1.0, 1.0, 1.0, 1.0)]))
        self.same(frame_of().assign(volume=1))

    def test_rows_off_the_grid_are_floored_and_counted(self):
        frame = frame_of()
        frame.loc[3:, "timestamp"] += pd.Timedelta("20.799s")
        result = self.run_on(frame)
        self.assertEqual(result["trades_sha256"], self.expected["trades_sha256"])
        self.assertEqual(result["symbols"]["BTC/USDT"]["quality"]["snapped"], 7)

    def test_rows_off_the_grid_are_refused_where_the_settings_say_so(self):
        frame = frame_of()
        frame.loc[8:, "timestamp"] += pd.Timedelta("20.799s")
        data = {"cache_dir": str(self.folder / "data"), "off_grid": "refuse"}
        result = self.run_on(frame, self.config(data=data))
        self.assertEqual(result["statistics"]["candles_processed"], 8)
        self.assertEqual(result["symbols"]["BTC/USDT"]["quality"]["refused"], 2)

    def test_rows_that_are_no_candles_are_refused_counted_and_never_reach_the_kernel(self):
        for column, value in (
            ("open", math.nan),
            ("close", math.inf),
            ("low", -1.0),
            ("close", 0.0),
            ("volume", -1.0),
            ("volume", math.nan),
            ("high", 1.0),
        ):
            with self.subTest(column=column, value=value):
                frame = frame_of()
                frame.loc[3, column] = value
                result = self.run_on(frame)
                self.assertEqual(result["statistics"]["candles_processed"], 9)
                quality = result["symbols"]["BTC/USDT"]["quality"]
                self.assertEqual((quality["refused"], quality["missing"]), (1, 1))
                self.assertTrue(any("1 rows were refused" in line for line in result["warnings"]))

    def test_rows_twice_out_of_order_or_without_a_time_are_refused(self):
        frame = frame_of()
        self.assertEqual(self.refused(pd.concat([frame, frame.tail(1)])), 1)
        self.assertEqual(self.refused(frame.iloc[[0, 1, 3, 2, 4, 5, 6, 7, 8, 9]]), 1)
        lost = frame.copy()
        lost.loc[5, "timestamp"] = pd.NaT
        self.assertEqual(self.refused(lost), 1)

    def refused(self, frame):
        return self.run_on(frame)["symbols"]["BTC/USDT"]["quality"]["refused"]

    def test_no_row_at_all_is_data_unavailable_and_leaves_no_file(self):
        nothing = frame_of().assign(close=np.nan)
        for frame in (None, frame_of().head(0), pd.DataFrame(), frame_of(start="2024-02-01"), nothing):
            with self.subTest(frame=frame), tempfile.TemporaryDirectory() as out:
                with self.assertRaisesRegex(DataUnavailableError, "no candle of BTC/USDT"):
                    self.run_on(frame, output_dir=out)
                self.assertEqual(list(Path(out).iterdir()), [])

    def test_a_frame_without_a_price_column_is_named(self):
        with self.assertRaisesRegex(DataUnavailableError, "without close; its columns are timestamp, open"):
            self.run_on(frame_of().drop(columns="close"))


class Result(RunnerCase):
    """Figures of a run worked by hand; slippage and commission are 0.1 % each."""

    def setUp(self):
        super().setUp()
        self.result = self.run_on(frame_of())

    def test_the_trade_log_is_that_of_the_hand_worked_run(self):
        # Long: 5 % of 10,000 at 100 is 5. Bought at 100 x 1.001, sold at the target 10 above that fill.
        # Commissions 5 x 100.1 x 0.001 and 5 x 110.1 x 0.001; 5 x 10 - 0.5005 - 0.5505 = 48.949.
        # Short: 5 % of 10,048.949 at 110, cut to 1e-8. Sold at 110 x 0.999 = 109.89, stop at 114.89, filled with
        # slippage at 114.89 x 1.001 = 115.00489; (109.89 - 115.00489) x 4.56770409 - 0.501945 - 0.52530831.
        rows = trade_rows(self.result["log_file"])
        columns = (
            "timestamp",
            "action",
            "side",
            "price",
            "quantity",
            "commission",
            "balance",
            "realized_pnl",
            "reason",
        )
        self.assertEqual(
            [" ".join(row[name] for name in columns) for row in rows],
            [
                "2024-01-01T00:02:00.000Z OPEN LONG 100.1 5 0.5005 10000 0 signal",
                "2024-01-01T00:05:00.000Z CLOSE LONG 110.1 5 0.5505 10048.949 48.949 target",
                "2024-01-01T00:07:00.000Z OPEN SHORT 109.89 4.56770409 0.501945 10048.949 0 signal",
                "2024-01-01T00:09:00.000Z CLOSE SHORT 115.00489 4.56770409 0.52530831 10024.5584427170999 "
                "-24.3905572829001 stop",
            ],
        )

    def test_the_figures_are_those_of_the_hand_worked_run(self):
        performance = self.result["performance"]
        expected = {
            "starting_balance": 10_000.0,
            "current_balance": 10_024.5584427170999,
            "equity": 10_024.5584427170999,
            "realized_pnl": 24.5584427170999,
            "unrealized_pnl": 0.0,
            "total_return": 24.5584427170999,
            "total_return_pct": 0.245584427170999,
            "total_trades": 2,
            "winning_trades": 1,
            "losing_trades": 1,
            "win_rate": 50.0,
            "open_positions": 0,
            "peak_equity": 10_048.949,
            "max_drawdown_pct": 100 * 24.3905572829001 / 10_048.949,
            "profit_factor": 48.949 / 24.3905572829001,
            "expectancy": 24.5584427170999 / 2,
            "average_win": 48.949,
            "average_loss": -24.3905572829001,
            "average_holding_minutes": (3 + 2) / 2,
            "commission_paid": 0.5005 + 0.5505 + 0.501945 + 0.52530831,
            # 5 x 0.1, nothing at the target, 4.56770409 x 0.11, 4.56770409 x 0.11489.
            "slippage_paid": 0.5 + 0.5024474499 + 0.5247835229001,
            "buy_and_hold_return_pct": 15.0,
        }
        for name, value in expected.items():
            with self.subTest(name=name):
                self.assertAlmostEqual(performance[name], value, delta=1e-9 * max(1.0, abs(value)))
        self.assertAlmostEqual(performance["total_costs"], 2.07825331 + 1.5272309728001, places=12)

    def test_the_statistics_count_candles_signals_and_orders(self):
        statistics = self.result["statistics"]
        expected = {"candles_processed": 10, "steps": 10, "signals_generated": 2, "orders_submitted": 2}
        self.assertEqual({name: statistics[name] for name in expected}, expected)
        # The long is there at the closes of candles 3 and 4, the short at that of candle 8.
        self.assertEqual(statistics["exposure_time_pct"], 30.0)
        self.assertEqual(statistics["refusal_reasons"], {})

    def test_the_result_names_its_configuration_files_and_hashes(self):
        config = self.result["config"]
        self.assertEqual(config["start_date"], "2024-01-01T00:00:00.000Z")
        self.assertEqual(config["end_date"], "2024-01-01T00:10:00.000Z")
        self.assertEqual((config["interval"], config["symbols"]), ("1m", ["BTC/USDT"]))
        self.assertEqual(config["starting_balance"], 10_000.0)
        self.assertTrue(Path(self.result["log_file"]).is_file())
        for name in ("trades_sha256", "settings_sha256", "data_sha256"):
            self.assertRegex(self.result[name], r"\A[0-9a-f]{64}\Z")
        self.assertRegex(self.result["code_version"], r"\A\d+\.\d+\.\d+\+[0-9a-f]+\Z")
        self.assertIs(self.result["partial"], False)

    def test_the_result_is_plain_json_and_lies_in_the_output_folder(self):
        stored = json.loads((Path(self.result["output_dir"]) / "result.json").read_text())
        self.assertEqual(stored, self.result)

    def test_every_order_is_explained_in_the_decisions(self):
        decisions = [event for event in events(self.result["output_dir"]) if event["event"] == "decision"]
        self.assertEqual([one["entry_order_id"] for one in decisions], ["1", "3"])
        gates = ["warmup", "risk", "safety", "execution"]
        self.assertEqual([[gate["gate"] for gate in one["gates"]] for one in decisions], [gates, gates])

    def test_a_strategy_that_fails_is_named_and_what_was_done_is_kept(self):
        frame = frame_of()
        with self.assertRaisesRegex(
            StrategyError, "scheduled failed on BTC/USDT at the candle opened 2024-01-01T00:05"
        ):
            self.run_on(frame, self.config(signals={"2": "LONG", "6": "SIDEWAYS"}))
        [failed] = Path(self.result["output_dir"]).glob("*-partial")
        rows = trade_rows(failed / "trades.csv")
        self.assertEqual([row["action"] for row in rows], ["OPEN", "CLOSE"])
        stored = json.loads((failed / "result.json").read_text())
        self.assertIs(stored["partial"], True)

    def test_the_end_closes_what_is_open_at_its_last_mark_with_costs(self):
        result = self.run_on(frame_of(), self.config(signals={"9": "LONG"}))
        *_, last = trade_rows(result["log_file"])
        # Bought at the open of the tenth candle, 115 x 1.001; sold at its close, 115 x 0.999.
        self.assertEqual((last["timestamp"], last["reason"]), ("2024-01-01T00:10:00.000Z", "end"))
        self.assertEqual(last["price"], "114.885")
        self.assertEqual(last["balance"], last["equity"])
        self.assertEqual(result["performance"]["open_positions"], 0)

    def test_the_kill_switch_is_read_once_and_refuses_every_entry(self):
        with mock.patch.dict("os.environ", {"TRADING_KILL_SWITCH": "1"}):
            result = self.run_on(frame_of())
        self.assertEqual(result["statistics"]["refusal_reasons"], {"kill_switch": 2})
        self.assertTrue(any("kill switch" in line for line in result["warnings"]))


if __name__ == "__main__":
    unittest.main()
