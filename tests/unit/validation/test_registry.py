"""The strategy registry: spellings, a user's own class, and that names cost no heavy import."""

import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from core.errors import ConfigurationError, StrategyError
from strategies.strategy_registry import (
    STRATEGIES,
    build_strategy,
    canonical_strategy,
    params_model,
    strategy_class,
    strategy_names,
)
from tests.support.shared import REPOSITORY


class RegistryTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        sys.path.insert(0, folder.name)
        self.addCleanup(sys.path.remove, folder.name)

    def own(self, module: str, text: str) -> str:
        (self.folder / f"{module}.py").write_text(textwrap.dedent(text), encoding="utf-8")
        self.addCleanup(sys.modules.pop, module, None)
        return f"{module}:Idea"

    def test_every_registered_name_leads_to_a_strategy_and_its_parameters(self) -> None:
        examples = ["btc_regime", "confluence", "donchian_breakout", "rsi_reversion", "trend_filter", "vwap_reversion"]
        self.assertEqual(sorted([*examples, "scalping_ema_rsi"]), strategy_names())
        for name in STRATEGIES:
            model = params_model(name)
            self.assertIsNotNone(model)
            strategy = build_strategy(name, {}, "1m", ("BTC/USDT",))
            self.assertIsInstance(strategy, strategy_class(name))
            self.assertGreater(strategy.warmup_candles, 0)

    def test_spellings_of_a_name(self) -> None:
        for spelling in ("ScalpingEMARSI", "scalping_ema_rsi", "scalping-ema-rsi", "SCALPING EMA RSI"):
            self.assertEqual("scalping_ema_rsi", canonical_strategy(spelling))
        for spelling in ("scalping", "", "a:b:c", "a b:C", "os.path", ":", "1a:B"):
            with self.subTest(spelling=spelling), self.assertRaises(ConfigurationError):
                canonical_strategy(spelling)
        with self.assertRaisesRegex(ConfigurationError, r"did you mean scalping_ema_rsi\?"):
            canonical_strategy("scalping_ema_rsx")

    def test_parameters_reach_the_strategy_and_wrong_ones_are_named(self) -> None:
        longer = build_strategy("scalping_ema_rsi", {"ema_slow": 200})
        self.assertGreater(longer.warmup_candles, build_strategy("scalping_ema_rsi", {}).warmup_candles)
        with self.assertRaisesRegex(
            ConfigurationError, r"strategy scalping_ema_rsi: params\.ema_fast: 3 — allowed: below ema"
        ):
            build_strategy("scalping_ema_rsi", {"ema_slow": 3, "ema_fast": 3})
        with self.assertRaisesRegex(ConfigurationError, r"strategy scalping_ema_rsi: params\.emaslow: unknown key"):
            build_strategy("scalping_ema_rsi", {"emaslow": 3})

    def test_a_class_of_ones_own_gets_its_parameters_unchecked(self) -> None:
        path = self.own(
            "own_frames",
            """
            class Idea:
                warmup_candles = 1
                def __init__(self, config): self.config = config
                def add_indicators(self, df): return df
                def generate_signal(self, df): return {"signal": "FLAT", "metadata": {}}
            """,
        )
        self.assertIsNone(params_model(path))
        given = {"anything": [1, {"deep": True}]}
        built = build_strategy(path, given)
        self.assertEqual(given, built.config)
        self.assertIsNot(given, built.config)

    def test_a_class_of_ones_own_may_bring_a_model(self) -> None:
        path = self.own(
            "own_model",
            """
            from pydantic import BaseModel
            class Params(BaseModel, extra="forbid"):
                length: int = 5
            class Idea:
                params_model = Params
                warmup_candles = 0
                def __init__(self, config): self.config = config
                def stream(self): ...
            """,
        )
        self.assertEqual({"length": 5}, build_strategy(path, {}).config)
        with self.assertRaisesRegex(ConfigurationError, r"params\.lenght: unknown key \(did you mean length\?\)"):
            build_strategy(path, {"lenght": 7})
        with self.assertRaisesRegex(ConfigurationError, r"params\.length: 'x' — allowed: a whole number"):
            build_strategy(path, {"length": "x"})

    def test_what_a_users_module_or_constructor_raises_is_one_line_with_its_cause(self) -> None:
        broken = self.own("own_broken", "raise RuntimeError('first\\nsecond')")
        with self.assertRaises(ConfigurationError) as caught:
            strategy_class(broken)
        self.assertEqual(
            "strategy 'own_broken:Idea' cannot be imported: RuntimeError: first second (own_broken.py:1)",
            str(caught.exception),
        )
        self.assertIsInstance(caught.exception.__cause__, RuntimeError)
        elsewhere = self.own("own_elsewhere", "class Ideas:\n    def stream(self, symbol): ...")
        named = r"own_elsewhere has no class Idea \(did you mean Ideas\?\) — its strategies: Ideas$"
        with self.assertRaisesRegex(ConfigurationError, named):
            strategy_class(elsewhere)
        leaving = self.own("own_leaving", "raise SystemExit(0)")
        with self.assertRaisesRegex(ConfigurationError, r"cannot be imported: SystemExit: 0 \(own_leaving.py:1\)"):
            strategy_class(leaving)
        raising = self.own(
            "own_raising",
            """
            class Idea:
                def __init__(self, config): raise KeyError("length")
                def stream(self): ...
            """,
        )
        with self.assertRaisesRegex(StrategyError, "strategy own_raising:Idea cannot be built: KeyError: 'length'"):
            build_strategy(raising, {})
        syntax = self.own("own_syntax", "class Idea(:")
        with self.assertRaisesRegex(ConfigurationError, "SyntaxError"):
            strategy_class(syntax)
        odd = self.own("own_odd", "class Idea:\n    params_model = 5\n    def stream(self): ...")
        with self.assertRaisesRegex(ConfigurationError, "params_model must be a pydantic model"):
            params_model(odd)

    def test_the_working_directory_can_be_imported_from_a_script_elsewhere(self) -> None:
        self.own("own_here", "class Idea:\n    def stream(self): ...")
        program = (
            f"import sys; sys.path[:] = [path for path in sys.path if path] + [{str(REPOSITORY)!r}];"
            "from strategies.strategy_registry import strategy_class; print(strategy_class('own_here:Idea').__name__)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=self.folder, capture_output=True, text=True, check=True
        )
        self.assertEqual("Idea\n", done.stdout)

    def test_names_and_models_import_neither_numpy_nor_pandas(self) -> None:
        program = (
            "import sys; from strategies.strategy_registry import *; strategy_names(); params_model('ScalpingEMARSI');"
            "print([name for name in ('numpy', 'pandas', 'ccxt') if name in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
        )
        self.assertEqual("[]\n", done.stdout)


if __name__ == "__main__":
    unittest.main()
