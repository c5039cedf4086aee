"""Live candles of any ccxt exchange."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence

import ccxt.pro
import msgspec

from core.candle import Candle
from core.errors import ConfigurationError, FeedError
from core.timeframe import timeframe_ms
from market_data.exchanges.backoff import Backoff, counter_uniform
from market_data.exchanges.exchange_names import check_timeframe
from market_data.exchanges.request_failures import TransientError
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.ccxt.ccxt_rest import CcxtRest
from market_data.feeds.ccxt.ccxt_stream import open_ccxt_stream
from market_data.feeds.delivery.candle_connection import CandleConnection
from market_data.feeds.delivery.catch_up import CatchUp, ClosedCandleSource
from market_data.feeds.delivery.close_poll import ClosePoll
from market_data.feeds.delivery.event_queue import EventQueue
from market_data.feeds.delivery.feed_run import FeedRun
from market_data.feeds.delivery.silence_watch import SilenceWatch
from market_data.feeds.feed_event import Connected, Disconnected, FeedEvent
from market_data.feeds.feed_limits import FeedLimits


class CcxtFeed(CandleFeed):
    """Candles through ccxt.

    Finals come from REST just after each close by the exchange's clock. Where ccxt has the exchange's websocket it
    gives the updates of open candles, and finals too where the exchange flags them and this package can read the flag;
    REST then only brings what is missing.

    Parameters
    ----------
    exchange_name
        ccxt's name of the exchange.
    symbols, timeframe
        Unified symbols in configured order, and a timeframe the exchange serves.
    rest_url, stream_url
        Scheme and host that stand for the exchange's own; None leaves them.
    resume_from
        Open time of the last final candle already known, by symbol, so that the first connection catches up too.
    use_stream
        False polls even where ccxt has a websocket.
    limits
        Waits and bounds.

    Raises
    ------
    ConfigurationError
        If the exchange or the timeframe is not known, or there is no symbol. A symbol that the exchange does not list
        is refused by ``events``, once the market list is there.
    """

    def __init__(
        self,
        exchange_name: str,
        symbols: Sequence[str],
        timeframe: str,
        *,
        rest_url: str | None = None,
        stream_url: str | None = None,
        resume_from: Mapping[str, int] | None = None,
        use_stream: bool = True,
        limits: FeedLimits | None = None,
    ) -> None:
        check_timeframe(exchange_name, timeframe)
        if not symbols:
            raise ConfigurationError("a feed needs at least one symbol")
        self._name = exchange_name
        self._symbols = list(dict.fromkeys(symbols))
        self._timeframe = timeframe
        self._length_ms = timeframe_ms(timeframe)
        self._rest_url = rest_url
        self._stream_url = stream_url
        self._last_final_ms = dict(resume_from or {})
        self._use_stream = use_stream
        self._limits = limits if limits is not None else FeedLimits()
        self._rest = CcxtRest(exchange_name, rest_url, self._limits)
        self._run = FeedRun()

    def events(self) -> AsyncIterator[FeedEvent]:
        """Yield what happens until the feed is closed; see the protocol."""
        return self._run.events(self._limits.queued_events, lambda out: [self._live(out)])

    async def closed_candles(self, symbol: str, start_ms: int, end_ms: int) -> list[Candle]:
        """Return the closed candles of a range; see the protocol."""
        return await self.final_candles(symbol, start_ms, end_ms, None)

    async def final_candles(self, symbol: str, start_ms: int, end_ms: int, now_ms: int | None) -> list[Candle]:
        """Return the closed candles of a range by the exchange's clock, which is asked unless it is given."""
        if symbol not in self._symbols:
            raise FeedError(f"{symbol} is not a symbol of this feed: {', '.join(self._symbols)}", symbol=symbol)
        return await self._rest.closed_candles(symbol, self._timeframe, start_ms, end_ms, now_ms=now_ms)

    async def server_time_ms(self) -> int:
        """Return the exchange's clock; see the protocol."""
        return await self._rest.server_time_ms()

    async def close(self) -> None:
        """Close all connections and end ``events``."""
        await self._run.stop()
        await self._rest.close()

    async def _live(self, out: EventQueue) -> None:
        uniform = counter_uniform(int(asyncio.get_running_loop().time() * 1e9))
        ids = await self._market_ids(out, self._limits.backoff(uniform))
        exchange = await self._rest.loaded()
        streams = self._use_stream and _has_stream(self._name)
        source: ClosedCandleSource = self if streams else _ReportedSource(self, self._name, len(self._symbols), out)
        catch_up = CatchUp(source, self._symbols, self._timeframe, out, self._limits, uniform, self._last_final_ms)
        # By polling, silence means that candles do not come, however long one takes.
        watched = msgspec.structs.replace(self._limits, quiet_seconds=float("inf"))
        poll = ClosePoll(
            catch_up,
            self._symbols,
            self._length_ms,
            limits=self._limits,
            backoff=self._limits.backoff(uniform),
            watch=None if streams else SilenceWatch(self._symbols, self._length_ms, watched),
            out=out,
        )
        parts: list[Coroutine[None, None, None]] = [poll.run()]
        if streams:
            connection = CandleConnection(
                lambda: open_ccxt_stream(
                    self._name,
                    self._symbols,
                    self._timeframe,
                    self._limits,
                    listed=exchange,
                    rest_url=self._rest_url,
                    stream_url=self._stream_url,
                ),
                f"{len(self._symbols)} symbols at {self._name}",
                ids,
                self._timeframe,
                catch_up=catch_up,
                out=out,
                limits=self._limits,
                backoff=self._limits.backoff(uniform),
            )
            parts.append(connection.run())
        async with asyncio.TaskGroup() as tasks:
            for part in parts:
                tasks.create_task(part)

    async def _market_ids(self, out: EventQueue, backoff: Backoff) -> dict[str, str]:
        """Return the unified symbols by the names the exchange may use for them, asking until its list is there."""
        while True:
            try:
                ids = {await self._rest.market_id(symbol): symbol for symbol in self._symbols}
            except TransientError as error:
                wait_s = backoff.after(error)
                await out.put(Disconnected(str(error)))
            else:
                # Some streams write the unified symbol, where REST has another name.
                return {**{symbol: symbol for symbol in self._symbols}, **ids}
            await asyncio.sleep(wait_s)


class _ReportedSource:
    """REST that is the connection: that it stops answering, and answers again, are events."""

    def __init__(self, source: ClosedCandleSource, name: str, symbols: int, out: EventQueue) -> None:
        self._source = source
        self._detail = f"{symbols} symbols at {name}, polled"
        self._out = out
        self._answers: bool | None = None

    async def server_time_ms(self) -> int:
        try:
            told = await self._source.server_time_ms()
        except TransientError as error:
            await self._note_failure(error)
            raise
        if not self._answers:
            self._answers = True
            await self._out.put(Connected(self._detail))
        return told

    async def final_candles(self, symbol: str, start_ms: int, end_ms: int, now_ms: int) -> list[Candle]:
        try:
            return await self._source.final_candles(symbol, start_ms, end_ms, now_ms)
        except TransientError as error:
            await self._note_failure(error)
            raise

    async def _note_failure(self, error: TransientError) -> None:
        if self._answers is not False:
            self._answers = False
            await self._out.put(Disconnected(str(error)))


def _has_stream(name: str) -> bool:
    return name in ccxt.pro.exchanges and getattr(ccxt.pro, name)().has.get("watchOHLCV") is True
