"""How far a fetch has come: a bar with the time left on a terminal, a plain line now and then elsewhere."""

import sys
import time
from types import TracebackType
from typing import Protocol, Self

_LINE_EVERY_S = 10.0


class FetchProgress(Protocol):
    """Told how many candles' worth of time was answered; called from several threads."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def advance(self, candles: int) -> None:
        """Count ``candles`` more as answered."""
        ...


class SilentProgress:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def advance(self, candles: int) -> None:
        """Ignore the count."""


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
            sys.stderr.write(f"{self._title}: {done}, {left_s:.0f} s left\n")


class BarProgress(SilentProgress):
    """A rich progress bar on stderr with count, rate and time left."""

    def __init__(self, title: str, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True, force_terminal=True),
            transient=True,
        )
        self._task = self._bar.add_task(title, total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def advance(self, candles: int) -> None:
        """Move the bar."""
        self._bar.advance(self._task, candles)


def open_progress(title: str, total: int, shown: bool | None, unit: str = "candles") -> FetchProgress:
    """Return what shows the progress of a fetch of ``total`` candles, or of ``total`` of another unit.

    ``shown`` True is the bar, False nothing, None the bar on a terminal and lines elsewhere.
    """
    if shown is False:
        return SilentProgress()
    if shown or sys.stderr.isatty():
        return BarProgress(title, total)
    return LineProgress(title, total, unit)
