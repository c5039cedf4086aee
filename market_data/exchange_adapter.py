"""What the program asks of an exchange for history: its markets, its candles, its clock, and what contracts have."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

from core.instrument import Instrument

CandleRow = tuple[int, float, float, float, float, float]
"""``(open_time_ms, open, high, low, close, volume)`` as the exchange gave it, unchecked."""

FundingRow = tuple[int, float, float | None]
"""``(time_ms, rate, mark_price)`` as the exchange stamped it, unchecked; the mark price is None where not given."""

OpenInterestRow = tuple[int, float, float]
"""``(time_ms, amount, value)`` in base and in quote units, unchecked; nan where not given."""

PerpetualKind = Literal["mark", "funding", "open-interest"]
"""What a perpetual contract has beside its candles."""


class ExchangeAdapter(Protocol):
    """One exchange's public market data. Symbols are in the unified form ``BASE/QUOTE``.

    Every request raises FeedError if the exchange does not answer, after the adapter's bounded retries, and
    ConfigurationError for a symbol or a timeframe that it does not serve.
    """

    @property
    def name(self) -> str:
        """Name under which candles of this exchange are stored."""

    @property
    def timeframes(self) -> Sequence[str]:
        """Timeframes the exchange serves."""

    @property
    def page_limit(self) -> int:
        """Most candles one page holds."""

    @property
    def opening_ms(self) -> int | None:
        """When its first candles of all symbols begin, where that is known; None where each has to be looked for."""

    def markets(self) -> Mapping[str, Instrument]:
        """Return the trading rules of every listed symbol, keyed by unified symbol."""

    def fetch_page(self, symbol: str, timeframe: str, since_ms: int, until_ms: int) -> list[CandleRow]:
        """Return one page of candles with ``since_ms <= open_time_ms < until_ms``, oldest first.

        A page holds at most ``page_limit`` candles.

        An empty page says that the exchange has no candle in that range. The last row may still be forming; the caller
        drops it by the clock.
        """

    def server_time_ms(self) -> int:
        """Return the exchange's clock in UTC milliseconds."""

    def close(self) -> None:
        """Release connections; the adapter is not used afterwards."""


class PerpetualAdapter(ExchangeAdapter, Protocol):
    """An exchange that also serves what perpetual contracts have beside their candles.

    An adapter without ``perpetual_kinds`` serves none of it.
    """

    @property
    def perpetual_kinds(self) -> Collection[PerpetualKind]:
        """Which of the three the exchange serves; the methods of the others are not called."""

    @property
    def open_interest_periods(self) -> Sequence[str]:
        """Periods of the open interest it serves, the shortest first."""

    @property
    def funding_page_ms(self) -> int:
        """Widest range that one page of funding rates may be asked for."""

    @property
    def open_interest_page_limit(self) -> int:
        """Most rows one page of open interest holds."""

    def fetch_mark_page(self, symbol: str, timeframe: str, since_ms: int, until_ms: int) -> list[CandleRow]:
        """Return one page of candles of the mark price, like ``fetch_page``; their volume says nothing."""

    def fetch_funding_page(self, symbol: str, since_ms: int, until_ms: int) -> list[FundingRow]:
        """Return every funding payment with ``since_ms <= time_ms < until_ms``, oldest first.

        The range is at most ``funding_page_ms`` wide. No two payments fall into one minute.
        """

    def fetch_open_interest_page(self, symbol: str, period: str, since_ms: int, until_ms: int) -> list[OpenInterestRow]:
        """Return one page of open interest with ``since_ms <= time_ms < until_ms``, oldest first.

        A page holds at most ``open_interest_page_limit`` rows. A range that is not served any more raises
        ``RangeNotServedError``.
        """
