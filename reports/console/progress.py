"""How far a run over many candles has come: a bar on a terminal, nothing elsewhere."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LONG_RUN_CANDLES = 200_000
"""A run of more candles shows its bar at once."""
PATIENCE_S = 2.0
"""A smaller run shows its bar when it has taken longer than this."""
_REFRESH_EVERY_S = 0.25


class ReplayProgress:
    """A bar with candles per second and time left, for runs that a person waits for.

    Nothing is shown unless the stream is a terminal and the run is long: more than 200,000 candles, or more than two
    seconds. The bar is drawn inside :meth:`advance`, at most four times a second and without a thread of its own, so
    that it takes no time from the run; it is wiped at the end.

    Parameters
    ----------
    total_candles
        Candles of the whole run, over all symbols.
    title
        What stands before the bar.
    shown
        False never shows it; True shows it where the stream is a terminal.
    stream
        Where the bar goes; None is standard error.
    clock
        Seconds from an arbitrary start, never going back.
    """

    def __init__(
        self,
        total_candles: int,
        *,
        title: str = "Candles",
        shown: bool = True,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total = total_candles
        self._title = title
        self._stream = stream if stream is not None else sys.stderr
        self._clock = clock
        self._visible = shown and self._stream.isatty()
        self._started_s = self._drawn_s = clock()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._started_s = self._drawn_s = self._clock()
        if self._visible and self._total > LONG_RUN_CANDLES:
            self._open_bar()
            self._draw(0, self._started_s)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._visible = False
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.stop()

    def advance(self, candles_done: int) -> None:
        """Take the number of candles processed since the start, not since the last call."""
        if not self._visible:
            return
        now_s = self._clock()
        if self._bar is None:
            if now_s - self._started_s <= PATIENCE_S or candles_done >= self._total:
                return
            self._open_bar()
        elif now_s - self._drawn_s < _REFRESH_EVERY_S and candles_done < self._total:
            return
        self._draw(candles_done, now_s)

    def _open_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %", markup=False),
            TextColumn("{task.fields[pace]}", markup=False),
            console=Console(file=self._stream, force_terminal=True),
            auto_refresh=False,
            transient=True,
            # What is printed meanwhile goes above the bar, but never out of a pipe and onto the terminal.
            redirect_stdout=sys.stdout.isatty(),
        )
        self._task = self._bar.add_task(self._title, total=self._total, pace="")
        self._bar.start()

    def _draw(self, candles_done: int, now_s: float) -> None:
        self._drawn_s = now_s
        if self._bar is not None and self._task is not None:
            pace = pace_text(candles_done, self._total, now_s - self._started_s)
            self._bar.update(self._task, completed=candles_done, pace=pace, refresh=True)


def pace_text(candles_done: int, total_candles: int, elapsed_s: float) -> str:
    """Return candles per second and the time left at that rate; empty before there is a rate.

    Examples
    --------
    >>> pace_text(300_000, 1_200_000, 2.0)
    '150,000 candles/s, 0:06 left'
    """
    if candles_done <= 0 or elapsed_s <= 0.0:
        return ""
    left_s = round(max(0, total_candles - candles_done) * elapsed_s / candles_done)
    minutes, seconds = divmod(left_s, 60)
    hours, minutes = divmod(minutes, 60)
    left = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
    return f"{candles_done / elapsed_s:,.0f} candles/s, {left} left"
