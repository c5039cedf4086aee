"""Every figure that ``metrics`` hands out: streaming and batch agree, what is undefined is None, and nothing is nan.

A figure is a function of ``metrics.__all__``, a streaming one a class with ``update`` beside it. A figure is called by
the names of its parameters.
"""

import inspect
import math
import unittest
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import metrics
from tests.support.discovery import arguments_of, snake_case
from tests.support.scale import scaled

RESULTS = st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 8)), max_size=60)
EQUITY = st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=40)

ARGUMENTS: Mapping[str, tuple[st.SearchStrategy[Any], object]] = {
    "results": (RESULTS, []),
    "returns": (st.lists(st.floats(-0.99, 10.0), max_size=60), []),
    "held_ms": (st.lists(st.integers(0, 10**10), max_size=40), []),
    "starting_balance": (st.floats(1e-3, 1e9), 10_000.0),
    "closing_equity": (EQUITY, []),
    "times_ms": (st.just([1, 2, 86_400_001]), []),
    "equity": (st.lists(st.floats(1e-3, 1e9), min_size=3, max_size=3), []),
    "growth": (st.floats(1e-6, 1e6), 0.0),
    "days": (st.floats(1e-3, 1e4), 0.0),
    "drawdown": (st.floats(1e-6, 1.0), 0.0),
    "first_open": (st.floats(1e-8, 1e8), 0.0),
    "last_close": (st.floats(1e-8, 1e8), 0.0),
}
"""What figures take, by name: values to draw, and the one of a run in which nothing happened."""

OTHER_NAMES = {"win_rate": "win_rate_pct"}
"""Batch twins that say their unit."""

FIGURES: dict[str, Callable[..., Any]] = {
    name: one for name in metrics.__all__ if inspect.isfunction(one := getattr(metrics, name)) and name != "measure"
}
STREAMING: dict[str, type[Any]] = {
    name: one for name in metrics.__all__ if hasattr(one := getattr(metrics, name), "update")
}


def numbers_of(value: object) -> Iterable[float]:
    """Return the numbers of a figure: itself, or those of a tuple or a list."""
    if isinstance(value, Iterable):
        return [number for one in value for number in numbers_of(one)]
    return [] if value is None else [value]  # type: ignore[list-item]


class EveryFigure(unittest.TestCase):
    def test_what_is_handed_out_can_be_called(self) -> None:
        self.assertGreaterEqual((len(FIGURES), len(STREAMING)), (14, 7))
        for name, figure in FIGURES.items():
            self.assertLessEqual(set(arguments_of(figure)), set(ARGUMENTS), name)
        for name in STREAMING:
            self.assertIn(OTHER_NAMES.get(snake_case(name), snake_case(name)), FIGURES)

    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(st.fixed_dictionaries({name: drawn for name, (drawn, _) in ARGUMENTS.items()}))
    def test_no_figure_is_nan_or_infinite(self, told: dict[str, Any]) -> None:
        for name, figure in FIGURES.items():
            found = figure(**{argument: told[argument] for argument in arguments_of(figure)})
            self.assertTrue(all(math.isfinite(number) for number in numbers_of(found)), (name, found))

    def test_where_nothing_happened_a_figure_is_none_or_empty_or_says_what_it_needs(self) -> None:
        for name, figure in FIGURES.items():
            nothing = {argument: ARGUMENTS[argument][1] for argument in arguments_of(figure)}
            with self.subTest(name):
                try:
                    found = figure(**nothing)
                except ValueError:
                    continue
                # Streaks and the win rate count; they are 0 where there is nothing to count.
                self.assertIn(found, (None, [], (0, 0)) if name != "win_rate_pct" else (0.0,))

    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(st.fixed_dictionaries({name: ARGUMENTS[name][0] for name in ("results", "held_ms")}))
    def test_streaming_and_batch_agree_at_every_step(self, told: dict[str, list[Any]]) -> None:
        for name, streaming_class in STREAMING.items():
            batch = FIGURES[OTHER_NAMES.get(snake_case(name), snake_case(name))]
            (argument,) = arguments_of(batch)
            streaming = streaming_class()
            self.assertEqual(streaming.value, batch([]), name)
            for number, one in enumerate(told[argument], 1):
                self.assertEqual(streaming.update(one), batch(told[argument][:number]), name)
                self.assertEqual(streaming.value, batch(told[argument][:number]), name)


if __name__ == "__main__":
    unittest.main()
