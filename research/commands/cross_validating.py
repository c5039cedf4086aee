"""``python -m research cross-validate``: search in all ways to leave groups out, and try the best of each there."""

import argparse

from core.command_line import say
from research.commands.page_writing import write_page_of_validation
from research.commands.search_arguments import (
    OF_A_SEARCH,
    add_going_on,
    add_search_arguments,
    add_surroundings,
    count,
    refuse_beside_resume,
    requested,
    require_system,
    search_options,
    show_submitted,
    surroundings_of,
)
from research.commands.validation_blocks import show_validation
from research.folds.cross_validation import begin_cross_validation, cross_validate, resume_cross_validation
from research.folds.lengths import NOTHING
from research.folds.validation_rows import METHOD
from research.jobs.job_kinds import CrossValidationRequest, submit_cross_validation
from research.studies.search_rows import row_of
from runs.commands.opened_store import print_json
from runs.store.run_store import open_store
from runs.store.store_rows import Optimisation

_OF_A_NEW_ONE = (*OF_A_SEARCH, "trials", "groups", "test_groups", "purge", "embargo")
_ALLOWED = "--processes, --cluster, --detach, --report"
_SHAPE = {"groups": 6, "test_groups": 2, "purge": NOTHING, "embargo": NOTHING}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--groups", metavar="N", type=count, help="parts of the window (default: 6)")
    parser.add_argument("--test-groups", metavar="K", type=count, help="left out at a time (default: 2)")
    parser.add_argument("--purge", metavar="LENGTH",
                        help="not searched on either side of a group left out: 2d, or 20c (candles)")  # fmt: skip
    parser.add_argument("--embargo", metavar="LENGTH", help="not searched beyond that after the group")
    add_search_arguments(parser)
    add_going_on(parser, "NUMBER")
    parser.add_argument("--report", action="store_true", help="write a page of it too")
    add_surroundings(parser)


def run(asked: argparse.Namespace) -> int:
    """Make the cross-validation and show it."""
    if asked.resume is not None:
        refuse_beside_resume(asked, _OF_A_NEW_ONE, "cross-validation", _ALLOWED)
        if asked.detach:
            return _detached(asked, None)
        found = resume_cross_validation(asked.resume, **surroundings_of(asked))
    else:
        require_system(asked, ", or --resume NUMBER")
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
        row = row_of(METHOD, asked.resume, store) if begun is None else begun
        wanted = CrossValidationRequest(cross_validation=int(row.id or 0), **requested(asked))
        job = submit_cross_validation(store, row, wanted)
    return show_submitted(job, "cross-validation", row, as_json=asked.json)
