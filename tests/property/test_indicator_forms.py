"""Every indicator: the streaming form, the compiled columns and the plain ones are one column, bit for bit."""

import os
import subprocess
import sys
import unittest
from collections.abc import Sequence

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

import indicators as ind
from core.candle_columns import CandleColumns
from indicators import INDICATORS, Indicator, StreamingNodes, node_columns
from indicators.forms.arithmetic import Values, choose
from indicators.forms.nodes import RowWise
from tests.support.indicator_digests import digests
from tests.support.indicator_examples import EXAMPLES, bits, streamed
from tests.support.market_data_sets import practice_columns, recorded_columns
from tests.support.scale import scaled
from tests.support.shared import REPOSITORY, needs_shared

HOUR_MS = 3_600_000
SCALES = (1e-8, 1.0, 1e9)


@st.composite
def candles(draw: st.DrawFn) -> CandleColumns:
    """Draw hourly candles: wandering, with ties, standing still, rising or falling, at tiny, plain and huge prices."""
    rows = draw(st.integers(0, 90))
    kind = draw(st.sampled_from(("wander", "ties", "still", "rising", "falling")))
    scale = draw(st.sampled_from(SCALES))
    if kind == "still":
        levels = np.full((rows, 4), draw(st.floats(0.1, 10.0)))
    else:
        value = st.sampled_from((1.0, 1.5, 2.0, 0.1, 0.3)) if kind == "ties" else st.floats(0.5, 2.0)
        drawn = draw(st.lists(st.tuples(value, value, value, value), min_size=rows, max_size=rows))
        levels = np.array(drawn, np.float64).reshape(-1, 4)
        if kind in ("rising", "falling"):
            levels = np.sort(levels.ravel())[:: 1 if kind == "rising" else -1].reshape(-1, 4)
    levels = levels * scale
    volume = draw(st.lists(st.sampled_from((0.0, 0.0, 1.0, 0.1, 3.7, 1e9)), min_size=rows, max_size=rows))
    times = np.arange(rows, dtype=np.int64) * HOUR_MS
    high, low = levels.max(axis=1, initial=0.0), levels.min(axis=1, initial=np.inf)
    return CandleColumns(times, levels[:, 0].copy(), high, low, levels[:, 3].copy(), np.array(volume, np.float64))


NUMBERS = st.integers(1, 30)
STILL = CandleColumns.from_rows([(row * HOUR_MS, 5.0, 5.0, 5.0, 5.0, 0.0) for row in range(90)])


def _is_above_50(index: Values) -> Values:
    return choose(index > 50.0, 1.0, 0.0)


class IndicatorFormsTest(unittest.TestCase):
    def check(self, name: str, indicator: Indicator, columns: CandleColumns, starts: Sequence[int]) -> None:
        fast = indicator.columns(columns, np.array(starts, np.int64))
        self.assertEqual(indicator.outputs, tuple(fast))
        for output, slow in zip(indicator.outputs, streamed(indicator, columns, starts), strict=True):
            self.assertEqual(np.float64, fast[output].dtype)
            differ = np.flatnonzero(~((fast[output] == slow) | (np.isnan(fast[output]) & np.isnan(slow))))
            self.assertEqual(bits(slow), bits(fast[output]), f"{name}: {indicator}.{output}: row {differ[:1]}")

    def test_every_indicator_is_among_the_examples(self) -> None:
        self.assertEqual(set(), set(INDICATORS) - set(EXAMPLES))
        for name, kind in INDICATORS.items():
            self.assertIs(kind, type(EXAMPLES[name](3, 4, 5)))

    @settings(max_examples=scaled(25, 1_500), deadline=None)
    @given(candles(), st.tuples(NUMBERS, NUMBERS, NUMBERS), st.lists(st.integers(0, 89), max_size=3))
    @example(STILL, (3, 4, 5), [0, 40])
    @example(CandleColumns.empty(), (1, 1, 1), [])
    def test_on_any_candles(self, columns: CandleColumns, numbers: tuple[int, int, int], starts: list[int]) -> None:
        for name, make in EXAMPLES.items():
            indicator = make(*numbers)
            self.check(name, indicator, columns, sorted(set(starts)))
            cut = columns.rows * 2 // 3
            early, whole = indicator.columns(columns.slice(0, cut)), indicator.columns(columns)
            for output in indicator.outputs:
                self.assertEqual(bits(early[output]), bits(whole[output][:cut]), f"{indicator}: a later row counts")

    def test_on_practice_candles_with_gaps(self) -> None:
        columns = practice_columns("BTC/USDT", "1m", scaled(2_500, 40_000))
        for name, make in EXAMPLES.items():
            self.check(name, make(14, 9, 5), columns, (0, 1_000, 1_001, 1_003, 1_600))

    @needs_shared
    def test_on_recorded_candles(self) -> None:
        # The recorded volumes hold zeros and spikes over six orders of magnitude.
        columns = recorded_columns("binance@2017-2019/ETH-USDT/1m.csv.gz", scaled(3_000, 100_000))
        for name, make in EXAMPLES.items():
            self.check(name, make(20, 7, 3), columns, (1_500,))

    def test_long_columns_are_computed_in_blocks_that_leave_no_seam(self) -> None:
        columns = practice_columns("BTC/USDT", "1m", 17_000)
        tail = columns.slice(16_000, 17_000)
        for name in ("SMA", "StandardDeviation", "Highest", "Quantile", "MFI"):
            indicator = EXAMPLES[name](50, 30, 5)
            whole, part = indicator.columns(columns)["value"], indicator.columns(tail)["value"]
            self.assertEqual(bits(part[100:]), bits(whole[16_100:]), name)

    def test_a_segment_starts_as_if_nothing_had_been(self) -> None:
        columns = practice_columns("BTC/USDT", "1m", 600)
        for name, make in EXAMPLES.items():
            indicator = make(6, 5, 4)
            joined, alone = indicator.columns(columns, np.array([250])), indicator.columns(columns.slice(250, 600))
            for output in indicator.outputs:
                self.assertEqual(bits(alone[output]), bits(joined[output][250:]), name)

    def test_a_function_of_a_row_is_undefined_where_its_input_is(self) -> None:
        # A comparison would answer for nan too.
        node = RowWise(_is_above_50, (ind.RSI(14).nodes()[0],))
        columns = practice_columns("BTC/USDT", "1m", 400)
        form = StreamingNodes([node], ("close",))
        slow = []
        for price in columns.close.tolist():
            form.take((price,))
            slow.append(form.read(0))
        (fast,) = node_columns([node], columns)
        self.assertTrue(np.isnan(fast[:14]).all())
        self.assertEqual({0.0, 1.0}, set(fast[14:].tolist()))
        self.assertEqual(bits(np.array(slow)), bits(fast))

    def test_without_the_compiler_the_bits_are_the_same(self) -> None:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.support.indicator_digests"],
            cwd=REPOSITORY,
            env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual("\n".join(digests()) + "\n", done.stdout)


if __name__ == "__main__":
    unittest.main()
