"""Every branch of ScalpingEMARSI's decision by hand values: crossing, bands, extremes, spike, least ATR, distances."""

import math
import unittest
from collections.abc import Mapping

from core.trading_signal import Signal
from strategies.scalping_ema_rsi import Reading, decide
from strategies.scalping_params import ScalpingParams

UP = {"ema_fast_before": 99.0, "ema_slow_before": 100.0, "ema_fast": 101.0, "ema_slow": 100.5}
DOWN = {"ema_fast_before": 101.0, "ema_slow_before": 100.0, "ema_fast": 99.0, "ema_slow": 99.5}
CALM = {"rsi": 55.0, "atr": 2.0, "volume": 13.0, "volume_avg": 10.0}
CALM_SHORT = {**CALM, "rsi": 45.0}
NAN = math.nan


def decided(*values: Mapping[str, float], params: Mapping[str, float] | None = None) -> Signal:
    """Return the decision on the values given, later ones replacing earlier ones."""
    merged: dict[str, float] = {}
    for some in values:
        merged.update(some)
    return decide(ScalpingParams.from_dict(params or {}), Reading(**merged))


class CrossingTest(unittest.TestCase):
    def check(self, direction: str, reason: str, *values: Mapping[str, float]) -> None:
        signal = decided(*values)
        self.assertEqual((direction, reason), (signal.direction, signal.reason))

    def test_up_is_long_and_down_is_short(self) -> None:
        self.check("LONG", "cross_up", UP, CALM)
        self.check("SHORT", "cross_down", DOWN, CALM_SHORT)

    def test_equality_before_is_a_crossing(self) -> None:
        self.check("LONG", "cross_up", UP, CALM, {"ema_fast_before": 100.0})
        self.check("SHORT", "cross_down", DOWN, CALM_SHORT, {"ema_fast_before": 100.0})

    def test_equality_now_is_none(self) -> None:
        self.check("FLAT", "no_cross", UP, CALM, {"ema_fast": 100.5})
        self.check("FLAT", "no_cross", DOWN, CALM_SHORT, {"ema_fast": 99.5})
        self.check("FLAT", "no_cross", UP, CALM, {"ema_fast_before": 100.0, "ema_fast": 100.5})

    def test_being_above_or_below_already_is_none(self) -> None:
        self.check("FLAT", "no_cross", UP, CALM, {"ema_fast_before": math.nextafter(100.0, 101.0)})
        self.check("FLAT", "no_cross", DOWN, CALM_SHORT, {"ema_fast_before": math.nextafter(100.0, 99.0)})

    def test_an_average_that_is_not_defined_crosses_nothing(self) -> None:
        for name in UP:
            with self.subTest(name=name):
                self.check("FLAT", "no_cross", UP, CALM, {name: NAN})
                self.check("FLAT", "no_cross", DOWN, CALM_SHORT, {name: NAN})


class FiltersTest(unittest.TestCase):
    def reasons(
        self, crossing: Mapping[str, float], name: str, values: list[float], **params: float
    ) -> list[tuple[float, str]]:
        calm = CALM if crossing is UP else CALM_SHORT
        return [(value, decided(crossing, calm, {name: value}, params=params).reason) for value in values]

    def test_the_long_band_includes_its_edges(self) -> None:
        below, above = math.nextafter(50.0, 0.0), math.nextafter(70.0, 100.0)
        self.assertEqual(
            [
                (below, "rsi_out_of_band"),
                (50.0, "cross_up"),
                (70.0, "cross_up"),
                (above, "rsi_out_of_band"),
            ],
            self.reasons(UP, "rsi", [below, 50.0, 70.0, above]),
        )

    def test_the_short_band_includes_its_edges(self) -> None:
        below, above = math.nextafter(30.0, 0.0), math.nextafter(50.0, 100.0)
        self.assertEqual(
            [
                (below, "rsi_out_of_band"),
                (30.0, "cross_down"),
                (50.0, "cross_down"),
                (above, "rsi_out_of_band"),
            ],
            self.reasons(DOWN, "rsi", [below, 30.0, 50.0, above]),
        )

    def test_the_extremes_include_their_edges_and_come_before_the_bands(self) -> None:
        wide = {"rsi_long_min": 0.0, "rsi_long_max": 100.0, "rsi_short_min": 0.0, "rsi_short_max": 100.0}
        inside_low, inside_high = math.nextafter(20.0, 100.0), math.nextafter(80.0, 0.0)
        values = [0.0, 20.0, inside_low, inside_high, 80.0, 100.0]
        for crossing, entered in ((UP, "cross_up"), (DOWN, "cross_down")):
            expected = ["rsi_extreme", "rsi_extreme", entered, entered, "rsi_extreme", "rsi_extreme"]
            self.assertEqual(list(zip(values, expected, strict=True)), self.reasons(crossing, "rsi", values, **wide))
        self.assertEqual("rsi_extreme", decided(UP, CALM, {"rsi": 85.0}).reason)

    def test_a_spike_is_strictly_above_the_average_times_the_multiplier(self) -> None:
        # 10 x 1.5 is exact in binary.
        values = [15.0, math.nextafter(15.0, 20.0), 0.0]
        self.assertEqual(
            list(zip(values, ["no_volume_spike", "cross_up", "no_volume_spike"], strict=True)),
            self.reasons(UP, "volume", values, volume_multiplier=1.5),
        )

    def test_a_multiplier_of_0_asks_for_some_volume(self) -> None:
        self.assertEqual(
            [(0.0, "no_volume_spike"), (5e-324, "cross_up")],
            self.reasons(UP, "volume", [0.0, 5e-324], volume_multiplier=0.0),
        )

    def test_the_least_atr_is_inclusive(self) -> None:
        below = math.nextafter(2.0, 0.0)
        self.assertEqual(
            [(below, "atr_below_threshold"), (2.0, "cross_up")],
            self.reasons(UP, "atr", [below, 2.0], atr_min_threshold=2.0),
        )
        self.assertEqual([(0.0, "cross_down")], self.reasons(DOWN, "atr", [0.0]))

    def test_what_is_not_defined_satisfies_no_condition(self) -> None:
        for crossing, calm in ((UP, CALM), (DOWN, CALM_SHORT)):
            for name, reason in (
                ("rsi", "rsi_extreme"),
                ("volume_avg", "no_volume_spike"),
                ("volume", "no_volume_spike"),
                ("atr", "atr_below_threshold"),
            ):
                with self.subTest(name=name):
                    self.assertEqual(("FLAT", reason), _said(decided(crossing, calm, {name: NAN})))


class EntryTest(unittest.TestCase):
    def test_distances_are_multiples_of_the_atr(self) -> None:
        for crossing, calm in ((UP, CALM), (DOWN, CALM_SHORT)):
            signal = decided(crossing, calm, params={"sl_atr_multiple": 1.5, "tp_atr_multiple": 3.25})
            # ATR 2: 2 x 1.5 = 3 and 2 x 3.25 = 6.5.
            self.assertEqual((3.0, 6.5, 2.0), (signal.sl_distance, signal.tp_distance, signal.atr))

    def test_the_inputs_of_the_decision_stand_in_its_metadata(self) -> None:
        self.assertEqual(
            {
                "ema_fast": 101.0,
                "ema_slow": 100.5,
                "ema_fast_before": 99.0,
                "ema_slow_before": 100.0,
                "rsi": 55.0,
                "atr": 2.0,
                "volume": 13.0,
                "volume_avg": 10.0,
            },
            decided(UP, CALM).metadata,
        )

    def test_flat_says_nothing_but_why(self) -> None:
        signal = decided(UP, CALM, {"rsi": 71.0})
        self.assertEqual((None, None, None, {}), (signal.sl_distance, signal.tp_distance, signal.atr, signal.metadata))


def _said(signal: Signal) -> tuple[str, str]:
    return signal.direction, signal.reason


if __name__ == "__main__":
    unittest.main()
