"""Pools: conditions that wake a program, kept with their versions and tried alone on history."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from core.errors import ConfigurationError
from dashboard.api.backtest_models import Done
from dashboard.api.described import refusals
from dashboard.api.programs.pool_models import KeepPool, PoolView
from dashboard.api.programs.pool_shelf import PoolShelf, ShelvedPool
from dashboard.api.programs.pool_trials import PoolTrialRequest, pool_work
from dashboard.api.programs.trial_routes import TrialOfPool, begun
from dashboard.problems import NotFound, Refused
from dashboard.services import Services, ServicesOf
from programs.stored_versions import KeptMeanwhileError

routes = APIRouter(prefix="/pools", tags=["programs"])


@routes.get("")
def pools(services: ServicesOf) -> list[PoolView]:
    """List the pools: those of the folder of pools, and those that are kept here, which go before them."""
    return [PoolView.of(one) for one in PoolShelf(services).all()]


@routes.post("/test", responses=refusals(409))
async def test(asked: PoolTrialRequest, services: ServicesOf, request: Request) -> TrialOfPool:
    """Count when a pool would have woken a program, and what the price did then; nothing is traded.

    What takes longer than two seconds goes on as a trial.
    """
    work = await run_in_threadpool(pool_work, asked, services.settings)
    return TrialOfPool.of(await begun(services, work, request))


@routes.get("/{pool}", responses=refusals(404))
def show(pool: str, services: ServicesOf) -> PoolView:
    """Show a pool."""
    return PoolView.of(_named(services, pool))


@routes.put("/{pool}", responses=refusals(409))
def keep(pool: str, asked: KeepPool, services: ServicesOf) -> PoolView:
    """Keep a pool as the next version of its id; a file of the folder of pools stays as it is."""
    try:
        return PoolView.of(PoolShelf(services).keep(pool, asked.pool.values(), asked.after))
    except KeptMeanwhileError as error:
        raise Refused(str(error)) from None


@routes.delete("/{pool}", responses=refusals(404, 409))
def remove(pool: str, services: ServicesOf) -> Done:
    """Take out a pool that is kept here; a file of the folder of pools that has its id counts again."""
    if _named(services, pool).version is None:
        raise Refused(f"pool {pool}: is a file of a folder of pools — allowed: pools that are kept here")
    PoolShelf(services).remove(pool)
    return Done(message=f"pool {pool}: removed; its earlier versions are kept")


def _named(services: Services, id_: str) -> ShelvedPool:
    try:
        return PoolShelf(services).pool(id_)
    except ConfigurationError as error:
        raise NotFound(str(error)) from None
