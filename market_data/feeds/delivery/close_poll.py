"""Asks REST for the candles of an exchange just after they have closed."""

import asyncio
from collections.abc import Sequence

from core.errors import FeedError
from core.timeframe import floor_to_grid
from market_data.exchanges.backoff import Backoff
from market_data.feeds.delivery.catch_up import CatchUp
from market_data.feeds.delivery.event_queue import EventQueue
from market_data.feeds.delivery.silence_watch import SilenceWatch
from market_data.feeds.feed_event import Disconnected, Stale
from market_data.feeds.feed_limits import FeedLimits

_SHORTEST_S = 0.02
_NEARLY_REAL = 1.1


class ClosePoll:
    """Brings every final that is missing, soon after each close by the exchange's clock.

    Parameters
    ----------
    catch_up
        What is missing, and the way out.
    symbols, length_ms
        Unified symbols and the length of the timeframe.
    limits
        How long a close takes to settle.
    backoff
        Waits while some symbol's candle has not been published.
    watch
        Finds symbols that have no candles any more; None where a stream has a watch of its own.
    out
        Where ``Stale`` goes, and ``Disconnected`` where REST refuses for a reason that will not pass by itself.
    """

    def __init__(
        self,
        catch_up: CatchUp,
        symbols: Sequence[str],
        length_ms: int,
        *,
        limits: FeedLimits,
        backoff: Backoff,
        watch: SilenceWatch | None,
        out: EventQueue,
    ) -> None:
        self._catch_up = catch_up
        self._symbols = symbols
        self._length_ms = length_ms
        self._settle_ms = limits.settle_for(length_ms)
        self._longest_s = limits.poll_seconds
        self._backoff = backoff
        self._watch = watch
        self._out = out
        self._last: tuple[float, int] | None = None
        self._rate = 1.0

    async def run(self) -> None:
        """Poll until cancelled."""
        if self._watch is not None:
            self._watch.restart(_now_s())
        while True:
            before = {symbol: self._catch_up.next_open_ms(symbol) for symbol in self._symbols}
            try:
                now_ms = await self._catch_up.up_to_now(self._symbols)
            except FeedError as error:
                await self._out.put(Disconnected(str(error)))
                await asyncio.sleep(self._backoff.next_s())
                continue
            self._learn_rate(now_ms)
            await self._look_for_silence(before, now_ms)
            await asyncio.sleep(self._pause_s(now_ms))

    def _pause_s(self, now_ms: int) -> float:
        """Return the wait to the next close, or less while something is missing; in seconds of ours."""
        closed_ms = floor_to_grid(now_ms, self._length_ms)
        until_close_s = (closed_ms + self._length_ms + self._settle_ms - now_ms) / 1000.0 / self._rate
        pause_s = min(max(until_close_s, _SHORTEST_S), self._longest_s)
        if all((self._catch_up.next_open_ms(symbol) or 0) >= closed_ms for symbol in self._symbols):
            self._backoff.reset()
            return pause_s
        return min(pause_s, self._backoff.next_s())

    def _learn_rate(self, now_ms: int) -> None:
        """Learn how fast the exchange's clock runs against ours; that of a rehearsal runs faster."""
        now_s = _now_s()
        if self._last is not None and now_s > self._last[0]:
            rate = (now_ms - self._last[1]) / 1000.0 / (now_s - self._last[0])
            self._rate = 1.0 if rate < _NEARLY_REAL else rate
        self._last = (now_s, now_ms)

    async def _look_for_silence(self, before: dict[str, int | None], now_ms: int) -> None:
        if self._watch is None:
            return
        self._watch.note_time(now_ms)
        for symbol in self._symbols:
            if self._catch_up.next_open_ms(symbol) != before[symbol]:
                self._watch.hear(symbol, _now_s(), now_ms)
        for symbol, silent_s in self._watch.stale(_now_s()):
            await self._out.put(Stale(symbol, silent_s))


def _now_s() -> float:
    return asyncio.get_running_loop().time()
