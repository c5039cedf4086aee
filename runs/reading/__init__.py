"""Runs read back from their folders: what they were, what they traded, what became of the account."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from runs.reading.run_folder import StoredRun, measure_run, read_run
    from runs.reading.run_names import find_run

__all__ = ["StoredRun", "find_run", "measure_run", "read_run"]

_HOMES = {
    "runs.reading.run_folder": "StoredRun measure_run read_run",
    "runs.reading.run_names": "find_run",
}

__getattr__ = lazy_names(__name__, _HOMES)
