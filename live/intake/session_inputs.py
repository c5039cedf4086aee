"""What a session takes in, as its settings say: its feeds, and marks and funding rates of perpetual contracts."""

import time
from collections.abc import Callable, Mapping, Sequence

from core.timeframe import floor_to_grid, timeframe_ms
from live.intake.barrier import Barrier
from live.intake.candle_lane import CandleLane, Series
from live.intake.funding_calendar import FundingCalendar
from live.intake.perpetual_inputs import MarkSeries, PerpetualInputs
from live.life.exchange_access import Addresses
from live.life.session_driver import ASK_AGAIN_SECONDS
from live.life.session_start import finest_interval
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.feed_limits import FeedLimits
from market_data.feeds.feed_registry import open_feed, open_perpetual_source
from market_data.feeds.perpetual_source import PerpetualSource
from validation.composed_settings import Settings


def open_strategy_feed(
    settings: Settings,
    addresses: Addresses,
    symbols: Sequence[str],
    known_ms: int | None = None,
    limits: FeedLimits | None = None,
) -> CandleFeed:
    """Return the feed of the strategy's candles; ``known_ms`` is the boundary up to which everything is known."""
    return _feed(settings, settings.live.timeframe, addresses, symbols, known_ms, limits)


def open_feeds(
    settings: Settings,
    addresses: Addresses,
    symbols: Sequence[str],
    known_ms: int,
    limits: FeedLimits | None = None,
) -> dict[Series, CandleFeed]:
    """Return the feeds of a session that knows everything up to a boundary, by series; the strategy's is first."""
    feeds: dict[Series, CandleFeed] = {"strategy": open_strategy_feed(settings, addresses, symbols, known_ms, limits)}
    if settings.live.detail_interval is not None:
        feeds["detail"] = _feed(settings, settings.live.detail_interval, addresses, symbols, known_ms, limits)
    return feeds


def open_source(settings: Settings, addresses: Addresses, limits: FeedLimits | None = None) -> PerpetualSource | None:
    """Return where marks and rates come from; None where the settings ask for neither.

    Raises
    ------
    ConfigurationError
        If the exchange has none.
    """
    perpetual = settings.live.execution.perpetual
    if perpetual is None or not (perpetual.mark_price or perpetual.funding):
        return None
    return open_perpetual_source(settings.live.exchange, rest_url=addresses.rest_url, limits=limits)


def open_inputs(
    settings: Settings,
    source: PerpetualSource | None,
    symbols: Sequence[str],
    barrier: Barrier,
    funding: Mapping[str, FundingCalendar],
    clock: CandleFeed,
    *,
    ask_again_seconds: float = ASK_AGAIN_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> PerpetualInputs | None:
    """Return what completes the steps of a session that knows everything up to its barrier's last boundary.

    Parameters
    ----------
    source
        As :func:`open_source` gives it; without one there is nothing to complete.
    symbols
        Unified, in configured order.
    funding
        The symbols' calendars; not used where the settings ask for no funding.
    clock
        The feed that tells the exchange's time.
    """
    perpetual = settings.live.execution.perpetual
    if source is None or perpetual is None:
        return None
    interval = finest_interval(settings)
    marks = None
    if perpetual.mark_price:
        lane = CandleLane("mark", symbols, timeframe_ms(interval), barrier.last_closed_ms, settings.live.data.off_grid)
        marks = MarkSeries(interval, lane)
    return PerpetualInputs(
        source,
        symbols,
        marks,
        funding if perpetual.funding else {},
        clock.server_time_ms,
        settle_ms=FeedLimits().settle_for(timeframe_ms(interval)),
        grace_seconds=settings.live.session.barrier_grace_seconds,
        ask_again_seconds=ask_again_seconds,
        monotonic=monotonic,
    )


def _feed(
    settings: Settings,
    timeframe: str,
    addresses: Addresses,
    symbols: Sequence[str],
    known_ms: int | None,
    limits: FeedLimits | None,
) -> CandleFeed:
    resume_from = None
    if known_ms is not None:
        length_ms = timeframe_ms(timeframe)
        resume_from = dict.fromkeys(symbols, floor_to_grid(known_ms, length_ms) - length_ms)
    return open_feed(
        settings.live.exchange,
        symbols,
        timeframe,
        rest_url=addresses.rest_url,
        stream_url=addresses.stream_url,
        resume_from=resume_from,
        limits=limits,
    )
