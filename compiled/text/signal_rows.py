"""The part of a decision's line that is its signal, of opinions that lie in columns."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from compiled.compiler import entry
from compiled.compiling.instructions import SHORT
from compiled.text.floats import put_float
from compiled.text.words import Bytes, Words, put
from core.candle_columns import Float64Array, Int64Array
from core.event_lines import details_of
from core.events import Decision
from core.trading_signal import Signal
from strategies.features.signal_columns import SignalColumns, SignalKind
from strategies.plain_metadata import plain_metadata

SPACE_OF_A_NUMBER = 32
_A_NUMBER = "\0a number\0"


def told_of(signal: Signal) -> dict[str, Any]:
    """Return what a decision's line tells of its signal."""
    told: dict[str, Any] = details_of(Decision(0, "", signal, plain_metadata(signal.metadata), ()))["signal"]
    return told


def as_json(told: dict[str, Any]) -> str:
    """Return it as it stands in the line."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


class SignalRows(NamedTuple):
    """Opinions whose JSON is made when it is needed.

    ``numbers`` has a column for each, from the top on those of its kind, of which there are ``counts``. One of kind n
    has the words between them from the n-th group of ``pieces`` on.
    """

    numbers: Float64Array
    kinds: Int64Array
    counts: Int64Array
    pieces: Words

    @classmethod
    def of(cls, said: SignalColumns) -> "SignalRows":
        """Return opinions as rows of numbers."""
        counts = np.array([len(kind.columns) for kind in said.kinds], np.int64)
        pieces = Words.of(piece for kind in said.kinds for piece in _pieces(kind, len(said.numbers) + 1))
        return cls(said.numbers, said.kind, counts, pieces)

    def words(self, places: Int64Array) -> Words:
        """Return the JSON of some of the opinions."""
        numbers, most = np.ascontiguousarray(self.numbers[:, places].T), len(self.numbers)
        longest = (most + 1) * self.pieces.longest + most * SPACE_OF_A_NUMBER
        out = np.empty(len(places) * longest + SHORT, np.uint8)
        starts = np.zeros(len(places) + 1, np.int64)
        put_signals(numbers, (self.kinds[places], self.counts), self.pieces, starts, out)
        return Words(out, starts)


def _pieces(kind: SignalKind, pieces: int) -> Iterator[str]:
    """Yield what stands before, between and behind the numbers of a kind, and nothing for those that others have."""
    told = told_of(kind.signal)
    for word, name in kind.columns:
        if word == "metadata":
            told["inputs"][name] = _A_NUMBER
        else:
            told[word] = _A_NUMBER
    yield from as_json(told).split(json.dumps(_A_NUMBER))
    yield from [""] * (pieces - 1 - len(kind.columns))


@entry
def put_signals(
    numbers: Float64Array, kinds: tuple[Int64Array, Int64Array], pieces: Words, starts: Int64Array, out: Bytes
) -> None:
    """Put the JSON of opinions, of each a row of numbers, one behind the other; note where each ends."""
    at, most = 0, numbers.shape[1]
    kind_of, counts = kinds
    for row in range(numbers.shape[0]):
        piece, count = kind_of[row] * (most + 1), counts[kind_of[row]]
        for place in range(count):
            at = put_float(out, put(out, at, pieces, piece + place), numbers[row, place])
        at = put(out, at, pieces, piece + count)
        starts[row + 1] = at
