"""Every indicator in its two executions: the streaming values are the batch column, bit for bit, at every row."""

import math
import unittest
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indicators import (
    AverageTrueRange,
    ExponentialMovingAverage,
    RelativeStrengthIndex,
    SimpleMovingAverage,
    average_true_range,
    exponential_moving_average,
    relative_strength_index,
    simple_moving_average,
)
from indicators.smoothing import SeededSmoothing, seeded_smoothing
from tests.support.market_data_sets import practice_columns, recorded_columns
from tests.support.scale import scaled
from tests.support.shared import needs_shared

Floats = npt.NDArray[np.float64]
Streaming = Callable[[int], "ExponentialMovingAverage | RelativeStrengthIndex | SimpleMovingAverage"]

OF_ONE_SERIES: dict[str, tuple[Streaming, Callable[[Floats, int], Floats]]] = {
    "ema": (ExponentialMovingAverage, exponential_moving_average),
    "rsi": (RelativeStrengthIndex, relative_strength_index),
    "sma": (SimpleMovingAverage, simple_moving_average),
}

# Far from the largest float, so that no sum of a window overflows; subnormal numbers are among them.
FINITE = st.floats(-1e290, 1e290, allow_subnormal=True)
PRICES = st.floats(1e-8, 1e8)
TIED = st.sampled_from((1.0, 1.0, 2.0, 0.1, 0.3, 1e-300, 1e250))
PERIODS = st.integers(1, 30)


@st.composite
def series(draw: st.DrawFn) -> list[float]:
    """Draw a series of any floats, of prices, of few values with ties, constant, or monotone."""
    kind = draw(st.sampled_from((FINITE, PRICES, TIED, None, "rising", "falling")))
    if kind is None:
        return [draw(FINITE)] * draw(st.integers(0, 60))
    if isinstance(kind, str):
        return sorted(draw(st.lists(PRICES, max_size=60)), reverse=kind == "falling")
    return draw(st.lists(kind, max_size=60))


class StreamingEqualsBatchTest(unittest.TestCase):
    def assert_bits(self, column: Floats, values: Sequence[float], what: str) -> None:
        self.assertEqual(np.float64, column.dtype)
        self.assertEqual(np.array(values, np.float64).tobytes(), column.tobytes(), what)

    def check_one_series(self, values: Sequence[float], period: int) -> None:
        for name, (streaming, batch) in OF_ONE_SERIES.items():
            indicator = streaming(period)
            streamed = []
            for value in values:
                returned = indicator.update(value)
                # What update returns and what stands in ``value`` afterwards are one number.
                self.assertTrue(returned == indicator.value or (math.isnan(returned) and math.isnan(indicator.value)))
                streamed.append(returned)
            self.assert_bits(batch(np.array(values, np.float64), period), streamed, f"{name} of {period}")

    @settings(max_examples=scaled(150, 5_000), deadline=None)
    @given(series(), PERIODS)
    @example([], 1)
    @example([5.0], 1)
    @example([-0.0, -0.0], 2)
    @example([5e-324] * 4, 2)
    def test_averages_and_rsi_on_any_series(self, values: list[float], period: int) -> None:
        self.check_one_series(values, period)

    @settings(max_examples=scaled(100, 3_000), deadline=None)
    @given(series(), PERIODS, st.sampled_from((1.0, 0.5, 1 / 3, 1e-6)))
    def test_smoothing_with_any_weight(self, values: list[float], period: int, weight: float) -> None:
        smoothing = SeededSmoothing(period, weight)
        streamed = [smoothing.update(value) for value in values]
        self.assert_bits(seeded_smoothing(np.array(values, np.float64), period, weight), streamed, "smoothing")

    @settings(max_examples=scaled(100, 3_000), deadline=None)
    @given(st.lists(st.tuples(FINITE, FINITE, FINITE), max_size=60), PERIODS)
    def test_atr_on_any_candles(self, prices: list[tuple[float, float, float]], period: int) -> None:
        rows = [(max(row), min(row), sorted(row)[1]) for row in prices]
        average = AverageTrueRange(period)
        streamed = [average.update(*row) for row in rows]
        columns = np.array(rows, np.float64).reshape(-1, 3)
        self.assert_bits(average_true_range(columns[:, 0], columns[:, 1], columns[:, 2], period), streamed, "atr")

    @settings(max_examples=scaled(60, 1_000), deadline=None)
    @given(series(), PERIODS, st.integers(0, 60))
    def test_a_row_depends_on_no_later_row(self, values: list[float], period: int, cut: int) -> None:
        whole = np.array(values, np.float64)
        for name, (_, batch) in OF_ONE_SERIES.items():
            self.assertEqual(batch(whole, period)[:cut].tobytes(), batch(whole[:cut], period).tobytes(), name)

    def test_on_practice_candles(self) -> None:
        columns = practice_columns("BTC/USDT", "1m", scaled(3_000, 50_000))
        for period in (1, 2, 9, 14, 20, 200):
            self.check_one_series(columns.close.tolist(), period)
            self.check_one_series(columns.volume.tolist(), period)

    @needs_shared
    def test_on_recorded_candles(self) -> None:
        # The recorded volumes hold zeros and spikes over six orders of magnitude.
        columns = recorded_columns("binance@2017-2019/ETH-USDT/1m.csv.gz", scaled(10_000, 100_000))
        self.assertIn(0.0, columns.volume.tolist())
        for period in (9, 14, 20):
            self.check_one_series(columns.close.tolist(), period)
            self.check_one_series(columns.volume.tolist(), period)
            average = AverageTrueRange(period)
            rows = zip(columns.high.tolist(), columns.low.tolist(), columns.close.tolist(), strict=True)
            streamed = [average.update(*row) for row in rows]
            self.assert_bits(average_true_range(columns.high, columns.low, columns.close, period), streamed, "atr")


if __name__ == "__main__":
    unittest.main()
