"""``python -m runs jobs``: what was asked for, who does it, and how far it is."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from core.command_line import say
from core.errors import ConfigurationError
from core.instants import format_ms
from runs.commands.opened_store import print_json
from runs.commands.text_blocks import UNDEFINED, Facts, Grid, show
from runs.jobs.job_queue import OPEN, WORDS, JobQueue
from runs.store.run_store import open_store
from runs.store.store_rows import Job

SHOWN = 20
_LINES_SHOWN = 30


def jobs(asked: argparse.Namespace) -> int:
    """List jobs, show one, or cancel one."""
    if (asked.job is None) != (asked.action == "list"):
        wrong = "takes no job" if asked.action == "list" else "which job?"
        raise ConfigurationError(f"jobs {asked.action}: {wrong} — allowed: jobs list, jobs show JOB, jobs cancel JOB")
    with open_store() as store:
        _ACTIONS[asked.action](JobQueue(store), asked)
    return 0


def _list(queue: JobQueue, asked: argparse.Namespace) -> None:
    now, found = queue.now_ms(), queue.jobs()
    if asked.json:
        print_json([_plain(one, now) for one in found])
    elif not found:
        say("no job; python -m research optimise --detach submits one")
    else:
        waiting = [one for one in found if one.status in OPEN]
        shown = [*[one for one in found if one.status not in OPEN][-SHOWN:], *waiting]
        header = ("job", "state", "what", "submitted", "progress", "through", "worker")
        show(Grid(header, [_cells(one, now) for one in sorted(shown, key=lambda one: one.id or 0)], len(header)))


def _show(queue: JobQueue, asked: argparse.Namespace) -> None:
    job, now = queue.named(asked.job), queue.now_ms()
    lines = queue.lines(job)
    if asked.json:
        log = [{"time_ms": one.time_ms, "text": one.text} for one in lines]
        print_json({**_plain(job, now), "log": log})
        return
    facts = [
        ("what", job.title or job.kind),
        ("state", _state(job, now) + (f": {job.failure}" if job.failure else "")),
        ("progress", _progress(job)),
        ("through", _through(job, now)),
        ("worker", _worker(job)),
        *((label, format_ms(value)) for label, value in _times(job) if value is not None),
    ]
    written = [(format_ms(one.time_ms), one.text) for one in lines[-_LINES_SHOWN:]]
    show(Facts(f"Job {job.id}", facts), Facts("Log", written))


def _cancel(queue: JobQueue, asked: argparse.Namespace) -> None:
    job = queue.cancel(int(queue.named(asked.job).id or 0))
    if asked.json:
        print_json(_plain(job, queue.now_ms()))
    elif job.status == "CANCELLED":
        say(f"job {job.id} is cancelled")
    else:
        say(f"job {job.id} is asked to end; what it has made until then is kept")


_ACTIONS: Mapping[str, Callable[[JobQueue, argparse.Namespace], None]] = {
    "list": _list,
    "show": _show,
    "cancel": _cancel,
}


def _plain(job: Job, now_ms: int) -> dict[str, Any]:
    return {**msgspec.structs.asdict(job), "status": WORDS[job.status], "worker_gone": _is_left(job, now_ms)}


def _cells(job: Job, now_ms: int) -> tuple[str, ...]:
    submitted = format_ms(job.created_ms)[:16]
    through, worker = _through(job, now_ms), _worker(job)
    return str(job.id), _state(job, now_ms), job.title or job.kind, submitted, _progress(job), through, worker


def _state(job: Job, now_ms: int) -> str:
    if _is_left(job, now_ms):
        return "running (its worker is gone)"
    return "ending" if job.cancel_asked and job.status == "RUNNING" else WORDS[job.status]


def _is_left(job: Job, now_ms: int) -> bool:
    return job.status == "RUNNING" and (job.lease_ms or 0) <= now_ms


def _progress(job: Job) -> str:
    if job.total is None:
        return UNDEFINED
    return f"{job.done or 0:,} of {job.total:,} ({100 * (job.progress or 0.0):.0f} %)"


def _through(job: Job, now_ms: int) -> str:
    """Return when a job may be through, or how it is."""
    if job.eta_ms is None:
        return UNDEFINED
    seconds = max(0, job.eta_ms - now_ms) // 1000
    return f"in {seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _worker(job: Job) -> str:
    return UNDEFINED if job.host is None else f"{job.host}, process {job.pid}"


def _times(job: Job) -> tuple[tuple[str, int | None], ...]:
    return ("submitted", job.created_ms), ("begun", job.started_ms), ("ended", job.ended_ms)
