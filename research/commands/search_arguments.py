"""Arguments that searches have in common, and what is made of them."""

import argparse
from collections.abc import Iterable
from typing import Any

from core.command_line import say
from core.errors import ConfigurationError
from research.executors.cluster_address import cluster_of
from research.samplers.sampler_choice import SAMPLERS
from research.spaces.ranges import parameter_argument
from runs.commands.opened_store import print_json
from runs.store.store_rows import Job, Optimisation
from systems.places import DEFAULT_FOLDER, Places

OF_A_SEARCH = ("system", "window", "param", "condition", "sampler", "metric", "seed", "batch", "min_trades")
"""What a search is begun with and keeps; ``trials`` may be more when it is gone on with."""


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


def add_going_on(parser: argparse.ArgumentParser, metavar: str) -> None:
    """Add what goes on with a search, and what lets a worker make it."""
    parser.add_argument("--resume", metavar=metavar, help="go on with one: its number, or latest")
    parser.add_argument("--detach", action="store_true", help="submit it as a job, which a worker makes")


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


def refuse_beside_resume(asked: argparse.Namespace, names: Iterable[str], called: str, allowed: str) -> None:
    """Refuse arguments of a new search where one is gone on with."""
    for name in names:
        if getattr(asked, name) is not None:
            raise ConfigurationError(
                f"--{name.replace('_', '-')} does nothing with --resume: the {called} has its own — allowed: "
                f"{allowed}, --json, --offline and places"
            )


def require_system(asked: argparse.Namespace, otherwise: str = "") -> None:
    """Refuse to begin a search of no system; ``otherwise`` says what else is allowed."""
    if asked.system is None:
        raise ConfigurationError(f"which system? — allowed: --system ID{otherwise} (see python -m systems list)")


def places_of(asked: argparse.Namespace) -> Places:
    """Return where systems, logs and candles are."""
    return Places(asked.systems, asked.logs, asked.data_dir)


def surroundings_of(asked: argparse.Namespace) -> dict[str, Any]:
    """Return what :func:`add_surroundings` has taken, as options of a study."""
    return {
        "processes": asked.processes,
        "cluster": cluster_of(asked.cluster, asked.cluster_folder),
        "places": places_of(asked),
        "offline": asked.offline,
        "show_progress": False if asked.json else None,
    }


def search_options(asked: argparse.Namespace) -> dict[str, Any]:
    """Return what :func:`add_search_arguments` has taken: the parameters, and the options of a study."""
    names = ("window", "sampler", "trials", "metric", "seed", "batch", "min_trades")
    options: dict[str, Any] = {name: getattr(asked, name) for name in names}
    given = None if asked.param is None else [parameter_argument(one) for one in asked.param]
    return {"parameters": given, **options, "conditions": asked.condition}


def requested(asked: argparse.Namespace) -> dict[str, Any]:
    """Return what :func:`add_surroundings` has taken, as a job is asked for."""
    return {
        "processes": asked.processes,
        "cluster": asked.cluster,
        "cluster_folder": asked.cluster_folder,
        "places": places_of(asked),
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
