"""Files of one backtest: written beside their final names and renamed when they are whole."""

import contextlib
import os
import shutil
import threading
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from core.errors import StoreError
from core.instants import to_datetime
from core.timeframe import DAY_MS
from engine.renderer import ROWS_AT_ONCE, SessionOutputs, Sink
from runs.folder.curve_columns import curve_columns
from runs.folder.file_names import DERIVED, MANIFEST
from runs.folder.stem_folder import StemFolder
from runs.folder.write_errors import store_errors

_ADVICE = "; free space or choose another folder with --out"


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
        self._work = Path(directory) / f".{stem}.{os.getpid()}-{threading.get_ident()}.tmp"
        self._open: dict[str, BinaryIO] = {}
        self._names: list[str] = []
        self._outputs: SessionOutputs | None = None
        with store_errors(Path(directory), _ADVICE):
            self._work.mkdir(parents=True, exist_ok=True)
            self._begun_ns = self._work.stat().st_mtime_ns

    def settle(self, stem: str) -> None:
        """Take the stem under which it is published, where that was not known when the writing began."""
        self._stem = StemFolder(self._directory, stem)
        self.log_file = self._stem.log_file
        self.folder = self._stem.folder
        self.run_folder = self._stem.run_folder
        self.holds_whole_run = self._stem.holds_whole_run

    def outputs(self) -> SessionOutputs:
        """Return session outputs that write to the working folder."""
        self._outputs = SessionOutputs(*(self._sink(name) for name in DERIVED), at_once=ROWS_AT_ONCE)
        return self._outputs

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file."""
        with store_errors(self._stem.shown(name), _ADVICE):
            (self._work / name).write_bytes(data)
        self._names.append(name)

    def write_curve(self, step_times_ms: npt.ArrayLike, curve: npt.ArrayLike) -> None:
        """Write the equity curve as ``equity.npy``, and the time of each of its values as ``steps.npy``."""
        for name, column in curve_columns(step_times_ms, curve).items():
            with store_errors(self._stem.shown(name), _ADVICE), (self._work / name).open("wb") as file:
                np.save(file, column)
            self._names.append(name)

    def publish(self, run: str, *, latest: bool = True) -> None:
        """Give every file its final name in the folder of the run.

        Where it is the ``latest`` of its stem its files also stand in place of those of the run before it, whose own
        folder stays.

        Of two runs that publish at once the later waits, so that the files of one name are always of one run.
        """
        if self._outputs is not None:
            self._outputs.flush()
        for name, file in self._open.items():
            with store_errors(self._stem.shown(name), _ADVICE):
                file.close()
        with store_errors(self.folder, _ADVICE), self._stem.held():
            if MANIFEST in self._names:
                # When a run began is in none of its bytes: the manifest's time of change says it.
                os.utime(self._work / MANIFEST, ns=(self._begun_ns, self._begun_ns))
            own = self.run_folder(run)
            own.mkdir(parents=True, exist_ok=True)
            for name in self._names:
                (self._work / name).replace(own / name)
            if latest:
                self._stem.show(own, self._names)
            self._work.rmdir()

    def discard(self) -> None:
        """Remove what was written; files of an earlier run stay as they are."""
        for file in self._open.values():
            with contextlib.suppress(OSError):
                file.close()
        shutil.rmtree(self._work, ignore_errors=True)

    def _sink(self, name: str) -> Sink:
        target = self._stem.shown(name)
        with store_errors(target, _ADVICE):
            file = (self._work / name).open("wb")
        self._open[name] = file
        self._names.append(name)

        def write(data: bytes | memoryview) -> None:
            # Spelled out: a context manager would cost more than the write.
            try:
                file.write(data)
            except OSError as error:
                raise StoreError.of("write", target, error, _ADVICE) from error

        return write
