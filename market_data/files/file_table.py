"""The rows of a file as they are read, and the error that says where it is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.errors import ConfigurationError


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


def _no_line(row: int) -> int | None:
    return None


class FileTable(NamedTuple):
    """The cells of a file: times as numbers or instants, the values in the order of the layout, and how it was read.

    ``form`` says in words what it was read as, ``zone`` of instants what they are. ``ignored`` are the columns that no
    layout names. ``confirmed`` says of each candle whether its file calls it closed, None where it does not say.
    ``notes`` say what stands for volumes that nobody knows. ``line_of`` finds the line of a row, None in a file without
    lines; ``zoned`` says whether the times say their offset from UTC themselves.
    """

    times: "npt.NDArray[np.int64] | npt.NDArray[np.float64] | npt.NDArray[np.datetime64]"
    values: tuple[npt.NDArray[np.float64], ...]
    form: tuple[str, ...]
    ignored: tuple[str, ...] = ()
    zone: str = ""
    confirmed: npt.NDArray[np.bool] | None = None
    notes: tuple[str, ...] = ()
    line_of: Callable[[int], int | None] = _no_line
    zoned: bool = False
