"""Costs that are measured on candles, compiled: sums, spreads, fractions and prices as the kernel has them."""

import math
import unittest
from decimal import Decimal

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compiled.driving.measured_columns import corwin_schultz_spreads, nine_by_nine
from compiled.integers import twelve_digits
from compiled.market_conditions import exact_sum, moved_price, plus
from core.candle import Candle
from core.exact import computed
from core.instrument import Instrument
from execution.costs.commission import FractionCommission
from execution.costs.fill_pricing import FillPricing
from execution.costs.market_conditions import corwin_schultz
from execution.costs.slippage import FractionSlippage
from execution.costs.spread import NoSpread
from tests.support.runs.compiled_runs import columns_of
from tests.support.scale import scaled

EXAMPLES = scaled(500, 50_000)
PRICES = st.floats(1e-6, 1e6)


def pricing(fraction: Decimal, tick: Decimal) -> FillPricing:
    """Return the kernel's pricing by a fixed fraction."""
    costs = FractionCommission(Decimal(0)), FractionSlippage(fraction), NoSpread()
    return FillPricing(*costs, {"A": Instrument("A", tick, Decimal(1))})


class MeasuredCosts(unittest.TestCase):
    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.lists(st.floats(0.0, 1e15), max_size=30) | st.lists(st.floats(-1e300, 1e300), max_size=12))
    @example([1.0, 2.0**-53, 2.0**-106])
    @example([1.0, 2.0**-53, -(2.0**-106)])
    @example([1e16, 1.0, 1.0])
    def test_a_sum_is_the_nearest_float(self, values: list[float]) -> None:
        self.assertEqual(math.fsum(values), exact_sum(np.array([7.0, *values, 7.0]), 1, len(values) + 1))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.lists(st.tuples(PRICES, st.floats(0.0, 0.5), st.sampled_from((0.0, 1e-9, 0.3))), max_size=12))
    def test_spreads_are_those_of_neighbouring_candles(self, drawn: list[tuple[float, float, float]]) -> None:
        candles = [
            Candle(minute * 60_000, low, low * (1 + up * part), low, low, 1.0)
            for minute, (low, up, part) in enumerate(drawn)
        ]
        expected = [0.0, *map(corwin_schultz, candles[:-1], candles[1:])][: len(candles)]
        self.assertEqual(expected, corwin_schultz_spreads(columns_of(candles)).tolist())

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(
        st.floats(1e-11, 0.4),
        st.floats(1e-11, 0.4),
        st.sampled_from(("0", "0.0005", "0.000000000000000123456789", "0.1")),
        st.integers(1, 10**15),
        st.sampled_from((1, 5, 25, 1_000, 2_500_000)),
    )
    @example(1e-11, 0.3333333333333333, "0.1", 10**15, 1)
    @example(0.25, 0.25, "0", 1_000, 250)
    def test_a_price_moves_by_the_sum_exactly(
        self, spread: float, slippage: float, fixed: str, reference: int, tick: int
    ) -> None:
        worse = nine_by_nine(Decimal(fixed))
        digits, decimals = twelve_digits(spread)
        worse = plus(worse, digits * 5, decimals + 1)
        worse = plus(worse, *twelve_digits(slippage))
        whole = Decimal(fixed) + computed(spread) / 2 + computed(slippage)
        parts = sum(Decimal(int(part)).scaleb(-9 * place) for place, part in enumerate(worse))
        self.assertEqual(whole, parts)
        for buying in (True, False):
            expected = pricing(whole, Decimal(tick)).market_price("A", Decimal(reference), Decimal(1), buying=buying)
            self.assertEqual(expected, int(moved_price(reference, tick, worse, buying)))


if __name__ == "__main__":
    unittest.main()
