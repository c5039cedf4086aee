"""What a run is asked for by: a run, or a walk-forward as a whole."""

import argparse
from pathlib import Path

from core.errors import ConfigurationError
from research.folds.walk_forward import read_walk_forward
from research.folds.walk_forward_result import WalkForward
from research.folds.walk_luck import walk_of_run
from runs.commands.text_blocks import Facts
from runs.reading.run_names import LATEST
from runs.store.run_store import RunStore


def add_run_or_walk(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name one of both."""
    parser.add_argument("run", metavar="RUN", nargs="?",
                        help="an id or its beginning, a name, a folder, or latest, which is the whole walk-forward "
                        "where the latest run is a test of one")  # fmt: skip
    parser.add_argument("--walk-forward", metavar="NUMBER", help="the account over all tests of one, or latest")


def require_one(asked: argparse.Namespace) -> None:
    """Refuse neither and both."""
    if (asked.run is None) == (asked.walk_forward is None):
        raise ConfigurationError("which run? — allowed: RUN, or --walk-forward NUMBER, one of them")


def walk_named(asked: argparse.Namespace, store: RunStore, latest: Path | None) -> WalkForward | None:
    """Return the walk-forward that is meant; None where a run is.

    Parameters
    ----------
    asked
        The arguments.
    store
        Where walk-forwards are.
    latest
        The folder of the latest run, where that is asked for.
    """
    number = asked.walk_forward
    if number is None and asked.run == LATEST and latest is not None:
        number = walk_of_run(latest, store)
    return None if number is None else read_walk_forward(number, store)


def walk_block(walk: WalkForward) -> Facts:
    """Return the line that says what was taken."""
    last = walk.folds[-1].notes.run_id
    alone = f"; the last test alone is run {last}" if last else ""
    said = f"{walk.id}: the one account over its {len(walk.folds)} tests, which no search saw{alone}"
    return Facts("", [("walk-forward", said)])
