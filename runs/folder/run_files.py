"""Files of one backtest: written beside their final names and renamed when they are whole."""

from pathlib import Path

import numpy.typing as npt

from core.instants import to_datetime
from core.timeframe import DAY_MS
from engine.renderer import SessionOutputs
from runs.folder.file_names import MANIFEST
from runs.folder.stem_folder import StemFolder
from runs.folder.work_folder import ADVICE, WorkFolder
from runs.folder.write_errors import store_errors


def run_stem(start_ms: int, end_ms: int, kind: str = "config_backtest") -> str:
    """Return the name of a run's outputs; it has hours where the range is not whole days."""
    form = "%Y%m%d" if start_ms % DAY_MS == 0 and end_ms % DAY_MS == 0 else "%Y%m%dT%H%M"
    return f"{kind}_{to_datetime(start_ms).strftime(form)}_{to_datetime(end_ms).strftime(form)}"


class RunFiles:
    """Outputs of a run below ``directory``: its own folder ``<stem>/<run id>/``, and what the stem shows.

    Everything is written into a working folder first; :meth:`publish` renames file by file, :meth:`discard` removes
    what was written. Any failure to write is a StoreError that names the file.
    """

    def __init__(self, directory: str | Path, stem: str) -> None:
        self._directory = Path(directory)
        self.settle(stem)
        self._work = WorkFolder(self._directory, stem, self._shown)
        self._outputs: SessionOutputs | None = None

    def settle(self, stem: str) -> None:
        """Take the stem under which it is published, where that was not known when the writing began."""
        self._stem = StemFolder(self._directory, stem)
        self.log_file = self._stem.log_file
        self.folder = self._stem.folder
        self.run_folder = self._stem.run_folder
        self.holds_whole_run = self._stem.holds_whole_run

    def _shown(self, name: str) -> Path:
        return self._stem.shown(name)

    def outputs(self) -> SessionOutputs:
        """Return session outputs that write to the working folder."""
        self._outputs = self._work.outputs()
        return self._outputs

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file."""
        self._work.write(name, data)

    def write_curve(self, step_times_ms: npt.ArrayLike, curve: npt.ArrayLike) -> None:
        """Write the equity curve as ``equity.npy``, and the time of each of its values as ``steps.npy``."""
        self._work.write_curve(step_times_ms, curve)

    def publish(self, run: str, *, latest: bool = True) -> None:
        """Give every file its final name in the folder of the run.

        Where it is the ``latest`` of its stem its files also stand in place of those of the run before it, whose own
        folder stays.

        Of two runs that publish at once the later waits, so that the files of one name are always of one run.
        """
        if self._outputs is not None:
            self._outputs.flush()
        self._work.finish()
        work, names = self._work.path, self._work.names
        with store_errors(self.folder, ADVICE), self._stem.held():
            if MANIFEST in names:
                self._work.stamp()
            own = self.run_folder(run)
            own.mkdir(parents=True, exist_ok=True)
            for name in names:
                (work / name).replace(own / name)
            if latest:
                self._stem.show(own, names)
            work.rmdir()

    def discard(self) -> None:
        """Remove what was written; files of an earlier run stay as they are."""
        self._work.discard()
