"""What a session takes in, as its settings say: its feeds, and what it is told of perpetual contracts beside them."""

import time
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from core.errors import ConfigurationError
from core.instants import format_ms
from core.timeframe import floor_to_grid, timeframe_ms
from core.watched_series import WatchedSeries, by_kind
from live.intake.barrier import Barrier
from live.intake.candle_lane import CandleLane, Series
from live.intake.exchange_access import Addresses, Market
from live.intake.funding_calendar import FundingCalendar
from live.intake.ingress_clock import IngressClock
from live.intake.open_interest_calendar import OpenInterestCalendar
from live.intake.perpetual_inputs import PerpetualInputs, Waits
from live.intake.waiting_steps import MarkSeries, WaitingSteps
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.feed_limits import FeedLimits
from market_data.feeds.feed_registry import open_feed, open_perpetual_source
from market_data.feeds.perpetual_source import PerpetualSource
from validation.composed_settings import Settings

ASK_AGAIN_SECONDS = 1.0
"""Least time between two rounds of questions to REST."""


class Intake(NamedTuple):
    """Where a session's steps come from: feeds by series (the strategy's first), the exchange's time, the barrier.

    ``perpetual`` completes steps with marks, funding rates and open interest; None where there are none.
    ``early_final_ms`` is how far ahead of the exchange's clock the close of a final may lie.
    """

    feeds: Mapping[Series, CandleFeed]
    clock: IngressClock
    barrier: Barrier
    perpetual: PerpetualInputs | None = None
    early_final_ms: int = 2_000

    @property
    def open_boundaries(self) -> int:
        """How many boundaries have a candle and wait for others, or for what ``perpetual`` brings."""
        return self.barrier.open_boundaries + (0 if self.perpetual is None else len(self.perpetual.steps))

    def waits_for(self) -> str:
        """Return what the oldest step that is due lacks, in words; empty where none is due."""
        waiting = None if self.perpetual is None else self.perpetual.steps.lacking()
        if waiting is not None:
            # A boundary that has waited for marks is not asked of the barrier any more.
            time_ms, lacked = waiting.time_ms, waiting.words()
        else:
            time_ms = self.barrier.last_closed_ms + self.barrier.step_ms
            lacked = {"candles": list(dict.fromkeys(one.symbol for one in self.barrier.lacking()))}
        lacks = [f"{what} of {', '.join(symbols)}" for what, symbols in lacked.items() if symbols]
        return f"step {format_ms(time_ms)} lacks {' and '.join(lacks)}" if lacks else ""

    async def close(self) -> None:
        """Close the feeds."""
        for feed in self.feeds.values():
            await feed.close()


def finest_interval(settings: Settings) -> str:
    """Return the timeframe by which orders are matched: that of the detail candles, else the strategy's."""
    return settings.live.detail_interval or settings.live.timeframe


def open_barrier(
    settings: Settings, market: Market, last_closed_ms: int, watched: Sequence[WatchedSeries] = ()
) -> Barrier:
    """Return the barrier of a session that knows everything up to a boundary; ``watched`` are as configured."""
    detail = settings.live.detail_interval
    return Barrier(
        list(market.unified.values()),
        timeframe_ms(settings.live.timeframe),
        last_closed_ms,
        settings.live.session.barrier_grace_seconds,
        settings.live.data.off_grid,
        detail_ms=None if detail is None else timeframe_ms(detail),
        watched=market.on_exchange(watched),
    )


def open_strategy_feed(
    settings: Settings,
    addresses: Addresses,
    symbols: Sequence[str],
    known_ms: int | None = None,
    limits: FeedLimits | None = None,
) -> CandleFeed:
    """Return the feed of the strategy's candles; ``known_ms`` is the boundary up to which everything is known."""
    return _feed(settings, settings.live.timeframe, addresses, symbols, known_ms, limits)


def open_watched_feeds(
    settings: Settings,
    addresses: Addresses,
    series: Iterable[WatchedSeries],
    known_ms: int | None = None,
    limits: FeedLimits | None = None,
) -> dict[Series, CandleFeed]:
    """Return the feeds of watched series, which have unified symbols, by kind of candles."""
    return {
        kind: _feed(settings, of_kind[0].timeframe, addresses, [one.symbol for one in of_kind], known_ms, limits)
        for kind, of_kind in by_kind(series).items()
    }


def open_source(
    settings: Settings, addresses: Addresses, limits: FeedLimits | None = None, *, open_interest: Sequence[str] = ()
) -> PerpetualSource | None:
    """Return where marks, rates and open interest come from; None where none of them is asked for.

    Where nothing but open interest is (``open_interest`` are its periods), an exchange without a source has None, too.

    Raises
    ------
    ConfigurationError
        If the exchange has no marks and rates and the settings ask for them.
    """
    perpetual = settings.live.execution.perpetual
    if perpetual is None or not (perpetual.mark_price or perpetual.funding or open_interest):
        return None
    try:
        return open_perpetual_source(settings.live.exchange, rest_url=addresses.rest_url, limits=limits)
    except ConfigurationError:
        if perpetual.mark_price or perpetual.funding:
            raise
        return None


def open_intake(
    settings: Settings,
    addresses: Addresses,
    barrier: Barrier,
    funding: Mapping[str, FundingCalendar],
    source: PerpetualSource | None,
    *,
    open_interest: Mapping[str, OpenInterestCalendar] = MappingProxyType({}),
    limits: FeedLimits | None = None,
    ask_again_seconds: float = ASK_AGAIN_SECONDS,
) -> Intake:
    """Return the intake of a session that knows everything up to its barrier's last boundary.

    Parameters
    ----------
    funding
        The calendars of all unified symbols, in configured order; not used where the settings ask for no funding.
    source
        As :func:`open_source` gives it; without one there is nothing to complete steps with.
    open_interest
        The calendars of all unified symbols; empty where the session is fed none.
    """
    symbols, known_ms = list(funding), barrier.last_closed_ms
    feeds: dict[Series, CandleFeed] = {"strategy": open_strategy_feed(settings, addresses, symbols, known_ms, limits)}
    if settings.live.detail_interval is not None:
        feeds["detail"] = _feed(settings, settings.live.detail_interval, addresses, symbols, known_ms, limits)
    feeds |= open_watched_feeds(settings, addresses, barrier.watched, known_ms, limits)
    clock, perpetual = feeds["strategy"], settings.live.execution.perpetual
    inputs = None
    if source is not None and perpetual is not None:
        interval = finest_interval(settings)
        length_ms, marks = timeframe_ms(interval), None
        if perpetual.mark_price:
            marks = MarkSeries(interval, CandleLane("mark", symbols, length_ms, known_ms, settings.live.data.off_grid))
        steps = WaitingSteps(symbols, marks, funding if perpetual.funding else {}, open_interest)
        grace_seconds = settings.live.session.barrier_grace_seconds
        waits = Waits(FeedLimits().settle_for(length_ms), grace_seconds, ask_again_seconds)
        inputs = PerpetualInputs(source, steps, clock.server_time_ms, waits, time.monotonic)
    early_final_ms = round(1_000 * settings.live.session.early_final_seconds)
    return Intake(feeds, IngressClock(clock, time.monotonic), barrier, inputs, early_final_ms)


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
