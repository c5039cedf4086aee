"""Runs given to the workers of a cluster, of each of which it is told what became of it."""

import asyncio
import contextlib
import functools
from collections.abc import Callable
from concurrent.futures import Executor, Future, InvalidStateError
from typing import Any

from distributed import Client
from distributed import Future as SentRun


class ClusterRuns(Executor):
    """Gives what it is given to workers that have a resource, one at a time to each.

    The executor of the library itself tells nothing of a run whose worker, or whose scheduler, dies between its end and
    the fetching of its answer; here such a run is cancelled, as one whose worker died in the middle of it.

    Parameters
    ----------
    client
        Of the cluster.
    resource
        What the workers have.
    """

    def __init__(self, client: Client, resource: str) -> None:
        self._client = client
        self._loop: Any = client.loop
        self._resource = resource

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send a run."""
        sent = self._client.submit(fn, *args, **kwargs, pure=False, resources={self._resource: 1})
        answer: Future[Any] = Future()
        answer.add_done_callback(lambda done: self._let_go(sent) if done.cancelled() else None)
        self._loop.add_callback(_follow, sent, answer)
        return answer

    def _let_go(self, sent: SentRun[Any]) -> None:
        if not sent.cancelled():
            self._loop.add_callback(sent.cancel)


def _follow(sent: SentRun[Any], answer: Future[Any]) -> None:
    """Fetch what comes of a run, in the event loop of the client."""
    asyncio.ensure_future(sent.result()).add_done_callback(functools.partial(_tell, sent, answer))


def _tell(sent: SentRun[Any], answer: Future[Any], fetched: "asyncio.Future[Any]") -> None:
    what: Callable[[], object]
    try:
        what = functools.partial(answer.set_result, fetched.result())
    except BaseException as error:  # noqa: BLE001 - whatever the library says
        what = functools.partial(answer.set_exception, error) if sent.status == "error" else answer.cancel
    with contextlib.suppress(InvalidStateError):  # Nobody waits any more.
        what()
