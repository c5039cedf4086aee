"""Attributes of a runner that a script assigns before the run: obeyed as the constructor would, or refused."""

import datetime as dt
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from backtests.config_backtest import ConfigBacktestRunner, HistoricalDataProvider
from core.errors import ConfigurationError, HarnessError
from tests.support.config_tree import write_config
from tests.support.runs.backtest_runs import frame_of, scheduled_config

BTC, ETH, SOL = "BTC/USDT", "ETH/USDT", "SOL/USDT"


class Assigned(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        live = {"exchange": "practice", "symbols": [BTC, ETH], "timeframe": "15m"}
        store = {"data": {"cache_dir": str(self.base / "data")}, "logging": {"directory": str(self.base / "logs")}}
        self.path = write_config(self.base, live={**live, **store})

    def runner(self, **arguments: object) -> ConfigBacktestRunner:
        given = {"start_date": "2024-01-01", "end_date": "2024-01-02", **arguments}
        return ConfigBacktestRunner(self.path, **given)  # type: ignore[arg-type]

    def same_as(self, assign: Callable[[ConfigBacktestRunner], object], **arguments: object) -> dict[str, object]:
        """Assert that an assignment gives the result that the constructor's arguments give; return it."""
        runner = self.runner()
        assign(runner)
        got, expected = runner.run(), self.runner(**arguments).run()
        for key in ("settings_sha256", "data_sha256", "trades_sha256", "config", "statistics"):
            self.assertEqual(expected[key], got[key], key)
        return got

    def test_symbols_and_interval_change_the_run(self) -> None:
        got = self.same_as(lambda runner: setattr(runner, "symbols", [SOL]), symbols=[SOL])
        self.assertEqual([SOL], got["config"]["symbols"])
        self.same_as(lambda runner: setattr(runner, "symbols", "SOLUSDT, BTCUSDT"), symbols="SOLUSDT,BTCUSDT")
        got = self.same_as(lambda runner: setattr(runner, "interval", "1h"), interval="1h")
        self.assertEqual(48, got["statistics"]["candles_processed"])

    def test_a_list_that_is_changed_in_place_changes_the_run(self) -> None:
        got = self.same_as(lambda runner: runner.symbols.append(SOL), symbols=[BTC, ETH, SOL])
        self.assertEqual([BTC, ETH, SOL], list(got["symbols"]))
        self.same_as(lambda runner: runner.symbols.remove(BTC), symbols=[ETH])

    def test_dates_change_the_run_in_any_order_and_in_any_form(self) -> None:
        def later(runner: ConfigBacktestRunner) -> None:
            runner.start_date = dt.datetime(2024, 1, 3)  # noqa: DTZ001 - naive is UTC
            runner.end_date = "2024-01-04T12:00"

        got = self.same_as(later, start_date="2024-01-03", end_date="2024-01-04T12:00")
        self.assertEqual("2024-01-03T00:00:00.000Z", got["config"]["start_date"])
        runner = self.runner()
        runner.start_date = dt.date(2023, 12, 31)
        self.assertEqual(dt.datetime(2023, 12, 31, tzinfo=dt.UTC), runner.start_date)
        runner.start_date = None
        self.assertEqual(dt.datetime(2024, 1, 1, tzinfo=dt.UTC), runner.start_date)

    def test_the_configuration_changes_the_run_assigned_or_in_place(self) -> None:
        def slippage(runner: ConfigBacktestRunner) -> None:
            runner.config["execution"]["slippage"] = 0.002

        changed = self.runner()
        slippage(changed)
        result = changed.run()
        self.assertEqual(0.002, result["config"]["venue"]["slippage"])
        self.assertNotEqual(self.runner().run()["trades_sha256"], result["trades_sha256"])

        whole = self.runner()
        whole.config = {**whole.config, "symbols": [ETH], "timeframe": "1h"}
        result = whole.run()
        self.assertEqual(([ETH], "1h"), (result["config"]["symbols"], result["config"]["interval"]))
        self.assertEqual(([ETH], "1h", "1h"), (whole.symbols, whole.interval, whole.config["timeframe"]))

    def test_what_was_run_is_shown_and_can_be_changed_again(self) -> None:
        runner = self.runner()
        held, symbols = runner.config, runner.symbols
        runner.symbols = [SOL]
        runner.run()
        self.assertEqual([SOL], held["symbols"])
        held["symbols"] = [ETH]
        self.assertEqual([ETH], list(runner.run()["symbols"]))
        self.assertEqual([BTC, ETH], symbols)

    def test_the_data_come_from_the_exchange_and_the_store_that_are_assigned(self) -> None:
        runner = self.runner()
        runner.config["data"]["cache_dir"] = str(self.base / "elsewhere")
        runner.run()
        runner.offline = True
        runner.run()
        self.assertEqual(
            (self.base / "elsewhere", True), (runner.data_provider.store.root, runner.data_provider.offline)
        )
        runner.config["exchange"] = "kraken"
        with self.assertRaises(HarnessError):
            runner.run()
        self.assertEqual("kraken", runner.data_provider.exchange)

    def test_the_outputs_go_where_the_configuration_says_unless_a_folder_was_given(self) -> None:
        runner = self.runner()
        runner.config["logging"]["directory"] = str(self.base / "other")
        self.assertTrue(runner.run()["log_file"].startswith(str(self.base / "other" / "backtests")))
        runner.output_dir = str(self.base / "given")
        self.assertTrue(runner.run()["log_file"].startswith(str(self.base / "given")))

    def test_a_provider_that_was_given_or_taught_otherwise_is_asked_as_it_is(self) -> None:
        runner = ConfigBacktestRunner(scheduled_config(self.base), "2024-01-01", "2024-01-01T00:10")
        with mock.patch.object(HistoricalDataProvider, "fetch_ohlcv", return_value=frame_of()):
            expected = runner.run()["trades_sha256"]
        for taught in (True, False):
            runner = ConfigBacktestRunner(scheduled_config(self.base), "2024-01-01", "2024-01-01T00:10")
            provider = runner.data_provider if taught else mock.Mock(spec=["fetch_ohlcv"])
            provider.fetch_ohlcv = mock.Mock(return_value=frame_of())
            runner.data_provider = provider
            runner.config["data"]["cache_dir"] = str(self.base / "elsewhere")
            self.assertEqual(expected, runner.run()["trades_sha256"])
            self.assertIs(provider, runner.data_provider)

    def test_wrong_values_are_refused_as_the_constructor_refuses_them_and_nothing_is_written(self) -> None:
        for name, value, words in (
            ("symbols", [], "argument: symbols: "),
            ("symbols", [BTC, "btcusdt"], r"argument: symbols\[1\]: 'btcusdt' is 'BTC/USDT' again"),
            ("symbols", 7, "argument: symbols: 7"),
            ("interval", "7m", "argument: interval: practice has no 7m candles"),
            ("end_date", "2023-12-31", "start 2024-01-01T00:00:00.000Z is not before end"),
            ("config", {"symbols": [BTC], "exchange": "practice", "slippage": 1}, "config: slippage: unknown key"),
            ("config", None, "config: null — allowed: a mapping with the keys of live.yaml"),
        ):
            with self.subTest(name=name, value=value):
                runner = self.runner()
                setattr(runner, name, value)
                with self.assertRaisesRegex(ConfigurationError, words):
                    runner.run()
        for name in ("start_date", "end_date"):
            with self.subTest(name), self.assertRaisesRegex(ConfigurationError, f"{name} 'soon' is not a date"):
                setattr(self.runner(), name, "soon")
        self.assertFalse((self.base / "logs").exists())

    def test_none_is_the_configurations_own_as_for_the_constructor(self) -> None:
        runner = self.runner(interval="1h", symbols=[SOL])
        runner.interval = runner.symbols = None
        result = runner.run()["config"]
        self.assertEqual(([SOL], "1h"), (result["symbols"], result["interval"]))

    def test_two_things_said_at_once_are_refused(self) -> None:
        runner = self.runner()
        runner.symbols = [SOL]
        runner.config["symbols"] = [ETH]
        with self.assertRaisesRegex(
            ConfigurationError, r"symbols: 'SOL/USDT' is assigned, and config\['symbols'\] says 'ETH/USDT'"
        ):
            runner.run()
        runner.config["symbols"] = [SOL]
        self.assertEqual([SOL], list(runner.run()["symbols"]))

    def test_what_would_have_no_effect_cannot_be_assigned(self) -> None:
        runner = self.runner()
        for name in ("settings", "plan", "start_ms", "end_ms", "safety_monitor"):
            with self.subTest(name), self.assertRaises(AttributeError):
                setattr(runner, name, None)
        with self.assertRaisesRegex(AttributeError, r"no attribute intervall \(did you mean interval\?\)"):
            runner.intervall = "1h"  # type: ignore[attr-defined]
        runner.safety_monitor.limits = runner.safety_monitor.limits.model_copy(update={"max_open_trades": 1})
        with self.assertRaisesRegex(ConfigurationError, "safety_monitor: its limits were changed"):
            runner.run()


if __name__ == "__main__":
    unittest.main()
