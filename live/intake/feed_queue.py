"""The events of a session's feeds in one queue, in the order in which they came."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from live.intake.candle_lane import Series
from live.intake.missing_candles import RestAnswer
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.feed_event import FeedEvent

QUEUE_LIMIT = 10_000
"""Most feed events that wait for the kernel; a feed that is ahead by more waits itself."""

IDLE_SECONDS = 0.2


class QueuedEvent(NamedTuple):
    """An event, when it came in monotonic seconds, and of which candles; None asks only to look at the steps again."""

    event: FeedEvent | RestAnswer | None
    received_at: float
    series: Series


class FeedQueue:
    """Reads feeds, each in a task of its own.

    Parameters
    ----------
    feeds
        By series.
    monotonic
        Seconds that only grow.
    """

    def __init__(self, feeds: Mapping[Series, CandleFeed], monotonic: Callable[[], float]) -> None:
        self._feeds = feeds
        self._monotonic = monotonic
        self._queue: asyncio.Queue[QueuedEvent] = asyncio.Queue(QUEUE_LIMIT)

    def readers(self) -> list[asyncio.Task[None]]:
        """Begin to read; the tasks end only by an error, or when they are cancelled."""
        return [asyncio.create_task(self._read(series, feed)) for series, feed in self._feeds.items()]

    async def put_answer(self, answer: RestAnswer) -> None:
        """Queue what REST said."""
        await self._queue.put(QueuedEvent(answer, self._monotonic(), answer.asked.series))

    async def wake(self) -> None:
        """Let :meth:`take` return."""
        await self._queue.put(QueuedEvent(None, self._monotonic(), "strategy"))

    def nudge(self) -> None:
        """Let :meth:`take` return soon; a full queue does so by itself."""
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait(QueuedEvent(None, self._monotonic(), "strategy"))

    async def take(self) -> list[QueuedEvent]:
        """Wait a moment for an event; return it with whatever else is there."""
        events: list[QueuedEvent] = []
        # Not wait_for: before Python 3.12 one that gets an event as it is cancelled drops the cancellation.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                events.append(await self._queue.get())
            while not self._queue.empty():
                events.append(self._queue.get_nowait())
        return events

    async def _read(self, series: Series, feed: CandleFeed) -> None:
        async for event in feed.events():
            await self._queue.put(QueuedEvent(event, self._monotonic(), series))
