"""Jobs in the run store: asked for, taken by one worker at a time under a lease, taken up again when it is gone.

A worker that has taken a job keeps its lease up by a heartbeat. One that is killed lets it lapse, and any other takes
the job from there on; ``attempts`` counts who has taken it, and a worker that was only thought dead finds a higher
number than its own and has lost it. Times are the database's: machines need not agree on theirs.
"""

import os
from collections.abc import Collection
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, and_, insert, or_, select, text, update

from core.errors import ConfigurationError
from core.settings_problem import shown
from runs.store.run_store import RunStore
from runs.store.store_rows import Job, JobLine, Status
from runs.store.tables import JOB, JOB_LINE

LEASE_SECONDS = 60.0
"""How long a job stays with a worker that gives no sign."""
MOST_LEASE_SECONDS = 86_400.0
"""The longest lease; a later end was written by a clock that has been set back since, and holds nothing."""
MOST_IN_VAIN = 5
"""How often a job is taken up again that gets no further: what ends its workers must not end all there are."""
OPEN: tuple[Status, ...] = ("PENDING", "RUNNING")
WORDS: dict[str, str] = {
    "PENDING": "submitted",
    "RUNNING": "running",
    "COMPLETED": "done",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
}
"""What users call the states of a job."""

_CLOCKS = {
    "sqlite": "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
    "postgresql": "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
}

Held = Literal["held", "cancel", "lost"]


class JobQueue:
    """The jobs of a store.

    Parameters
    ----------
    store
        Where they are.
    lease_seconds
        How long a job stays with a worker that gives no sign.
    """

    def __init__(self, store: RunStore, lease_seconds: float = LEASE_SECONDS) -> None:
        self._store = store
        self._lease_ms = int(lease_seconds * 1000)

    def submit(self, kind: str, title: str, request: dict[str, Any], total: int | None = None) -> Job:
        """Ask for work; ``title`` says in words what it is."""
        with self._store.database.writing() as connection:
            job = Job(
                kind=kind, status="PENDING", title=title, request=request, total=total, created_ms=_now_ms(connection)
            )
            values = msgspec.structs.asdict(job)
            del values["id"]
            id_ = connection.execute(insert(JOB).values(values).returning(JOB.c.id)).scalar_one()
            _say(connection, id_, "submitted")
        return msgspec.structs.replace(job, id=id_)

    def waits(self, kinds: Collection[str]) -> bool:
        """Return whether a job may be there to be taken; asked often, so nothing is locked for it."""
        with self._store.database.reading() as connection:
            now = _now_ms(connection)
            free = or_(JOB.c.lease_ms.is_(None), JOB.c.lease_ms <= now)
            query = select(JOB.c.id).where(JOB.c.kind.in_(kinds), JOB.c.status.in_(OPEN), free).limit(1)
            return connection.execute(query).first() is not None

    def take(self, kinds: Collection[str]) -> Job | None:
        """Take the oldest job that waits, or whose worker is gone; None where there is none. No other has it too."""
        with self._store.database.writing() as connection:
            while True:
                now = _now_ms(connection)
                lapsed = or_(
                    JOB.c.lease_ms.is_(None),
                    JOB.c.lease_ms <= now,
                    JOB.c.lease_ms > now + int(1000 * MOST_LEASE_SECONDS),
                )
                free = and_(JOB.c.kind.in_(kinds), JOB.c.status.in_(OPEN), lapsed)
                query = select(JOB).where(free).order_by(JOB.c.id).limit(1)
                # Of two workers on one server the second passes over a row that the first is about to take.
                row = connection.execute(query.with_for_update(skip_locked=True)).first()
                if row is None:
                    return None
                job = Job(**row._mapping)
                if not self._given_up(connection, job, now):
                    return self._taken(connection, job, now)

    def renew(self, job: Job, done: int | None, total: int | None, eta_ms: int | None) -> Held:
        """Keep the lease up and note how far the job is; return whether it goes on, is to end, or is another's."""
        with self._store.database.writing() as connection:
            now = _now_ms(connection)
            values: dict[str, Any] = {"lease_ms": now + self._lease_ms}
            values["eta_ms"] = None if eta_ms is None else now + eta_ms
            # One that is taken up again first comes to where it was.
            if done is not None and total and done > (job.done or 0):
                values |= {"done": done, "total": total, "progress": done / total, "in_vain": 0}
            changed = update(JOB).where(*_mine(job)).values(values).returning(JOB.c.cancel_asked)
            row = connection.execute(changed).first()
            return "lost" if row is None else "cancel" if row.cancel_asked else "held"

    def made(self, job: Job, outcome: dict[str, Any]) -> None:
        """Keep what a job has made, by its names."""
        with self._store.database.writing() as connection:
            connection.execute(update(JOB).where(*_mine(job)).values(outcome=outcome))

    def end(self, job: Job, status: Status, failure: str | None = None) -> bool:
        """Keep how a job ended; False where it is no longer this worker's."""
        return self._left(job, f"{WORDS[status]}{f': {failure}' if failure else ''}", status, failure)

    def put_back(self, job: Job, why: str, after_seconds: float = 0.0) -> bool:
        """Leave a job for any worker that comes; False where it is no longer this worker's."""
        return self._left(job, f"put back: {why}", "PENDING", why, after_seconds)

    def cancel(self, id_: int) -> Job:
        """Ask for the end of a job: at once where nobody works on it, else as soon as its worker hears of it."""
        with self._store.database.writing() as connection:
            row = connection.execute(select(JOB).where(JOB.c.id == id_).with_for_update()).first()
            job = None if row is None else Job(**row._mapping)
            if job is None or job.status not in OPEN:
                raise ConfigurationError(
                    f"job {id_}: " + ("there is no such job" if job is None else f"is {WORDS[job.status]} already")
                )
            now = _now_ms(connection)
            values: dict[str, Any] = {"cancel_asked": True}
            if job.status == "PENDING" or (job.lease_ms or 0) <= now:
                values |= {"status": "CANCELLED", "ended_ms": now, "lease_ms": None, "eta_ms": None}
            connection.execute(update(JOB).where(JOB.c.id == id_).values(values))
            _say(connection, id_, WORDS[values["status"]] if "status" in values else "asked to end")
        return msgspec.structs.replace(job, **values)

    def say(self, job: Job, line: str) -> None:
        """Add a line to the log of a job."""
        with self._store.database.writing() as connection:
            _say(connection, int(job.id or 0), line)

    def jobs(self, **equal: object) -> list[Job]:
        """Return jobs whose columns have the given values, the oldest first."""
        return self._store.records(Job, **equal)

    def lately(self, known: Collection[int], last: int) -> list[Job]:
        """Return the jobs that may have changed: those known to be open, and those after the last one known."""
        query = select(JOB).where(or_(JOB.c.id.in_(known), JOB.c.id > last)).order_by(JOB.c.id)
        with self._store.database.reading() as connection:
            return [Job(**row._mapping) for row in connection.execute(query)]

    def numbered(self, numbers: Collection[int]) -> list[Job]:
        """Return the jobs of some numbers, the oldest first."""
        query = select(JOB).where(JOB.c.id.in_(numbers)).order_by(JOB.c.id)
        with self._store.database.reading() as connection:
            return [Job(**row._mapping) for row in connection.execute(query)]

    def lines(self, job: Job) -> list[JobLine]:
        """Return the log of a job."""
        return self._store.records(JobLine, job=job.id)

    def named(self, asked: str) -> Job:
        """Return a job by its number or ``latest``; ConfigurationError where there is none."""
        if asked == "latest" or (asked.isascii() and asked.isdecimal() and len(asked) <= 9):
            found = self.jobs() if asked == "latest" else self.jobs(id=int(asked))
            if found:
                return found[-1]
        last = [one.id for one in self.jobs()][-1:]
        allowed = f"latest, or a number up to {last[0]}" if last else "the store has none yet"
        raise ConfigurationError(f"job {shown(asked)}: there is no such job — allowed: {allowed}")

    def now_ms(self) -> int:
        """Return the present as the database has it."""
        with self._store.database.reading() as connection:
            return _now_ms(connection)

    def _given_up(self, connection: Connection, job: Job, now: int) -> bool:
        """End a job that was to be cancelled when its worker went, or that gets nowhere."""
        status: Status = "CANCELLED"
        failure: str | None = None
        if not job.cancel_asked:
            if (job.in_vain or 0) < MOST_IN_VAIN:
                return False
            status, last = "FAILED", job.failure or "its worker ended"
            failure = f"was taken up {job.in_vain} times and got no further; the last: {last}"
        ended = {"status": status, "failure": failure, "ended_ms": now, "lease_ms": None, "eta_ms": None}
        connection.execute(update(JOB).where(JOB.c.id == job.id).values(ended))
        _say(connection, int(job.id or 0), WORDS[status] + (f": {failure}" if failure else ""))
        return True

    def _taken(self, connection: Connection, job: Job, now: int) -> Job:
        values: dict[str, Any] = {
            "status": "RUNNING",
            "started_ms": job.started_ms or now,
            "lease_ms": now + self._lease_ms,
            "attempts": (job.attempts or 0) + 1,
            "in_vain": (job.in_vain or 0) + 1,
            "host": self._store.host,
            "pid": os.getpid(),
            "failure": None,
        }
        connection.execute(update(JOB).where(JOB.c.id == job.id).values(values))
        again = "taken up again, its worker was gone" if job.status == "RUNNING" else "taken"
        _say(connection, int(job.id or 0), f"{again} by {self._store.host}, process {os.getpid()}")
        return msgspec.structs.replace(job, **values)

    def _left(self, job: Job, line: str, status: Status, failure: str | None, after_seconds: float = 0.0) -> bool:
        with self._store.database.writing() as connection:
            now = _now_ms(connection)
            values: dict[str, Any] = {"status": status, "failure": failure, "eta_ms": None, "lease_ms": None}
            if status == "PENDING":
                values["lease_ms"] = now + int(after_seconds * 1000)
            else:
                values["ended_ms"] = now
            if status == "COMPLETED":
                values["progress"] = 1.0
            mine = connection.execute(update(JOB).where(*_mine(job)).values(values)).rowcount == 1
            if mine:
                _say(connection, int(job.id or 0), line)
            return mine


def _mine(job: Job) -> tuple[Any, ...]:
    """Whether a job is still with who took it so-many-eth."""
    return JOB.c.id == job.id, JOB.c.status == "RUNNING", JOB.c.attempts == job.attempts


def _say(connection: Connection, job: int, line: str) -> None:
    connection.execute(insert(JOB_LINE).values(job=job, time_ms=_now_ms(connection), text=line))


def _now_ms(connection: Connection) -> int:
    return int(connection.execute(text(_CLOCKS[connection.dialect.name])).scalar_one())
