"""How ScalpingEMARSI takes its parameters, and what it says to wrong ones."""

import unittest

from strategies import ScalpingEMARSI

KEYS = (
    "ema_fast, ema_slow, rsi_period, rsi_long_min, rsi_long_max, rsi_short_min, rsi_short_max, rsi_extreme_low, "
    "rsi_extreme_high, volume_multiplier, volume_lookback, atr_period, atr_min_threshold, sl_atr_multiple, "
    "tp_atr_multiple"
)


class FormsTest(unittest.TestCase):
    def test_none_and_empty_forms_take_the_defaults(self) -> None:
        expected = ScalpingEMARSI().params
        for config in (None, {}, {"params": {}}, {"params": None}, {"strategy": {"type": "ScalpingEMARSI"}}):
            with self.subTest(config=config):
                self.assertEqual(expected, ScalpingEMARSI(config).params)

    def test_flat_params_and_a_whole_live_configuration_mean_the_same(self) -> None:
        given = {"ema_fast": 4, "tp_atr_multiple": 2.5}
        whole = {"exchange": "practice", "symbols": ["BTC/USDT"], "strategy": {"type": "x", "params": given}}
        expected = ScalpingEMARSI(given).params
        self.assertEqual((4, 2.5, 21), (expected.ema_fast, expected.tp_atr_multiple, expected.ema_slow))
        for config in ({"params": given}, {"type": "ScalpingEMARSI", "params": given}, whole):
            self.assertEqual(expected, ScalpingEMARSI(config).params)

    def test_every_public_parameter_is_understood(self) -> None:
        self.assertEqual(KEYS.split(", "), list(ScalpingEMARSI().params.model_dump()))

    def test_changing_the_mapping_afterwards_changes_nothing(self) -> None:
        given = {"ema_fast": 4}
        strategy = ScalpingEMARSI(given)
        given["ema_fast"] = 5
        self.assertEqual(4, strategy.params.ema_fast)


class WrongParametersTest(unittest.TestCase):
    def refusal(self, config: dict[str, object]) -> str:
        with self.assertRaises(ValueError) as caught:
            ScalpingEMARSI(config)
        text = str(caught.exception)
        self.assertNotIn("\n", text)
        return text

    def test_an_unknown_parameter_is_named_with_the_nearest_one(self) -> None:
        self.assertEqual(
            f"ScalpingParams: ema_fst: unknown key (did you mean ema_fast?) — allowed keys: {KEYS}",
            self.refusal({"ema_fst": 5}),
        )
        self.assertIn("unknown key", self.refusal({"strategy": {"params": {"stop": 5}}}))

    def test_a_parameter_beside_params_is_not_ignored(self) -> None:
        for config in ({"ema_fast": 5, "params": {}}, {"strategy": {"ema_fast": 5, "params": {"ema_slow": 30}}}):
            self.assertEqual(
                "ScalpingParams: ema_fast: stands beside params — allowed: inside params only", self.refusal(config)
            )

    def test_impossible_values_are_named(self) -> None:
        for key, value in (
            ("ema_fast", 0),
            ("ema_fast", 2.5),
            ("ema_fast", "5"),
            ("rsi_period", True),
            ("rsi_long_max", 100.5),
            ("rsi_extreme_low", -1),
            ("volume_multiplier", float("nan")),
            ("atr_min_threshold", -0.1),
            ("sl_atr_multiple", 0),
            ("tp_atr_multiple", float("inf")),
        ):
            with self.subTest(key=key, value=value):
                self.assertTrue(self.refusal({key: value}).startswith(f"ScalpingParams: {key}: "))

    def test_values_that_contradict_each_other_are_named(self) -> None:
        for config, named in (
            ({"ema_fast": 21}, "ema_fast: 21 — allowed: below ema_slow (21)"),
            ({"rsi_long_min": 70}, "rsi_long_min: 70 — allowed: below rsi_long_max (70)"),
            ({"rsi_short_min": 60}, "rsi_short_min: 60 — allowed: below rsi_short_max (50)"),
            ({"rsi_extreme_low": 90}, "rsi_extreme_low: 90 — allowed: below rsi_extreme_high (80)"),
            ({"volume_multiplier": 20}, "volume_multiplier: 20 — allowed: below volume_lookback (20)"),
        ):
            with self.subTest(config=config):
                self.assertIn(named, self.refusal(config))

    def test_params_that_are_no_section_are_refused(self) -> None:
        for params in ([1], 3, "ema_fast"):
            self.assertIn("allowed: a section with the keys", self.refusal({"params": params}))


if __name__ == "__main__":
    unittest.main()
