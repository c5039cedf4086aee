"""The part of a decision's line that is its signal, of opinions that lie in columns."""

import json
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from compiled.compiler import entry
from compiled.compiling.instructions import SHORT
from compiled.text.floats import put_float
from compiled.text.words import Bytes, Words, put
from core.candle_columns import Float64Array, Int64Array
from strategies.features.signal_columns import SignalColumns

SPACE_OF_A_NUMBER = 32
NULL = "null"
"""The last of the words: a distance that is not given."""


class SignalRows(NamedTuple):
    """Opinions whose JSON is made when it is needed.

    ``numbers`` has in each row its atr, its inputs by name, and both distances. A row of kind n has the words between
    them from the n-th group of ``pieces`` on; the last of these is what stands for no number.
    """

    numbers: Float64Array
    kinds: Int64Array
    pieces: Words

    @classmethod
    def of(cls, said: SignalColumns) -> "SignalRows":
        """Return opinions as rows of numbers."""
        names = sorted(said.metadata)
        columns = [said.atr, *(said.metadata[name] for name in names), said.sl_distance, said.tp_distance]
        kinds = said.reason * 2 + np.where(said.long, 0, 1)
        words = [
            piece for reason in said.reasons for side in ("LONG", "SHORT") for piece in _pieces(side, reason, names)
        ]
        return cls(np.stack(columns, axis=1), kinds.astype(np.int64), Words.of((*words, NULL)))

    def words(self, places: Int64Array) -> Words:
        """Return the JSON of some of the opinions."""
        numbers = self.numbers[places]
        pieces = numbers.shape[1] + 1
        longest = pieces * self.pieces.longest + numbers.shape[1] * SPACE_OF_A_NUMBER
        out = np.empty(len(places) * longest + SHORT, np.uint8)
        starts = np.zeros(len(places) + 1, np.int64)
        put_signals(numbers, self.kinds[places], self.pieces, starts, out)
        return Words(out, starts)


def _pieces(side: str, reason: str, names: list[str]) -> Iterator[str]:
    """Yield what stands before, between and behind the numbers of a signal."""
    keys = [f"{json.dumps(name)}:" for name in names]
    first = f'{{"atr":|,"direction":"{side}","inputs":{{'.split("|")
    last = f'}},"reason":{json.dumps(reason)},"sl_distance":|,"tp_distance":|}}'.split("|")
    yield first[0]
    yield first[1] + (keys[0] if keys else last[0])
    yield from (f",{key}" for key in keys[1:])
    if keys:
        yield last[0]
    yield from last[1:]


@entry
def put_signals(numbers: Float64Array, kinds: Int64Array, pieces: Words, starts: Int64Array, out: Bytes) -> None:
    """Put the JSON of opinions one behind the other; note where each ends."""
    at, count = 0, numbers.shape[1]
    for row in range(numbers.shape[0]):
        piece = kinds[row] * (count + 1)
        for place in range(count):
            at = put(out, at, pieces, piece + place)
            if math.isnan(numbers[row, place]):
                at = put(out, at, pieces, pieces.starts.shape[0] - 2)
            else:
                at = put_float(out, at, numbers[row, place])
        at = put(out, at, pieces, piece + count)
        starts[row + 1] = at
