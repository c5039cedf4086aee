"""A job while a worker has it: its lease is kept up beside the work, which hears when it is to end."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

from backtests.replay import RunWatch
from core.errors import StoreError
from runs.jobs.job_queue import JobQueue
from runs.store.run_store import RunStore
from runs.store.store_rows import Job


class JobEnds(Exception):
    """The work on a job is to end before it is done; what there is of it is kept."""


class JobCancelled(JobEnds):
    """Somebody has asked for its end."""


class JobLost(JobEnds):
    """Another worker has it: this one was thought dead."""


class WorkerStops(JobEnds):
    """The worker itself is to end."""


class HeldJob:
    """A job under its lease.

    Parameters
    ----------
    queue
        Where it was taken.
    job
        As it was taken.
    store
        For the work.
    stops
        Whether the worker is to end.
    beat_seconds
        How often its lease is kept up and its progress noted.
    """

    def __init__(
        self, queue: JobQueue, job: Job, store: RunStore, stops: Callable[[], bool], beat_seconds: float
    ) -> None:
        self.job, self.store = job, store
        self._queue, self._stops = queue, stops
        self._beat_seconds = beat_seconds
        self._done: int | None = None
        self._total: int | None = None
        self._first: tuple[float, int] | None = None
        self._watch: RunWatch | None = None
        self._state = "held"
        self._ended = threading.Event()
        self._beating = threading.Thread(target=self._beat, name=f"job {job.id}", daemon=True)

    def __enter__(self) -> Self:
        self._beating.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        self._beating.join()
        with contextlib.suppress(StoreError):  # How far it came; its end is told by who made it.
            self._queue.renew(self.job, self._done, self._total, None)

    def made(self, done: int, total: int) -> None:
        """Hear how far the work is; raises :class:`JobEnds` where it is to end."""
        self._done, self._total = done, total
        if self._first is None and done > (self.job.done or 0):  # What was there before took no time.
            self._first = time.monotonic(), done
        if self._state == "lost":
            raise JobLost
        if self._state == "cancel":
            raise JobCancelled
        if self._stops():
            raise WorkerStops

    @contextlib.contextmanager
    def watched(self) -> Iterator[RunWatch]:
        """Give what a run tells how far it is, and by which it is asked to end where the job is to.

        At the end of the block :class:`JobEnds` is raised for a run that was.
        """
        watch = self._watch = RunWatch()
        try:
            yield watch
        finally:
            self._watch = None
            self._done, self._total = watch.candles_done, watch.candles or None
        if watch.interrupt.asked:
            self.made(watch.candles_done, watch.candles)

    def outcome(self, **names: Any) -> None:
        """Keep what the job has made, by its names."""
        self._queue.made(self.job, names)

    def say(self, line: str) -> None:
        """Add a line to the log of the job."""
        self._queue.say(self.job, line)

    def _beat(self) -> None:
        while not self._ended.wait(self._beat_seconds):
            self._look_at_run()
            try:
                self._state = self._queue.renew(self.job, self._done, self._total, self._left_ms())
            except StoreError:
                continue  # It is busy, or away for a moment: the lease lasts for several beats.
            self._look_at_run()
            if self._state == "lost":
                return

    def _look_at_run(self) -> None:
        """Note how far the run is that is being made, and ask it to end where the job is to."""
        watch = self._watch
        if watch is None:
            return
        self._done, self._total = watch.candles_done, watch.candles or None
        if self._first is None and watch.candles_done:
            self._first = time.monotonic(), watch.candles_done
        watch.interrupt.asked = watch.interrupt.asked or self._state != "held" or self._stops()

    def _left_ms(self) -> int | None:
        """Return how long the rest may take at the pace since this worker has it; None where nothing tells it."""
        if self._first is None or self._done is None or self._total is None:
            return None
        begun, first = self._first
        if self._done <= first:
            return None
        return int(1000 * (time.monotonic() - begun) / (self._done - first) * (self._total - self._done))
