"""Where the files of a run are written before they are whole: a hidden folder beside their final names."""

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from core.errors import StoreError
from engine.renderer import ROWS_AT_ONCE, SessionOutputs, Sink
from runs.folder.curve_columns import curve_columns
from runs.folder.file_names import DERIVED, MANIFEST
from runs.folder.write_errors import store_errors

ADVICE = "; free space, or choose another folder (--out or --logs, or logging.directory)"


class WorkFolder:
    """Files on their way; any failure to write one is a StoreError that names where it is to stand.

    ``path`` is the folder, ``names`` what was begun in it, in order.

    Parameters
    ----------
    directory, stem
        Where the outputs of the run go, and what they are called.
    shown
        Returns where a file is to stand, by its name here.
    rooms
        Folders in it; names of what lies in one begin with it and a slash.
    """

    def __init__(self, directory: Path, stem: str, shown: Callable[[str], Path], rooms: Iterable[str] = ()) -> None:
        self.path = directory / f".{stem}.{os.getpid()}-{threading.get_ident()}.tmp"
        self.names: list[str] = []
        self._shown = shown
        self._open: dict[str, BinaryIO] = {}
        with store_errors(directory, ADVICE):
            for room in ("", *rooms):
                (self.path / room).mkdir(parents=True, exist_ok=True)
            self._begun_ns = self.path.stat().st_mtime_ns

    def outputs(self, room: str = "") -> SessionOutputs:
        """Return the outputs of a session that write to a room, or to the folder itself."""
        return SessionOutputs(*(self.sink(_within(room, name)) for name in DERIVED), at_once=ROWS_AT_ONCE)

    def sink(self, name: str) -> Sink:
        """Begin a file, and return what takes its bytes."""
        target = self._shown(name)
        with store_errors(target, ADVICE):
            file = (self.path / name).open("wb")
        self._open[name] = file
        self.names.append(name)

        def write(data: bytes | memoryview) -> None:
            # Spelled out: a context manager would cost more than the write.
            try:
                file.write(data)
            except OSError as error:
                raise StoreError.of("write", target, error, ADVICE) from error

        return write

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file."""
        with store_errors(self._shown(name), ADVICE):
            (self.path / name).write_bytes(data)
        self.names.append(name)

    def write_curve(self, step_times_ms: npt.ArrayLike, curve: npt.ArrayLike, room: str = "") -> None:
        """Write an equity curve as ``equity.npy``, and the time of each of its values as ``steps.npy``."""
        for name, column in curve_columns(step_times_ms, curve).items():
            place = _within(room, name)
            with store_errors(self._shown(place), ADVICE), (self.path / place).open("wb") as file:
                np.save(file, column)
            self.names.append(place)

    def finish(self) -> None:
        """Close what is open."""
        for name, file in self._open.items():
            with store_errors(self._shown(name), ADVICE):
                file.close()

    def stamp(self, room: str = "") -> None:
        """Let the manifest's time of change say when the run began, which is in none of its bytes."""
        os.utime(self.path / room / MANIFEST, ns=(self._begun_ns, self._begun_ns))

    def discard(self) -> None:
        """Remove what is still here."""
        for file in self._open.values():
            with contextlib.suppress(OSError):
                file.close()
        shutil.rmtree(self.path, ignore_errors=True)


def _within(room: str, name: str) -> str:
    return str(PurePosixPath(room, name))
