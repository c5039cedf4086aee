"""Volatility, volume and spread of the last candles, by hand and against decimals of forty digits."""

import math
import unittest
from collections.abc import Sequence
from decimal import Context, Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle import Candle
from execution.costs.market_conditions import MarketConditions, build_conditions, corwin_schultz
from execution.venue_settings import SlippageSettings, SpreadSettings
from tests.support.scale import scaled

FORTY = Context(prec=40)


def candle(low: float, high: float, close: float | None = None, volume: float = 1.0) -> Candle:
    return Candle(0, low, high, low, high if close is None else close, volume)


def fed(conditions: MarketConditions, candles: Sequence[Candle]) -> MarketConditions:
    for each in candles:
        conditions.update(each)
    return conditions


def exact_spread(first: Candle, second: Candle) -> Decimal:
    """The published estimator in decimals of forty digits, written from the formula."""

    def log_range(high: float, low: float) -> Decimal:
        return FORTY.ln(FORTY.divide(Decimal(high), Decimal(low)))

    def root(value: Decimal) -> Decimal:
        return FORTY.sqrt(value)

    square = FORTY.multiply
    one, two = log_range(first.high, first.low), log_range(second.high, second.low)
    both = log_range(max(first.high, second.high), min(first.low, second.low))
    beta = FORTY.add(square(one, one), square(two, two))
    gamma = square(both, both)
    scale = FORTY.subtract(Decimal(3), FORTY.multiply(Decimal(2), root(Decimal(2))))
    left = FORTY.divide(FORTY.subtract(root(FORTY.multiply(Decimal(2), beta)), root(beta)), scale)
    alpha = FORTY.subtract(left, root(FORTY.divide(gamma, scale)))
    grown = FORTY.exp(alpha)
    spread = FORTY.divide(FORTY.multiply(Decimal(2), FORTY.subtract(grown, Decimal(1))), FORTY.add(Decimal(1), grown))
    return max(spread, Decimal(0))


CANDLES = st.builds(
    lambda low, up, at, volume: Candle(0, low, low + up, low, low + up * at, volume),
    st.floats(1.0, 1e5),
    st.floats(0.0, 1e3),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1e6),
)


class Volatility(unittest.TestCase):
    def test_it_is_the_mean_range_over_the_close(self) -> None:
        # 2/100 = 0.02, 3/150 = 0.02, 1/50 = 0.02 + 8/200 = 0.04: (0.02 + 0.02 + 0.04) / 3 without the oldest
        conditions = MarketConditions(3, 0)
        fed(conditions, [candle(98, 100), candle(147, 150), candle(98, 100), candle(192, 200)])
        self.assertAlmostEqual(0.08 / 3, conditions.volatility or math.nan, places=15)

    def test_nothing_is_known_until_the_window_is_full(self) -> None:
        conditions = MarketConditions(3, 0)
        for _ in range(2):
            conditions.update(candle(98, 100))
            self.assertIsNone(conditions.volatility)
            self.assertIsNone(conditions.mean_volume)
        conditions.update(candle(98, 100))
        self.assertEqual(0.02, conditions.volatility)

    def test_mean_volume_is_that_of_the_window_alone(self) -> None:
        conditions = fed(MarketConditions(2, 0), [candle(1, 2, volume=volume) for volume in (1e15, 3.0, 4.0)])
        self.assertEqual(3.5, conditions.mean_volume)

    def test_a_value_that_was_read_does_not_stay_when_the_next_candle_comes(self) -> None:
        conditions = fed(MarketConditions(1, 0), [candle(98, 100)])
        self.assertEqual(0.02, conditions.volatility)
        conditions.update(candle(90, 100))
        self.assertEqual(0.1, conditions.volatility)

    def test_a_window_of_no_candles_measures_nothing(self) -> None:
        conditions = fed(MarketConditions(0, 0), [candle(98, 100)] * 5)
        self.assertEqual(
            (None, None, None, 100.0),
            (conditions.volatility, conditions.mean_volume, conditions.spread, conditions.last_close),
        )

    def test_windows_below_zero_are_refused(self) -> None:
        for windows in ((-1, 0), (0, -1)):
            with self.assertRaises(ValueError):
                MarketConditions(*windows)


class CorwinSchultz(unittest.TestCase):
    def test_two_equal_candles_show_their_range_over_its_middle(self) -> None:
        # With both ranges and the joint range e^a: α = a(2 + √2) − a(1 + √2) = a, so S = 2(H − L)/(H + L) = 4/200.
        self.assertAlmostEqual(0.02, corwin_schultz(candle(99, 101), candle(99, 101)), places=14)

    def test_a_candle_inside_the_one_before(self) -> None:
        # ln ranges 0.02 and 0.01, joint 0.02: β = 0.0005, γ = 0.0004.
        # α = (0.031622776602 − 0.022360679775) / 0.171572875254 − 0.02 / 0.414213562373
        #   = 0.053983456377 − 0.048284271247 = 0.005699185129, S = 2 tanh(α / 2) = 0.005699169703
        outer = candle(100.0, 100.0 * math.exp(0.02))
        inner = candle(100.5, 100.5 * math.exp(0.01))
        self.assertAlmostEqual(0.005699169703, corwin_schultz(outer, inner), places=12)
        self.assertAlmostEqual(0.005699169703, corwin_schultz(inner, outer), places=12)

    def test_a_negative_estimate_counts_as_none(self) -> None:
        # The joint range of two distant candles is all variance.
        self.assertEqual(0.0, corwin_schultz(candle(100, 101), candle(105, 106)))

    def test_candles_without_a_range_have_no_spread(self) -> None:
        self.assertEqual(0.0, corwin_schultz(candle(100, 100), candle(100, 100)))
        self.assertEqual(0.0, corwin_schultz(candle(100, 100), candle(101, 101)))

    @settings(max_examples=scaled(200, 5_000), deadline=None)
    @given(CANDLES, CANDLES)
    def test_it_agrees_with_forty_digits(self, first: Candle, second: Candle) -> None:
        self.assertAlmostEqual(float(exact_spread(first, second)), corwin_schultz(first, second), delta=1e-12)

    def test_the_mean_is_over_pairs_and_waits_for_that_many(self) -> None:
        conditions = MarketConditions(0, 2)
        seen = []
        for each in (candle(99, 101), candle(99, 101), candle(99, 101), candle(120, 121)):
            conditions.update(each)
            seen.append(conditions.spread)
        self.assertEqual([None, None], seen[:2])
        self.assertAlmostEqual(0.02, seen[2] or math.nan, places=14)
        # The pair (101, 120) counts as 0, not as its negative estimate.
        self.assertAlmostEqual(0.01, seen[3] or math.nan, places=14)


class Forgetting(unittest.TestCase):
    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(st.lists(CANDLES, min_size=12, max_size=40), st.integers(1, 6), st.integers(1, 6))
    def test_the_values_are_those_of_the_last_candles_alone(
        self, candles: list[Candle], window: int, pairs: int
    ) -> None:
        long = fed(MarketConditions(window, pairs), candles)
        short = fed(MarketConditions(window, pairs), candles[-long.reach :])
        for name in ("volatility", "mean_volume", "spread", "last_close"):
            self.assertIsNotNone(getattr(long, name))
            self.assertEqual(getattr(short, name), getattr(long, name), name)

    def test_a_huge_candle_leaves_no_trace(self) -> None:
        plain = fed(MarketConditions(2, 0), [candle(99, 100)] * 2).volatility
        after = fed(MarketConditions(2, 0), [candle(1e-3, 1e13, 1e-3), *[candle(99, 100)] * 2]).volatility
        self.assertEqual(plain, after)

    def test_a_restart_begins_empty_and_pairs_nothing_across_it(self) -> None:
        conditions = fed(MarketConditions(1, 1), [candle(99, 101)] * 3)
        self.assertIsNotNone(conditions.volatility)
        conditions.restart()
        self.assertEqual((None, None), (conditions.last_close, conditions.volatility))
        conditions.update(candle(99, 101))
        self.assertIsNone(conditions.spread)
        self.assertIsNotNone(conditions.volatility)


class Building(unittest.TestCase):
    def test_the_default_models_need_nothing(self) -> None:
        self.assertIsNone(build_conditions(["A"], SpreadSettings(), SlippageSettings()))
        self.assertIsNone(build_conditions(["A"], SpreadSettings(model="fixed", fraction=0.001), SlippageSettings()))

    def test_only_what_a_model_needs_is_measured(self) -> None:
        spread_only = build_conditions(["A"], SpreadSettings(model="corwin_schultz", candles=2), SlippageSettings())
        slippage_only = build_conditions(["A"], SpreadSettings(), SlippageSettings(model="volatility", candles=2))
        assert spread_only is not None
        assert slippage_only is not None
        spread = fed(spread_only["A"], [candle(99, 101)] * 3)
        slippage = fed(slippage_only["A"], [candle(99, 101)] * 3)
        self.assertEqual((3, 2), (spread.reach, slippage.reach))
        self.assertEqual((True, True), (spread.spread is not None, spread.volatility is None))
        self.assertEqual((True, True), (slippage.spread is None, slippage.volatility is not None))

    def test_every_symbol_has_its_own(self) -> None:
        built = build_conditions(["A", "B"], SpreadSettings(), SlippageSettings(model="square_root"))
        assert built is not None
        self.assertEqual(["A", "B"], list(built))
        self.assertIsNot(built["A"], built["B"])


if __name__ == "__main__":
    unittest.main()
