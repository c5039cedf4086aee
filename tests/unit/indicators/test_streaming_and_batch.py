"""Every indicator there is: its streaming values are its batch column, bit for bit, at every row.

An indicator is a class with ``update``; its twin is the function of its module that bears its name. What ``update``
takes are the function's columns, what the constructor takes its further arguments.
"""

import inspect
import math
import sys
import unittest
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indicators import StreamingIndicator
from tests.support.discovery import arguments_of, classes_of, snake_case
from tests.support.market_data_sets import practice_columns, recorded_columns
from tests.support.scale import scaled
from tests.support.shared import needs_shared

Floats = npt.NDArray[np.float64]
Row = tuple[float, ...]

CANDLE = ("high", "low", "close")
"""What an indicator of candles may take; one that takes a single number is given any series."""

# Far from the largest float, so that no sum of a window overflows; subnormal numbers are among them.
FINITE = st.floats(-1e290, 1e290, allow_subnormal=True)
PRICES = st.floats(1e-8, 1e8)
TIED = st.sampled_from((1.0, 1.0, 2.0, 0.1, 0.3, 1e-300, 1e250))

ARGUMENTS: Mapping[str, st.SearchStrategy[Any]] = {
    "period": st.integers(1, 30),
    "weight": st.sampled_from((1.0, 0.5, 1 / 3, 1e-6)),
}
"""What the constructors take, by name."""


class Indicator(NamedTuple):
    """An indicator and its batch twin."""

    streaming: type[Any]
    batch: Callable[..., Floats]
    columns: tuple[str, ...]

    def streamed(self, rows: Iterable[Row], arguments: Sequence[float]) -> tuple[list[float], Any]:
        """Return the value after every row, and the indicator."""
        indicator = self.streaming(*arguments)
        return [indicator.update(*row) for row in rows], indicator

    def column(self, rows: Sequence[Row], arguments: Sequence[float]) -> Floats:
        """Return the batch column."""
        table = np.array(rows, np.float64).reshape(-1, len(self.columns))
        return self.batch(*(np.ascontiguousarray(column) for column in table.T), *arguments)


def found() -> list[Indicator]:
    """Return every indicator with its twin."""
    return [
        Indicator(
            one,
            getattr(sys.modules[one.__module__], snake_case(one.__name__)),
            tuple(name for name in inspect.signature(one.update).parameters if name != "self"),
        )
        for one in classes_of("indicators")
        if hasattr(one, "update") and one is not StreamingIndicator
    ]


INDICATORS = found()


@st.composite
def series(draw: st.DrawFn) -> list[Row]:
    """Draw a series of any floats, of prices, of few values with ties, constant, or monotone."""
    kind = draw(st.sampled_from((FINITE, PRICES, TIED, None, "rising", "falling")))
    if kind is None:
        values = [draw(FINITE)] * draw(st.integers(0, 60))
    elif isinstance(kind, str):
        values = sorted(draw(st.lists(PRICES, max_size=60)), reverse=kind == "falling")
    else:
        values = draw(st.lists(kind, max_size=60))
    return [(value,) for value in values]


CANDLES = st.lists(st.tuples(FINITE, FINITE, FINITE), max_size=60).map(
    lambda rows: [(max(row), min(row), sorted(row)[1]) for row in rows]
)


class StreamingEqualsBatchTest(unittest.TestCase):
    def test_what_is_found_can_be_tested(self) -> None:
        self.assertGreaterEqual(len(INDICATORS), 5)
        for one in INDICATORS:
            with self.subTest(one.streaming.__name__):
                self.assertTrue(len(one.columns) == 1 or one.columns == CANDLE, one.columns)
                self.assertLessEqual(set(arguments_of(one.streaming)), set(ARGUMENTS))
                taken = arguments_of(one.batch)
                self.assertEqual(arguments_of(one.streaming), taken[len(one.columns) :])

    def check(self, one: Indicator, rows: Sequence[Row], arguments: Sequence[float]) -> None:
        streamed, indicator = one.streamed(rows, arguments)
        column = one.column(rows, arguments)
        self.assertEqual(np.float64, column.dtype)
        self.assertEqual(np.array(streamed, np.float64).tobytes(), column.tobytes(), (one, arguments))
        if streamed:
            # What update returns and what stands in ``value`` afterwards are one number.
            last = indicator.value
            self.assertTrue(streamed[-1] == last or (math.isnan(streamed[-1]) and math.isnan(last)), one)

    @settings(max_examples=scaled(200, 5_000), deadline=None)
    @given(series(), CANDLES, st.fixed_dictionaries(dict(ARGUMENTS)))
    @example([], [], {"period": 1, "weight": 0.5})
    @example([(5.0,)], [(1.0, 1.0, 1.0)], {"period": 1, "weight": 1.0})
    @example([(-0.0,), (-0.0,)], [], {"period": 2, "weight": 1.0})
    @example([(5e-324,)] * 4, [], {"period": 2, "weight": 0.5})
    def test_on_any_rows(self, values: list[Row], candles: list[Row], told: dict[str, float]) -> None:
        for one in INDICATORS:
            arguments = [told[name] for name in arguments_of(one.streaming)]
            rows = values if len(one.columns) == 1 else candles
            self.check(one, rows, arguments)
            for cut in range(0, len(rows), 7):
                column = one.column(rows, arguments)[:cut]
                self.assertEqual(column.tobytes(), one.column(rows[:cut], arguments).tobytes(), "a later row counts")

    def test_nothing_is_defined_before_the_first_row_and_no_period_is_below_one(self) -> None:
        for one in INDICATORS:
            arguments = dict.fromkeys(arguments_of(one.streaming), 1)
            self.assertTrue(math.isnan(one.streaming(**arguments).value), one)
            for period in (0, -1):
                with self.assertRaises(ValueError, msg=one):
                    one.streaming(**{**arguments, "period": period})

    def check_candles(self, columns: Any, periods: Sequence[int]) -> None:
        candles = list(zip(*(getattr(columns, name).tolist() for name in CANDLE), strict=True))
        for one in INDICATORS:
            for period in periods:
                told = {"period": period, "weight": 0.1}
                arguments = [told[name] for name in arguments_of(one.streaming)]
                if len(one.columns) == 1:
                    for column in (columns.close, columns.volume):
                        self.check(one, [(value,) for value in column.tolist()], arguments)
                else:
                    self.check(one, candles, arguments)

    def test_on_practice_candles(self) -> None:
        self.check_candles(practice_columns("BTC/USDT", "1m", scaled(3_000, 50_000)), (1, 2, 9, 14, 20, 200))

    @needs_shared
    def test_on_recorded_candles(self) -> None:
        # The recorded volumes hold zeros and spikes over six orders of magnitude.
        columns = recorded_columns("binance@2017-2019/ETH-USDT/1m.csv.gz", scaled(10_000, 100_000))
        self.assertIn(0.0, columns.volume.tolist())
        self.check_candles(columns, (9, 14, 20))


if __name__ == "__main__":
    unittest.main()
