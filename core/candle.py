"""What the market tells a session: candles, mark prices, funding, open interest, and the step that carries them."""

import msgspec

from core.timeframe import MINUTE_MS

OPEN_INTEREST_KNOWN_AFTER_MS = 5 * MINUTE_MS
"""How long after its stamp open interest counts as known: exchanges publish it some minutes late."""

OPEN_INTEREST_PERIODS = ("5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")
"""The periods of open interest, the shortest first; its stamps lie on their grids."""


class Candle(msgspec.Struct, frozen=True, gc=False):
    """A closed OHLCV interval ``[open_time_ms, open_time_ms + timeframe)``; it is known at its close.

    Prices are positive floats in quote currency, ``volume`` a float of base units that is not negative.
    """

    open_time_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class FundingRate(msgspec.Struct, frozen=True, gc=False):
    """A funding payment of a perpetual contract as the exchange stamped it.

    ``rate`` is the fraction of the notional that longs pay to shorts (shorts to longs where it is negative).
    ``mark_price`` is the mark price at the payment, None where it is not known.
    """

    time_ms: int
    rate: float
    mark_price: float | None = None

    @property
    def due_ms(self) -> int:
        """The minute of the payment: exchanges stamp it some milliseconds late."""
        return self.time_ms - self.time_ms % MINUTE_MS


class OpenInterest(msgspec.Struct, frozen=True, gc=False):
    """The open interest of a perpetual contract at one moment, as the exchange stamped it.

    ``amount`` is in base units, ``value`` in quote currency, None where it is not known.
    """

    time_ms: int
    amount: float
    value: float | None = None

    @property
    def known_ms(self) -> int:
        """From when on it is known: with the first step at or after it."""
        return self.time_ms + OPEN_INTEREST_KNOWN_AFTER_MS


class Step(msgspec.Struct, frozen=True, gc=False):
    """One instant and all candles that close at it.

    Every part has one entry per configured symbol, in configured order, or is empty where no symbol has any.
    ``candles`` are those of the strategy's timeframe, ``detail`` the finer ones by which orders are matched (only where
    a session uses them), ``marks`` the mark price's over the same interval as the finest candle of the step. None
    stands where a symbol has none. ``funding`` are the payments that became known with this step, oldest first.
    ``watched`` has one entry per watched series instead: its candles that closed after the step before and up to this
    one, oldest first; none of them makes a step. ``open_interest`` is what became known with this step, oldest first;
    with the first step also what was known before it, as far back as the strategy looks.
    """

    time_ms: int
    candles: tuple[Candle | None, ...]
    detail: tuple[Candle | None, ...] = ()
    marks: tuple[Candle | None, ...] = ()
    funding: tuple[tuple[FundingRate, ...], ...] = ()
    watched: tuple[tuple[Candle, ...], ...] = ()
    open_interest: tuple[tuple[OpenInterest, ...], ...] = ()
