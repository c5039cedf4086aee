"""``python -m research optimise``: begin a study, or go on with one."""

import argparse
from typing import Any

from core.command_line import failed, say
from core.errors import ConfigurationError, ParityError
from research.commands.study_blocks import ROWS, show_study
from research.executors.cluster_address import cluster_of
from research.jobs.job_kinds import OptimiseRequest, submit_study
from research.pictures.study_file import usual_place, write_study_page
from research.samplers.sampler_choice import SAMPLERS
from research.spaces.ranges import parameter_argument
from research.studies.search import begin, optimise, resume, study_row
from research.studies.study_luck import study_luck
from runs.commands.opened_store import print_json
from runs.store.run_store import open_store
from runs.store.store_rows import Job, Optimisation
from systems.places import DEFAULT_FOLDER, Places

_OF_A_NEW_STUDY = ("system", "window", "param", "condition", "sampler", "metric", "seed", "batch", "min_trades", "best")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_search_arguments(parser)
    parser.add_argument("--best", metavar="N", type=count, help="how many are run again with all outputs (default: 3)")
    parser.add_argument("--detach", action="store_true", help="submit it as a job, which a worker makes")
    parser.add_argument("--resume", metavar="STUDY", help="go on with a study: its number, or latest")
    parser.add_argument(
        "--rows", metavar="N", type=count, default=ROWS, help="trials that are shown (default: %(default)s)"
    )
    add_surroundings(parser)


def add_search_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says what is searched, and how."""
    parser.add_argument(
        "--system",
        metavar="ID",
        help="the system; what is left out here is what the optimise section of its file says, if it has one",
    )
    parser.add_argument(
        "--window", metavar="NAME", help="a window of the system (default: that of its section, or its first)"
    )
    parser.add_argument("--param", metavar="NAME=RANGE", action="append",
                        help="what is varied, in place of all that the section varies: ema_fast=5..20, "
                        "ema_slow=20..60:10, execution.slippage='0.0001..0.01 log', rsi_period=14,20,25")  # fmt: skip
    parser.add_argument("--condition", metavar="TEXT", action="append", help='such as "ema_fast < ema_slow"')
    parser.add_argument(
        "--sampler", metavar="NAME", help=f"{', '.join(SAMPLERS)} (default: that of the section, or random)"
    )
    parser.add_argument(
        "--trials", metavar="N", type=count, help="how many points are tried; a grid has all of its own"
    )
    parser.add_argument("--metric", metavar="METRIC", action="append",
                        help="a figure, an expression such as 0.6*sharpe-0.4*max_drawdown_pct/10, or composite; with "
                        ":min or :max; several times for several objectives (default: that of the section, or "
                        "sharpe)")  # fmt: skip
    parser.add_argument("--seed", metavar="N", type=count, help="of everything that is drawn (default: 0)")
    parser.add_argument("--batch", metavar="N", type=count, help="points asked before the sampler learns (default: 8)")
    parser.add_argument("--min-trades", metavar="N", type=count, help="fewer leave a trial unranked (default: 1)")


def add_surroundings(parser: argparse.ArgumentParser) -> None:
    """Add what changes no trial: where, in how many processes, and how it is told."""
    parser.add_argument("--processes", metavar="N", type=count, default=2,
                        help="of this machine, that make the runs (default: %(default)s)")  # fmt: skip
    parser.add_argument("--cluster", metavar="ADDRESS", help="make the trials there: tcp://HOST:PORT of its scheduler")
    parser.add_argument("--cluster-folder", metavar="DIR", help="a folder that all workers see by this path: "
                        "candles are put into it, and not sent")  # fmt: skip
    parser.add_argument("--offline", action="store_true", help="use what is stored, never the network")
    parser.add_argument("--json", action="store_true", help="print plain data as JSON")
    parser.add_argument(
        "--systems", metavar="DIR", default=DEFAULT_FOLDER, help="folder of systems (default: %(default)s)"
    )
    parser.add_argument("--logs", metavar="DIR", help="instead of logging.directory")
    parser.add_argument("--data-dir", metavar="DIR", help="candle store instead of data.cache_dir")


def surroundings_of(asked: argparse.Namespace) -> dict[str, Any]:
    """Return what :func:`add_surroundings` has taken, as options of a study."""
    return {
        "processes": asked.processes,
        "cluster": cluster_of(asked.cluster, asked.cluster_folder),
        "places": Places(asked.systems, asked.logs, asked.data_dir),
        "offline": asked.offline,
        "show_progress": False if asked.json else None,
    }


def search_options(asked: argparse.Namespace) -> dict[str, Any]:
    """Return what :func:`add_search_arguments` has taken: the parameters, and the options of a study."""
    names = ("window", "sampler", "trials", "metric", "seed", "batch", "min_trades")
    options: dict[str, Any] = {name: getattr(asked, name) for name in names}
    given = None if asked.param is None else [parameter_argument(one) for one in asked.param]
    return {"parameters": given, **options, "conditions": asked.condition}


def run(asked: argparse.Namespace) -> int:
    """Make the study and show it."""
    surroundings = surroundings_of(asked)
    if asked.resume is not None:
        for name in _OF_A_NEW_STUDY:
            if getattr(asked, name) is not None:
                raise ConfigurationError(
                    f"--{name.replace('_', '-')} does nothing with --resume: the study has its own — allowed: "
                    "--trials, --processes, --cluster, --detach, --rows, --json, --offline and places"
                )
        if asked.detach:
            return _detached(asked, None)
        study = resume(asked.resume, trials=asked.trials, **surroundings)
    elif asked.system is None:
        raise ConfigurationError("which system? — allowed: --system ID, or --resume STUDY (see python -m systems list)")
    else:
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


def requested(asked: argparse.Namespace) -> dict[str, Any]:
    """Return what :func:`add_surroundings` has taken, as a job is asked for."""
    return {
        "processes": asked.processes,
        "cluster": asked.cluster,
        "cluster_folder": asked.cluster_folder,
        "places": Places(asked.systems, asked.logs, asked.data_dir),
        "offline": asked.offline,
    }


def show_submitted(job: Job, what: str, row: Optimisation, *, as_json: bool) -> int:
    """Print which job a study or a walk-forward has become."""
    if as_json:
        print_json({"job": job.id, what.replace("-", "_"): row.id})
    else:
        say(f"{what} {row.id} is job {job.id}: python -m research worker makes it, python -m runs jobs shows it")
    return 0


def count(text: str) -> int:
    """Return the number that an argument is."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise argparse.ArgumentTypeError(f"{text!r} is no number; allowed: 0, 1, 2, …")
    return int(text)
