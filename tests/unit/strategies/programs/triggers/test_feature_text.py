"""Features as text: what is understood, and what is said of the rest."""

import unittest

from core.errors import ConfigurationError
from indicators.averages.ema import EMA
from indicators.features.feature import Feature
from indicators.momentum.macd import MACD
from indicators.momentum.rsi import RSI
from indicators.registry import INDICATORS
from indicators.statistics.quantiles import Quantile
from indicators.volatility.channels import BollingerBands
from strategies.programs.triggers.feature_text import feature_of, indicator_names, source_of


class FeatureText(unittest.TestCase):
    def test_a_text_is_the_indicator_that_python_would_build(self) -> None:
        for text, expected in (
            ("close", "close"),
            ("hl2", "hl2"),
            ("rsi(14)", RSI(14)),
            (" RSI( 14 ) ", RSI(14)),
            ("rsi()", RSI()),
            ("ema(20, volume)", EMA(20, "volume")),
            ("ema(20, of='volume')", EMA(20, "volume")),
            ("ema(9, of=rsi(14))", EMA(9, RSI(14))),
            ("ema(9, macd(12, 26, 9).signal)", EMA(9, MACD(12, 26, 9).signal)),
            ("macd(signal_period=5)", MACD(signal_period=5)),
            ("macd(12, 26, 9).histogram", MACD(12, 26, 9).histogram),
            ("rsi(14).value", RSI(14)),
            ("bb(20, 2.5).upper", BollingerBands(20, 2.5).upper),
            ("bollinger_bands(20, 2.5).upper", BollingerBands(20, 2.5).upper),
            ("quantile(50, 0.9)", Quantile(50, 0.9)),
        ):
            with self.subTest(text):
                self.assertEqual(expected, source_of(text))

    def test_a_period_is_the_length_of_the_candles(self) -> None:
        self.assertEqual(Feature(RSI(14), "4h"), feature_of("rsi(14)", "4h"))
        self.assertEqual(Feature(RSI(14)), feature_of("rsi(14)"))
        with self.assertRaisesRegex(ConfigurationError, "timeframe '4q' is not understood"):
            feature_of("rsi(14)", "4q")

    def test_every_indicator_of_the_registry_has_a_name_that_is_read(self) -> None:
        numbers = {"Quantile": "14, 0.5"}
        self.assertEqual(len(INDICATORS), len(set(indicator_names())))
        for name, kind in zip(indicator_names(), INDICATORS.values(), strict=True):
            needed = numbers.get(kind.__name__, "14" if kind.__struct_fields__ and kind is not MACD else "")
            if kind.__name__ in ("ParabolicSAR", "SessionVWAP", "TrueRange"):
                needed = ""
            with self.subTest(name):
                self.assertIsInstance(source_of(f"{name}({needed})"), kind)

    def test_what_is_no_feature_is_one_line_that_says_what_is_allowed(self) -> None:
        for text, said in (
            ("rsl(14)", r"there is no indicator 'rsl' \(did you mean rsi\?\) — allowed: sma, ema, "),
            ("clos", r"there is no price 'clos' \(did you mean close\?\) — allowed: open, high, low, close"),
            ("rsi", r"rsi is an indicator and is written with its numbers, as in rsi\(14\) — "),
            ("rsi(0)", r"rsi\(0\): period must be at least 1, got 0 — allowed: as in rsi\(14\)"),
            ("rsi(-3)", r"rsi\(-3\): period must be at least 1, got -3 — allowed: as in rsi\(14\)"),
            ("rsi(14.5)", r"^rsi\(14.5\): period is 14.5 — allowed: a whole number, as in rsi\(14\)$"),
            ("rsi(14.0)", r"^rsi\(14.0\): period is 14.0 — allowed: a whole number, as in rsi\(14\)$"),
            ("rsi(x)", r"^rsi\(x\): period is 'x' — allowed: a whole number, as in rsi\(14\)$"),
            ("rsi('14')", "period is \"'14'\" — allowed: a whole number"),
            ("rsi(True)", "period is 'True' — allowed: a whole number"),
            ("bb(20, x).upper", r"deviations is 'x' — allowed: a number, as in bollinger_bands\(20, 2.0\)"),
            ("bb(20, -2).upper", r"^bb\(20, -2\): deviations must be a number above 0, got -2 — "),
            ("rsi(14, 3)", r"^rsi\(14, 3\): of is 3 — allowed: another indicator, or a price: open, high, low"),
            ("rsi14", r"there is no price 'rsi14' \(did you mean rsi\(14\)\?\)"),
            ("30", "^30 is a number, and neither an indicator nor a price — allowed: "),
            ("-0.5", "^-0.5 is a number, and neither"),
            ("rsi(peroid=3)", r"rsi has no peroid \(did you mean period\?\) — allowed: period, of"),
            ("rsi(14, period=3)", "rsi: period stands twice"),
            ("true_range(3)", r"^true_range\(3\): true_range takes nothing — allowed: as in true_range\(\)"),
            ("rsi(14, close, 3)", r"^rsi\(14, close, 3\): rsi takes no more than period and of — allowed: as in"),
            ("ema()", r"ema\(\) lacks period — allowed: as in ema\(14\)"),
            ("macd().signl", r"macd\(\) has no output 'signl' \(did you mean signal\?\) — allowed: line, signal, hist"),
            ("ema(9, macd())", "MACD has several outputs; name one of line, signal, histogram"),
            ("sma(1000000)", r"^sma\(1000000\): period is 1000000 — allowed: at most 10,000"),
            ("sma(-1000000)", "period is -1000000 — allowed: at most 10,000"),
            ("sma(9e999)", "period is inf — allowed: a whole number"),
            ("bb(20, 9e999).upper", "deviations is inf — allowed: at most 10,000"),
            ("rsi(14", r"'rsi\(14' cannot be understood — allowed: an indicator such as rsi\(14\)"),
            ("rsi(14) + 1", r"'rsi\(14\) \+ 1' cannot be understood"),
            ("().__class__.__bases__", "cannot be understood"),
            ("rsi(14).__class__", "has no output '__class__'"),
            ("__import__('os')", "there is no indicator '__import__'"),
            ("rsi(**{})", r"rsi has no \*\*"),
            ("rsi(*[1])", r"period is '\*\[1\]' — allowed: a whole number"),
            ("sma(3, " * 7 + "close" + ")" * 7, "more than five deep"),
            ("x" * 300, "a feature of 300 characters"),
            ("", "'' is no feature"),
        ):
            with self.subTest(text), self.assertRaisesRegex(ConfigurationError, said) as caught:
                feature_of(text)
            self.assertNotIn("\n", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
