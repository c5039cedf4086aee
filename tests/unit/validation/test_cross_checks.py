"""Checks between sections and files: exchange and store, strategy and parameters, risk and limits."""

import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from engine.assembly import with_own_strategy
from tests.support.config_tree import write_config
from validation import ConfigValidationError, Settings, load_settings


class CrossChecksTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.live: dict[str, object] = {"exchange": "practice", "symbols": ["BTC/USDT"]}

    def load(
        self, risk: dict[str, object] | None = None, mode: dict[str, object] | None = None, **live: object
    ) -> Settings:
        """Load settings as the commands do."""
        path = write_config(self.base, {**self.live, **live}, risk, mode)
        return with_own_strategy(load_settings(path, base_path=self.base))

    def own(self, module: str, text: str) -> str:
        """Write a module of a user's own with a class ``Idea`` in it."""
        (self.base / f"{module}.py").write_text(textwrap.dedent(text), encoding="utf-8")
        sys.path.insert(0, str(self.base))
        self.addCleanup(sys.path.remove, str(self.base))
        self.addCleanup(sys.modules.pop, module, None)
        return f"{module}:Idea"

    def wrong(self, *args: dict[str, object] | None, **live: object) -> list[str]:
        with self.assertRaises(ConfigValidationError) as caught:
            self.load(*args, **live)
        return [line.replace(f"{self.base}/", "") for line in caught.exception.problems]

    def test_exchange_spellings_become_one_name(self) -> None:
        for spelling in ("binance_us", "binanceus", "BinanceUS"):
            self.assertEqual("binanceus", self.load(exchange=spelling).live.exchange)

    def test_a_timeframe_the_exchange_lacks_is_refused_with_those_it_has(self) -> None:
        self.assertEqual("4h", self.load(timeframe="4h").live.timeframe)
        for timeframe in ("7m", "10s", "3d", "1M", "15", "1 h", ""):
            with self.subTest(timeframe=timeframe):
                (line,) = self.wrong(timeframe=timeframe)
                self.assertTrue(line.startswith("config/live.yaml: timeframe: "), line)

    def test_a_set_in_the_candle_store_is_an_exchange_with_any_timeframe_of_the_grid(self) -> None:
        store = self.base / "store"
        name = "binance-perp@2024-2026"
        data = {"cache_dir": str(store)}
        self.assertIn(f"--exchange {name} FILE...`", self.wrong(exchange=name, data=data)[0])
        (store / name).mkdir(parents=True)
        self.assertEqual(name, self.load(exchange=name, data=data, timeframe="7m").live.exchange)
        self.assertIn(
            "did you mean binance-perp@2024-2026?", self.wrong(exchange="binance-perp@2024-2025", data=data)[0]
        )
        self.assertIn("timeframe: '1M'", self.wrong(exchange=name, data=data, timeframe="1M")[0])
        for trick in (".", "..", f"../{store.name}/{name}", str(store / name)):
            with self.subTest(trick=trick):
                self.assertIn("config/live.yaml: exchange: ", self.wrong(exchange=trick, data=data)[0])

    def test_a_set_that_is_not_stored_is_to_be_imported_and_the_state_of_the_store_is_said(self) -> None:
        store = self.base / "store"
        data = {"cache_dir": str(store)}

        def line() -> str:
            (only,) = self.wrong(exchange="binance-perp", data=data)
            self.assertNotIn("did you mean", only)
            self.assertIn("imported with `python -m market_data import --exchange binance-perp FILE...`", only)
            return only.partition(" — ")[0]

        start = "config/live.yaml: exchange: 'binance-perp' is no exchange, and "
        self.assertEqual(f"{start}the folder store of the candle store does not exist", line())
        store.touch()
        self.assertEqual(f"{start}store, which should be the candle store, is not a folder", line())
        store.unlink()
        store.mkdir()
        self.assertEqual(f"{start}the candle store store is empty", line())
        for name in "abcdef":
            (store / name).mkdir()
        self.assertEqual(f"{start}the candle store store holds a, b, c, d, e and 1 more", line())
        (only,) = self.wrong(exchange="a b", data=data)
        self.assertIn("import --exchange NAME FILE...`", only)

    def test_only_a_misspelled_exchange_brings_a_hint(self) -> None:
        for spelling, meant in (
            ("binanse", "binance"),
            ("krakenn", "kraken"),
            ("practise", "practice"),
            ("okxx", "okx"),
        ):
            self.assertIn(f"exchange: '{spelling}' (did you mean {meant}", self.wrong(exchange=spelling)[0])
        for spelling in ("mini", "binance-perp", "binance2", "binance-1", "my-set"):
            self.assertNotIn("did you mean", self.wrong(exchange=spelling)[0])

    def test_a_key_of_another_section_or_file_is_told_where_it_belongs(self) -> None:
        execution = {"detail_interval": "1m", "trailing_stop_atr": 3, "leverage": 5, "max_drawdown_pct": 0.1}
        lines = self.wrong({"slippage": 0.1, "default_slipage": 0}, {"leverage": 2}, execution=execution)
        found = {line.partition(" — ")[0] for line in lines}
        self.assertEqual(
            {
                "config/risk.json: slippage: unknown key (did you mean execution.slippage of live.yaml?)",
                "config/risk.json: default_slipage: unknown key (did you mean default_slippage?)",
                "config/trading_mode.yaml: leverage: unknown key "
                "(did you mean execution.perpetual.leverage of live.yaml?)",
                "config/live.yaml: execution.detail_interval: unknown key "
                "(did you mean detail_interval outside of all sections?)",
                "config/live.yaml: execution.trailing_stop_atr: unknown key "
                "(did you mean trailing_stop_atr of risk.json?)",
                "config/live.yaml: execution.leverage: unknown key (did you mean perpetual.leverage?)",
                "config/live.yaml: execution.max_drawdown_pct: unknown key "
                "(did you mean max_drawdown_pct of trading_mode.yaml?)",
            },
            found,
        )

    def test_what_was_meant_by_a_number_in_a_wrong_unit_is_said(self) -> None:
        execution = {
            "volume_cap": 10,
            "slippage": 0.5,
            "exits": {"break_even_after": 11},
            "slippage_model": {"model": "sqrt"},
        }
        lines = self.wrong(detail_interval=60, execution=execution)
        for words in (
            "detail_interval: 60 — allowed: a timeframe that the exchange serves and that divides timeframe or null; "
            "written like 1m or 15m",
            "volume_cap: 10 — allowed: a number above 0 and at most 1 or null (a fraction: 0.1 is 10 %)",
            "slippage: 0.5 — allowed: a number at least 0 and below 0.1 (a fraction: 0.005 is 0.5 %)",
            "break_even_after: 11 — allowed: a whole number at least 1 and at most 10 or null",
            "model: 'sqrt' (did you mean square_root?) — allowed: fixed or volatility or square_root",
        ):
            self.assertTrue(any(line.endswith(words) for line in lines), (words, lines))

    def test_parameters_are_checked_by_the_model_of_their_strategy_and_filled_in(self) -> None:
        settings = self.load(strategy={"type": "ScalpingEMARSI", "params": {"ema_fast": 5}})
        self.assertEqual("scalping_ema_rsi", settings.live.strategy.type)
        self.assertEqual(
            (5, 21, 50.0), tuple(settings.live.strategy.params[key] for key in ("ema_fast", "ema_slow", "rsi_long_min"))
        )
        self.assertEqual(
            ["config/live.yaml: strategy.params.ema_fast: 30 — allowed: below ema_slow (21)"],
            self.wrong(strategy={"params": {"ema_fast": 30}}),
        )
        (line,) = self.wrong(strategy={"params": {"sl_atr_multipel": 2}})
        self.assertIn("strategy.params.sl_atr_multipel: unknown key (did you mean sl_atr_multiple?)", line)
        (line,) = self.wrong(strategy={"params": {"sl_atr_multiple": 0}})
        self.assertIn("strategy.params.sl_atr_multiple: 0 — allowed: a number above 0", line)

    def test_default_strategy_serves_where_live_yaml_names_none(self) -> None:
        self.own("own_idea", "class Idea:\n    def stream(self): ...\n")
        mode: dict[str, object] = {"default_strategy": "own_idea:Idea"}
        settings = self.load(None, mode, strategy={"params": {"anything": [1, "two"]}})
        self.assertEqual(
            ("own_idea:Idea", {"anything": [1, "two"]}), (settings.live.strategy.type, settings.live.strategy.params)
        )
        self.assertEqual(
            "scalping_ema_rsi", self.load(None, mode, strategy={"type": "scalping_ema_rsi"}).live.strategy.type
        )

    def test_an_unknown_default_strategy_is_named_with_its_file(self) -> None:
        (line,) = self.wrong(None, {"default_strategy": "scalping_ema"})
        self.assertTrue(line.startswith("config/trading_mode.yaml: default_strategy: "), line)
        self.assertIn("did you mean scalping_ema_rsi?", line)

    def test_a_class_that_cannot_be_had_is_a_configuration_error(self) -> None:
        for path, words in (
            ("no_such_package.module:Class", "ModuleNotFoundError"),
            ("core.errors:NoSuchClass", "core.errors has no class NoSuchClass"),
            ("core.errors:ConfigurationError", "is not a class with features and decide or with stream"),
            ("core.timeframe:timeframe_ms", "is not a class with features and decide or with stream"),
            ("a:b:c", "allowed: btc_regime, confluence, "),
        ):
            with self.subTest(path=path):
                (line,) = self.wrong(strategy={"type": path})
                self.assertTrue(line.startswith("config/live.yaml: strategy.type: "), line)
                self.assertIn(words, line)

    def test_validation_runs_no_code_of_the_users(self) -> None:
        own = self.own("own_eager", "raise SystemExit('imported')")
        strategy = {"type": own, "params": {"length": "x"}}
        path = write_config(self.base, {**self.live, "strategy": strategy}, None, {"default_strategy": own})
        self.assertEqual(strategy, load_settings(path).live.strategy.model_dump())

    def test_the_parameters_of_a_class_of_ones_own_are_checked_and_completed_before_it_runs(self) -> None:
        own = self.own(
            "own_checked",
            """
            from pydantic import BaseModel
            class Params(BaseModel, extra="forbid"):
                length: int = 5
            class Idea:
                params_model = Params
                def stream(self): ...
            """,
        )
        self.assertEqual({"length": 5}, self.load(strategy={"type": own}).live.strategy.params)
        self.assertEqual(
            [
                "config/live.yaml: strategy.params.length: 'x' — allowed: a whole number",
                "config/live.yaml: strategy.params.lenght: unknown key (did you mean length?) — allowed keys: length",
            ],
            self.wrong(strategy={"type": own, "params": {"length": "x", "lenght": 7}}),
        )

    def test_unchecked_parameters_must_be_finite(self) -> None:
        self.own("own_other", "class Idea:\n    def stream(self): ...\n")
        path = write_config(
            self.base,
            "exchange: practice\nsymbols: [A/B]\nstrategy: {type: 'own_other:Idea', params: {a: [{b: .nan}]}}\n",
        )
        with self.assertRaisesRegex(
            ConfigValidationError, r"strategy\.params\.a\[0\]\.b: nan — allowed: finite numbers"
        ):
            load_settings(path)

    def test_risk_stays_within_the_safety_limits(self) -> None:
        self.load({"default_risk_per_trade": 0.02, "max_exposure": 0.2})
        (line,) = self.wrong({"default_risk_per_trade": 0.021})
        self.assertEqual(
            "config/risk.json: default_risk_per_trade: 0.021 — allowed: at most max_risk_per_trade_pct of "
            "config/trading_mode.yaml (0.02)",
            line,
        )
        (line,) = self.wrong({"max_exposure": 0.21})
        self.assertEqual(
            "config/risk.json: max_exposure: 0.21 — allowed: at most max_exposure_pct of config/trading_mode.yaml "
            "(0.2)",
            line,
        )
        strict = {"max_risk_per_trade_pct": 0.001, "max_exposure_pct": 0.01}
        self.assertEqual(2, len(self.wrong({"max_exposure": 0.05}, strict)))
        self.assertEqual(1, len(self.wrong({"max_exposure": None}, strict)))
        self.load({"max_exposure": 1}, {"max_exposure_pct": 1})

    def test_the_execution_section_rules_what_risk_json_may_repeat(self) -> None:
        execution: dict[str, object] = {"starting_balance": 500, "slippage": 0.001}
        settings = self.load({}, execution=execution)
        self.assertEqual((500.0, 0.001), (settings.risk.base_account_size, settings.risk.default_slippage))
        self.load({"base_account_size": 500, "default_slippage": 0.001}, execution=execution)
        lines = self.wrong({"base_account_size": 10000, "default_slippage": 0.0005}, execution=execution)
        self.assertEqual(
            [
                "config/risk.json: default_slippage: 0.0005 — allowed: 0.001, as execution.slippage of config/live.yaml"
                ", which rules; or leave this key out",
                "config/risk.json: base_account_size: 10000.0 — allowed: 500.0, as execution.starting_balance of "
                "config/live.yaml, which rules; or leave this key out",
            ],
            lines,
        )
        self.assertEqual(1, len(self.wrong({"default_slippage": 0.001})))


if __name__ == "__main__":
    unittest.main()
