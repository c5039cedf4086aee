"""How far a run over many candles has come: a bar on a terminal, nothing elsewhere."""

import contextlib
import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE_S = 0.4
"""A run shows its bar once it has taken so long."""
REFRESH_S = 0.25


class ReplayProgress:
    """A bar with candles per second and time left, for runs that a person waits for.

    Nothing is shown unless the stream is a terminal and the run takes longer than two fifths of a second. The bar
    is drawn four times a second by a thread of its own, which reads ``candles_done``: it goes on however long one
    candle takes. It is wiped at the end.

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
    """

    def __init__(
        self, total_candles: int, *, title: str = "Candles", shown: bool = True, stream: TextIO | None = None
    ) -> None:
        self.candles_done = 0
        self._total = total_candles
        self._title = title
        self._stream = stream if stream is not None else sys.stderr
        self._ended = threading.Event()
        self._drawer: threading.Thread | None = None
        if shown and self._stream.isatty():
            self._drawer = threading.Thread(target=self._draw_all, name="progress", daemon=True)

    def __enter__(self) -> Self:
        if self._drawer is not None:
            self._drawer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._drawer is not None:
            self._drawer.join()

    def _draw_all(self) -> None:
        """Draw until the end; a terminal that is gone ends the drawing alone."""
        with contextlib.suppress(OSError):
            self._draw_on()

    def _draw_on(self) -> None:
        started_s = time.monotonic()
        if self._ended.wait(PATIENCE_S):
            return
        bar = self._opened_bar()
        task = bar.add_task(self._title, total=self._total, pace="")
        with bar:
            while True:
                done = self.candles_done
                pace = pace_text(done, self._total, time.monotonic() - started_s)
                bar.update(task, completed=done, pace=pace, refresh=True)
                if self._ended.wait(REFRESH_S):
                    return

    def _opened_bar(self) -> "Progress":
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        return Progress(
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
