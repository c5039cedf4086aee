"""Tells the hub what becomes of jobs: whoever makes them writes to the store, and this looks there."""

from typing import Any

from dashboard.streams.event_hub import EventHub
from dashboard.streams.looker import Looker
from runs.jobs.job_queue import OPEN, JobQueue
from runs.store.run_store import RunStore
from runs.store.store_rows import Job


class JobEvents(Looker):
    """Looks at the jobs again and again, in a thread of its own, until the end of the block.

    Topics are ``jobs`` for all and ``job:ID`` for one. Kinds: ``submitted``, ``progress`` (a state), ``ended`` and
    ``line`` (of its log; of one job alone).
    """

    watched = "jobs"

    def __init__(self, store: RunStore, hub: EventHub) -> None:
        super().__init__()
        self._store, self._queue, self._hub = store, JobQueue(store), hub
        self._open: dict[int, Job] = {}
        self._last = 0
        self._lines: dict[int, int] = {}

    def begin(self) -> None:
        """Note what is there already."""
        for one in self._queue.jobs():
            self._remember(one)

    def look(self) -> None:
        """Tell what has changed since the last look."""
        for job in self._queue.lately(list(self._open), self._last):
            before = self._open.get(int(job.id or 0))
            if job != before:
                self._remember(job)
                self._tell(before, job)

    def _remember(self, job: Job) -> None:
        number = int(job.id or 0)
        self._last = max(self._last, number)
        if job.status in OPEN:
            self._open[number] = job
        else:
            self._open.pop(number, None)

    def _tell(self, before: Job | None, job: Job) -> None:
        told = job_facts(job)
        if before is None:
            self._say(job, "submitted", told)
        if job.status not in OPEN:
            if before is None or before.status in OPEN:
                self._tell_lines(job)
                self._lines.pop(int(job.id or 0), None)
                self._say(job, "ended", told)
            return
        if before is not None:
            self._tell_lines(job)
            self._say(job, "progress", told, state=True)

    def _tell_lines(self, job: Job) -> None:
        topic = f"job:{job.id}"
        if not self._hub.has_listeners(topic):
            return
        seen = self._lines.get(int(job.id or 0), 0)
        for line in self._queue.lines(job):
            if int(line.id or 0) > seen:
                self._lines[int(job.id or 0)] = int(line.id or 0)
                self._hub.publish(topic, "line", {"time_ms": line.time_ms, "text": line.text})

    def _say(self, job: Job, kind: str, told: dict[str, Any], *, state: bool = False) -> None:
        self._hub.publish("jobs", kind, told, state=state)
        self._hub.publish(f"job:{job.id}", kind, told, state=state)


def job_facts(job: Job) -> dict[str, Any]:
    """Return what clients are told of a job."""
    return {
        "id": job.id,
        "kind": job.kind,
        "title": job.title,
        "status": job.status,
        "done": job.done,
        "total": job.total,
        "percent": None if job.progress is None else round(100.0 * job.progress, 1),
        "eta_ms": job.eta_ms,
        "failure": job.failure,
        "outcome": job.outcome,
    }
