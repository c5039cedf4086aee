"""Binance's public REST interfaces as far as live feeds need them: the clock, klines, marks and funding rates."""

import logging
from collections.abc import Mapping

import aiohttp
import msgspec

from core.candle import Candle
from core.errors import FeedError
from core.timeframe import timeframe_ms
from market_data.exchanges.exchange_description import SPOT_PATH
from market_data.exchanges.parsers.binance_kline import parse_binance_klines
from market_data.exchanges.parsers.exchange_candle import TimeMs, excerpt
from market_data.exchanges.request_failures import NoSuchHostError, TransientError, names_no_host, refusal
from market_data.feeds.bounded_response import BoundedResponse
from market_data.feeds.feed_event import Unreadable
from market_data.feeds.feed_limits import FeedLimits
from market_data.feeds.rest_pages import final_candles

PAGE_ROWS = 1000
_log = logging.getLogger(__name__)
_SHOWN = 120
_SEARCHED = 4_096
"""How much of a refusal's body is searched for the end of a ban."""


class _Time(msgspec.Struct):
    server_time: TimeMs = msgspec.field(name="serverTime")


_decode_time = msgspec.json.Decoder(_Time).decode
"""Made before there are threads: docs/developing.md says why."""


class BinanceRest:
    """Requests with bounded time-outs, each attempted once.

    Parameters
    ----------
    url
        Scheme and host, such as ``https://api.binance.us``.
    limits
        Time-outs, and how long after its close a candle may be unfinished.
    path
        Where the interface lies at the host.
    """

    def __init__(self, url: str, limits: FeedLimits, path: str = SPOT_PATH) -> None:
        self._url = url.rstrip("/")
        self._limits = limits
        self._path = path
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def server_time_ms(self) -> int:
        """Return the exchange's clock; FeedError if it does not answer."""
        body = await self.get("time", {})
        try:
            return _decode_time(body).server_time
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise TransientError(f"{self._url} tells no time: {excerpt(body)}") from error

    async def closed_candles(
        self,
        market_id: str,
        interval: str,
        start_ms: int,
        end_ms: int,
        *,
        now_ms: int | None = None,
        kind: str = "klines",
    ) -> list[Candle]:
        """Return the final candles with ``start_ms <= open_time_ms < end_ms``; see ``final_candles``.

        ``kind`` is ``klines``, or ``markPriceKlines`` on the futures interface.

        ``now_ms`` is the exchange's clock if it has been read already, which then says alone up to where candles are
        closed. Who does not give it asks for a range of which more is known, so that a last row is believed that has
        had no later one for long: the market may stand still.
        """
        length_ms = timeframe_ms(interval)
        believed_ms = None if now_ms is None else length_ms
        if now_ms is None:
            now_ms = await self.server_time_ms()

        async def page(since_ms: int, until_ms: int) -> list[Candle]:
            query = {
                "symbol": market_id,
                "interval": interval,
                "startTime": str(since_ms),
                "endTime": str(until_ms - 1),
                "limit": str(PAGE_ROWS),
            }
            body = await self.get(kind, query)
            read = parse_binance_klines(body)
            if isinstance(read, Unreadable):
                raise TransientError(f"{self._url} gives klines of {market_id} that cannot be read: {read.reason}")
            refused = [row for row in read if isinstance(row, Unreadable)]
            for row in refused:
                _log.warning("%s: a kline of %s is refused: %s", self._url, market_id, row.reason)
            found = [row.candle for row in read if not isinstance(row, Unreadable)]
            if not all(since_ms <= one.open_time_ms < until_ms for one in found):
                raise TransientError(f"{self._url} gives klines of {market_id} of another time than was asked for")
            return found

        settle_ms = self._limits.settle_for(length_ms)
        return await final_candles(
            page,
            start_ms,
            end_ms,
            length_ms=length_ms,
            now_ms=now_ms,
            settle_ms=settle_ms,
            believed_ms=believed_ms,
        )

    async def close(self) -> None:
        """Close the connections; requests raise FeedError from now on."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def get(self, name: str, query: Mapping[str, str], path: str | None = None) -> bytes:
        """Return the body of an answer; TransientError for none, FeedError for a refusal.

        ``path`` is where the host has what is asked, unless it is the interface's own.
        """
        if self._closed:
            raise FeedError("the feed is closed")
        if self._session is None:
            timeout = aiohttp.ClientTimeout(
                total=self._limits.request_seconds, sock_connect=self._limits.connect_seconds
            )
            self._session = aiohttp.ClientSession(timeout=timeout, response_class=BoundedResponse)
        try:
            async with self._session.get(f"{self._url}{path or self._path}/{name}", params=query) as answer:
                body = await answer.read()
        except TimeoutError as error:
            raise TransientError(f"{self._url} does not answer within {self._limits.request_seconds:g} s") from error
        except aiohttp.ClientError as error:
            failure = NoSuchHostError if names_no_host(error) else TransientError
            raise failure(f"{self._url} cannot be read: {error or type(error).__name__}") from error
        except RuntimeError as error:
            # aiohttp's word for a session that was closed while the request waited for a connection.
            if not self._closed:
                raise
            raise FeedError("the feed is closed") from error
        if answer.status == 200:
            return body
        message = f"{self._url} refuses {name} with status {answer.status}: {body[:_SHOWN].decode(errors='replace')}"
        text = body[:_SEARCHED].decode(errors="replace")
        raise refusal(message, answer.status, answer.headers, body=text, may_pass=answer.status < 400)


def market_id(symbol: str) -> str:
    """Return the name of a unified symbol on these interfaces: its base and quote written together."""
    return symbol.partition(":")[0].replace("/", "").upper()
