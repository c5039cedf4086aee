"""What the rows of a file say they are of: one symbol and one timeframe, or the file is refused."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from core.symbol_spelling import symbol_key
from market_data.files.file_columns import PERIOD


class OtherName(NamedTuple):
    """The first of some rows, from 0, that is of something else than the rows before it, and what is wrong."""

    row: int
    wrong: str


class RowNames:
    """The names in the rows of a file, added part by part; an empty cell names nothing."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, str]] = {}

    def other(self, what: str, cells: pa.ChunkedArray) -> OtherName | None:
        """Return the first cell that names something else than those before it, in whatever spelling."""
        for name in pc.unique(cells).to_pylist():
            text = "" if name is None else str(name).strip()
            key = text if what == PERIOD else symbol_key(text)
            if not key:
                continue
            known, spelled = self._known.setdefault(what, (key, text))
            if key != known:
                row = cells.to_pylist().index(name)
                return OtherName(row, f"names {text!r} where the rows before name {spelled!r}; a file is of one")
        return None
