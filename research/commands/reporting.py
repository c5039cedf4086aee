"""``python -m research report``: the page of a study, a walk-forward, a cross-validation or a portfolio's run."""

import argparse
from pathlib import Path

from core.command_line import file_named, say
from research.commands.page_writing import (
    write_page_of_portfolio,
    write_page_of_study,
    write_page_of_validation,
    write_page_of_walk,
)
from research.folds.validation_rows import METHOD as METHOD_OF_VALIDATIONS
from research.folds.validation_rows import read_cross_validation
from research.folds.walk_forward import read_walk_forward
from research.folds.walk_plan import METHOD, FoldNotes
from research.portfolio.portfolio_backtest import METHOD as METHOD_OF_PORTFOLIOS
from research.portfolio.portfolio_backtest import read_portfolio_run
from research.studies.search import study_row
from runs.store.run_store import RunStore, open_store
from runs.store.store_rows import Optimisation, Trial


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("study", metavar="STUDY", help="its number, or that of a walk-forward, a cross-validation or a "
                        "portfolio's run; or latest")  # fmt: skip
    parser.add_argument("--out", metavar="FILE", help="where (default: in logs/reports, by its number)")


def run(asked: argparse.Namespace) -> int:
    """Write the page and print where it is."""
    out = None if asked.out is None else file_named("--out", Path(asked.out), "study.html")
    with open_store() as store:
        say(_written(asked.study, store, out))
    return 0


def _written(asked: str, store: RunStore, out: Path | None) -> Path:
    """Write the page of what is asked for, by what made it."""
    walk = _walk_of(asked, store)
    if walk is not None:
        return write_page_of_walk(read_walk_forward(walk, store), store, out)
    number = int(asked[:18]) if asked.isascii() and asked.isdecimal() else None
    [method] = [one.method for one in store.records(Optimisation, id=number)] or [None]
    if method == METHOD_OF_VALIDATIONS:
        return write_page_of_validation(read_cross_validation(asked, store), store, out)
    if method == METHOD_OF_PORTFOLIOS:
        return write_page_of_portfolio(read_portfolio_run(asked, store), out)
    return write_page_of_study(asked, store, out)


def _walk_of(asked: str, store: RunStore) -> int | None:
    """Return the walk-forward that is asked for, or whose search the latest study is; None where it is a study."""
    for one in reversed(store.records(Optimisation, method=METHOD)):
        if asked == str(one.id):
            return one.id
        if asked == "latest":
            folds = store.records(Trial, optimisation=one.id)
            return one.id if study_row(store, asked).id in {FoldNotes.of(fold).study for fold in folds} else None
    return None
