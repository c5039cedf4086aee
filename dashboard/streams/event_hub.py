"""Numbers what happens, keeps the last of it, and hands it to whoever listens."""

import asyncio
import datetime as dt
import secrets
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from core.instants import to_ms
from dashboard.streams.event import GAP, Event, Told

KEPT = 20_000
KEPT_BYTES = 32_000_000
WAITING = 2_000
"""How many messages may wait for one client, before it is told to read anew."""
WAITING_BYTES = 8_000_000
"""And of what size together: many clients that do not read must not fill the machine."""
FLUSH_SECONDS = 0.02
"""Messages of so long a time go to a client together."""


class EventHub:
    """Takes messages from any thread and gives them to clients in the order of their numbers.

    Numbers count up without holes. A client that names the last one it has seen gets all that followed, where they are
    still kept; else, and where it named one of another start of the server, it is told of a gap.

    Attributes
    ----------
    start
        Names this start of the server; a number alone means nothing to the next one.
    """

    def __init__(self, kept: int = KEPT, kept_bytes: int = KEPT_BYTES, now_ms: Callable[[], int] | None = None) -> None:
        self.start = secrets.token_hex(4)
        self._kept, self._kept_bytes = kept, kept_bytes
        self._now_ms = now_ms or _wall_clock_ms
        self._lock = threading.Lock()
        self._last = 0
        self._recent: deque[Event] = deque()
        self._bytes = 0
        self._listeners: list[_Listener] = []

    def publish(self, topic: str, kind: str, data: Mapping[str, Any] | msgspec.Raw, *, state: bool = False) -> int:
        """Tell all clients of a topic something, and return its number.

        ``state`` says that the next message of this topic and kind replaces it: where a client is slow, it gets the
        newest. ``data`` is what JSON can say, decimals become text; or it is JSON already.
        """
        return self.publish_all(topic, [(kind, data)], state=state)

    def publish_all(
        self, topic: str, told: Sequence[tuple[str, Mapping[str, Any] | msgspec.Raw]], *, state: bool = False
    ) -> int:
        """Tell all clients of a topic several things at once, each as of :meth:`publish`; return the last number."""
        with self._lock:
            now_ms, recent, events = self._now_ms(), self._recent, []
            for kind, data in told:
                self._last += 1
                event = Event.of(self.start, self._last, Told(topic, kind, now_ms, data, state))
                events.append(event)
                recent.append(event)
                self._bytes += len(event.frame)
            while len(recent) > self._kept or self._bytes > self._kept_bytes:
                self._bytes -= len(recent.popleft().frame)
            for one in self._listeners:
                if one.wants(topic):
                    one.offer(events)
            return self._last

    def has_listeners(self, topic: str) -> bool:
        """Return whether anybody listens to a topic: a state that nobody wants need not be made."""
        with self._lock:
            return any(one.wants(topic) for one in self._listeners)

    @property
    def last(self) -> str:
        """Return the mark of the last message: who reads a state now and listens after it misses nothing."""
        return f"{self.start}-{self._last}"

    async def stream(self, topics: Collection[str], after: str | None = None) -> AsyncIterator[list[Event]]:
        """Yield the messages of topics, some at a time; an empty list where nothing came for a while.

        Parameters
        ----------
        topics
            Those wanted; one that ends with ``*`` stands for all that begin so.
        after
            The mark of the last message that was seen (``START-NUMBER``); None begins with the next.
        """
        listener = _Listener(topics, asyncio.get_running_loop())
        try:
            with self._lock:
                listener.offer([one for one in self._since(after) if listener.wants(one.topic)])
                self._listeners.append(listener)
            while True:
                yield await listener.taken(self._gap)
        finally:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

    def _since(self, after: str | None) -> list[Event]:
        """Return what a client that has seen a message has missed."""
        if after is None:
            return []
        start, _, number = after.rpartition("-")
        seen = int(number) if number.isascii() and number.isdigit() and len(number) < 20 else -1
        first = self._recent[0].seq if self._recent else self._last + 1
        if start != self.start or not first - 1 <= seen <= self._last:
            return [self._gap(self._last)]
        return [one for one in self._recent if one.seq > seen]

    def _gap(self, seq: int) -> Event:
        return Event.of(self.start, seq, Told("", GAP, self._now_ms(), {"until": seq}))


class _Listener:
    """The messages that wait for one client. Offered under the hub's lock, taken in the client's loop."""

    def __init__(self, topics: Collection[str], loop: asyncio.AbstractEventLoop) -> None:
        self._names = frozenset(one for one in topics if not one.endswith("*"))
        self._heads = tuple(one[:-1] for one in topics if one.endswith("*"))
        self._loop = loop
        self._lock = threading.Lock()
        self._waiting: deque[Event] = deque()
        self._bytes = 0
        self._missing_until: int | None = None
        self._woken = asyncio.Event()
        self._asleep = True

    def wants(self, topic: str) -> bool:
        return not topic or topic in self._names or topic.startswith(self._heads)

    def offer(self, events: Sequence[Event]) -> None:
        """Let messages that it wants wait for it."""
        if not events:
            return
        with self._lock:
            self._waiting += events
            self._bytes += sum([len(one.frame) for one in events])
            if len(self._waiting) > WAITING or self._bytes > WAITING_BYTES:
                self._make_room()
            wake, self._asleep = self._asleep, False
        if wake:
            try:
                self._loop.call_soon_threadsafe(self._woken.set)
            except RuntimeError:  # The loop has ended, and the client with it.
                return

    async def taken(self, gap_until: Callable[[int], Event], quiet_seconds: float = 15.0) -> list[Event]:
        """Return what waits, after a moment in which more may come; nothing after a quiet time."""
        try:
            async with asyncio.timeout(quiet_seconds):
                await self._woken.wait()
        except TimeoutError:
            return []
        await asyncio.sleep(FLUSH_SECONDS)
        with self._lock:
            taken = list(self._waiting)
            self._waiting.clear()
            self._bytes = 0
            missing, self._missing_until = self._missing_until, None
            self._woken.clear()
            self._asleep = True
        return taken if missing is None else [gap_until(missing), *taken]

    def _make_room(self) -> None:
        """Drop the states that newer ones replace; where that is not enough, all, to be told as a gap."""
        newest: set[tuple[str, str]] = set()
        kept: deque[Event] = deque()
        for one in reversed(self._waiting):
            if one.is_state:
                if (one.topic, one.kind) in newest:
                    continue
                newest.add((one.topic, one.kind))
            kept.appendleft(one)
        size = sum(len(one.frame) for one in kept)
        if len(kept) > WAITING // 2 or size > WAITING_BYTES // 2:
            self._missing_until = kept[-1].seq
            kept.clear()
            size = 0
        self._waiting, self._bytes = kept, size


def _wall_clock_ms() -> int:
    return to_ms(dt.datetime.now(dt.UTC))  # noqa: TID251 - when a message was told; nothing is decided by it
