"""The columns of a file as they are read, part by part."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data.files.file_columns import CONFIRMED, TICKS
from market_data.files.file_formats import HowToRead
from market_data.files.file_layouts import Layout
from market_data.files.file_table import FileError

Cells = Mapping[str, pa.ChunkedArray]
Fault = Callable[[str, int, str], FileError]
"""Makes the error of a cell: what is wrong, its row, and what its column is."""

_FLAGS = {"1": True, "true": True, "0": False, "false": False, "1.0": True, "0.0": False}


class FinishedColumns(NamedTuple):
    """The values of a file in the order of the layout.

    ``confirmed`` says which rows the file calls closed, None where it does not say. ``notes`` say what stands for the
    volumes of candles where nobody knows what was traded.
    """

    values: tuple[npt.NDArray[np.float64], ...]
    confirmed: npt.NDArray[np.bool] | None
    notes: tuple[str, ...]


class ReadColumns:
    """What was read so far of the values of a file, without the times.

    Parameters
    ----------
    fault
        Makes the error of a cell that cannot be read.
    """

    def __init__(self, path: Path, layout: Layout, how: HowToRead, fault: Fault) -> None:
        self.rows = 0
        self._path = path
        self._layout = layout
        self._most_rows = how.most_rows
        self._fault = fault
        self._parts: dict[str, list[npt.NDArray[np.float64]]] = {}
        self._confirmed: list[npt.NDArray[np.bool]] = []

    def add(self, cells: Cells, rows: int) -> None:
        """Take some rows more.

        Raises
        ------
        FileError
            For a cell that is no number or no flag, or more rows than a file of this kind can have.
        """
        if self.rows + rows > self._most_rows:
            raise FileError(
                self._path, f"has more than {self._most_rows:,} rows: there are not so many candles since 2009"
            )
        for name, column in cells.items():
            if name == CONFIRMED:
                self._confirmed.append(self._flags(column))
            elif name in self._layout.values or name == TICKS:
                optional = name in self._layout.optional and not pa.types.is_floating(column.type)
                numbers = self._numbers_or_nan(name, column) if optional else column.to_numpy()
                self._parts.setdefault(name, []).append(numbers)
        self.rows += rows

    def finished(self) -> FinishedColumns:
        """Return what was read; nothing can be added afterwards.

        What the file does not have is nan, but a volume of candles 0. Where MetaTrader counts ticks and no volume, the
        ticks stand for it.
        """
        ticks = self._ticks_alone()
        notes: tuple[str, ...] = ()
        if ticks:
            notes = ("volume: its ticks, for it has no other",)
        elif "volume" in self._layout.values and "volume" not in {*self._parts, *self._layout.optional}:
            notes = ("volume: none in the file, taken as 0",)
        # Parts are let go one by one, so that little is held twice.
        columns = {name: np.concatenate(self._parts.pop(name)) for name in list(self._parts)}
        if ticks:
            columns["volume"] = columns[TICKS]
        values = tuple(columns[name] if name in columns else self._lacking(name) for name in self._layout.values)
        confirmed = np.concatenate(self._confirmed) if self._confirmed else None
        return FinishedColumns(values, confirmed, notes)

    def _ticks_alone(self) -> bool:
        """Whether ticks were counted, and a volume of no row."""
        return TICKS in self._parts and not any(part.any() for part in self._parts.get("volume", []))

    def _lacking(self, name: str) -> npt.NDArray[np.float64]:
        known = name == "volume" and name not in self._layout.optional
        return np.zeros(self.rows) if known else np.full(self.rows, np.nan)

    def _numbers_or_nan(self, name: str, column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
        """Return the numbers of a column that may have empty cells."""
        values = np.full(len(column), np.nan)
        for row, cell in enumerate(column.to_pylist()):
            if cell is not None and str(cell).strip():
                try:
                    values[row] = float(cell)
                except ValueError:
                    raise self._fault(f"{cell!r} is not a number", self.rows + row, name) from None
        return values

    def _flags(self, column: pa.ChunkedArray) -> npt.NDArray[np.bool]:
        flags = np.zeros(len(column), np.bool)
        for row, cell in enumerate(column.to_pylist()):
            flag = _FLAGS.get(str(cell).strip().lower())
            if flag is None:
                raise self._fault(
                    f"{cell!r} says neither yes nor no; allowed: 1, 0, true, false", self.rows + row, CONFIRMED
                )
            flags[row] = flag
        return flags
