"""The trials of a server: a few at once, in order, each for as long as somebody asks after it."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self

from core.errors import HarnessError, InvariantError
from dashboard.problems import NotFound, Refused
from dashboard.trials.trial_process import TrialEnds, TrialProcess
from dashboard.trials.trial_work import Answer, Work
from runs.store.store_rows import Status
from strategies.own_code import failure_in_one_line
from systems.life_cycle.epoch_tracker import wall_clock_ms

_log = logging.getLogger(__name__)
AT_ONCE = 2
MOST_WAITING = 8
KEPT = 20
KEPT_SECONDS = 600.0
"""How long an answer is kept, of the last ones."""
LEASE_SECONDS = 20.0
"""A trial that nobody has asked after for so long is ended: whoever wanted it has gone."""
LONGEST_SECONDS = 900.0
LARGE = 100_000
"""Candles; the process of a larger trial has taken hundreds of MB, and does not wait for another one."""


class Trial:
    """One trial, as it stands.

    Attributes
    ----------
    name
        Its id.
    title
        What is tried, in words.
    status
        As of a job.
    done, total
        Candles; None until they are known.
    answer
        What it answers; None until it is through.
    error
        Why it has failed, or was ended.
    """

    def __init__(self, title: str, work: Work) -> None:
        self.name, self.title, self.work = f"t{secrets.token_hex(4)}", title, work
        self.status: Status = "PENDING"
        self.done: int | None = None
        self.total: int | None = None
        self.answer: Answer | None = None
        self.error: HarnessError | None = None
        self.created_ms = wall_clock_ms()
        self.touched = time.monotonic()
        self.ended_at: float | None = None
        self.cancelled = False

    @property
    def is_open(self) -> bool:
        """Whether it waits or is being made."""
        return self.ended_at is None

    def moved(self, done: int, total: int) -> None:
        """Hear how far it is."""
        self.done, self.total = done, total

    def end(self, status: Status, answer: Answer | None = None, error: HarnessError | None = None) -> None:
        """Keep how it ended."""
        self.answer, self.error, self.status = answer, error, status
        self.ended_at = time.monotonic()


class TrialLane:
    """Makes trials, two at once; what nobody asks after any more is ended, and answers are kept for ten minutes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._trials: dict[str, Trial] = {}
        self._idle: list[TrialProcess] = []
        self._makers = ThreadPoolExecutor(AT_ONCE, "trials")
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._closed = True
        self._makers.shutdown(cancel_futures=True)
        for one in self._idle:
            one.close()

    def begin(self, title: str, work: Work) -> Trial:
        """Let a trial be made as soon as its turn comes; Refused where too many wait."""
        trial = Trial(title, work)
        with self._lock:
            self._forget()
            waiting = sum(one.is_open for one in self._trials.values())
            if waiting >= AT_ONCE + MOST_WAITING:
                raise Refused(f"{waiting} trials are made or wait — allowed: to cancel one, or to wait for it")
            self._trials[trial.name] = trial
        self._makers.submit(self._make, trial)
        return trial

    def named(self, name: str) -> Trial:
        """Return a trial, which lives on for being asked after; NotFound where it is not kept any more."""
        with self._lock:
            self._forget()
            found = self._trials.get(name)
        if found is None:
            raise NotFound(f"trial {name}: there is none of that id; answers are kept for ten minutes")
        found.touched = time.monotonic()
        return found

    def listed(self) -> list[Trial]:
        """Return those that are kept, the newest first; none of them lives on for it."""
        with self._lock:
            self._forget()
            return list(self._trials.values())[::-1]

    def cancel(self, trial: Trial) -> None:
        """End a trial; one that has ended stays as it is."""
        with self._lock:
            trial.cancelled = True
            if trial.status == "PENDING":
                trial.end("CANCELLED")

    def _make(self, trial: Trial) -> None:
        """Make a trial, in one of the lane's threads."""
        began = time.monotonic()

        def ends() -> bool:
            now = time.monotonic()
            gone = now - trial.touched > LEASE_SECONDS
            return self._closed or trial.cancelled or gone or now - began > LONGEST_SECONDS

        with self._lock:
            if not trial.is_open:
                return
            trial.status = "RUNNING"
        try:
            if ends():
                raise TrialEnds
            trial.end("COMPLETED", self._made(trial, ends))
        except TrialEnds:
            if trial.cancelled or self._closed:
                trial.end("CANCELLED")
            elif time.monotonic() - began > LONGEST_SECONDS:
                trial.end("FAILED", error=Refused(f"it took more than {LONGEST_SECONDS:.0f} s — allowed: less of it"))
            else:
                trial.end("CANCELLED", error=Refused("nobody asked after it any more"))
        except HarnessError as error:
            trial.end("FAILED", error=error)
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            _log.exception("a trial failed")
            trial.end("FAILED", error=InvariantError(failure_in_one_line(error)))

    def _made(self, trial: Trial, ends: Callable[[], bool]) -> Answer:
        """Return what a trial answers, of a process that waits or of a new one."""
        while True:
            with self._lock:
                waits = self._idle.pop() if self._idle else None
            process = waits or TrialProcess()
            try:
                answer = process.made(trial.work, trial.moved, ends)
            except (EOFError, OSError):
                process.close()
                if waits is None:
                    raise InvariantError("its process has ended; the server's log may say why") from None
                continue  # One that has waited may have had enough of it just now.
            except HarnessError:
                self._rests(process)
                raise
            if (trial.total or 0) > LARGE:
                process.close()
            else:
                self._rests(process)
            return answer

    def _rests(self, process: TrialProcess) -> None:
        with self._lock:
            self._idle.append(process)

    def _forget(self) -> None:
        """Let go of answers that are old, or more than are kept."""
        now = time.monotonic()
        over = [one for one in self._trials.values() if one.ended_at is not None]
        for place, one in enumerate(over):
            if len(over) - place > KEPT or now - (one.ended_at or now) > KEPT_SECONDS:
                del self._trials[one.name]
