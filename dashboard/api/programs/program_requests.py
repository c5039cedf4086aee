"""Turns what a request says of a run of a program into what a job is asked for."""

from core.errors import ConfigurationError
from dashboard.api.backtest_models import RunRequest
from dashboard.api.programs.pool_shelf import PoolShelf
from dashboard.api.programs.program_models import OnMarket, ProgramSessionRequest
from dashboard.api.run_requests import job_of
from dashboard.services import Services
from programs.program_choice import ProgramChoice, WantedTriggers, told_triggers
from research.jobs.backtest_job import BacktestRequest
from runs.store.store_rows import ProgramVersion
from strategies.programs.sandbox.program_text import ProgramText
from validation.overrides import expanded, laid_over

_OF_PROGRAMS = {"version", "pools", "schedule"}
_OF_SESSIONS = {"rehearsal", "duration", "name"}


def program_job_of(kept: ProgramVersion, asked: OnMarket, services: Services) -> BacktestRequest:
    """Return the job that a request asks for: its settings hold the text and the pools, and name no file of them.

    Of a session they are the configuration and what is laid over it that count.

    Raises
    ------
    ConfigurationError
        If nothing wakes the program, a pool is none, or as of :func:`~dashboard.api.run_requests.job_of`.
    """
    if "strategy" in _sections(asked):
        raise ConfigurationError("overrides: strategy is the program — allowed: version, pools and schedule beside it")
    left_out = _OF_SESSIONS if isinstance(asked, ProgramSessionRequest) else set()
    wanted = job_of(RunRequest(**asked.model_dump(exclude=_OF_PROGRAMS | left_out)), services.settings)
    text = ProgramText.of(kept.text or "", f"{kept.program}.py")
    wakes = WantedTriggers(tuple(asked.pools), asked.schedule)
    if wakes.none:
        wakes = told_triggers(text)
    if wakes.none:
        raise ConfigurationError(
            f"program {kept.program}: nothing wakes it — allowed: pools, a schedule, or both; or in its text "
            'TRIGGERS = {"pools": ["oversold"]}'
        )
    choice = ProgramChoice(kept.program, text.text, PoolShelf(services).pools(wakes.pools), wakes.schedule)
    return BacktestRequest(
        name=wanted.name,
        config=wanted.config,
        overrides=laid_over(wanted.overrides, {"strategy": choice.strategy()}),
        start=wanted.start,
        end=wanted.end,
        places=wanted.places,
        offline=wanted.offline,
    )


def _sections(asked: OnMarket) -> dict[str, object]:
    found = expanded(asked.overrides)
    return found if isinstance(found, dict) else {}
