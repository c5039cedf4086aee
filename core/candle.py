"""The candle: what the market did during one closed interval."""

import msgspec


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


class Step(msgspec.Struct, frozen=True):
    """One instant and all candles that close at it.

    ``candles`` has one entry per configured symbol, in configured order; None where the symbol has no candle.
    """

    time_ms: int
    candles: tuple[Candle | None, ...]
