"""Files of a portfolio's run: a folder for each member, and what is of all; written beside and renamed when whole."""

import contextlib
import os
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from core.errors import StoreError
from engine.portfolio.portfolio_outputs import PortfolioOutputs
from engine.renderer import ROWS_AT_ONCE, SessionOutputs, Sink
from runs.folder.curve_columns import curve_columns
from runs.folder.file_names import DERIVED, LATEST, MANIFEST, REBALANCES
from runs.folder.write_errors import store_errors

_ADVICE = "; free space or choose another folder with --out"


class PortfolioFiles:
    """Outputs below ``<directory>/<stem>/<run id>/``: one folder for each member, called by its name.

    Everything is written into a working folder first; :meth:`publish` renames it as a whole, so that a run is there
    with all of its members or not at all, :meth:`discard` removes what was written.
    """

    def __init__(self, directory: str | Path, stem: str, members: Iterable[str]) -> None:
        self.folder = Path(directory) / stem
        self._members = list(members)
        self._work = Path(directory) / f".{stem}.{os.getpid()}-{threading.get_ident()}.tmp"
        self._open: list[tuple[Path, BinaryIO]] = []
        self._outputs: PortfolioOutputs | None = None
        with store_errors(Path(directory), _ADVICE):
            for name in self._members:
                (self._work / name).mkdir(parents=True, exist_ok=True)
            self._begun_ns = self._work.stat().st_mtime_ns

    def run_folder(self, run: str) -> Path:
        """Return the folder that a run will have, by its id."""
        return self.folder / run

    def outputs(self) -> PortfolioOutputs:
        """Return outputs that write to the working folder."""
        members = {
            name: SessionOutputs(*(self._sink(f"{name}/{file}") for file in DERIVED), at_once=ROWS_AT_ONCE)
            for name in self._members
        }
        self._outputs = PortfolioOutputs(members, self._sink(REBALANCES))
        return self._outputs

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file; one of a member begins with its name and a slash."""
        with store_errors(self.folder / name, _ADVICE):
            (self._work / name).write_bytes(data)

    def write_curve(self, step_times_ms: npt.ArrayLike, curve: npt.ArrayLike, member: str = "") -> None:
        """Write an equity curve and the times of its values, of the whole or of a member."""
        for name, column in curve_columns(step_times_ms, curve).items():
            with store_errors(self.folder / member / name, _ADVICE), (self._work / member / name).open("wb") as file:
                np.save(file, column)

    def publish(self, run: str) -> Path:
        """Give the folder its final name, in place of one of the same run, and return it."""
        if self._outputs is not None:
            self._outputs.flush()
        for target, file in self._open:
            with store_errors(target, _ADVICE):
                file.close()
        own = self.run_folder(run)
        with store_errors(self.folder, _ADVICE):
            for name in self._members:
                # When a run began is in none of its bytes: the manifest's time of change says it.
                os.utime(self._work / name / MANIFEST, ns=(self._begun_ns, self._begun_ns))
            self.folder.mkdir(parents=True, exist_ok=True)
            aside = self._work.with_name(f"{self._work.name}.old")
            if own.exists():
                own.replace(aside)
            self._work.replace(own)
            shutil.rmtree(aside, ignore_errors=True)
            self._point(own)
        return own

    def discard(self) -> None:
        """Remove what was not published."""
        for _, file in self._open:
            with contextlib.suppress(OSError):
                file.close()
        shutil.rmtree(self._work, ignore_errors=True)

    def _point(self, own: Path) -> None:
        beside = self.folder / f".{LATEST}.{os.getpid()}-{threading.get_ident()}.tmp"
        with contextlib.suppress(PermissionError):  # A file system without links.
            beside.symlink_to(own.name, target_is_directory=True)
            beside.replace(self.folder / LATEST)

    def _sink(self, name: str) -> Sink:
        target = self.folder / name
        with store_errors(target, _ADVICE):
            file = (self._work / name).open("wb")
        self._open.append((target, file))

        def write(data: bytes | memoryview) -> None:
            # Spelled out: a context manager would cost more than the write.
            try:
                file.write(data)
            except OSError as error:
                raise StoreError.of("write", target, error, _ADVICE) from error

        return write
