"""RiskConfig: defaults, what it refuses, and its file form."""

import math
import tempfile
import unittest
from pathlib import Path

from core.errors import ConfigurationError
from risk_management.risk_config import RiskConfig

IMPOSSIBLE = {
    "base_account_size": (0, -1, math.nan, math.inf, "10000", True, None, 10**400, 1.1e15),
    "default_risk_per_trade": (0, -0.01, 1.01, "1%", math.nan, False),
    "max_exposure": (0, -0.05, 1000.1, math.inf),
    "default_slippage": (-0.0001, 0.1, 1, "0.0005"),
    "default_sl_atr_mult": (0, -1.5, math.nan, 1001),
    "default_tp_atr_mult": (0, -3, "3"),
    "min_position_size_usd": (-1, math.nan, [10]),
    "enable_trailing_stop": (0, 1, "yes", "true", None),
    "trailing_stop_pct": (0, 1, 2, -0.02, math.nan),
    "trailing_stop_atr": (0, -1, 1001, math.nan, "3", True, 3),
}


class RiskConfigTest(unittest.TestCase):
    def test_defaults_are_one_percent_risk_and_no_cap(self) -> None:
        config = RiskConfig()
        self.assertEqual(10_000.0, config.base_account_size)
        self.assertEqual(0.01, config.default_risk_per_trade)
        self.assertIsNone(config.max_exposure)
        self.assertEqual(0.0005, config.default_slippage)
        self.assertEqual((1.5, 3.0), (config.default_sl_atr_mult, config.default_tp_atr_mult))
        self.assertEqual(10.0, config.min_position_size_usd)
        self.assertEqual((False, 0.02), (config.enable_trailing_stop, config.trailing_stop_pct))

    def test_every_field_refuses_impossible_values_as_value_errors(self) -> None:
        self.assertEqual(set(RiskConfig.model_fields), set(IMPOSSIBLE))
        for name, values in IMPOSSIBLE.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    with self.assertRaises(ValueError):
                        RiskConfig(**{name: value})
                    with self.assertRaises(ConfigurationError) as caught:
                        RiskConfig.from_dict({name: value})
                    self.assertIn(f"RiskConfig: {name}: ", str(caught.exception))
                    self.assertNotIn("\n", str(caught.exception))

    def test_bounds_that_are_allowed_are_allowed(self) -> None:
        config = RiskConfig(max_exposure=1, default_risk_per_trade=1, default_slippage=0, min_position_size_usd=0)
        self.assertEqual(
            (1.0, 1.0, 0.0, 0.0),
            tuple(
                getattr(config, name)
                for name in ("max_exposure", "default_risk_per_trade", "default_slippage", "min_position_size_usd")
            ),
        )
        self.assertIs(float, type(config.max_exposure))

    def test_a_trailing_distance_in_atr_is_the_only_one_and_belongs_to_a_trailing_stop(self) -> None:
        self.assertEqual(3.0, RiskConfig(enable_trailing_stop=True, trailing_stop_atr=3).trailing_stop_atr)
        RiskConfig(enable_trailing_stop=True, trailing_stop_atr=3, trailing_stop_pct=0.02)
        for values, line in (
            ({"trailing_stop_atr": 3}, "trailing_stop_atr: 3.0 — allowed: with enable_trailing_stop true, or null"),
            (
                {"trailing_stop_atr": 3, "enable_trailing_stop": True, "trailing_stop_pct": 0.03},
                "trailing_stop_pct: 0.03 has no effect beside trailing_stop_atr — allowed: trailing_stop_atr null, or "
                "leave this key out",
            ),
        ):
            with self.assertRaises(ConfigurationError) as caught:
                RiskConfig.from_dict(values)
            self.assertEqual(f"RiskConfig: {line}", str(caught.exception))

    def test_an_unknown_key_names_the_nearest_one(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, r"max_expsure: unknown key \(did you mean max_exposure\?\)"):
            RiskConfig.from_dict({"max_expsure": 0.05})

    def test_all_problems_are_named_at_once(self) -> None:
        with self.assertRaises(ConfigurationError) as caught:
            RiskConfig.from_dict({"max_exposure": 2000, "trailing_stop_pct": 0, "foo": 1})
        self.assertEqual(3, len(str(caught.exception).splitlines()))

    def test_it_does_not_change_after_creation(self) -> None:
        with self.assertRaises(ValueError):
            RiskConfig().max_exposure = 0.5

    def test_from_file_reads_json_and_names_the_file_when_something_is_wrong(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "risk.json"
            path.write_text('{"max_exposure": 0.1, "enable_trailing_stop": true}', encoding="utf-8")
            self.assertEqual(RiskConfig(max_exposure=0.1, enable_trailing_stop=True), RiskConfig.from_file(path))
            self.assertEqual(RiskConfig.from_file(path), RiskConfig.from_file(str(path)))
            for text, word in (
                ('{"max_exposure": 0.1, "max_exposure": 0.2}', "'max_exposure' stands twice"),
                ('{"max_exposure": NaN}', "NaN"),
                ('{"max_exposure": 0.1', "line 1, column"),
                ("", "empty"),
                ("[1]", "holds no keys"),
                ('{"max_exposure": 3000}', "at most 1000"),
            ):
                with self.subTest(text=text):
                    path.write_text(text, encoding="utf-8")
                    with self.assertRaises(ConfigurationError) as caught:
                        RiskConfig.from_file(path)
                    self.assertTrue(str(caught.exception).startswith(f"{path}: "), str(caught.exception))
                    self.assertIn(word, str(caught.exception))
            with self.assertRaisesRegex(ConfigurationError, "no such file"):
                RiskConfig.from_file(Path(folder) / "absent.json")


if __name__ == "__main__":
    unittest.main()
