"""The practice exchange's events in order: closes, delayed finals, updates of open candles, scripted actions."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from typing import Protocol

import msgspec

from core.candle import Candle
from core.timeframe import floor_to_grid, timeframe_ms
from practice.exchange_options import ExchangeOptions
from practice.faults.candle_treatment import Sending, Treatment
from practice.faults.compiled_script import Action, TimedAction
from practice.market.publication_pacing import Pace
from practice.market.published_market import PublishedMarket
from practice.messages.stream_messages import EVENT_LAG_MS, Stream, kline_event
from practice.streams.stream_connection import SentFinal
from practice.streams.stream_hub import StreamHub


class Actions(Protocol):
    """Carries out what a script does to the exchange as a whole."""

    async def act(self, action: Action, *, ends: bool) -> None:
        """Begin a fault, or end it."""
        ...


class _Due(msgspec.Struct, frozen=True):
    """A final that is to be sent later than its candle's close."""

    stream: Stream
    candle: Candle
    sending: Sending


class Publisher:
    """Sends every final of every subscribed stream once and in order, and what the script makes of it.

    At one instant: scripted actions first, then the closes in the exchange's order of symbols, finer timeframes first
    (unless the script orders them otherwise), then finals that were delayed until then. What is sent when depends on
    the script and the subscriptions alone, never on how far the exchange lags behind its clock.

    Closes after the start and up to the end are published; without an end for ever.
    """

    def __init__(self, market: PublishedMarket, hub: StreamHub, actions: Actions, options: ExchangeOptions) -> None:
        self.position_ms = options.start_ms
        self._candles = market.candles
        self._script = market.script
        self._hub = hub
        self._actions = actions
        self._places = {symbol: place for place, symbol in enumerate(market.symbols)}
        self._timeframe = options.timeframe
        self._end_ms = options.end_ms
        self._updates = 0 if options.runs else options.updates_per_candle
        self._counter = itertools.count()
        self._ahead: list[tuple[int, int, TimedAction | _Due]] = []
        self._held: dict[Stream, list[_Due]] = {}
        for action in sorted(self._script.actions, key=lambda one: (one.at_ms, not one.ends)):
            self._push(action.at_ms, action)

    async def run(self, pace: Pace, wake: asyncio.Event, finished: Callable[[], None]) -> None:
        """Publish up to the end, then call ``finished``; without an end for ever."""
        while self._end_ms is None or self.position_ms < self._end_ms:
            wake.clear()
            next_ms = self._next_ms()
            if await pace.reach(next_ms, wake):
                await self._publish(next_ms)
        finished()

    def send_updates(self, now_ms: int) -> None:
        """Send the open candles as they stand, of streams whose last final has been sent already."""
        for stream in self._ordered(self._hub.streams(), now_ms):
            length = timeframe_ms(stream.timeframe)
            if floor_to_grid(now_ms, length) > self.position_ms:
                continue
            candle = self._candles.forming(stream.symbol, stream.timeframe, now_ms)
            if candle is not None:
                told_ms = now_ms + self._script.told_offset_ms(now_ms)
                self._hub.send_kline(stream, kline_event(stream, candle, length, final=False, event_ms=told_ms), None)

    def _next_ms(self) -> int:
        timeframes = {self._timeframe, *self._script.by_timeframe, *(one.timeframe for one in self._hub.streams())}
        lengths = [timeframe_ms(timeframe) for timeframe in timeframes]
        next_ms = min(floor_to_grid(self.position_ms, length) + length for length in lengths)
        if self._updates:
            length = timeframe_ms(self._timeframe)
            open_ms = floor_to_grid(self.position_ms, length)
            gone = (self.position_ms - open_ms) * (self._updates + 1) // length
            next_ms = min(next_ms, open_ms - (-(gone + 1) * length // (self._updates + 1)))
        if self._ahead:
            next_ms = min(next_ms, max(self._ahead[0][0], self.position_ms))
        return next_ms if self._end_ms is None else min(next_ms, self._end_ms)

    async def _publish(self, at_ms: int) -> None:
        due: list[_Due] = []
        while self._ahead and self._ahead[0][0] <= at_ms:
            item = heapq.heappop(self._ahead)[2]
            if isinstance(item, _Due):
                due.append(item)
            else:
                await self._actions.act(item.action, ends=item.ends)
        if at_ms > self.position_ms:
            self._close_candles(at_ms)
        self.position_ms = at_ms
        for item in due:
            self._send(item, at_ms)
        if self._updates and at_ms % timeframe_ms(self._timeframe):
            self.send_updates(at_ms)

    def _close_candles(self, at_ms: int) -> None:
        streams = self._hub.streams()
        # A final that is sent late reaches those who subscribe by then, so it is due whoever subscribes now.
        for timeframe, treatments in self._script.by_timeframe.items():
            open_ms = at_ms - timeframe_ms(timeframe)
            streams |= {Stream(name, timeframe) for name in self._places if (name, open_ms) in treatments}
        for stream in self._ordered(streams, at_ms):
            length = timeframe_ms(stream.timeframe)
            if floor_to_grid(at_ms, length) != at_ms:
                continue
            candle = self._candles.first(stream.symbol, stream.timeframe, at_ms - length)
            treatment = self._script.treatment(stream.symbol, stream.timeframe, at_ms - length)
            if candle is not None:
                self._close(stream, candle, treatment, at_ms)

    def _close(self, stream: Stream, candle: Candle, treatment: Treatment, at_ms: int) -> None:
        passed = self._held.pop(stream, []) if treatment.sendings else []
        for sending in treatment.sendings:
            version = self._candles.revised(stream.symbol, candle, treatment) if sending.revised else candle
            item = _Due(stream, version, sending)
            if sending.delay_ms:
                self._push(at_ms + sending.delay_ms, item)
            elif sending.after_next and not passed:
                self._held.setdefault(stream, []).append(item)
            else:
                self._send(item, at_ms)
        for item in passed:
            self._send(item, at_ms)

    def _send(self, item: _Due, at_ms: int) -> None:
        stream, candle = item.stream, item.candle
        event_ms = at_ms + EVENT_LAG_MS + self._script.told_offset_ms(at_ms)
        event = kline_event(stream, candle, timeframe_ms(stream.timeframe), final=True, event_ms=event_ms)
        logged = SentFinal(stream.symbol, stream.timeframe, candle, at_ms, 0, item.sending.fault)
        self._hub.send_kline(stream, event, logged, half=item.sending.half)

    def _ordered(self, streams: set[Stream], at_ms: int) -> list[Stream]:
        order = self._script.order_of_closes(at_ms)
        symbols, lengths = (-1 if order.last_symbol_first else 1), (-1 if order.coarse_first else 1)

        def place(stream: Stream) -> tuple[int, int]:
            by_symbol = symbols * self._places[stream.symbol]
            by_length = lengths * timeframe_ms(stream.timeframe)
            return (by_symbol, by_length) if order.by == "symbol" else (by_length, by_symbol)

        return sorted(streams, key=place)

    def _push(self, at_ms: int, item: TimedAction | _Due) -> None:
        heapq.heappush(self._ahead, (at_ms, next(self._counter), item))
