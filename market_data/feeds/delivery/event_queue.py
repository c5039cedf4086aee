"""A bounded queue of feed events in which forming candles do not pile up."""

import asyncio

from market_data.feeds.feed_event import CandleUpdate, FeedEvent


class EventQueue:
    """Events in order of arrival, at most ``limit`` of them.

    A forming update takes the place of a waiting forming update of the same symbol, at the end of the queue: only the
    latest view of a candle that is still open is worth anything. Everything else is kept, and ``put`` waits for room.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: dict[str | int | None, FeedEvent] = {}
        self._count = 0
        self._filled = asyncio.Event()
        self._freed = asyncio.Event()
        self._end: BaseException | None = None

    @property
    def failure(self) -> BaseException | None:
        """What ``end`` was given, None before; events put before it can still be read."""
        return self._end

    @property
    def full(self) -> bool:
        """Whether the next ``put`` may have to wait."""
        return len(self._waiting) >= self._limit

    def __len__(self) -> int:
        return len(self._waiting)

    async def put(self, event: FeedEvent) -> bool:
        """Append an event and return whether it had to wait for room."""
        forming = event.symbol if isinstance(event, CandleUpdate) and not event.final else None
        waited = False
        while len(self._waiting) >= self._limit and forming not in self._waiting:
            waited = True
            self._freed.clear()
            await self._freed.wait()
        self._count += 1
        key: str | int = self._count if forming is None else forming
        self._waiting.pop(key, None)
        self._waiting[key] = event
        self._filled.set()
        return waited

    async def get(self) -> FeedEvent:
        """Return the oldest event, waiting for one; raises what ``end`` was given once none is left."""
        while not self._waiting:
            if self._end is not None:
                raise self._end
            self._filled.clear()
            await self._filled.wait()
        event = self._waiting.pop(next(iter(self._waiting)))
        self._freed.set()
        return event

    def end(self, error: BaseException, *, at_once: bool = False) -> None:
        """Let ``get`` raise an error after the events that are waiting, or instead of them; the first call counts."""
        if self._end is not None:
            return
        self._end = error
        if at_once:
            self._waiting.clear()
        self._filled.set()
