"""The life of one ``events`` iterator: its tasks begin with it and end with it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence

from core.errors import FeedError, InvariantError
from market_data.feeds.delivery.event_queue import EventQueue
from market_data.feeds.feed_event import FeedEvent

Parts = Callable[[EventQueue], Sequence[Coroutine[None, None, None]]]
"""Makes what fills a queue."""


class _Closed(Exception):
    """The feed was closed; ends the iteration."""


class FeedRun:
    """Runs the tasks that fill a queue while the queue is read; one iterator at a time."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._out: EventQueue | None = None
        self._closed = False

    async def events(self, queued: int, parts: Parts) -> AsyncGenerator[FeedEvent, None]:
        """Yield the events of a queue of at most ``queued`` while ``parts`` run; what one raises is raised here.

        Raises
        ------
        FeedError
            If the feed was closed before.
        InvariantError
            If another iterator is still open.
        """
        if self._closed:
            raise FeedError("the feed is closed")
        if self._out is not None:
            raise InvariantError("the events of a feed are read by one reader at a time")
        out = EventQueue(queued)
        self._out = out
        self._tasks = [asyncio.ensure_future(part) for part in parts(out)]
        for task in self._tasks:
            task.add_done_callback(lambda done: _report(done, out))
        try:
            while True:
                yield await out.get()
        except _Closed:
            return
        finally:
            await self._cancel()
            self._out = None

    async def stop(self) -> None:
        """End the iteration, if there is one, and wait until its tasks are gone."""
        self._closed = True
        if self._out is not None:
            self._out.end(_Closed(), at_once=True)
        await self._cancel()

    async def _cancel(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _report(done: asyncio.Task[None], out: EventQueue) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        out.end(error)
