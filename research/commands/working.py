"""``python -m research worker``: do the jobs of the store."""

import argparse
import contextlib
import sys
import threading

from alerts.loading import AlertPlan, load_plan, open_shared_post
from core.command_line import say, warn
from core.errors import ConfigurationError
from research.jobs.job_alert import SOURCE
from research.jobs.worker import Worker, stopped_by_signals
from runs.jobs.job_queue import LEASE_SECONDS, MOST_LEASE_SECONDS
from runs.store.run_store import open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--until-empty", action="store_true", help="end when no job waits")
    parser.add_argument("--until-closed", action="store_true", help="end when standard input ends, as its owner does")
    parser.add_argument("--lease", metavar="SECONDS", type=float, default=LEASE_SECONDS,
                        help="after which a job is taken up by another when this process gives no sign "
                        "(default: %(default)g)")  # fmt: skip


def run(asked: argparse.Namespace) -> int:
    """Do jobs until it is stopped."""
    if not 1.0 <= asked.lease <= MOST_LEASE_SECONDS:
        raise ConfigurationError(f"--lease: {asked.lease:g} — allowed: seconds from 1 to 86400")
    with open_store() as store, open_shared_post(_plan(), SOURCE) as post:
        worker = Worker(store, asked.lease, _say, post)
        if asked.until_closed:
            threading.Thread(target=_stop_when_closed, args=(worker,), name="owner", daemon=True).start()
        with stopped_by_signals(worker):
            worker.run(until_empty=asked.until_empty)
    return 0


def _plan() -> AlertPlan | None:
    """Return who is told; where that cannot be read, jobs are made all the same and nobody is."""
    try:
        return load_plan()
    except ConfigurationError as error:
        warn(f"nobody is told of jobs: {error}")
        return None


def _stop_when_closed(worker: Worker) -> None:
    """Stop a worker as soon as nobody holds the other end of its standard input."""
    with contextlib.suppress(OSError, ValueError):
        while sys.stdin.buffer.read(4_096):
            pass
    worker.stop()


def _say(line: str) -> None:
    say(line)
    sys.stdout.flush()
