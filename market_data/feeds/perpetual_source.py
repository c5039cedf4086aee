"""What the program asks of a live source of perpetual contracts' mark prices, funding and open interest."""

from typing import Protocol

from core.candle import Candle, FundingRate, OpenInterest


class PerpetualSource(Protocol):
    """Mark candles, funding rates and open interest of one exchange, by REST; symbols are unified.

    Every method makes one bounded attempt a page and raises FeedError where REST does not answer or refuses. An empty
    answer says that there is nothing yet: a rate is published some seconds after its payment, open interest some
    seconds or minutes after its stamp.
    """

    @property
    def serves_open_interest(self) -> bool:
        """Whether the exchange serves open interest at all; ``open_interest`` of one that does not gives none."""

    async def mark_candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> list[Candle]:
        """Return the mark candles with ``start_ms <= open_time_ms < end_ms``, oldest first, over as many pages.

        Only such as the exchange's own clock says are closed. Their volume is 0. An exchange that keeps no mark candles
        gives none.
        """

    async def funding_rates(self, symbol: str, start_ms: int, end_ms: int) -> list[FundingRate]:
        """Return the funding payments stamped in ``[start_ms, end_ms)``, oldest first, one for each stamp.

        Exchanges stamp a payment some milliseconds late. The mark price is there where the exchange tells it.
        """

    async def next_funding_ms(self, symbol: str) -> int | None:
        """Return the time of the next payment in UTC milliseconds, None where the exchange tells none."""

    async def open_interest(self, symbol: str, period: str, start_ms: int, end_ms: int) -> list[OpenInterest]:
        """Return the open interest with ``start_ms <= time_ms < end_ms``, oldest first, one for each stamp.

        Stamps lie on the grid of ``period``; what the exchange stamps otherwise is left out. Exchanges keep it for some
        weeks only. The value in quote currency is there where the exchange tells it.
        """

    async def close(self) -> None:
        """Close the connections; may be called again."""
