"""``python -m research cross-validate``: search in all ways to leave groups out, and try the best of each there."""

import argparse

from core.command_line import say
from core.errors import ConfigurationError
from research.commands.optimising import (
    add_search_arguments,
    add_surroundings,
    count,
    requested,
    search_options,
    show_submitted,
    surroundings_of,
)
from research.commands.page_writing import write_page_of_validation
from research.commands.validation_blocks import show_validation
from research.folds.cross_validation import begin_cross_validation, cross_validate, resume_cross_validation
from research.folds.validation_rows import validation_row
from research.jobs.job_kinds import CrossValidationRequest, submit_cross_validation
from runs.commands.opened_store import print_json
from runs.store.run_store import open_store
from runs.store.store_rows import Optimisation

_OF_A_NEW_ONE = (
    "system", "window", "param", "condition", "sampler", "trials", "metric", "seed", "batch", "min_trades", "groups",
    "test_groups", "purge", "embargo",
)  # fmt: skip
_SHAPE = {"groups": 6, "test_groups": 2, "purge": "0c", "embargo": "0c"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--groups", metavar="N", type=count, help="parts of the window (default: 6)")
    parser.add_argument("--test-groups", metavar="K", type=count, help="left out at a time (default: 2)")
    parser.add_argument("--purge", metavar="LENGTH",
                        help="not searched on either side of a group left out: 2d, or 20c (candles)")  # fmt: skip
    parser.add_argument("--embargo", metavar="LENGTH", help="not searched beyond that after the group")
    add_search_arguments(parser)
    parser.add_argument("--resume", metavar="NUMBER", help="go on with one: its number, or latest")
    parser.add_argument("--detach", action="store_true", help="submit it as a job, which a worker makes")
    parser.add_argument("--report", action="store_true", help="write a page of it too")
    add_surroundings(parser)


def run(asked: argparse.Namespace) -> int:
    """Make the cross-validation and show it."""
    if asked.resume is not None:
        for name in _OF_A_NEW_ONE:
            if getattr(asked, name) is not None:
                raise ConfigurationError(
                    f"--{name.replace('_', '-')} does nothing with --resume: the cross-validation has its own — "
                    "allowed: --processes, --cluster, --detach, --report, --json, --offline and places"
                )
        if asked.detach:
            return _detached(asked, None)
        found = resume_cross_validation(asked.resume, **surroundings_of(asked))
    elif asked.system is None:
        raise ConfigurationError(
            "which system? — allowed: --system ID, or --resume NUMBER (see python -m systems list)"
        )
    else:
        shape = {
            name: usual if getattr(asked, name) is None else getattr(asked, name) for name, usual in _SHAPE.items()
        }
        options = {**search_options(asked), **shape, **surroundings_of(asked)}
        if asked.detach:
            return _detached(asked, begin_cross_validation(asked.system, **options))
        found = cross_validate(asked.system, **options)
    page = None
    if asked.report:
        with open_store() as store:
            page = write_page_of_validation(found, store, None, asked.logs)
    if asked.json:
        print_json(found.to_dict() | ({} if page is None else {"report": str(page)}))
    else:
        show_validation(found)
        if page is not None:
            say("", f"Report page: {page}")
    return 0


def _detached(asked: argparse.Namespace, begun: Optimisation | None) -> int:
    """Submit a cross-validation that has begun, or that is gone on with, as a job."""
    with open_store() as store:
        row = validation_row(asked.resume, store) if begun is None else begun
        wanted = CrossValidationRequest(cross_validation=int(row.id or 0), **requested(asked))
        job = submit_cross_validation(store, row, wanted)
    return show_submitted(job, "cross-validation", row, as_json=asked.json)
