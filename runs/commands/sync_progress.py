"""How far the reading of folders has come, as a bar on a terminal."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_WORTH_A_BAR = 20


class SyncProgress:
    """A bar on standard error, where there are more folders to read than are read at once."""

    def __init__(self) -> None:
        columns = TextColumn("reading runs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("")
        self._begun = False

    def __enter__(self) -> "SyncProgress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._begun:
            self._progress.stop()

    def show(self, done: int, total: int) -> None:
        """Show that so many of so many are read."""
        if total < _WORTH_A_BAR:
            return
        if not self._begun:
            self._progress.start()
            self._begun = True
        self._progress.update(self._task, completed=done, total=total)
