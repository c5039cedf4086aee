"""Loops over columns, as a compiler has them."""

import unittest
from collections.abc import MutableSequence, Sequence

import numpy as np

from benchmarks.workloads import candles_of_seed
from core.candle_columns import CandleColumns
from indicators.forms.column_form import node_columns
from indicators.forms.compiled_loop import CompiledLoop
from indicators.forms.nodes import RawPrice, Recursion, Windowed


def _sum_step(state: MutableSequence[float], x: float) -> float:
    state[0] += x
    return state[0]


def _sum_loop(state: MutableSequence[float], values: Sequence[float], out: MutableSequence[float]) -> None:
    for row in range(len(values)):
        state[0] += values[row]
        out[row] = state[0]


def _newest(window: Sequence[float]) -> float:
    return window[-1]


def _newest_loop(values: Sequence[float], out: MutableSequence[float]) -> None:
    for row in range(1, len(values)):
        out[row] = values[row]


class Compiled(unittest.TestCase):
    def test_a_loop_is_compiled_once_whether_its_columns_may_be_written_to_or_not(self) -> None:
        own, frames = candles_of_seed(50, 1), candles_of_seed(50, 1)
        for column in frames:
            column.setflags(write=False)
        price = RawPrice("close")
        loops = CompiledLoop(_sum_loop), CompiledLoop(_newest_loop)
        nodes = Recursion(_sum_step, loops[0], (price,), (0.0,), (), 0), Windowed(_newest, (price,), 2, (), loops[1])
        of_own, of_frames = (node_columns(nodes, CandleColumns._make(one)) for one in (own, frames))
        np.testing.assert_array_equal(of_own, of_frames)
        for loop in loops:
            self.assertEqual(1, len(loop.compiled().signatures))  # type: ignore[union-attr]
