"""One symbol's candles as they come: their numbers go to a temporary file, so that no more than some are in memory."""

import tempfile
import weakref
from typing import IO

import numpy as np

from core.candle import Candle
from core.candle_columns import CandleColumns

ROWS_IN_MEMORY = 4_096
"""Up to so many candles there is no file."""

_ROW = np.dtype([("open_time_ms", "<i8"), *((name, "<f8") for name in ("open", "high", "low", "close", "volume"))])


class CandleSpool:
    """Takes candles one by one and gives them as columns, of which the system holds in memory what is read."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, float, float, float, float, float]] = []
        self._file: IO[bytes] | None = None
        self.rows = 0

    def add(self, candle: Candle) -> None:
        """Take the next candle."""
        self._waiting.append((candle.open_time_ms, candle.open, candle.high, candle.low, candle.close, candle.volume))
        self.rows += 1
        if len(self._waiting) >= ROWS_IN_MEMORY:
            self._write()

    def columns(self) -> CandleColumns:
        """Return all candles so far."""
        if self._file is None:
            table = np.array(self._waiting, _ROW)
        else:
            self._write()
            table = np.memmap(self._file, _ROW, mode="r")
        return CandleColumns._make(table[name] for name in _ROW.names or ())

    def _write(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="candles-")  # noqa: SIM115 - it lasts as long as this
            weakref.finalize(self, self._file.close)
        self._file.write(np.array(self._waiting, _ROW).tobytes())
        self._file.flush()
        self._waiting.clear()
