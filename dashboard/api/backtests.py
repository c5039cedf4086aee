"""Backtests: asked for, ended, and what has become of every run."""

import re
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query

from core.errors import ConfigurationError
from core.instants import parse_instant
from dashboard.api.backtest_models import Changes, Done, ResultDetail, ResultRow, ResultsQuery, RunRequest, Started
from dashboard.api.described import refusals
from dashboard.api.pages import Page, PagingOf
from dashboard.api.run_requests import job_of
from dashboard.api.run_views import detail_of, pending_view, row_view
from dashboard.problems import NotFound, Refused
from dashboard.services import Services, ServicesOf
from research.jobs.backtest_job import BACKTEST, submit_backtest
from runs.commands.noting import keep_notes, require_name, require_note, require_tags
from runs.commands.removing import removable, remove
from runs.folder.run_notes import RunNotes
from runs.jobs.job_queue import OPEN, JobQueue
from runs.store.run_filter import RunFilter
from runs.store.store_rows import Job, RunRow

routes = APIRouter(prefix="/backtest", tags=["backtests"])

_BACKTEST_ID = re.compile(r"b([1-9][0-9]{0,8})")


@routes.post("/run", status_code=202)
def run(asked: RunRequest, services: ServicesOf) -> Started:
    """Ask for a backtest; a worker makes it. What is wrong with it is said at once."""
    job = submit_backtest(services.store, job_of(asked, services.settings))
    return Started(backtest_id=f"b{job.id}", job=job.id or 0, status=job.status, message=f"job {job.id}: {job.title}")


@routes.get("/results")
def results(services: ServicesOf, paging: PagingOf, asked: Annotated[ResultsQuery, Query()]) -> Page[ResultRow]:
    """List the runs, backtests and live sessions alike, by default the newest first."""
    wanted = RunFilter(
        symbol=asked.symbol or None,
        strategy=asked.strategy or None,
        status=asked.status,
        kind=asked.kind,
        tag=asked.tag or None,
        text=asked.text or None,
        since_ms=None if asked.since is None else parse_instant(asked.since, name="since"),
        until_ms=None if asked.until is None else parse_instant(asked.until, name="until"),
        least_trades=asked.min_trades,
        sort=asked.sort.removeprefix("-"),
        reverse=asked.sort.startswith("-"),
        limit=paging.page_size,
        offset=paging.offset,
    )
    found = services.store.runs(wanted)
    return paging.of([row_view(one) for one in found], services.store.count(wanted))


@routes.get("/results/{run_id:path}", responses=refusals(404))
def result(
    run_id: str,
    services: ServicesOf,
    points: Annotated[int, Query(ge=0, le=20_000, description="Most points of the curve; 0 leaves it out.")] = 1_000,
    trades_page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    trades_size: Annotated[int, Query(ge=0, le=500)] = 100,
) -> ResultDetail:
    """Show a run by its id, its name, the beginning of its id, or the id that asking for it gave."""
    job = _job_named(services, run_id)
    if job is not None:
        named = (job.outcome or {}).get("folder")
        if named is None:
            return pending_view(job)
        run_id = named
    row = _run_named(services, run_id)
    told = detail_of(services.store, row, points, (trades_page, trades_size))
    return told if job is None else told.model_copy(update={"backtest_id": f"b{job.id}"})


@routes.patch("/results/{run_id:path}", responses=refusals(404))
def change(run_id: str, changes: Changes, services: ServicesOf) -> ResultRow:
    """Say something of a run: its name, its tags, its note."""
    row = run_of(services, run_id)
    notes = RunNotes(tuple(row.tags), row.note, row.given_name)
    if changes.tags is not None:
        require_tags(changes.tags)
        notes = msgspec.structs.replace(notes, tags=tuple(sorted(set(changes.tags))))
    if changes.note is not None:
        text = changes.note.strip() or None
        require_note(text)
        notes = msgspec.structs.replace(notes, note=text)
    if changes.name is not None:
        name = changes.name.strip() or None
        require_name(name)
        notes = msgspec.structs.replace(notes, name=name)
    keep_notes(services.store, row, notes)
    return row_view(services.store.run(row.folder))


@routes.delete("/results/{run_id:path}", responses=refusals(404, 409))
def end(
    run_id: str,
    services: ServicesOf,
    files: Annotated[bool, Query(description="Remove a run that is made, with all its files.")] = False,
) -> Done:
    """End a backtest that waits or is being made; with `files` remove one that is made."""
    job = _job_named(services, run_id)
    if job is not None and job.status in OPEN:
        JobQueue(services.store).cancel(int(job.id or 0))
        return Done(message=f"job {job.id}: asked to end")
    if not files:
        raise Refused(f"{run_id}: is made — allowed: files=true, which removes it with all its files")
    row = run_of(services, run_id)
    removable(services.store, row.folder)
    remove(services.store, row)
    return Done(message=f"removed {row.run_id}")


def _job_named(services: Services, text: str) -> Job | None:
    """Return the job of an id that asking gave; None where the text is no such id."""
    match = _BACKTEST_ID.fullmatch(text)
    if match is None:
        return None
    found = services.store.records(Job, id=int(match[1]))
    if not found or found[0].kind != BACKTEST:
        raise NotFound(f"backtest {text}: nobody has asked for it here")
    return found[0]


def run_of(services: Services, text: str) -> RunRow:
    """Return the run of any of its ids; of a job that has made none there is none."""
    job = _job_named(services, text)
    if job is None:
        return _run_named(services, text)
    named = (job.outcome or {}).get("folder")
    if named is None:
        raise NotFound(f"backtest {text}: has made no run")
    return _run_named(services, named)


def _run_named(services: Services, text: str) -> RunRow:
    try:
        return services.store.run(text)
    except ConfigurationError as error:
        raise NotFound(str(error)) from None
