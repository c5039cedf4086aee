"""Candles, steps, instruments, signals and the errors' tree."""

import inspect
import unittest
from decimal import Decimal

from core import errors
from core.candle import Candle, Step
from core.instrument import Instrument
from core.trading_signal import FLAT, Signal


class CandlesAndSteps(unittest.TestCase):
    def test_they_do_not_change_and_compare_by_value(self) -> None:
        candle = Candle(0, 1.0, 2.0, 0.5, 1.5, 10.0)
        self.assertEqual(candle, Candle(0, 1.0, 2.0, 0.5, 1.5, 10.0))
        self.assertEqual(("open_time_ms", "open", "high", "low", "close", "volume"), candle.__struct_fields__)
        with self.assertRaises(AttributeError):
            candle.close = 3.0  # type: ignore[misc]
        with self.assertRaises(AttributeError):
            Step(60_000, (candle, None)).time_ms = 0  # type: ignore[misc]

    def test_flat_has_no_distances(self) -> None:
        self.assertEqual(("FLAT", None, None), (FLAT.direction, FLAT.sl_distance, FLAT.tp_distance))
        first, second = Signal("LONG"), Signal("LONG")
        first.metadata["seen"] = True
        self.assertEqual({}, second.metadata)


class Instruments(unittest.TestCase):
    def test_unknown_rules_are_eight_digits_without_minimums(self) -> None:
        rules = Instrument("BTC/USDT")
        self.assertEqual((Decimal("1e-8"), Decimal("1e-8")), (rules.tick_size, rules.lot_size))
        self.assertEqual((0, 0), (rules.min_notional, rules.min_quantity))

    def test_rules_are_finite_decimals_not_below_zero_and_the_error_says_which(self) -> None:
        for name in ("tick_size", "lot_size", "min_notional", "min_quantity"):
            for value in (Decimal("-0.01"), Decimal("NaN"), Decimal("Infinity"), 0.01, 1, "0.01", None):
                with self.subTest(name, value=value), self.assertRaisesRegex(ValueError, f"BTC/USDT: {name}"):
                    Instrument("BTC/USDT", **{name: value})
            Instrument("BTC/USDT", **{name: Decimal(0)})


class ErrorTree(unittest.TestCase):
    def test_every_error_is_a_harness_error_with_the_exit_code_of_its_group(self) -> None:
        codes = {
            "HarnessError": 1,
            "ConfigurationError": 2,
            "DataUnavailableError": 3,
            "StrategyError": 2,
            "Uncovered": 1,
            "CandleError": 1,
            "FeedError": 1,
            "StoreError": 1,
            "ParityError": 4,
            "InvariantError": 1,
        }
        found = {
            name: kind.exit_code
            for name, kind in inspect.getmembers(errors, inspect.isclass)
            if issubclass(kind, Exception)
        }
        self.assertEqual(codes, found)
        for name in codes:
            with self.subTest(name):
                self.assertTrue(issubclass(getattr(errors, name), errors.HarnessError))
                self.assertIn(name, errors.__doc__ or "")

    def test_wrong_settings_and_rows_are_value_errors_and_defects_are_not(self) -> None:
        self.assertTrue(issubclass(errors.ConfigurationError, ValueError))
        self.assertTrue(issubclass(errors.CandleError, ValueError))
        self.assertFalse(issubclass(errors.InvariantError, ValueError))


if __name__ == "__main__":
    unittest.main()
