"""``python -m research report``: the page of a study or of a walk-forward."""

import argparse
from pathlib import Path

from core.command_line import say
from core.errors import ConfigurationError
from research.commands.page_writing import write_page_of_study, write_page_of_walk
from research.folds.walk_forward import read_walk_forward
from research.folds.walk_plan import METHOD, FoldNotes
from research.studies.search import study_row
from runs.store.run_store import RunStore, open_store
from runs.store.store_rows import Optimisation, Trial


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("study", metavar="STUDY", help="its number or that of a walk-forward, or latest")
    parser.add_argument("--out", metavar="FILE", help="where (default: in logs/reports, by its number)")


def run(asked: argparse.Namespace) -> int:
    """Write the page and print where it is."""
    out = None if asked.out is None else Path(asked.out)
    if out is not None and out.is_dir():
        raise ConfigurationError(f"--out {out}: is a folder — allowed: a file, such as {out / 'study.html'}")
    with open_store() as store:
        walk = _walk_of(asked.study, store)
        if walk is None:
            say(write_page_of_study(asked.study, store, out))
        else:
            say(write_page_of_walk(read_walk_forward(walk, store), store, out))
    return 0


def _walk_of(asked: str, store: RunStore) -> int | None:
    """Return the walk-forward that is asked for, or whose search the latest study is; None where it is a study."""
    for one in reversed(store.records(Optimisation, method=METHOD)):
        if asked == str(one.id):
            return one.id
        if asked == "latest":
            folds = store.records(Trial, optimisation=one.id)
            return one.id if study_row(store, asked).id in {FoldNotes.of(fold).study for fold in folds} else None
    return None
