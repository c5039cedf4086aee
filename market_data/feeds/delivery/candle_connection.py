"""One connection that carries the candles of some symbols, kept up for ever."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from core.errors import FeedError
from core.timeframe import timeframe_ms
from market_data.exchanges.backoff import Backoff
from market_data.exchanges.parsers.exchange_candle import Reading
from market_data.exchanges.request_failures import TransientError
from market_data.feeds.delivery.catch_up import CatchUp, gathered
from market_data.feeds.delivery.event_queue import EventQueue
from market_data.feeds.delivery.silence_watch import SilenceWatch
from market_data.feeds.feed_event import CandleUpdate, Connected, Disconnected, FeedEvent, Stale, Unreadable
from market_data.feeds.feed_limits import FeedLimits

_WATCH_S = 0.5


class LiveStream(Protocol):
    """An open connection, as messages that a parser has read."""

    async def next_reading(self) -> Reading:
        """Return what the next message says; FeedError once the connection is lost."""


OpenStream = Callable[[], AbstractAsyncContextManager[LiveStream]]
"""Connects on entering, FeedError if that fails; leaving closes the connection."""


class CandleConnection:
    """Connects, catches up from REST, hands the stream on, and begins again when the connection is lost.

    Frames are read while REST is being asked, and wait in order. When too many wait, reading pauses, and an exchange
    that then gives up on this client is caught up with after the next connection like after any other loss.

    Parameters
    ----------
    open_stream
        Makes the connection, symbols subscribed.
    detail
        What the connection is, for ``Connected``.
    symbols
        Unified symbols by the exchange's own names of them; one may have several.
    timeframe
        Timeframe of the candles, as the parser names it too.
    catch_up
        Missed finals, the exchange's clock, and the way out for all updates.
    out
        Where events go that are no updates.
    limits, backoff
        Time-outs, and waits between connections.
    """

    def __init__(
        self,
        open_stream: OpenStream,
        detail: str,
        symbols: Mapping[str, str],
        timeframe: str,
        *,
        catch_up: CatchUp,
        out: EventQueue,
        limits: FeedLimits,
        backoff: Backoff,
    ) -> None:
        self._open_stream = open_stream
        self._detail = detail
        self._symbols = symbols
        self._unified = list(dict.fromkeys(symbols.values()))
        self._timeframe = timeframe
        self._catch_up = catch_up
        self._out = out
        self._limits = limits
        self._backoff = backoff
        self._watch = SilenceWatch(self._unified, timeframe_ms(timeframe), limits)
        self._caught_up = False

    async def run(self) -> None:
        """Connect again and again, until cancelled."""
        while True:
            lost = await self._live_once()
            await self._out.put(Disconnected(str(lost)))
            wait_s = self._backoff.after(lost) if isinstance(lost, TransientError) else self._backoff.next_s()
            await asyncio.sleep(wait_s)

    async def _live_once(self) -> FeedError:
        """Live through one connection and return why it ended."""
        try:
            async with self._open_stream() as stream:
                await self._out.put(Connected(self._detail))
                await self._follow(stream)
        except FeedError as error:
            return error
        return FeedError("the connection ended")

    async def _follow(self, stream: LiveStream) -> None:
        """Read, watch and deliver side by side; raises FeedError for whatever ends the connection."""
        inbox = EventQueue(self._limits.queued_events)
        self._caught_up = False
        self._watch.restart(_now_s())
        # Not a task group: before Python 3.13 one that winds up a failure drops a cancellation that comes in between,
        # and whoever closes the feed at that moment would wait for ever.
        await gathered([self._read(stream, inbox), self._deliver(inbox), self._look_for_silence(inbox)])

    async def _read(self, stream: LiveStream, inbox: EventQueue) -> None:
        while True:
            try:
                reading = await stream.next_reading()
            except FeedError as lost:
                if not self._caught_up:
                    raise
                # What arrived before is delivered first.
                inbox.end(lost)
                return
            for event in self._events_of(reading):
                if await inbox.put(event):
                    self._watch.restart(_now_s())

    def _events_of(self, reading: Reading) -> list[FeedEvent]:
        if isinstance(reading, Unreadable):
            return [reading]
        events: list[FeedEvent] = []
        for one in reading:
            symbol = self._symbols.get(one.market_id)
            if symbol is None or one.interval != self._timeframe:
                events.append(Unreadable(f"{one.market_id} {one.interval} was not subscribed"))
                continue
            self._catch_up.expect_from(symbol, one.candle.open_time_ms)
            self._watch.hear(symbol, _now_s(), one.event_time_ms)
            events.append(
                CandleUpdate(symbol, one.candle, bool(one.closed), "websocket", one.event_time_ms, self._timeframe)
            )
        return events

    async def _deliver(self, inbox: EventQueue) -> None:
        now_ms = await self._catch_up.up_to_now(self._unified)
        self._watch.restart(_now_s(), now_ms)
        self._caught_up = True
        while True:
            event = await inbox.get()
            if not isinstance(event, CandleUpdate):
                await self._out.put(event)
                continue
            if self._catch_up.leaves_gap(event):
                await self._fill_gap(event, inbox)
            await self._catch_up.pass_on(event)
            self._backoff.reset()

    async def _fill_gap(self, event: CandleUpdate, inbox: EventQueue) -> None:
        if inbox.failure is not None:
            # The next connection catches up anyway, with this update too.
            raise inbox.failure
        await self._catch_up.before(event)

    async def _look_for_silence(self, inbox: EventQueue) -> None:
        probe_at_s = 0.0
        while inbox.failure is None:
            await asyncio.sleep(_WATCH_S)
            now_s = _now_s()
            if inbox.full:
                self._watch.restart(now_s)
                continue
            if self._caught_up and now_s >= probe_at_s and self._watch.quiet_s(now_s) >= self._limits.probe_seconds:
                with contextlib.suppress(TransientError):
                    self._watch.note_time(await self._catch_up.exchange_time_ms())
                probe_at_s = _now_s() + self._limits.probe_seconds
            stale = self._watch.stale(_now_s())
            for symbol, silent_s in stale:
                await self._out.put(Stale(symbol, silent_s))
            if stale:
                raise FeedError(f"no update of {stale[0][0]} for {stale[0][1]:.1f} s")


def _now_s() -> float:
    return asyncio.get_running_loop().time()
