"""Trials: how far each is, what it answers, and its end; and how the requests that begin one are answered."""

import asyncio
from typing import Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from core.instants import format_ms
from dashboard.api.backtest_models import Progress
from dashboard.api.described import refusals
from dashboard.services import Services, ServicesOf
from dashboard.trials.trial_answers import PoolTrial, TriedView
from dashboard.trials.trial_lane import Trial
from dashboard.trials.trial_work import Kind, Work
from runs.store.store_rows import Status

routes = APIRouter(prefix="/trials", tags=["programs"])

PATIENCE_SECONDS = 2.0
"""How long the request that begins a trial waits for what it answers."""
_LOOK_SECONDS = 0.05


class TrialView(BaseModel):
    """A trial of a pool or of a program as it stands; whoever wants its answer asks for it every few seconds."""

    id: str = Field(examples=["t1f3a9c2e"])
    kind: Kind
    title: str
    status: Status
    progress: Progress
    failure: str | None
    created: str

    @classmethod
    def of(cls, trial: Trial) -> Self:
        """Return a trial, with what it answers where the view has a place for it."""
        percent = 100.0 * (trial.done or 0) / trial.total if trial.total else None
        told = {
            "id": trial.name,
            "kind": trial.work.kind,
            "title": trial.title,
            "status": trial.status,
            "progress": Progress(done=trial.done, total=trial.total, percent=percent, ends=None),
            "failure": None if trial.error is None else str(trial.error),
            "created": format_ms(trial.created_ms),
            "result": trial.answer,
        }
        return cls.model_validate({name: told[name] for name in cls.model_fields})


class TrialOfPool(TrialView):
    """A trial of a pool."""

    result: PoolTrial | None = Field(description="Null until it is through.")


class TrialOfProgram(TrialView):
    """A trial of a program."""

    result: list[TriedView] | None = Field(description="Null until it is through; then each call.")


@routes.get("")
def trials(services: ServicesOf) -> list[TrialView]:
    """List the trials that are made, wait, or were made in the last ten minutes, the newest first."""
    return [TrialView.of(one) for one in services.trials.listed()]


@routes.get("/{trial}", responses=refusals(404))
def trial(trial: str, services: ServicesOf) -> TrialOfPool | TrialOfProgram:
    """Show a trial with its answer; one that nobody asks after for 20 seconds is ended."""
    found = services.trials.named(trial)
    return TrialOfPool.of(found) if found.work.kind == "pool" else TrialOfProgram.of(found)


@routes.post("/{trial}/cancel", responses=refusals(404))
def cancel(trial: str, services: ServicesOf) -> TrialView:
    """End a trial; one that has ended stays as it is."""
    found = services.trials.named(trial)
    services.trials.cancel(found)
    return TrialView.of(found)


async def begun(services: Services, asked: tuple[str, Work], request: Request) -> Trial:
    """Begin a trial, and return it as soon as it is through, or after two seconds as it then is.

    What was wrong with it is raised. Where the client goes meanwhile, it is ended.
    """
    one = services.trials.begin(*asked)
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_SECONDS
    while one.is_open and loop.time() < until:
        if await request.is_disconnected():
            services.trials.cancel(one)
            break
        await asyncio.sleep(_LOOK_SECONDS)
    if one.status == "FAILED" and one.error is not None:
        raise one.error
    return one
