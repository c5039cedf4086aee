"""``python -m research worker``: do the jobs of the store."""

import argparse
import sys

from core.command_line import say
from core.errors import ConfigurationError
from research.jobs.worker import Worker, stopped_by_signals
from runs.jobs.job_queue import LEASE_SECONDS, MOST_LEASE_SECONDS
from runs.store.run_store import open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--until-empty", action="store_true", help="end when no job waits")
    parser.add_argument("--lease", metavar="SECONDS", type=float, default=LEASE_SECONDS,
                        help="after which a job is taken up by another when this process gives no sign "
                        "(default: %(default)g)")  # fmt: skip


def run(asked: argparse.Namespace) -> int:
    """Do jobs until it is stopped."""
    if not 1.0 <= asked.lease <= MOST_LEASE_SECONDS:
        raise ConfigurationError(f"--lease: {asked.lease:g} — allowed: seconds from 1 to 86400")
    with open_store() as store:
        worker = Worker(store, asked.lease, _say)
        with stopped_by_signals(worker):
            worker.run(until_empty=asked.until_empty)
    return 0


def _say(line: str) -> None:
    say(line)
    sys.stdout.flush()
