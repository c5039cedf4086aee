"""``python -m research walk-forward``: search fold by fold, trade the best of each in what follows."""

import argparse
from typing import Any

from core.command_line import say
from core.errors import ConfigurationError
from research.commands.page_writing import write_page_of_walk
from research.commands.search_arguments import (
    OF_A_SEARCH,
    add_going_on,
    add_search_arguments,
    add_surroundings,
    refuse_beside_resume,
    requested,
    require_system,
    search_options,
    show_submitted,
    surroundings_of,
)
from research.commands.walk_blocks import show_walk
from research.folds.lengths import NOTHING
from research.folds.walk_forward import begin_walk_forward, resume_walk_forward, walk_forward
from research.folds.walk_plan import METHOD
from research.jobs.job_kinds import WalkForwardRequest, submit_walk_forward
from research.studies.search_rows import row_of
from runs.commands.opened_store import print_json
from runs.store.run_store import open_store
from runs.store.store_rows import Optimisation

_OF_A_NEW_ONE = (*OF_A_SEARCH, "trials", "train", "test", "purge", "embargo", "anchored")
_ALLOWED = "--processes, --cluster, --detach, --report"
_LENGTH = "LENGTH"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--train", metavar=_LENGTH, help="what each search is given: 90d, 12h, 4w, or 2000c (candles)")
    parser.add_argument("--test", metavar=_LENGTH, help="the test after it; the next fold begins so much later")
    parser.add_argument("--anchored", action="store_const", const=True, help="every search begins where the first does")
    parser.add_argument("--purge", metavar=_LENGTH, help="off the end of what each search is given (default: nothing)")
    parser.add_argument("--embargo", metavar=_LENGTH, help="between that and the test (default: nothing)")
    add_search_arguments(parser)
    add_going_on(parser, "NUMBER")
    parser.add_argument("--report", action="store_true", help="write a page of it too")
    add_surroundings(parser)


def run(asked: argparse.Namespace) -> int:
    """Make the walk-forward and show it."""
    if asked.resume is not None:
        refuse_beside_resume(asked, _OF_A_NEW_ONE, "walk-forward", _ALLOWED)
        if asked.detach:
            return _detached(asked, None)
        walk = resume_walk_forward(asked.resume, **surroundings_of(asked))
    else:
        require_system(asked, ", or --resume NUMBER")
        options = {**search_options(asked), **_scheme(asked), **surroundings_of(asked)}
        if asked.detach:
            return _detached(asked, begin_walk_forward(asked.system, **options))
        walk = walk_forward(asked.system, **options)
    page = None
    if asked.report:
        with open_store() as store:
            page = write_page_of_walk(walk, store, None, asked.logs)
    if asked.json:
        print_json(walk.to_dict() | ({} if page is None else {"report": str(page)}))
    else:
        show_walk(walk)
        if page is not None:
            say("", f"Report page: {page}")
    return 0


def _scheme(asked: argparse.Namespace) -> dict[str, Any]:
    """Return where folds lie, as options of a walk-forward."""
    for name in ("train", "test"):
        if getattr(asked, name) is None:
            raise ConfigurationError(f"--{name} is missing — allowed: a length such as 90d, or 2000c for candles")
    return {
        "train": asked.train,
        "test": asked.test,
        "purge": asked.purge or NOTHING,
        "embargo": asked.embargo or NOTHING,
        "anchored": bool(asked.anchored),
    }


def _detached(asked: argparse.Namespace, begun: Optimisation | None) -> int:
    """Submit a walk-forward that has begun, or that is gone on with, as a job."""
    with open_store() as store:
        walk = row_of(METHOD, asked.resume, store) if begun is None else begun
        wanted = WalkForwardRequest(walk_forward=int(walk.id or 0), **requested(asked))
        job = submit_walk_forward(store, walk, wanted)
    return show_submitted(job, "walk-forward", walk, as_json=asked.json)
