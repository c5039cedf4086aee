"""Puts the server together: the door, the interface, the streams and the pages."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import APIRouter, Depends, FastAPI

from dashboard.access.door import Door
from dashboard.access.plain_text import require_plain_text
from dashboard.access.tokens import Tokens
from dashboard.api import (
    alerts,
    backtests,
    data,
    event_streams,
    jobs,
    optimize,
    playback_routes,
    recommendations,
    run_pages,
    sessions,
    strategies,
    summary,
    systems,
    version,
)
from dashboard.api.described import DESCRIPTION, SUMMARY, TITLE, VERSION, refusals
from dashboard.api.programs import pool_routes, program_routes, program_templates, trial_routes, trigger_routes
from dashboard.dashboard_settings import DashboardSettings
from dashboard.front_files import front_routes
from dashboard.problems import tell_problems
from dashboard.services import Services

PREFIX = "/api"
SUBJECTS = (
    version,
    # A member of a portfolio is called SESSION/MEMBER: what follows a run's id is looked for before the id alone.
    run_pages,
    trigger_routes,
    backtests,
    summary,
    playback_routes,
    optimize,
    recommendations,
    jobs,
    data,
    strategies,
    systems,
    program_routes,
    program_templates,
    pool_routes,
    trial_routes,
    sessions,
    alerts,
    event_streams,
)


def interface() -> APIRouter:
    """Return the routes of the interface, below ``/api``."""
    routes = APIRouter(responses=refusals(), dependencies=[Depends(require_plain_text)])
    for subject in SUBJECTS:
        routes.include_router(subject.routes)
    return routes


def create_app(settings: DashboardSettings) -> FastAPI:
    """Return the application of a server; it opens its services when it starts.

    Every route of the interface stands below ``/api`` and, for programs that hold on to a version, below ``/api/v1``.
    """

    @contextlib.asynccontextmanager
    async def lived(app: FastAPI) -> AsyncIterator[None]:
        with Services(settings) as services:
            app.state.services = services
            yield

    app = FastAPI(
        title=TITLE,
        summary=SUMMARY,
        description=DESCRIPTION,
        version=VERSION,
        openapi_url="/api/openapi.json" if settings.describe else None,
        docs_url=None,
        redoc_url=None,
        lifespan=lived,
    )
    tell_problems(app)
    app.include_router(interface(), prefix=PREFIX)
    app.include_router(interface(), prefix=f"{PREFIX}/v{VERSION}", include_in_schema=False)
    app.include_router(front_routes())
    app.add_middleware(Door, settings=settings, tokens=Tokens(settings.token, settings.port))
    return app
