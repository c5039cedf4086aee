"""The progress of a fetch where there is no terminal: nothing, or a plain line now and then."""

import sys
import time
from types import TracebackType
from typing import Self

from core.plain_text import escaped

_LINE_EVERY_S = 10.0


class SilentProgress:
    """Shows nothing. The others show how many candles' worth of time was answered; they are told by several threads."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def advance(self, candles: int) -> None:
        """Count ``candles`` more as answered."""


class LineProgress(SilentProgress):
    """Writes a line to stderr every ten seconds; a short fetch stays silent."""

    def __init__(self, title: str, total: int, unit: str = "candles") -> None:
        self._title = title
        self._total = total
        self._unit = unit
        self._done = 0
        self._started_s = self._written_s = time.monotonic()

    def advance(self, candles: int) -> None:
        """Count, and write a line when one is due."""
        self._done += candles
        now_s = time.monotonic()
        if now_s - self._written_s >= _LINE_EVERY_S:
            self._written_s = now_s
            left_s = (now_s - self._started_s) * (self._total - self._done) / max(1, self._done)
            share = 100 * self._done // max(1, self._total)
            done = f"{self._done} of {self._total} {self._unit} ({share} %)"
            sys.stderr.write(f"{escaped(self._title)}: {done}, {left_s:.0f} s left\n")
