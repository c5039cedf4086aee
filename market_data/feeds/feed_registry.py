"""From an exchange's name to its live feed and its perpetual contracts; each is imported only when it is opened."""

from collections.abc import Mapping, Sequence

from core.errors import ConfigurationError
from market_data.exchanges.exchange_description import described
from market_data.exchanges.exchange_names import canonical_exchange, check_timeframe
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.feed_limits import FeedLimits
from market_data.feeds.perpetual_source import PerpetualSource


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
    known = described(name)
    if not known.speaks_binance:
        from market_data.feeds.ccxt.ccxt_feed import CcxtFeed

        return CcxtFeed(
            name, symbols, timeframe, rest_url=rest_url, stream_url=stream_url, resume_from=resume_from, limits=limits
        )
    from market_data.feeds.binance.binance_feed import BinanceFeed

    rest, stream = rest_url or known.rest_url, stream_url or known.stream_url
    if not rest or not stream:
        raise ConfigurationError(
            "the practice market streams from a running `python -m practice`; its REST and stream addresses are needed"
        )
    path = known.rest_path
    return BinanceFeed(
        symbols, timeframe, rest_url=rest, stream_url=stream, rest_path=path, resume_from=resume_from, limits=limits
    )


def open_perpetual_source(
    exchange_name: str, *, rest_url: str | None = None, limits: FeedLimits | None = None
) -> PerpetualSource:
    """Return where live mark candles and funding rates come from; nothing is connected before it is asked.

    The practice market has them where its exchange runs and its address is given. Parameters as for ``open_feed``.

    Raises
    ------
    ConfigurationError
        If the exchange is not known or has no funding rates, or the practice exchange's address is missing.
    """
    name = canonical_exchange(exchange_name)
    contracts_url = described(name).contracts_url
    if contracts_url is not None:
        from market_data.feeds.binance.binance_perpetual import BinancePerpetual

        if not (rest_url or contracts_url):
            raise ConfigurationError(
                "the practice market's marks and funding rates come from a running `python -m practice`; its REST "
                "address is needed"
            )
        return BinancePerpetual(rest_url or contracts_url, limits=limits)
    from market_data.feeds.ccxt.ccxt_perpetual import CcxtPerpetual

    return CcxtPerpetual(name, rest_url=rest_url, limits=limits)
