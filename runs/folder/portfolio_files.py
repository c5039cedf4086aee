"""Files of a portfolio's run: a folder for each member, and what is of all; written beside and renamed when whole."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy.typing as npt

from engine.portfolio.portfolio_outputs import PortfolioOutputs
from runs.folder.file_names import REBALANCES
from runs.folder.stem_folder import point_to
from runs.folder.work_folder import ADVICE, WorkFolder
from runs.folder.write_errors import store_errors


class PortfolioFiles:
    """Outputs below ``<directory>/<stem>/<run id>/``: one folder for each member, called by its name.

    Everything is written into a working folder first; :meth:`publish` renames it as a whole, so that a run is there
    with all of its members or not at all, :meth:`discard` removes what was written.
    """

    def __init__(self, directory: str | Path, stem: str, members: Iterable[str]) -> None:
        self.folder = Path(directory) / stem
        self._members = list(members)
        self._work = WorkFolder(Path(directory), stem, self.folder.joinpath, self._members)
        self._outputs: PortfolioOutputs | None = None

    def run_folder(self, run: str) -> Path:
        """Return the folder that a run will have, by its id."""
        return self.folder / run

    def outputs(self) -> PortfolioOutputs:
        """Return outputs that write to the working folder."""
        members = {name: self._work.outputs(name) for name in self._members}
        self._outputs = PortfolioOutputs(members, self._work.sink(REBALANCES))
        return self._outputs

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file; one of a member begins with its name and a slash."""
        self._work.write(name, data)

    def write_curve(self, step_times_ms: npt.ArrayLike, curve: npt.ArrayLike, member: str = "") -> None:
        """Write an equity curve and the times of its values, of the whole or of a member."""
        self._work.write_curve(step_times_ms, curve, member)

    def publish(self, run: str) -> Path:
        """Give the folder its final name, in place of one of the same run, and return it."""
        if self._outputs is not None:
            self._outputs.flush()
        self._work.finish()
        own, work = self.run_folder(run), self._work.path
        with store_errors(self.folder, ADVICE):
            for name in self._members:
                self._work.stamp(name)
            self.folder.mkdir(parents=True, exist_ok=True)
            aside = work.with_name(f"{work.name}.old")
            if own.exists():
                own.replace(aside)
            work.replace(own)
            shutil.rmtree(aside, ignore_errors=True)
            point_to(self.folder, own)
        return own

    def discard(self) -> None:
        """Remove what was not published."""
        self._work.discard()
