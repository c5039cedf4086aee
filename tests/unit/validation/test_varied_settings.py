"""Settings with some values changed are those of files that say so."""

import tempfile
import unittest
from pathlib import Path

from engine.assembly import with_own_strategy
from tests.support.config_tree import write_config
from tests.support.shared import REPOSITORY
from validation.config_error import ConfigValidationError
from validation.loading import load_settings
from validation.overrides import Overrides
from validation.varied_settings import varied_settings

CONFIGS = (*sorted((REPOSITORY / "config").glob("*.yaml")), *sorted((REPOSITORY / "examples").glob("*.yaml")))


class VariedSettings(unittest.TestCase):
    def test_nothing_changed_is_the_base(self) -> None:
        seen = 0
        for path in CONFIGS:
            try:
                base = with_own_strategy(load_settings(path))
            except ConfigValidationError:
                continue  # No live.yaml, or one of candles that are not stored here.
            with self.subTest(path.name):
                seen += 1
                self.assertEqual(base, varied_settings(base, {}, "variation 0"))
        self.assertGreater(seen, 2)

    def test_a_change_is_what_the_files_would_say_with_it(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = write_config(Path(folder), live={"exchange": "practice", "symbols": ["BTC/USDT", "ETH/USDT"]})
            base = load_settings(path)
            for change in (
                {"execution": {"slippage": 0.002, "starting_balance": 5_000.0}},
                {"symbols": ["ETH/USDT"], "timeframe": "1h"},
                {"risk": {"max_exposure": 0.1}, "trading_mode": {"max_open_trades": 1}},
                {"strategy": {"type": "donchian_breakout", "params": {"period": 30}}},
            ):
                expected = load_settings(path, overrides=Overrides(change, "here"))
                dotted = {f"{key}.{name}": one for key, part in change.items() if isinstance(part, dict)
                          for name, one in part.items()}  # fmt: skip
                dotted |= {key: one for key, one in change.items() if not isinstance(one, dict)}
                for given in (change, dotted):
                    self.assertEqual(expected, varied_settings(base, given, "variation 0"))

    def test_what_is_wrong_is_named_with_the_variation(self) -> None:
        base = load_settings(REPOSITORY / "config" / "practice.yaml")
        cases: tuple[tuple[object, str], ...] = (
            ({"execution.slipage": 1}, "variation 3: execution.slipage: unknown key .did you mean slippage"),
            ({"risk.max_exposure": 0.5}, "variation 3: max_exposure: 0.5 — allowed: at most max_exposure_pct"),
            ({"trading_mode": {"max_open_trades": "x"}}, "variation 3: trading_mode.max_open_trades: 'x' — allowed"),
            ({"strategy.params.ema_fast": -1}, "variation 3: strategy.params.ema_fast: -1 — allowed"),
            ({"exchange": "kraken"}, "variation 3: exchange: is that of the base — allowed"),
            ([1], "variation 3: a list of 1 — allowed: a mapping"),
        )
        for given, words in cases:
            with self.subTest(words), self.assertRaisesRegex(ConfigValidationError, words):
                varied_settings(base, given, "variation 3")  # type: ignore[arg-type]


if __name__ == "__main__":
    unittest.main()
