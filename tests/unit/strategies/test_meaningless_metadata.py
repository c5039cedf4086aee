"""Metadata that looks as if it decided something: told apart from what only repeats what is known."""

import unittest

from strategies.meaningless_metadata import metadata_fault, misspelt_word


class MeaninglessMetadata(unittest.TestCase):
    def assert_fault(
        self, key: str, metadata: dict[object, object], sl: float | None = None, tp: float | None = None
    ) -> None:
        with self.subTest(metadata=metadata, sl=sl, tp=tp):
            self.assertIn(repr(key), metadata_fault(metadata, 100.0, sl, tp) or "")

    def assert_none(self, metadata: dict[object, object], sl: float | None = None, tp: float | None = None) -> None:
        with self.subTest(metadata=metadata, sl=sl, tp=tp):
            self.assertIsNone(metadata_fault(metadata, 100.0, sl, tp))

    def test_a_level_without_its_distance_or_at_odds_with_it(self) -> None:
        self.assert_fault("stop_loss", {"stop_loss": 95.0})
        self.assert_fault("stop_loss", {"stop_loss": 95.0}, sl=4.0)
        self.assert_fault("take_profit", {"take_profit": 110.0}, sl=5.0)
        self.assert_fault("tp_price", {"tp_price": "high"}, sl=5.0, tp=10.0)

    def test_a_level_that_only_repeats_its_distance(self) -> None:
        self.assert_none({"stop_loss": 95.0, "take_profit": 110.0, "entry_price": 100.0}, sl=5.0, tp=10.0)
        self.assert_none({"stop_loss": 105.0, "take_profit": 90.0}, sl=5.0, tp=10.0)
        self.assert_none({"stop_loss": 95.03}, sl=5.0)  # rounded
        self.assert_none({"take_profit": None}, sl=5.0)

    def test_a_misspelt_distance_where_the_right_one_is_not_there(self) -> None:
        for key in ("sl_dist", "sldistance", "SL_DISTANCE", "stop_distance", "stop_loss_distance", "sl-distanse"):
            self.assert_fault(key, {key: 5.0, "atr": 2.0})
            self.assert_none({key: 5.0}, sl=5.0)
        for key in ("tp_dist", "target_distance", "take_profit_dist"):
            self.assert_fault(key, {key: 5.0}, sl=5.0)
            self.assert_none({key: 5.0}, sl=5.0, tp=5.0)

    def test_a_misspelt_word_of_a_signal(self) -> None:
        for key, word in (
            ("fracton", "fraction"),
            ("tragets", "targets"),
            ("Move_Stop_", "move_stop"),
            ("tags", "tag"),
        ):
            self.assertEqual(f"metadata {key!r} means nothing; did you mean {word!r}?", misspelt_word({key: 1}))
            self.assertIsNone(misspelt_word({key: 1, word: 1}))
        free = (
            "target",
            "entry",
            "stop",
            "ema_fast",
            "rsi",
            "stop_multiple",
            "sl_distance",
            "tag",
            7,
            "atr",
            "volume_avg",
        )
        self.assertIsNone(misspelt_word(dict.fromkeys(free, 1.0)))

    def test_a_word_that_is_said_otherwise(self) -> None:
        for key in ("stop", "sl", "SL", "stop_distance", "target", "tp", "target_distance"):
            self.assert_fault(key, {key: 7.5}, sl=5.0, tp=10.0)
            self.assert_fault(key, {key: "2R"}, sl=5.0, tp=10.0)
        for key in (
            "trailing_stop",
            "trail",
            "trailing_stop_pct",
            "time_stop",
            "risk",
            "size_pct",
            "limit_price",
            "expiry",
        ):
            self.assert_fault(key, {key: 0.5}, sl=5.0, tp=10.0)
        self.assert_fault("target2", {"target2": 120.0}, sl=5.0, tp=10.0)
        # What only repeats the signal, or says nothing, is free; so is what an indicator is called.
        self.assert_none({"stop": 95.0, "sl": 5.0, "target": 110.0, "target_distance": 10.0}, sl=5.0, tp=10.0)
        self.assert_none({"trailing_stop": False, "risk": None, "expiry": ""}, sl=5.0, tp=10.0)
        self.assert_none({"trailing_high": 110.0, "risk_on": True, "stop_multiple": 2.0, "trend": 1.0}, sl=5.0, tp=10.0)

    def test_a_size(self) -> None:
        for key in ("position_size", "quantity", "qty", "leverage"):
            self.assert_fault(key, {key: 2.0}, sl=5.0, tp=10.0)
        self.assert_none({"quantity": None}, sl=5.0)

    def test_an_entry_price_that_is_not_the_close(self) -> None:
        for price in (99.0, 100.2, "101"):
            self.assertIsNotNone(metadata_fault({"entry_price": price}, 100.0, 5.0, None))
        for price, close in ((100.0, 100.00001), (99.57, 99.5678), ("100.0", 100.0), (None, 100.0), (0.1235, 0.123456)):
            self.assertIsNone(metadata_fault({"entry_price": price}, close, 5.0, None), price)

    def test_what_indicators_are_called_is_let_alone(self) -> None:
        free = {
            "ema_distance": 1.0, "distance": 2.0, "slope_distance": 3.0, "sl_atr_multiple": 2.0, "atr": 1.0,
            "rsi": 50.0, "size": 3, "reason": "x", 7: 8, "tp_hits": 2, "sl_mode": "atr", "volume": 1.0,
        }  # fmt: skip
        self.assert_none(dict(free))
        self.assert_none(dict(free), sl=5.0, tp=10.0)


if __name__ == "__main__":
    unittest.main()
