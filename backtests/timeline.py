"""The unified timeline: candles of several symbols merged into steps by close time."""

from collections.abc import Iterator, Sequence

import numpy as np

from core.candle import Candle, Step
from market_data.candle_columns import CandleColumns, Int64Array

STEPS_AT_ONCE = 4_096
"""How many steps are turned into objects at a time; it bounds memory and changes nothing else."""


def merged_steps(columns: Sequence[CandleColumns], timeframe_ms: int) -> Iterator[Step]:
    """Yield the steps of several symbols in order of time.

    Parameters
    ----------
    columns
        One entry per symbol in configured order, of one timeframe, each strictly increasing in time.
    timeframe_ms
        Length of the candles.
    """
    opens = step_opens(columns)
    for start in range(0, len(opens), STEPS_AT_ONCE):
        part = opens[start : start + STEPS_AT_ONCE]
        rows = [_candles_at(one, part) for one in columns]
        for open_ms, candles in zip(part.tolist(), zip(*rows, strict=True), strict=True):
            yield Step(open_ms + timeframe_ms, candles)


def candles_of(columns: CandleColumns) -> list[Candle]:
    """Return the rows as candles."""
    return list(map(Candle, *(column.tolist() for column in columns)))


def step_opens(columns: Sequence[CandleColumns]) -> Int64Array:
    """Return the open times at which at least one symbol has a candle, in order: one per step."""
    opens = np.concatenate([one.open_time_ms for one in columns])
    opens.sort(kind="stable")  # Merges runs that are sorted already.
    return opens[np.concatenate(([True], opens[1:] != opens[:-1]))] if len(opens) else opens


def _candles_at(columns: CandleColumns, opens: Int64Array) -> list[Candle | None]:
    """Return a symbol's candles at the given opens, None where it has none."""
    part = columns.between(int(opens[0]), int(opens[-1]) + 1)
    candles = candles_of(part)
    if len(candles) == len(opens):
        return [*candles]
    row: list[Candle | None] = [None] * len(opens)
    for position, candle in zip(np.searchsorted(opens, part.open_time_ms).tolist(), candles, strict=True):
        row[position] = candle
    return row
