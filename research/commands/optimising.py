"""``python -m research optimise``: begin a study, or go on with one."""

import argparse

from core.command_line import failed, say
from core.errors import ParityError
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
from research.commands.study_blocks import ROWS, show_study
from research.jobs.job_kinds import OptimiseRequest, submit_study
from research.pictures.study_file import usual_place, write_study_page
from research.studies.search import begin, optimise, resume, study_row
from research.studies.study_luck import study_luck
from runs.commands.opened_store import print_json
from runs.store.run_store import open_store
from runs.store.store_rows import Optimisation

_ALLOWED = "--trials, --processes, --cluster, --detach, --rows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_search_arguments(parser)
    parser.add_argument("--best", metavar="N", type=count, help="how many are run again with all outputs (default: 3)")
    add_going_on(parser, "STUDY")
    parser.add_argument(
        "--rows", metavar="N", type=count, default=ROWS, help="trials that are shown (default: %(default)s)"
    )
    add_surroundings(parser)


def run(asked: argparse.Namespace) -> int:
    """Make the study and show it."""
    surroundings = surroundings_of(asked)
    if asked.resume is not None:
        refuse_beside_resume(asked, (*OF_A_SEARCH, "best"), "study", _ALLOWED)
        if asked.detach:
            return _detached(asked, None)
        study = resume(asked.resume, trials=asked.trials, **surroundings)
    else:
        require_system(asked, ", or --resume STUDY")
        if asked.detach:
            place = {name: surroundings[name] for name in ("places", "offline", "show_progress")}
            return _detached(asked, begin(asked.system, **search_options(asked), best=asked.best, **place))
        study = optimise(asked.system, **search_options(asked), best=asked.best, **surroundings)
    with open_store() as store:
        luck = study_luck(study, store)
    page = usual_place(study.row, asked.logs)
    if asked.json:
        print_json({**study.to_dict(), "luck": luck.to_dict(), "report": str(write_study_page(study, luck, page))})
    else:
        show_study(study, luck, asked.rows)
        say("", f"Report page: {write_study_page(study, luck, page)}")
    if study.disagreeing:
        lines = [f"trial {one.number}: {(one.notes or {})['verified']['difference']}" for one in study.disagreeing]
        return failed("\n".join(["not what the reference kernel makes of it", *lines]), ParityError.exit_code)
    return 0


def _detached(asked: argparse.Namespace, begun: Optimisation | None) -> int:
    """Submit a study that has begun, or that is gone on with, as a job."""
    with open_store() as store:
        study = study_row(store, asked.resume) if begun is None else begun
        trials = asked.trials if begun is None else None
        job = submit_study(store, study, OptimiseRequest(study=int(study.id or 0), trials=trials, **requested(asked)))
    return show_submitted(job, "study", study, as_json=asked.json)
