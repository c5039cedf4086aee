"""Live market data: candle feeds and their events, and where marks and funding rates of perpetuals come from."""

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
