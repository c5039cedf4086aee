"""When the practice exchange may go on to its next event: as time passes, as it is told, or as its clients read."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from practice.exchange_clock import DrivenClock, RunningClock
from practice.streams.stream_hub import StreamHub


class Pace(Protocol):
    """Lets the exchange's clock reach an instant."""

    async def reach(self, at_ms: int, wake: asyncio.Event) -> bool:
        """Return True once the clock has reached the instant, False if ``wake`` was set before."""
        ...


class RunningPace:
    """The clock runs by itself; it is released when enough streams are subscribed to."""

    def __init__(self, clock: RunningClock, hub: StreamHub, streams_before_start: int) -> None:
        self._clock = clock
        self._hub = hub
        self._before = streams_before_start

    async def reach(self, at_ms: int, wake: asyncio.Event) -> bool:
        """Wait on the wall clock."""
        if not self._clock.released and self._hub.readable_streams() >= self._before:
            self._clock.release()
        seconds = self._clock.seconds_until(at_ms)
        if seconds == 0.0:
            # An exchange that is behind its clock still lets its clients be written to.
            await asyncio.sleep(0)
            return True
        return not await _woken(wake, seconds)


class DrivenPace:
    """The clock moves to ``target_ms`` when that is set, and no further."""

    def __init__(self, clock: DrivenClock) -> None:
        self.target_ms = clock.now_ms()
        self.settled = asyncio.Event()
        self._clock = clock

    def drive(self, target_ms: int, wake: asyncio.Event) -> None:
        """Let the exchange go on to an instant; ``settled`` is set when it is there."""
        self.target_ms = max(self.target_ms, target_ms)
        self.settled.clear()
        wake.set()

    async def reach(self, at_ms: int, wake: asyncio.Event) -> bool:
        """Wait until the target lies at or after the instant."""
        if self.target_ms >= at_ms:
            self._clock.set(at_ms)
            await asyncio.sleep(0)
            return True
        self._clock.set(self.target_ms)
        self.settled.set()
        return not await _woken(wake, None)


class ReadPace:
    """The clock moves on when every client has read what was sent to it.

    Before the start it waits for enough streams without limit; later, with nobody to read, for ``patience_s`` wall
    seconds an event, except while ``unreachable`` says that nobody could be there.
    """

    def __init__(
        self,
        clock: DrivenClock,
        hub: StreamHub,
        streams_before_start: int,
        patience_s: float,
        unreachable: Callable[[], bool],
    ) -> None:
        self._clock = clock
        self._hub = hub
        self._before = max(1, streams_before_start)
        self._patience_s = patience_s
        self._unreachable = unreachable
        self._started = False

    async def reach(self, at_ms: int, wake: asyncio.Event) -> bool:
        """Wait for the clients."""
        while not self._started and self._hub.readable_streams() < self._before:
            await self._hub.progress()
        self._started = True
        try:
            async with asyncio.timeout(self._patience_s):
                await self._hub.read_by_all()
                while not self._unreachable() and self._hub.readable_streams() == 0:
                    await self._hub.progress()
        except TimeoutError:
            # Nobody came back in time: the market does not wait for ever.
            pass
        if wake.is_set():
            return False
        self._clock.set(at_ms)
        await asyncio.sleep(0)
        return True


async def _woken(wake: asyncio.Event, seconds: float | None) -> bool:
    """Wait until woken (True) or until the seconds have passed (False)."""
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return False
    return True
