"""Pages of studies and of walk-forwards, written for the verbs that end with one."""

from pathlib import Path

from core.errors import ConfigurationError
from research.commands.walk_blocks import walk_lines
from research.folds.walk_forward_result import WalkForward
from research.pictures.study_file import usual_place, write_study_page
from research.studies.search import read_study
from research.studies.study_luck import study_luck
from runs.store.run_store import RunStore


def write_page_of_study(study: str | int, store: RunStore, out: Path | None, logs: str | None = None) -> Path:
    """Write the page of a study and return where it is; ``out`` is None for its usual place."""
    found = read_study(study, store)
    return write_study_page(found, study_luck(found, store), out or usual_place(found.row, logs))


def write_page_of_walk(walk: WalkForward, store: RunStore, out: Path | None, logs: str | None = None) -> Path:
    """Write the page of a walk-forward, around the search of its last fold; ``out`` is None for its usual place."""
    if not walk.folds:
        raise ConfigurationError(f"walk-forward {walk.id}: no fold is done — allowed: to go on with it first")
    study = read_study(walk.folds[-1].notes.study, store)
    target = out or usual_place(walk.row, logs, "walk_forward")
    return write_study_page(study, study_luck(study, store), target, walk_lines(walk))
