"""From an exchange's name to its live feed and its perpetual contracts; each is imported only when it is opened."""

from collections.abc import Mapping, Sequence

from core.errors import ConfigurationError
from market_data.adapters.exchanges import PRACTICE, canonical_exchange, check_timeframe
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.feed_limits import FeedLimits
from market_data.feeds.perpetual_source import PerpetualSource

_FUTURES_REST = "https://fapi.binance.com"
_BINANCE_ADDRESSES = {
    "binance": ("https://api.binance.com", "wss://stream.binance.com:9443"),
    "binanceus": ("https://api.binance.us", "wss://stream.binance.us:9443"),
    "binanceusdm": (_FUTURES_REST, "wss://fstream.binance.com"),
}
_FUTURES = "binanceusdm"
_BINANCE_CONTRACTS = ("binance", _FUTURES)
"""Exchanges whose perpetual contracts are those of Binance's USDT-margined futures."""


def open_feed(
    exchange_name: str,
    symbols: Sequence[str],
    timeframe: str,
    *,
    rest_url: str | None = None,
    stream_url: str | None = None,
    resume_from: Mapping[str, int] | None = None,
    limits: FeedLimits | None = None,
) -> CandleFeed:
    """Return the live feed of an exchange; nothing is connected before it is read.

    Parameters
    ----------
    exchange_name
        Any spelling of an exchange's name. The practice market has a feed where its exchange runs and both addresses
        are given.
    symbols, timeframe
        Unified symbols in configured order, and a timeframe the exchange serves.
    rest_url, stream_url
        Scheme and host that stand for the exchange's own.
    resume_from
        Open time of the last final candle already known, by symbol.
    limits
        Waits and bounds; None takes the defaults.

    Raises
    ------
    ConfigurationError
        If the exchange or its timeframe is not known, a symbol cannot be one of the exchange, or the practice
        exchange's addresses are missing.
    """
    name = canonical_exchange(exchange_name)
    check_timeframe(name, timeframe)
    if name == PRACTICE and (rest_url is None or stream_url is None):
        raise ConfigurationError(
            "the practice market streams from a running `python -m practice`; its REST and stream addresses are needed"
        )
    if name == PRACTICE or name in _BINANCE_ADDRESSES:
        from market_data.feeds.binance_feed import BinanceFeed
        from market_data.feeds.binance_rest import FUTURES_PATH, SPOT_PATH

        own_rest, own_stream = _BINANCE_ADDRESSES.get(name, ("", ""))
        return BinanceFeed(
            symbols,
            timeframe,
            rest_url=rest_url or own_rest,
            stream_url=stream_url or own_stream,
            rest_path=FUTURES_PATH if name == _FUTURES else SPOT_PATH,
            resume_from=resume_from,
            limits=limits,
        )
    from market_data.feeds.ccxt_feed import CcxtFeed

    return CcxtFeed(
        name,
        symbols,
        timeframe,
        rest_url=rest_url,
        stream_url=stream_url,
        resume_from=resume_from,
        limits=limits,
    )


def open_perpetual_source(
    exchange_name: str, *, rest_url: str | None = None, limits: FeedLimits | None = None
) -> PerpetualSource:
    """Return where live mark candles and funding rates come from; nothing is connected before it is asked.

    Parameters
    ----------
    exchange_name
        Any spelling of an exchange's name. The practice market has them where its exchange runs and its address is
        given.
    rest_url
        Scheme and host that stand for the exchange's own.
    limits
        Waits and bounds; None takes the defaults.

    Raises
    ------
    ConfigurationError
        If the exchange is not known or has no funding rates, or the practice exchange's address is missing.
    """
    name = canonical_exchange(exchange_name)
    if name == PRACTICE and rest_url is None:
        raise ConfigurationError(
            "the practice market's marks and funding rates come from a running `python -m practice`; its REST address "
            "is needed"
        )
    if name == PRACTICE or name in _BINANCE_CONTRACTS:
        from market_data.feeds.binance_perpetual import BinancePerpetual

        return BinancePerpetual(rest_url or _FUTURES_REST, limits=limits)
    from market_data.feeds.ccxt_perpetual import CcxtPerpetual

    return CcxtPerpetual(name, rest_url=rest_url, limits=limits)
