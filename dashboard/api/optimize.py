"""Searches for parameters: asked for, listed, and what they came to."""

from typing import Any

from fastapi import APIRouter, Response

from core.errors import ConfigurationError
from core.timeframe import MINUTE_MS
from dashboard.api.described import refusals
from dashboard.api.optimize_models import OptimizationDetail, OptimizationRow, OptimizeRequest, OptimizeStarted
from dashboard.api.pages import Page, PagingOf
from dashboard.api.run_requests import require_own_ranges
from dashboard.api.searches import Searches
from dashboard.services import ServicesOf
from reports.page.frozen_page import as_json
from research.jobs.study_job import FoldsRequest, GroupsRequest, StudyRequest, submit_search
from systems.places import Places

routes = APIRouter(prefix="/backtest/optimize", tags=["searches"])


_JSON = "application/json"
_OF_PAGE: dict[int | str, dict[str, Any]] = {
    200: {"content": {_JSON: {}}, "description": "columns, as the front end draws them"}
}


@routes.post("", status_code=202)
def optimize(asked: OptimizeRequest, services: ServicesOf) -> OptimizeStarted:
    """Ask for a search; a worker begins and makes it. What is wrong with it is said at once."""
    made = submit_search(services.store, _wanted(asked, services.settings.places))
    minutes = None if made.trial_ms is None else made.trial_ms * made.trials / MINUTE_MS
    return OptimizeStarted(
        optimization_id=f"o{made.job.id}",
        job=int(made.job.id or 0),
        status=made.job.status,
        total_combinations=made.combinations,
        trials=made.trials,
        estimated_time_minutes=minutes,
        message=f"job {made.job.id}: {made.job.title}",
    )


@routes.get("")
def optimizations(services: ServicesOf, paging: PagingOf) -> Page[OptimizationRow]:
    """List the searches of the store, those of the commands too, the newest first."""
    return paging.cut(Searches(services.store).rows())


@routes.get("/{optimization_id}", responses=refusals(404))
def optimization(optimization_id: str, services: ServicesOf) -> OptimizationDetail:
    """Show a search: how far it is, its best trials, how much of them is luck."""
    return Searches(services.store).detail(optimization_id)


@routes.get("/{optimization_id}/page", response_class=Response, responses={**_OF_PAGE, **refusals(404, 409)})
def page(optimization_id: str, services: ServicesOf) -> Response:
    """Return all that the page of a search draws, as its report page holds it; of a search at work as far as it is."""
    return Response(as_json(Searches(services.store).page(optimization_id)), media_type=_JSON)


def _wanted(asked: OptimizeRequest, places: Places) -> StudyRequest:
    ranges = asked.parameter_ranges
    require_own_ranges(ranges or {})
    metrics = asked.metrics if asked.metric is None else [asked.metric, *(asked.metrics or [])]
    folds, groups = asked.walk_forward, asked.cross_validation
    if folds is not None and groups is not None:
        raise ConfigurationError("walk_forward and cross_validation: a search is made by one — allowed: one of them")
    return StudyRequest(
        system=asked.system,
        window=asked.window,
        parameters=ranges,
        conditions=None if asked.conditions is None else tuple(asked.conditions),
        sampler=asked.sampler,
        trials=asked.trials,
        metric=None if metrics is None else tuple(metrics),
        seed=asked.seed,
        batch=asked.batch,
        min_trades=asked.min_trades,
        best=asked.best,
        folds=None if folds is None else FoldsRequest(**folds.model_dump()),
        groups=None if groups is None else GroupsRequest(**groups.model_dump()),
        processes=asked.processes,
        places=places,
        offline=asked.offline,
    )
