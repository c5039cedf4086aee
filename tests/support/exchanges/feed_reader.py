"""Reads a candle feed in the background and keeps what it said."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec

from core.candle import Candle
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.feed_event import CandleUpdate, Connected, Disconnected, FeedEvent, Stale, Unreadable
from market_data.feeds.feed_limits import FeedLimits
from tests.support.waiting import PATIENCE_S

T = TypeVar("T", CandleUpdate, Connected, Disconnected, Stale, Unreadable)

BRISK = FeedLimits(
    connect_seconds=30.0,
    request_seconds=30.0,
    first_wait_seconds=0.02,
    longest_wait_seconds=0.1,
    poll_seconds=0.1,
    least_stale_seconds=0.3,
)
"""Limits for an exchange on this machine: waits are short, and an answer that comes late is waited for."""

IMPATIENT = msgspec.structs.replace(BRISK, request_seconds=0.5)
"""For an exchange that does not answer."""


class FeedReader:
    """Reads while used as an async context manager, and closes the feed at the end."""

    def __init__(self, feed: CandleFeed) -> None:
        self.feed = feed
        self.events: list[FeedEvent] = []
        self._changed = asyncio.Event()
        self._gate = asyncio.Event()
        self._gate.set()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "FeedReader":
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.feed.close()
        self._gate.set()
        if self._task is not None:
            await self._task

    def pause(self) -> None:
        """Take no more events until ``go_on``."""
        self._gate.clear()

    def go_on(self) -> None:
        """Take events again."""
        self._gate.set()

    def of(self, kind: type[T]) -> list[T]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def finals(self, symbol: str) -> list[Candle]:
        """Return the finals of a symbol, in order of arrival, repeated ones too."""
        return [update.candle for update in self.of(CandleUpdate) if update.final and update.symbol == symbol]

    async def until(self, condition: Callable[["FeedReader"], bool]) -> None:
        """Wait until a condition on what was read holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()

    async def until_finals(self, symbol: str, count: int) -> None:
        """Wait for so many different finals of a symbol."""
        await self.until(lambda reader: len({one.open_time_ms for one in reader.finals(symbol)}) >= count)

    async def _read(self) -> None:
        try:
            async for event in self.feed.events():
                self.events.append(event)
                self._changed.set()
                await self._gate.wait()
        finally:
            self._changed.set()
