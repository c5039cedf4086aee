"""The ingress clock: the exchange's time, read at connect and carried on by monotonic time; it never goes back."""

import asyncio
from collections.abc import Callable

from core.errors import FeedError
from market_data.feeds.candle_feed import CandleFeed

RESYNC_SECONDS = 600.0


class IngressClock:
    """Exchange time in UTC milliseconds.

    Parameters
    ----------
    feed
        Tells the exchange's time.
    monotonic
        Seconds that only grow.
    """

    def __init__(self, feed: CandleFeed, monotonic: Callable[[], float]) -> None:
        self._feed = feed
        self._monotonic = monotonic
        self._server_ms: int | None = None
        self._read_at = 0.0
        self._latest_ms = 0

    async def synchronise(self) -> None:
        """Read the exchange's time; raises FeedError when it does not answer."""
        server_ms = await self._feed.server_time_ms()
        self._server_ms, self._read_at = server_ms, self._monotonic()

    def now_ms(self) -> int | None:
        """Return the exchange's time; None until it was read once. It stands still rather than go back."""
        if self._server_ms is None:
            return None
        elapsed_ms = int(1_000 * (self._monotonic() - self._read_at))
        self._latest_ms = max(self._latest_ms, self._server_ms + elapsed_ms)
        return self._latest_ms

    async def keep_synchronised(self) -> None:
        """Read the exchange's time again every ten minutes, until cancelled; a failed reading is tried at the next."""
        while True:
            await asyncio.sleep(RESYNC_SECONDS)
            try:
                await self.synchronise()
            except FeedError:
                continue
