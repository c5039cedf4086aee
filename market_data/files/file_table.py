"""The rows of a file as they are read: its columns found by their names, and the error that says where it is wrong."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.errors import ConfigurationError
from market_data.files.file_layouts import TIME_NAMES, Layout


class FileError(ConfigurationError):
    """A file cannot be taken, or written to.

    ``line`` counts lines from the header's 1, ``row`` the rows from 1; where both are known the sentence has the line.
    ``column`` is the header's
    word, ``part`` what a cell is where its column is not named. Each is None where it is not of one.
    """

    def __init__(
        self,
        path: Path,
        wrong: str,
        *,
        line: int | None = None,
        row: int | None = None,
        column: str | None = None,
        part: str = "",
    ) -> None:
        self.path, self.line, self.row, self.column = path, line, row, column
        where = f" line {line}" if line is not None else f" row {row}" if row is not None else ""
        what = f", column {column!r}" if column is not None else f", {part}" if part else ""
        super().__init__(f"{path}{where}{what}: {wrong}")


class FileTable(NamedTuple):
    """The cells of a file: times as numbers or instants, the values in the order of the layout, and what else it has.

    ``ignored`` are the columns that no layout names, ``zone`` says of instants what they are, ``body`` are the lines
    after the header of a file that has lines.
    """

    times: "npt.NDArray[np.int64] | npt.NDArray[np.float64] | npt.NDArray[np.datetime64]"
    values: tuple[npt.NDArray[np.float64], ...]
    ignored: tuple[str, ...]
    zone: str = ""
    body: memoryview | bytes = b""

    def line_of(self, row: int) -> int | None:
        """Return the line of a row; None for a file without lines."""
        if not self.body:
            return None
        filled = (number for number, line in enumerate(bytes(self.body).split(b"\n"), 2) if line.strip())
        return next(number for position, number in enumerate(filled) if position == row)


def found_columns(path: Path, header: Sequence[str], layout: Layout) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return the positions of the time and of the layout's columns by name, and the names of the other columns."""
    names = [re.sub(r"\W+", "_", name.strip().lower()).strip("_") for name in header]
    places: dict[str, int] = {}
    for meant, spellings in {"timestamp": TIME_NAMES, **layout.values}.items():
        spelling = next((spelling for spelling in spellings if spelling in names), None)
        if spelling is None:
            if meant in layout.optional:
                continue
            shown = ",".join(header[:12])[:120]
            wrong = f"no column {meant!r} in the header {shown!r}; expected {layout.expected}"
            raise FileError(path, wrong, line=1)
        if names.count(spelling) > 1:
            raise FileError(path, f"more than one column {spelling!r}", line=1)
        places[meant] = names.index(spelling)
    return places, tuple(name for position, name in enumerate(header) if position not in places.values())


def in_order(columns: Mapping[str, npt.NDArray[np.float64]], layout: Layout) -> tuple[npt.NDArray[np.float64], ...]:
    """Return the values in the order of the layout, nan where the file has no such column."""
    rows = len(columns["timestamp"])
    return tuple(columns[name] if name in columns else np.full(rows, np.nan) for name in layout.values)
