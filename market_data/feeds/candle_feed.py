"""What the program asks of a live source of candles."""

from collections.abc import AsyncIterator
from typing import Protocol

from core.candle import Candle
from market_data.feeds.feed_event import FeedEvent


class CandleFeed(Protocol):
    """Live candles of some symbols of one exchange, in one timeframe; symbols are unified (``BASE/QUOTE``).

    Asking REST is one bounded attempt a page, and FeedError where it does not answer.
    """

    def events(self) -> AsyncIterator[FeedEvent]:
        """Yield what happens, for ever: the feed reconnects by itself until it is closed.

        After every connection the final candles that were missed come from REST, oldest first, before the stream goes
        on. A final is passed on as received: it may repeat, come out of order, or differ from one given before. One
        iterator at a time; closing it, or cancelling its reader, closes the connections.
        """

    async def closed_candle(self, symbol: str, open_time_ms: int) -> Candle | None:
        """Return REST's answer for one candle: the final one, or None if the exchange has none or it is still open."""
        found = await self.closed_candles(symbol, open_time_ms, open_time_ms + 1)
        return found[0] if found else None

    async def closed_candles(self, symbol: str, start_ms: int, end_ms: int) -> list[Candle]:
        """Return the closed candles with ``start_ms <= open_time_ms < end_ms``, oldest first, over as many pages.

        Closed is what the exchange's own clock says is closed.
        """

    async def final_candles(self, symbol: str, start_ms: int, end_ms: int, now_ms: int | None) -> list[Candle]:
        """Return the closed candles of a range by the exchange's clock, which is asked unless it is given.

        A last row without a later one is believed for one timeframe only where the clock is given.
        """

    async def server_time_ms(self) -> int:
        """Return the exchange's clock in UTC milliseconds."""

    async def close(self) -> None:
        """Close all connections and end ``events``; may be called again."""
