"""Does jobs, one after the other: as a process (``python -m research worker``) or in a thread of another program."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Self

from alerts.post import Post
from core.errors import HarnessError, StoreError
from research.executors.executor_pool import ExecutorLost
from research.jobs.held_job import HeldJob, JobCancelled, JobLost, WorkerStops
from research.jobs.job_alert import job_alert
from research.jobs.job_kinds import KINDS, do_job
from research.studies.study_run import StudyTaken
from runs.jobs.job_queue import LEASE_SECONDS, WORDS, JobQueue
from runs.store.run_store import RunStore
from runs.store.store_rows import Job, Status
from strategies.own_code import failure_in_one_line

BEAT_SECONDS = 2.0
_POLL_SECONDS = 0.25
"""A look whether a job waits takes no lock, so that it may be taken often: nobody waits long for a job to begin."""
_BEATS_IN_A_LEASE = 3


class Worker:
    """Does the jobs of a store.

    Parameters
    ----------
    store
        Where they are; it is used by several threads.
    lease_seconds
        How long a job stays with a worker that gives no sign.
    told
        Hears in a line what happens to each job.
    post
        Takes the alerts of jobs that have ended; None where nobody is told.
    """

    def __init__(
        self,
        store: RunStore,
        lease_seconds: float = LEASE_SECONDS,
        told: Callable[[str], None] = lambda line: None,
        post: Post | None = None,
    ) -> None:
        self._store, self._told, self._post = store, told, post
        self._queue = JobQueue(store, lease_seconds)
        self._beat_seconds = min(BEAT_SECONDS, lease_seconds / _BEATS_IN_A_LEASE)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def run(self, *, until_empty: bool = False) -> None:
        """Do jobs until :meth:`stop`, or until none waits."""
        while not self._stop.is_set():
            try:
                job = self._queue.take(list(KINDS)) if self._queue.waits(list(KINDS)) else None
            except StoreError as error:
                self._told(f"no job can be taken: {error}")
                job = None
            if job is not None:
                self.do(job)
            elif until_empty:
                return
            else:
                self._stop.wait(_POLL_SECONDS)

    def do(self, job: Job) -> None:
        """Do a job that was taken, and keep what came of it."""
        self._told(f"job {job.id}: {job.title or job.kind}")
        try:
            status, failure = self._outcome(job)
        except StoreError as error:
            # What cannot be written now is not to be written off: the lease lapses, and the job is taken up again.
            self._told(f"job {job.id}: left for later: {error}")
            return
        self._told(f"job {job.id}: {status}{f': {failure}' if failure else ''}")

    def stop(self) -> None:
        """End: the job at hand is put back after the trial that is being made."""
        self._stop.set()

    def __enter__(self) -> Self:
        """Do jobs in a thread of this process, until the end of the block."""
        self._thread = threading.Thread(target=self.run, name="jobs", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def _outcome(self, job: Job) -> tuple[str, str | None]:
        """Do a job; return what became of it, in words."""
        ended: Status = "COMPLETED"
        failure: str | None = None
        try:
            with HeldJob(self._queue, job, self._store, self._stop.is_set, self._beat_seconds) as held:
                do_job(held)
        except JobCancelled:
            ended = "CANCELLED"
        except JobLost:
            return "another worker has taken it", None
        except (WorkerStops, KeyboardInterrupt):
            self._stop.set()
            self._queue.put_back(job, "its worker was stopped")
            return "put back", None
        except (ExecutorLost, StudyTaken, StoreError) as error:
            self._queue.put_back(job, str(error), LEASE_SECONDS / 2)
            return "put back", str(error)
        except HarnessError as error:
            ended, failure = "FAILED", str(error)
        except Exception as error:  # noqa: BLE001 - one job's end is not that of the worker
            ended, failure = "FAILED", failure_in_one_line(error)
        if not self._queue.end(job, ended, failure):
            return "another worker has taken it", None
        if self._post is not None and ended != "CANCELLED":
            (job,) = self._store.records(Job, id=job.id)
            self._post.put(job_alert(job, failure))
        return WORDS[ended], failure


@contextlib.contextmanager
def stopped_by_signals(worker: Worker) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM stop a worker in its own time; the next one ends the process."""
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}

    def back() -> None:
        for one, handler in before.items():
            signal.signal(one, handler)

    def stop(number: int, frame: FrameType | None) -> None:
        worker.stop()
        back()

    for one in before:
        signal.signal(one, stop)
    try:
        yield
    finally:
        back()
