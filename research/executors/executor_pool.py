"""Runs made through the interface of ``concurrent.futures``, whatever stands behind it."""

import pickle
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from backtests.many.worker import Answer, Task
from core.errors import ConfigurationError, HarnessError, InvariantError
from research.executors.receiving import make_run
from research.executors.sent_runs import RunSender

_SECONDS_BETWEEN_LOOKS = 2.0
_TIMES_SENT = 10
"""How often a run is sent that gets lost on its way."""


class ExecutorLost(HarnessError):
    """What made the runs is gone and does not come back; ``kept`` says what there is of them, and how to go on."""

    def __init__(self, why: str, kept: str = "") -> None:
        super().__init__(f"{why}; {kept}" if kept else why)
        self.why = why


class Place(Protocol):
    """Where an executor has its workers."""

    @property
    def executor(self) -> Executor:
        """The executor as it is now."""

    @property
    def folder(self) -> Path | None:
        """Where its workers find what runs have in common; None where that is sent."""

    @property
    def most_sent(self) -> int:
        """How many runs may be under way."""

    def share(self, name: str, data: bytes) -> Any:
        """Let workers have bytes by a name; return what is sent to those that need them."""

    def look(self) -> None:
        """See whether there is anything to wait for; ExecutorLost where there is not."""

    def restore(self) -> None:
        """Be ready for runs again that were lost, with all that they share; ExecutorLost where that cannot be."""

    def failure(self, error: Exception) -> Exception:
        """Return in this program's words what ended a run that came back without an answer."""

    def close(self) -> None:
        """Let the workers go."""


class _Sent(NamedTuple):
    """A run under way; ``future`` is None for one that cannot be made."""

    task: Task | Exception
    future: "Future[bytes] | None"


class ExecutorPool:
    """Makes runs by an executor of ``concurrent.futures``, as many at a time as its place has use for.

    Answers are those of the runs in their order, however late one of them comes and wherever it was made.

    Parameters
    ----------
    place
        Where its workers are.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._sender = RunSender(place.folder, place.share)

    def answers(self, tasks: Iterable[Task | Exception]) -> Iterator[Answer]:
        """Yield what comes of tasks, in their order; a run that cannot be is its own answer.

        Raises
        ------
        ExecutorLost
            If the workers are gone and do not come back.
        """
        under_way: deque[_Sent] = deque()
        coming = iter(tasks)
        try:
            while True:
                while len(under_way) < self._place.most_sent and (task := next(coming, None)) is not None:
                    under_way.append(self._sent(task))
                if not under_way:
                    return
                yield self._answer(under_way.popleft())
        finally:
            for one in under_way:
                if one.future is not None:
                    one.future.cancel()

    def close(self) -> None:
        """Let the workers go; what is under way is lost."""
        self._place.close()

    def _sent(self, task: Task | Exception) -> _Sent:
        if isinstance(task, Exception):
            return _Sent(task, None)
        try:
            run, market, strategy = self._sender.sent(task)
        except ConfigurationError as error:
            return _Sent(error, None)
        try:
            return _Sent(task, self._place.executor.submit(make_run, run, market, strategy))
        except RuntimeError as error:  # Of an executor that is broken or was shut down.
            return _Sent(self._place.failure(error), None)

    def _answer(self, one: _Sent) -> Answer:
        for _ in range(_TIMES_SENT):
            if isinstance(one.task, Exception):
                return one.task
            if one.future is None:
                return InvariantError("a run that was not sent")
            try:
                answer: Answer = pickle.loads(self._waited_for(one.future))
            except CancelledError:
                self._place.restore()
                self._sender.forget()
                one = self._sent(one.task)
            except HarnessError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever an executor says of a run
                return self._place.failure(error)
            else:
                return answer
        return InvariantError(f"the run was lost {_TIMES_SENT} times on its way to a worker")

    def _waited_for(self, future: "Future[bytes]") -> bytes:
        while True:
            try:
                return future.result(_SECONDS_BETWEEN_LOOKS)
            except TimeoutError:
                if future.done():  # It came meanwhile, or the time is over for the run itself.
                    return future.result()
                self._place.look()
