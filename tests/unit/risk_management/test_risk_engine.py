"""The risk engine: formulas by hand, fallbacks, minimums, and impossible input."""

import json
import math
import unittest

from risk_management.risk_config import RiskConfig
from risk_management.risk_engine import RiskEngine

IMPOSSIBLE = (0.0, -1.0, math.nan, math.inf)


class RiskEngineTest(unittest.TestCase):
    def setUp(self) -> None:
        self.engine = RiskEngine(
            RiskConfig(
                default_risk_per_trade=0.01,
                max_exposure=0.5,
                default_sl_atr_mult=1.5,
                default_tp_atr_mult=3.0,
                min_position_size_usd=10.0,
            )
        )


class PositionSizes(RiskEngineTest):
    def test_it_is_risk_over_distance_and_nothing_else(self) -> None:
        # 10,000 x 0.01 / 4; nearer, 100 / 1, whatever max_exposure says
        self.assertEqual(25.0, self.engine.compute_position_size(10_000.0, 100.0, 96.0))
        self.assertEqual(25.0, self.engine.compute_position_size(10_000.0, 100.0, 104.0))
        self.assertEqual(100.0, self.engine.compute_position_size(10_000.0, 100.0, 99.0))
        self.assertEqual(12.5, self.engine.compute_position_size(10_000.0, 100.0, 96.0, risk_per_trade=0.005))

    def test_impossible_input_is_a_value_error_that_names_it(self) -> None:
        for wrong in IMPOSSIBLE:
            for place, name in enumerate(("equity", "entry_price", "stop_loss_price")):
                given = [10_000.0, 100.0, 96.0]
                given[place] = wrong
                with self.subTest(name, wrong=wrong), self.assertRaisesRegex(ValueError, name):
                    self.engine.compute_position_size(*given)
        for risk in (0.0, -0.01, 1.01, math.nan):
            with self.subTest(risk=risk), self.assertRaisesRegex(ValueError, "risk_per_trade"):
                self.engine.compute_position_size(10_000.0, 100.0, 96.0, risk)
        with self.assertRaisesRegex(ValueError, "no distance"):
            self.engine.compute_position_size(10_000.0, 100.0, 100.0)

    def test_defaults_are_those_of_the_settings(self) -> None:
        # 1 % over 4, without a cap
        self.assertEqual(25.0, RiskEngine().compute_position_size(10_000.0, 100.0, 96.0))
        self.assertEqual(25.0, RiskEngine().apply_risk_to_signal("LONG", 10_000.0, 100.0, None, 96.0)["position_size"])

    def test_the_cap_comes_with_the_signal(self) -> None:
        # 100 / 1 of risk, 5,000 / 100 by max_exposure 0.5
        capped = self.engine.apply_risk_to_signal("LONG", 10_000.0, 100.0, stop_loss_price=99.0)
        self.assertEqual(
            (50.0, 50.0, 5_000.0), tuple(capped[name] for name in ("position_size", "risk_usd", "position_value_usd"))
        )
        self.assertEqual((True, ""), RiskEngine().validate_trade(99.0, 100.0, 10_000.0, 99.0))
        self.assertFalse(self.engine.validate_trade(50.1, 100.0, 10_000.0)[0])

    def test_a_configuration_that_is_none_is_refused_at_once(self) -> None:
        for wrong in ({"default_risk_per_trade": 0.01}, 0.01, "risk.json"):
            with self.subTest(wrong), self.assertRaisesRegex(ValueError, "RiskEngine: config: .* RiskConfig.from_dict"):
                RiskEngine(wrong)


class LevelsFromAtr(RiskEngineTest):
    def test_multiples_on_both_sides(self) -> None:
        self.assertEqual((97.0, 106.0), self.engine.compute_sl_tp_from_atr(100.0, 2.0, "LONG"))
        self.assertEqual((103.0, 94.0), self.engine.compute_sl_tp_from_atr(100.0, 2.0, "SHORT"))
        self.assertEqual((98.0, 108.0), self.engine.compute_sl_tp_from_atr(100.0, 2.0, "buy", 1.0, 4.0))

    def test_without_a_multiple_there_is_no_target(self) -> None:
        engine = RiskEngine(RiskConfig(default_tp_atr_mult=None))
        self.assertEqual((97.0, None), engine.compute_sl_tp_from_atr(100.0, 2.0, "LONG"))
        self.assertEqual((97.0, 104.0), engine.compute_sl_tp_from_atr(100.0, 2.0, "LONG", tp_mult=2.0))
        self.assertIsNone(engine.apply_risk_to_signal("SHORT", 10_000.0, 100.0, atr=2.0)["take_profit"])

    def test_impossible_input_is_a_value_error(self) -> None:
        for wrong in IMPOSSIBLE:
            with self.subTest(wrong):
                for given in (
                    (wrong, 2.0, "LONG"),
                    (100.0, wrong, "LONG"),
                    (100.0, 2.0, "LONG", wrong),
                    (100.0, 2.0, "LONG", 1.0, wrong),
                ):
                    with self.assertRaises(ValueError):
                        self.engine.compute_sl_tp_from_atr(*given)
        for signal in ("FLAT", "", "UP"):
            with self.subTest(signal), self.assertRaisesRegex(ValueError, "LONG and SHORT"):
                self.engine.compute_sl_tp_from_atr(100.0, 2.0, signal)


class RiskApplied(RiskEngineTest):
    def test_the_answer_by_hand(self) -> None:
        output = self.engine.apply_risk_to_signal(
            "LONG", 10_000.0, 100.0, stop_loss_price=96.0, take_profit_price=108.0, metadata={"rsi": 55.0}
        )
        self.assertEqual(
            {
                "signal": "LONG",
                "side": "LONG",
                "entry_price": 100.0,
                "stop_loss": 96.0,
                "take_profit": 108.0,
                "position_size": 25.0,
                "risk_usd": 100.0,
                "position_value_usd": 2_500.0,
                "metadata": {"rsi": 55.0},
            },
            output,
        )
        json.dumps(output)

    def test_levels_that_are_not_given_come_from_the_atr(self) -> None:
        short = self.engine.apply_risk_to_signal("SHORT", 10_000.0, 100.0, atr=2.0)
        self.assertEqual(("SHORT", 103.0, 94.0), (short["side"], short["stop_loss"], short["take_profit"]))
        own_stop = self.engine.apply_risk_to_signal("LONG", 10_000.0, 100.0, atr=2.0, stop_loss_price=95.0)
        self.assertEqual((95.0, 106.0), (own_stop["stop_loss"], own_stop["take_profit"]))
        own_target = self.engine.apply_risk_to_signal("LONG", 10_000.0, 100.0, atr=2.0, take_profit_price=101.0)
        self.assertEqual((97.0, 101.0), (own_target["stop_loss"], own_target["take_profit"]))
        multiples = self.engine.apply_risk_to_signal("LONG", 10_000.0, 100.0, atr=2.0, sl_mult=1.0, tp_mult=2.0)
        self.assertEqual((98.0, 104.0), (multiples["stop_loss"], multiples["take_profit"]))
        no_target = self.engine.apply_risk_to_signal("LONG", 10_000.0, 100.0, stop_loss_price=95.0)
        self.assertIsNone(no_target["take_profit"])

    def test_a_strategys_answer_is_a_signal_too_and_flat_is_none(self) -> None:
        answer = {"signal": "SHORT", "metadata": {}}
        self.assertEqual("SHORT", self.engine.apply_risk_to_signal(answer, 10_000.0, 100.0, atr=2.0)["side"])
        for flat in ("FLAT", "flat", {"signal": "FLAT"}):
            self.assertIsNone(self.engine.apply_risk_to_signal(flat, 10_000.0, 100.0))

    def test_below_the_minimum_there_is_no_position_and_at_it_there_is(self) -> None:
        # 10 of equity 1,000 x 0.01 risk over a distance of 100 of 100: the value is 10.
        self.assertIsNotNone(self.engine.apply_risk_to_signal("SHORT", 1_000.0, 100.0, stop_loss_price=200.0))
        self.assertIsNone(self.engine.apply_risk_to_signal("SHORT", 999.9, 100.0, stop_loss_price=200.0))

    def test_the_minimum_is_missed_beyond_the_tolerance_alone(self) -> None:
        for least_usd, refused in ((500.00000025, False), (500.000001, True)):
            engine = RiskEngine(RiskConfig(max_exposure=0.05, min_position_size_usd=least_usd))
            applied = engine.apply_risk_to_signal("LONG", 10_000.0, 100.0, stop_loss_price=99.0)
            self.assertEqual(refused, applied is None)
            self.assertEqual(not refused, engine.validate_trade(5.0, 100.0, 10_000.0)[0])

    def test_impossible_input_is_a_value_error(self) -> None:
        for arguments in (
            {"signal": "LONG"},
            {"signal": "LONG", "take_profit_price": 110.0},
            {"signal": "LONG", "stop_loss_price": 100.0},
            {"signal": "LONG", "stop_loss_price": 101.0},
            {"signal": "SHORT", "stop_loss_price": 99.0},
            {"signal": "LONG", "stop_loss_price": 95.0, "take_profit_price": 99.0},
            {"signal": "SHORT", "stop_loss_price": 105.0, "take_profit_price": 100.0},
            {"signal": "LONG", "stop_loss_price": math.nan},
            {"signal": "LONG", "stop_loss_price": 95.0, "take_profit_price": math.nan},
            {"signal": "UP", "atr": 2.0},
            {"signal": {}, "atr": 2.0},
            {"signal": "LONG", "atr": 0.0},
            {"signal": "LONG", "atr": math.nan},
            {"signal": "LONG", "atr": 2.0, "equity": 0.0},
            {"signal": "LONG", "atr": 2.0, "equity": math.nan},
            {"signal": "LONG", "atr": 2.0, "entry_price": -1.0},
            {"signal": "LONG", "atr": 2.0, "risk_per_trade": 2.0},
        ):
            with self.subTest(arguments), self.assertRaises(ValueError):
                self.engine.apply_risk_to_signal(**{"equity": 10_000.0, "entry_price": 100.0, **arguments})


class TradesValidated(RiskEngineTest):
    def test_minimum_exposure_and_risk_reached_are_allowed_and_broken_are_not(self) -> None:
        # value 10 at least, 5,000 at most; risk 100 at most
        for size, stop, allowed, word in (
            (0.1, None, True, ""),
            (0.0999, None, False, "below the minimum"),
            (50.0, None, True, ""),
            (50.001, None, False, "above 0.5 of equity"),
            (50.0, 98.0, True, ""),
            (50.0, 97.9, False, "risk"),
            (50.0, 102.1, False, "risk"),
        ):
            with self.subTest(size=size, stop=stop):
                answer, why = self.engine.validate_trade(size, 100.0, 10_000.0, stop)
                self.assertEqual(allowed, answer)
                self.assertIn(word, why)
                self.assertEqual(allowed, why == "")

    def test_impossible_input_is_a_value_error(self) -> None:
        for wrong in IMPOSSIBLE:
            for place in range(4):
                given = [1.0, 100.0, 10_000.0, 95.0]
                given[place] = wrong
                with self.subTest(place=place, wrong=wrong), self.assertRaises(ValueError):
                    self.engine.validate_trade(*given)


if __name__ == "__main__":
    unittest.main()
