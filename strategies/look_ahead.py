"""What a frame strategy says with and without the candles after one: the comparison that finds look-ahead."""

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core.tolerance import TOLERANCE
from core.trading_signal import At, Signal

_MAY_DIFFER = TOLERANCE - 1.0
"""By which share numbers may differ; a direction must not."""


class Difference(NamedTuple):
    """A column that is not the same, and its value in one row on the whole block and on the frame that ends earlier."""

    column: str
    row: int
    on_block: object
    on_cut: object


def differs(claimed: Signal, answer: Signal) -> bool:
    """Return whether two answers have other directions, or numbers that differ by more than the tolerance."""
    if claimed.direction != answer.direction:
        return True
    for name in Signal.__struct_fields__:
        one, other = getattr(claimed, name), getattr(answer, name)
        if isinstance(one, float) and isinstance(other, float) and not _close(one, other):
            return True
    claims, answers = _ladder(claimed), _ladder(answer)
    return len(claims) == len(answers) and not all(map(_close, claims, answers))


def _ladder(signal: Signal) -> list[float]:
    """Return the numbers of a signal's ladder."""
    levels = [(share, level.price if isinstance(level, At) else level) for share, level in signal.targets]
    return [float(value) for pair in levels for value in pair if isinstance(value, float | int)]


class BlockColumns:
    """The columns of a whole block, to compare rows of shorter frames with.

    Parameters
    ----------
    block
        What ``add_indicators`` returned for it.
    """

    def __init__(self, block: pd.DataFrame) -> None:
        self.frame = block
        self._index = block.columns
        self._arrays = [block.iloc[:, place].array for place in range(block.shape[1])]

    def differing_value(self, cut: pd.DataFrame) -> Difference | None:
        """Return the first column whose value in the last row of a shorter frame is another one; None if none is.

        Beside the tolerance of a number, what is small against its column is the noise of how it was added up.
        """
        row, arrays = len(cut) - 1, self._arrays
        if not cut.columns.equals(self._index):
            names = [name for name in cut.columns if name in self._index]
            arrays = [self.frame[name].array for name in names]
            cut = cut[names]
        # A row at once: taking it costs pandas little more than taking one value.
        for place, on_cut in enumerate(cut.iloc[-1].tolist()):
            on_block = arrays[place][row]
            if not _same(on_block, on_cut) and not _is_noise(on_block, on_cut, cut.iloc[:, place]):
                return Difference(str(cut.columns[place]), row, on_block, on_cut)
        return None


def differing_column(block: pd.DataFrame, cut: pd.DataFrame) -> Difference | None:
    """Return the first of the columns that differ nearest to the last row of the shorter frame; None if none does."""
    found = None
    for name in cut.columns:
        if name not in block.columns:
            continue
        on_block, on_cut = block[name].iloc[: len(cut)].tolist(), cut[name].tolist()
        row = next((row for row in reversed(range(len(cut))) if not _same(on_block[row], on_cut[row])), None)
        if row is not None and (found is None or row > found.row):
            found = Difference(str(name), row, on_block[row], on_cut[row])
    return found


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float | int | np.number) and isinstance(other, float | int | np.number):
        return _close(float(one), float(other))
    if pd.api.types.is_scalar(one) and pd.api.types.is_scalar(other) and pd.isna(one) and pd.isna(other):
        return True
    return repr(one) == repr(other)


def _is_noise(one: Any, other: Any, column: pd.Series) -> bool:
    if not (isinstance(one, float) and isinstance(other, float)):
        return False
    return abs(one - other) <= _MAY_DIFFER * float(column.abs().max())


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_MAY_DIFFER) or (math.isnan(one) and math.isnan(other))
