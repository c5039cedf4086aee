"""What the program asks of an exchange for history: its markets, its candles and its clock."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from core.instrument import Instrument

CandleRow = tuple[int, float, float, float, float, float]
"""``(open_time_ms, open, high, low, close, volume)`` as the exchange gave it, unchecked."""


class ExchangeAdapter(Protocol):
    """One exchange's public market data. Symbols are in the unified form ``BASE/QUOTE``."""

    @property
    def name(self) -> str:
        """Name under which candles of this exchange are stored."""
        ...

    @property
    def timeframes(self) -> Sequence[str]:
        """Timeframes the exchange serves."""
        ...

    @property
    def page_limit(self) -> int:
        """Most candles one page holds."""
        ...

    def markets(self) -> Mapping[str, Instrument]:
        """Return the trading rules of every listed symbol, keyed by unified symbol.

        Raises
        ------
        FeedError
            If the exchange does not answer within the adapter's bound.
        """
        ...

    def fetch_page(self, symbol: str, timeframe: str, since_ms: int, until_ms: int) -> list[CandleRow]:
        """Return one page of candles with ``since_ms <= open_time_ms < until_ms``, oldest first.

        A page holds at most ``page_limit`` candles.

        An empty page says that the exchange has no candle in that range. The last row may still be forming; the caller
        drops it by the clock.

        Raises
        ------
        FeedError
            If the exchange does not answer, after the adapter's bounded retries.
        """
        ...

    def server_time_ms(self) -> int:
        """Return the exchange's clock in UTC milliseconds; raises FeedError if it does not answer."""
        ...

    def close(self) -> None:
        """Release connections; the adapter is not used afterwards."""
        ...
