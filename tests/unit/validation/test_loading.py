"""Loading: where the files are found, what arguments replace, and that every problem is named with its file."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from core.errors import ConfigurationError
from execution.execution_settings import ExecutionSettings
from tests.support.config_tree import RICH_LIVE, RICH_MODE, RICH_RISK, write_config
from tests.support.shared import REPOSITORY
from validation import ConfigValidationError, load_settings, validate_all_configs

OLD_EXECUTION = {
    "starting_balance": 10000.0, "slippage": 0.0005, "commission_rate": 0.0005, "allow_shorting": True,
    "entry_fill": "next_open", "on_opposite_signal": "ignore", "max_order_wait": 3, "max_gap": 60,
}  # fmt: skip
OLD_LIVE = {
    "exchange": "binanceus", "symbols": ["BTC/USDT", "ETH/USDT", "SOL/USDT", "LTC/USDT"], "timeframe": "15m",
    "strategy": {"type": "scalping_ema_rsi", "params": {"ema_fast": 9, "sl_atr_multiple": 2.0}},
    "risk": {"config_file": "config/risk.json"}, "execution": OLD_EXECUTION,
    "data": {"cache_dir": "data/backtest_cache", "off_grid": "snap"}, "logging": {"level": "INFO", "directory": "logs"},
}  # fmt: skip
OLD_RISK = {
    "default_risk_per_trade": 0.01, "max_exposure": 0.05, "default_sl_atr_mult": 1.5, "default_tp_atr_mult": 3.0,
    "min_position_size_usd": 10, "enable_trailing_stop": False, "trailing_stop_pct": 0.02,
}  # fmt: skip
OLD_MODE = {
    "mode": "paper", "allow_live_trading": False, "default_strategy": "scalping_ema_rsi", "max_daily_loss_pct": 0.02,
    "max_drawdown_pct": 0.10, "max_risk_per_trade_pct": 0.02, "max_exposure_pct": 0.20, "max_open_trades": 10,
    "kill_switch_env_var": "TRADING_KILL_SWITCH", "kill_switch_file": None, "on_halt": "hold", "on_kill": "hold",
}  # fmt: skip
"""The configuration as it was shipped while the venue knew market orders alone."""


class LoadingTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def problems(self, **arguments: object) -> list[str]:
        """Load ``config/live.yaml`` of the folder and return what is wrong, the folder's name cut out."""
        with self.assertRaises(ConfigValidationError) as caught:
            load_settings(self.base / "config/live.yaml", base_path=self.base, **arguments)
        error = caught.exception
        self.assertIsInstance(error, ConfigurationError)
        self.assertEqual(2, error.exit_code)
        self.assertEqual("\n".join(error.problems), str(error))
        for line in error.problems:
            self.assertNotIn("\n", line)
        return [line.replace(f"{self.base}/", "") for line in error.problems]

    def test_the_shipped_files_are_valid(self) -> None:
        for name, exchange, timeframe in (
            ("config/live.yaml", "binanceus", "15m"),
            ("config/practice.yaml", "practice", "15m"),
            ("examples/binance-1m.yaml", "binance", "1m"),
            ("examples/detail-1h.yaml", "practice", "1h"),
            ("examples/practice-1m.yaml", "practice", "1m"),
        ):
            with self.subTest(name=name):
                settings = load_settings(REPOSITORY / name)
                self.assertEqual((exchange, timeframe), (settings.live.exchange, settings.live.timeframe))
                self.assertEqual(str(REPOSITORY / "config/trading_mode.yaml"), settings.files.trading_mode)
                self.assertTrue(Path(settings.files.risk).samefile(REPOSITORY / "config/risk.json"))

    def test_the_perpetual_example_is_valid_where_its_set_is_stored(self) -> None:
        with self.assertRaisesRegex(ConfigValidationError, "exchange: 'binance-perp'.* or a set in the candle store"):
            load_settings(REPOSITORY / "examples/binance-perp.yaml", data_dir=self.base)
        (self.base / "binance-perp").mkdir()
        settings = load_settings(REPOSITORY / "examples/binance-perp.yaml", data_dir=self.base)
        execution = settings.live.execution
        self.assertIsNotNone(execution.perpetual)
        self.assertEqual({5.0}, {execution.perpetual.leverage_of(symbol) for symbol in settings.live.symbols})
        self.assertEqual((True, "error", True), (
            execution.perpetual.funding, execution.perpetual.missing_funding, execution.perpetual.mark_price,
        ))  # fmt: skip
        self.assertEqual([0.4, 0.3, 0.3], [rung.fraction for rung in execution.exits.ladder])
        self.assertEqual((1, 240), (execution.exits.break_even_after, execution.exits.max_holding))

    def test_the_shipped_configuration_means_what_it_always_meant(self) -> None:
        write_config(self.base, OLD_LIVE, OLD_RISK, OLD_MODE)
        for path in (self.base / "config/live.yaml", REPOSITORY / "config/live.yaml"):
            settings = load_settings(path, base_path=path.parents[1])
            execution = settings.live.execution.model_dump(mode="json")
            written = {key: execution.pop(key) for key in OLD_EXECUTION}
            self.assertEqual(OLD_EXECUTION, written)
            defaults = ExecutionSettings().model_dump(mode="json")
            self.assertEqual({key: defaults[key] for key in execution}, execution)
            self.assertIsNone(settings.live.detail_interval)
            risk = settings.risk.model_dump(mode="json", exclude_none=True)
            self.assertEqual({**OLD_RISK, "base_account_size": 10000.0, "default_slippage": 0.0005}, risk)
            self.assertEqual((0.02, 0.1, 0.02, 0.2, 10), (
                settings.mode.max_daily_loss_pct, settings.mode.max_drawdown_pct, settings.mode.max_risk_per_trade_pct,
                settings.mode.max_exposure_pct, settings.mode.max_open_trades,
            ))  # fmt: skip

    def test_a_file_of_nearly_all_keys_is_read_as_written(self) -> None:
        settings = load_settings(write_config(self.base, RICH_LIVE, RICH_RISK, RICH_MODE))
        execution = settings.live.execution.model_dump(mode="json")
        for key, value in RICH_LIVE["execution"].items():
            if key not in ("perpetual", "exits", "spread", "slippage_model", "commission"):
                self.assertEqual(value, execution[key], key)
        self.assertEqual(("1h", "5m"), (settings.live.timeframe, settings.live.detail_interval))
        self.assertEqual({"BTC/USDT:USDT": 5.0, "sol-usdt": 2.0}, execution["perpetual"]["leverages"])
        self.assertEqual((2.0, 3.0, 4.5), (
            settings.risk.max_exposure, settings.risk.trailing_stop_atr, settings.mode.max_exposure_pct
        ))  # fmt: skip

    def test_what_is_wrong_deep_in_a_section_is_named_in_one_line_with_what_belongs_there(self) -> None:
        execution = {
            "perpetual": {"leverage": 0, "leverages": {"BTC/USDT": "5", " X": 2}, "missing_funding": "zeros"},
            "exits": {"ladder": [{"fraction": 0.5, "dist": 1}, 7], "max_holding": 0},
            "commission": {"tiers": [{"volume": 1, "maker": 0, "taker": "0.1%"}]},
            "spread": {"modle": "fixed"}, "ladder": [], "volume_cap": "x",
        }  # fmt: skip
        live = {"exchange": "practice", "symbols": ["BTC/USDT", "/"], "leverage": 5, "execution": execution}
        write_config(self.base, live)
        number = "allowed: a number at least 1 and at most 1000"
        expected = [
            "symbols[1]: '/' — allowed: a symbol such as BTC/USDT or BTCUSDT",
            f"execution.perpetual.leverage: 0 — {number}",
            f"execution.perpetual.leverages.BTC/USDT: '5' — {number}, without quotes",
            "execution.perpetual.leverages.' X': ' X' — allowed: a configured symbol",
            "execution.perpetual.missing_funding: 'zeros' (did you mean zero?) — allowed: error or warning or zero",
            "execution.exits.ladder[0].distance: is missing — allowed: a number above 0 and at most 1000",
            "execution.exits.ladder[0].dist: unknown key (did you mean distance?) — allowed keys: fraction, distance",
            "execution.exits.ladder[1]: 7 — allowed: a section with the keys fraction, distance",
            "execution.exits.max_holding: 0 — allowed: a whole number at least 1 and at most 1000000 or null",
            "execution.commission.tiers[0].taker: '0.1%' — allowed: a number at least 0 and below 0.1 (a percentage is "
            "written as a fraction: 0.01 for 1%)",
            "execution.spread.modle: unknown key (did you mean model?) — allowed keys: model, fraction, candles",
            "execution.volume_cap: 'x' — allowed: a number above 0 and at most 1 or null",
        ]
        lines = self.problems()
        for line in expected:
            self.assertEqual(1, lines.count(f"config/live.yaml: {line}"), (line, lines))
        for start in (
            "config/live.yaml: execution.ladder: unknown key (did you mean exits.ladder?) — allowed keys: ",
            "config/live.yaml: leverage: unknown key (did you mean execution.perpetual.leverage?) — allowed keys: ",
        ):
            self.assertEqual(1, sum(line.startswith(start) for line in lines), (start, lines))
        self.assertEqual(len(expected) + 2, len(lines), lines)

    def test_a_null_or_scalar_in_the_place_of_a_section_says_its_keys(self) -> None:
        for value in (5, True, [], "on"):
            with self.subTest(value=value):
                execution = {"execution": {"perpetual": value}}
                write_config(self.base, {"exchange": "practice", "symbols": ["BTC/USDT"], **execution})
                (line,) = self.problems()
                self.assertIn("allowed: a section with the keys leverage, leverages, ", line)
                self.assertTrue(line.endswith(", stop_trigger, or null"), line)

    def test_what_is_left_out_has_its_default(self) -> None:
        settings = load_settings(write_config(self.base))
        self.assertEqual(10_000.0, settings.live.execution.starting_balance)
        self.assertEqual("scalping_ema_rsi", settings.live.strategy.type)
        self.assertEqual(21, settings.live.strategy.params["ema_slow"])
        self.assertEqual(10, settings.mode.limits().max_open_trades)

    def test_symbols_keep_spelling_and_order(self) -> None:
        path = write_config(self.base, {"exchange": "practice", "symbols": ["eth-usdt", "BTCUSDT", "SOL/USDT"]})
        self.assertEqual(("eth-usdt", "BTCUSDT", "SOL/USDT"), load_settings(path).live.symbols)

    def test_all_problems_of_all_files_are_named_at_once(self) -> None:
        write_config(
            self.base,
            {
                "exchange": "binanse", "symbols": ["BTCUSDT", "BTC/USDT"], "timeframe": "7x", "exectuion": {},
                "execution": {"slipage": 0.1, "slippage": "0.001", "max_order_wait": 0},
                "strategy": {"type": "scalping_ema_rsj", "params": {}},
            },
            {"max_exposure": 1001, "defualt_slippage": 0.1},
            {"mode": "live", "max_drawdown_pct": True},
        )  # fmt: skip
        lines = self.problems()
        for start in (
            "config/live.yaml: exchange: 'binanse' (did you mean binance?) — allowed: practice, ",
            "config/live.yaml: timeframe: '7x' — allowed: ",
            "config/live.yaml: exectuion: unknown key (did you mean execution?) — allowed keys: exchange, ",
            "config/live.yaml: execution.slipage: unknown key (did you mean slippage?) — allowed keys: ",
            "config/live.yaml: execution.slippage: '0.001' — allowed: a number at least 0 and below 0.1, with",
            "config/live.yaml: execution.max_order_wait: 0 — allowed: a whole number at least 1",
            "config/live.yaml: strategy.type: 'scalping_ema_rsj' (did you mean scalping_ema_rsi?) — allowed: ",
            "config/risk.json: max_exposure: 1001 — allowed: a number above 0 and at most 1000",
            "config/risk.json: defualt_slippage: unknown key (did you mean default_slippage?) — allowed keys: ",
            "config/trading_mode.yaml: mode: 'live' — allowed: paper or monitor; ",
            "config/trading_mode.yaml: max_drawdown_pct: true — allowed: a number above 0 and at most 1",
        ):
            self.assertEqual(1, sum(line.startswith(start) for line in lines), (start, lines))
        self.assertEqual(11, len(lines), lines)

    def test_unreadable_files_are_one_line_each(self) -> None:
        write_config(self.base, "symbols: [BTC/USDT\n", b"\xff\xfe", "mode: paper\nmode: paper\n")
        lines = self.problems()
        self.assertEqual(2, len(lines), lines)
        self.assertTrue(lines[0].startswith("config/live.yaml: line 2, column 1: "), lines)
        self.assertTrue(lines[1].startswith("config/trading_mode.yaml: line 2, column 1: "), lines)
        write_config(self.base, None, b"\xff\xfe", "mode: paper\nmode: paper\n")
        self.assertEqual(
            [
                "config/risk.json: line 1 is not UTF-8 text",
                "config/trading_mode.yaml: line 2, column 1: the key 'mode' stands twice",
            ],
            self.problems(),
        )

    def test_missing_files_are_named_with_the_places_looked_at(self) -> None:
        path = write_config(self.base)
        (self.base / "config/risk.json").unlink()
        (self.base / "config/trading_mode.yaml").unlink()
        self.assertEqual(
            [
                "config/live.yaml: risk.config_file: 'config/risk.json' names no file — looked for "
                "config/risk.json, config/config/risk.json",
                "trading_mode.yaml: there is no such file — looked for config/trading_mode.yaml, "
                "config/config/trading_mode.yaml",
            ],
            self.problems(),
        )
        path.unlink()
        self.assertEqual("config/live.yaml: there is no such file", self.problems()[0])

    def test_a_folder_is_no_risk_file(self) -> None:
        for written, words in ((".", "'.' names no file"), ("", "''"), ("/dev/null", "'/dev/null' names no file")):
            with self.subTest(written=written):
                write_config(
                    self.base, {"exchange": "practice", "symbols": ["BTC/USDT"], "risk": {"config_file": written}}
                )
                (line,) = self.problems()
                self.assertTrue(line.startswith(f"config/live.yaml: risk.config_file: {words}"), line)

    def test_a_missing_key_says_what_belongs_there(self) -> None:
        write_config(self.base, {"exchange": "practice"})
        self.assertEqual(
            [
                "config/live.yaml: symbols: is missing — allowed: a list of one or more symbols such as BTC/USDT or "
                "BTCUSDT"
            ],
            self.problems(),
        )

    def test_a_config_outside_config_takes_the_other_files_from_the_base(self) -> None:
        write_config(self.base, risk={"max_exposure": 0.03}, mode={"max_open_trades": 4})
        outside = self.base / "examples/mine.yaml"
        outside.parent.mkdir()
        outside.write_text('{"exchange": "practice", "symbols": ["BTC/USDT"]}', encoding="utf-8")
        settings = load_settings(outside)
        self.assertEqual((0.03, 4), (settings.risk.max_exposure, settings.mode.max_open_trades))

    def test_files_beside_the_config_come_first(self) -> None:
        write_config(self.base, risk={"max_exposure": 0.03}, mode={"max_open_trades": 4})
        outside = self.base / "examples/mine.yaml"
        outside.parent.mkdir()
        (outside.parent / "risk.json").write_text('{"max_exposure": 0.04}')
        (outside.parent / "trading_mode.yaml").write_text("max_open_trades: 7")
        for source, exposure in (
            ({}, 0.04),
            ({"config_file": "risk.json"}, 0.04),
            ({"config_file": "config/risk.json"}, 0.03),
        ):
            with self.subTest(source):
                outside.write_text(json.dumps({"exchange": "practice", "symbols": ["BTC/USDT"], "risk": source}))
                settings = load_settings(outside)
                self.assertEqual((exposure, 7), (settings.risk.max_exposure, settings.mode.max_open_trades))

    def test_the_working_directory_is_looked_at_last_and_never_for_a_given_base(self) -> None:
        elsewhere = self.base / "elsewhere/deep/mine.yaml"
        elsewhere.parent.mkdir(parents=True)
        elsewhere.write_text('{"exchange": "practice", "symbols": ["BTC/USDT"]}')
        write_config(self.base / "work", risk={"max_exposure": 0.02})
        with contextlib.chdir(self.base / "work"):
            self.assertEqual(0.02, load_settings(elsewhere).risk.max_exposure)
            with self.assertRaises(ConfigValidationError):
                load_settings(elsewhere, base_path=elsewhere.parent)

    def test_an_absolute_risk_file_is_taken_as_it_is(self) -> None:
        own = self.base / "own.json"
        own.write_text('{"max_exposure": 0.07}')
        path = write_config(
            self.base, {"exchange": "practice", "symbols": ["BTC/USDT"], "risk": {"config_file": str(own)}}
        )
        self.assertEqual(0.07, load_settings(path).risk.max_exposure)

    def test_arguments_replace_keys_and_are_named_when_wrong(self) -> None:
        path = write_config(self.base)
        settings = load_settings(path, symbols=["SOLUSDT"], interval="1h", data_dir=self.base / "store")
        self.assertEqual((("SOLUSDT",), "1h"), (settings.live.symbols, settings.live.timeframe))
        self.assertEqual(str(self.base / "store"), settings.live.data.cache_dir)
        self.assertEqual(("A/B", "C/B"), load_settings(path, symbols="A/B, C/B").live.symbols)
        lines = self.problems(symbols=["BTCUSDT", "btc/usdt"], interval="7m")
        self.assertEqual(2, len(lines), lines)
        self.assertTrue(lines[0].startswith("argument: symbols[1]: 'btc/usdt' is 'BTCUSDT' again"), lines)
        self.assertTrue(lines[1].startswith("argument: interval: practice has no 7m candles — allowed: 1m, "), lines)
        self.assertIn("argument: symbols: a list of 0", self.problems(symbols=[])[0])
        self.assertIn("argument: symbols: 'a set of 2' — allowed: a list", self.problems(symbols={"A/B", "C/B"})[0])

    def test_validate_all_configs_returns_the_sections_and_the_hash(self) -> None:
        write_config(self.base)
        checked = validate_all_configs(self.base)
        self.assertEqual({"live", "risk", "trading_mode", "settings_sha256"}, set(checked))
        settings = load_settings(self.base / "config/live.yaml")
        self.assertEqual(settings.settings_sha256, checked["settings_sha256"])
        self.assertEqual(settings.resolved(), {key: checked[key] for key in ("live", "risk", "trading_mode")})
        with self.assertRaises(ConfigValidationError):
            validate_all_configs(self.base / "nowhere")

    def test_loading_imports_no_heavy_library(self) -> None:
        program = (
            "import sys; from validation import load_settings; load_settings();"
            "print([name for name in ('numpy', 'pandas', 'ccxt', 'duckdb', 'pyarrow', 'rich') if name in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
        )
        self.assertEqual("[]\n", done.stdout)

    def test_the_environment_changes_nothing(self) -> None:
        path = write_config(self.base)
        program = f"from validation import load_settings; print(load_settings({str(path)!r}).settings_sha256)"
        outputs = set()
        for extra in (
            {},
            {"EXCHANGE": "kraken", "SLIPPAGE": "0.01", "EXECUTION__SLIPPAGE": "0.01", "TZ": "Asia/Tokyo"},
        ):
            done = subprocess.run(
                [sys.executable, "-c", program],
                cwd=REPOSITORY,
                env={**os.environ, **extra},
                capture_output=True,
                check=True,
            )
            outputs.add(done.stdout)
        self.assertEqual(1, len(outputs))


if __name__ == "__main__":
    unittest.main()
