"""Words that stand in many lines, as bytes: a table of them, and how one is put into a buffer."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from compiled.compiler import routine
from compiled.compiling.instructions import SHORT, copy_bytes
from compiled.compiling.pointers import by_pointer
from core.candle_columns import Int64Array

Bytes = npt.NDArray[np.uint8]


@by_pointer
class Words(NamedTuple):
    """Texts one behind the other; the n-th lies from ``starts[n]`` to ``starts[n + 1]``.

    Behind the last of them ``data`` has room for what is read at once.
    """

    data: Bytes
    starts: Int64Array

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Words":
        """Return a table of texts."""
        encoded = [text.encode() for text in texts]
        starts = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(one) for one in encoded], out=starts[1:])
        return cls(np.frombuffer(b"".join((*encoded, bytes(SHORT))), np.uint8), starts)

    @classmethod
    def joined(cls, tables: "Sequence[Words]") -> "Words":
        """Return several tables as one."""
        lengths = [np.diff(one.starts) for one in tables]
        if len(tables) == 1:
            return tables[0]
        data = np.concatenate([*(one.data[: one.starts[-1]] for one in tables), np.zeros(SHORT, np.uint8)])
        return cls(data, np.concatenate(([0], np.cumsum(np.concatenate(lengths)))))

    @property
    def longest(self) -> int:
        """Length of the longest text."""
        return int(np.diff(self.starts).max(initial=0))


class TextRows(NamedTuple):
    """Opinions whose JSON is known."""

    texts: Sequence[str]

    def words(self, places: Int64Array) -> Words:
        """Return the JSON of some of the opinions."""
        return Words.of([self.texts[place] for place in places.tolist()])


@routine
def put(out: Bytes, at: int, words: Words, number: int) -> int:
    """Put a word into a buffer; return where it ends."""
    return copy_bytes(out, at, words.data, words.starts[number], words.starts[number + 1])
