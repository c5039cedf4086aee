"""Jobs: what was asked for and who makes it, how far it is, what it says; and their end."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dashboard.api.backtest_models import Progress
from dashboard.api.described import refusals
from dashboard.api.pages import Page, PagingOf, iso
from dashboard.api.run_views import progress_of
from dashboard.problems import NotFound
from dashboard.services import Services, ServicesOf
from runs.jobs.job_queue import JobQueue
from runs.store.store_rows import Job, JobLine, Status

routes = APIRouter(prefix="/jobs", tags=["jobs"])


class JobView(BaseModel):
    """A job."""

    id: int
    kind: str = Field(examples=["backtest"])
    title: str | None
    status: Status
    progress: Progress
    failure: str | None
    created: str | None
    started: str | None
    ended: str | None
    worker: str | None = Field(description="Who makes it.", examples=["host, process 4711"])
    attempts: int | None
    outcome: dict[str, Any] | None = Field(description="What it has made, by its names.")


class JobStarted(BaseModel):
    """Work that was asked for; a worker does it."""

    job: int = Field(examples=[12])
    status: Status = Field(examples=["PENDING"])
    message: str = Field(examples=["job 12: recommendations of practice-scalping"])


class LogLine(BaseModel):
    """A line of the log of a job."""

    time: str | None
    text: str


class JobDetail(JobView):
    """A job with its log."""

    log: list[LogLine]
    request: dict[str, Any]


@routes.get("")
def jobs(
    services: ServicesOf,
    paging: PagingOf,
    status: Status | None = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
) -> Page[JobView]:
    """List the jobs, the newest first."""
    equal = {name: value for name, value in (("status", status), ("kind", kind)) if value is not None}
    ids = [number for (number,) in services.store.columns(Job, "id", **equal)][::-1]
    shown = ids[paging.offset : paging.offset + paging.page_size]
    found = JobQueue(services.store).numbered(shown)
    return paging.of([view(one) for one in found[::-1]], len(ids))


@routes.get("/{job}", responses=refusals(404))
def job(job: int, services: ServicesOf) -> JobDetail:
    """Show a job with its log."""
    found = _named(services, job)
    lines = JobQueue(services.store).lines(found)
    request = {name: value for name, value in (found.request or {}).items() if name != "places"}
    return JobDetail(**_facts(found), log=[_line(one) for one in lines], request=request)


@routes.post("/{job}/cancel", responses=refusals(404))
def cancel(job: int, services: ServicesOf) -> JobView:
    """Ask for the end of a job: at once where nobody makes it, else as soon as its worker hears of it."""
    _named(services, job)
    JobQueue(services.store).cancel(job)
    return view(_named(services, job))


def view(made: Job) -> JobView:
    """Return a job as lists show it."""
    return JobView(**_facts(made))


def started(made: Job) -> JobStarted:
    """Return a job that was submitted, as whoever asked for it is told."""
    return JobStarted(job=made.id or 0, status=made.status, message=f"job {made.id}: {made.title}")


def _named(services: Services, number: int) -> Job:
    found = services.store.records(Job, id=number) if 0 < number < 2**31 else []
    if not found:
        raise NotFound(f"job {number}: there is no such job")
    return found[0]


def _line(one: JobLine) -> LogLine:
    return LogLine(time=iso(one.time_ms), text=one.text)


def _facts(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "title": job.title,
        "status": job.status,
        "progress": progress_of(job),
        "failure": job.failure,
        "created": iso(job.created_ms),
        "started": iso(job.started_ms),
        "ended": iso(job.ended_ms),
        "worker": None if job.host is None else f"{job.host}, process {job.pid}",
        "attempts": job.attempts,
        "outcome": job.outcome,
    }
