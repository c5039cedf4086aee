"""Live market data: candle feeds and their events, and where marks and funding rates of perpetuals come from."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from market_data.feeds.candle_feed import CandleFeed
    from market_data.feeds.feed_event import CandleUpdate, Connected, Disconnected, FeedEvent, Stale, Unreadable
    from market_data.feeds.feed_limits import FeedLimits
    from market_data.feeds.feed_registry import open_feed, open_perpetual_source
    from market_data.feeds.perpetual_source import PerpetualSource

__all__ = [
    "CandleFeed",
    "CandleUpdate",
    "Connected",
    "Disconnected",
    "FeedEvent",
    "FeedLimits",
    "PerpetualSource",
    "Stale",
    "Unreadable",
    "open_feed",
    "open_perpetual_source",
]

_HOMES = {
    "CandleFeed": "market_data.feeds.candle_feed",
    "CandleUpdate": "market_data.feeds.feed_event",
    "Connected": "market_data.feeds.feed_event",
    "Disconnected": "market_data.feeds.feed_event",
    "FeedEvent": "market_data.feeds.feed_event",
    "FeedLimits": "market_data.feeds.feed_limits",
    "PerpetualSource": "market_data.feeds.perpetual_source",
    "Stale": "market_data.feeds.feed_event",
    "Unreadable": "market_data.feeds.feed_event",
    "open_feed": "market_data.feeds.feed_registry",
    "open_perpetual_source": "market_data.feeds.feed_registry",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
