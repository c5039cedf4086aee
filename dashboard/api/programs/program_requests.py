"""Turns what a request says of a run of a program into what a job is asked for."""

from dashboard.api.backtest_models import RunRequest
from dashboard.api.programs.pool_shelf import PoolShelf
from dashboard.api.programs.program_models import ProgramRunRequest
from dashboard.api.run_requests import job_of
from dashboard.services import Services
from research.jobs.backtest_job import BacktestRequest
from runs.store.store_rows import ProgramVersion
from validation.overrides import laid_over

PROGRAM = "program"
"""What the strategy is called that calls a program."""
_OF_PROGRAMS = {"version", "pools", "schedule"}


def program_job_of(kept: ProgramVersion, asked: ProgramRunRequest, services: Services) -> BacktestRequest:
    """Return the job that a request asks for: its settings hold the text and the pools, and name no file of them.

    Raises
    ------
    ConfigurationError
        If a pool is none, or as of :func:`~dashboard.api.run_requests.job_of`.
    """
    plain = RunRequest(**asked.model_dump(exclude=_OF_PROGRAMS))
    wanted = job_of(plain, services.settings)
    params = {
        "name": kept.program,
        "code": kept.text,
        "pools": PoolShelf(services).values(asked.pools),
        "schedule": asked.schedule,
    }
    strategy = {"strategy": {"type": PROGRAM, "params": params}}
    return BacktestRequest(
        name=wanted.name,
        config=wanted.config,
        overrides=laid_over(wanted.overrides, strategy),
        start=wanted.start,
        end=wanted.end,
        places=wanted.places,
        offline=wanted.offline,
    )
