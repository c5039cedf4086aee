"""Pages on their way into the store: kept as they come, several at once where they come faster than files are made."""

import threading
import time
from collections.abc import Callable

import numpy as np

from market_data.series_columns import SeriesColumns

Keep = Callable[[str, SeriesColumns, int, int], None]
"""Takes a symbol, its rows, and the range ``[start_ms, end_ms)`` that the exchange has answered with them."""

WRITE_EVERY_S = 0.25


class PageBuffer:
    """Pages of one symbol that were answered and are not kept yet.

    A page is kept at once, unless the last writing was less than a quarter of a second ago: then it waits for the next
    page or for ``flush``. Both may be called from different threads, so that an interruption keeps what came even while
    the next page hangs.
    """

    def __init__(self, symbol: str, keep: Keep) -> None:
        self._symbol = symbol
        self._keep: Keep | None = keep
        self._lock = threading.Lock()
        self._parts: list[SeriesColumns] = []
        self._start_ms = self._end_ms = 0
        self._kept_s = 0.0

    def add(self, candles: SeriesColumns, start_ms: int, end_ms: int) -> None:
        """Take one page that answers for ``[start_ms, end_ms)``."""
        with self._lock:
            if self._parts and start_ms != self._end_ms:
                self._write()
            if not self._parts:
                self._start_ms = start_ms
            self._parts.append(candles)
            self._end_ms = end_ms
            if time.monotonic() - self._kept_s >= WRITE_EVERY_S:
                self._write()

    def flush(self) -> None:
        """Keep what is waiting."""
        with self._lock:
            if self._parts:
                self._write()

    def abandon(self) -> None:
        """Keep what is waiting, and nothing from now on: the thread that adds may hang until the process ends."""
        with self._lock:
            if self._parts:
                self._write()
            self._keep = None

    def _write(self) -> None:
        parts, self._parts = self._parts, []
        if self._keep is not None:
            rows = type(parts[0])(*(np.concatenate(column) for column in zip(*parts, strict=True)))
            self._keep(self._symbol, rows, self._start_ms, self._end_ms)
        self._kept_s = time.monotonic()
