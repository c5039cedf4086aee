"""How a fresh session begins: from the exchange's answers."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from core.candle import Candle
from core.command_line import warn
from core.errors import ConfigurationError
from core.timeframe import floor_to_grid, timeframe_ms
from core.watched_series import WatchedSeries
from engine.fold import AnyFold, fold_of
from engine.journal import JournalWriter
from engine.journal_records import SessionRecord, WatchedRecord, fields_of
from engine.portfolio.traded import Traded, identity_of, traded_by
from live.intake.barrier import Barrier
from live.intake.exchange_access import Market, warmup_candles, watched_warmup
from live.intake.funding_calendar import FundingCalendar
from live.intake.open_interest_calendar import OpenInterestCalendar, open_interest_calendars
from live.intake.session_inputs import open_barrier
from live.life.session_folder import SessionFolder
from live.life.session_manifests import write_manifests
from live.views.session_events import REMEMBERED_EVENTS, SessionEvents
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.feed_limits import FeedLimits
from market_data.feeds.perpetual_source import PerpetualSource
from runs.identity.code_version import code_version
from strategies.warm_up_asked import asked_by, fetching_line, warm_up_lines
from validation.composed_settings import Settings


class StartedSession(NamedTuple):
    """A session that is ready to run; ``funding`` holds a calendar for each unified symbol.

    So does ``open_interest`` where the session is fed any. ``recent`` has listened to it from its first record on.
    """

    fold: AnyFold
    recent: SessionEvents
    journal: JournalWriter
    barrier: Barrier
    funding: Mapping[str, FundingCalendar]
    missed_until_ms: int | None
    open_interest: Mapping[str, OpenInterestCalendar] = MappingProxyType({})


class WarmupFeeds(NamedTuple):
    """Who is asked for warm-up candles: of the traded symbols, and of watched series by kind of candles."""

    strategy: CandleFeed
    watched: Mapping[str, CandleFeed] = MappingProxyType({})

    async def close(self) -> None:
        """Close all of them."""
        for feed in (self.strategy, *self.watched.values()):
            await feed.close()


async def start_fresh(
    folder: SessionFolder,
    feeds: WarmupFeeds,
    market: Market,
    settings: Settings,
    now_ms: int,
    *,
    kill_switch: bool,
    source: PerpetualSource | None = None,
) -> StartedSession:
    """Begin a session at the boundary before ``now_ms``: fetch the warm-up, write manifest and first record.

    Parameters
    ----------
    folder, feeds, market, settings, now_ms
        Where it is kept, who is asked, and what it trades, at the exchange's time.
    kill_switch
        Whether it is engaged.
    source
        Where open interest comes from; without one the session is fed none.

    Raises
    ------
    ConfigurationError
        If the folder holds a session already.
    DataUnavailableError
        If the warm-up cannot be fetched.
    StoreError
        If the folder cannot be written.
    """
    if folder.journal.exists():
        raise ConfigurationError(f"{folder.path}: there is a session already; resume it, or start another one")
    traded = traded_by(settings)
    tell_of_warm_up(traded, len(market.unified), now_ms)
    warmup = boundary_ms, stored, watched = await _warmup(feeds, market, settings, traded, now_ms)
    tell_of_fewer(traded, stored)
    periods = open_interest_fed(traded, settings.live.exchange, source)
    first = _first_record(folder.path.name, settings, market, traded, warmup)
    record = msgspec.structs.replace(first, kill_switch=kill_switch, open_interest=list(periods) or UNSET)
    outputs = folder.outputs_of(settings)
    write_manifests(folder, record, settings, market.unified)
    journal = folder.writer()
    try:
        journal.append(record)
        fold = fold_of(record, settings, outputs)
        folder.publish_outputs()
    except BaseException:
        journal.close()
        raise
    barrier = open_barrier(settings, market, boundary_ms, traded.series)
    for spelling, candles in stored.items():
        barrier.remember(market.unified[spelling], candles)
    for one, candles in zip(barrier.watched, watched, strict=True):
        barrier.remember(one.symbol, candles, one.kind)
    symbols = market.unified.values()
    funding = {symbol: FundingCalendar(boundary_ms) for symbol in symbols}
    interest = open_interest_calendars(symbols, periods, boundary_ms)
    recent = SessionEvents(fold.session, REMEMBERED_EVENTS)
    return StartedSession(fold, recent, journal, barrier, funding, None, interest)


def open_interest_fed(traded: Traded, exchange: str, source: PerpetualSource | None) -> tuple[str, ...]:
    """Return the periods of open interest that a session is fed; where its exchange has none, say so and feed none."""
    if traded.open_interest and (source is None or not source.serves_open_interest):
        warn(
            f"{exchange} serves no open interest here: what {traded.name} reads of it has no value in this session; "
            "trade on an exchange that serves it, or leave it out of the program"
        )
        return ()
    return traded.open_interest


def tell_of_warm_up(traded: Traded, symbols: int, now_ms: int) -> None:
    """Say on standard error what is about to be fetched, where it is much."""
    length_ms = traded.timeframe_ms
    count = traded.stored_candles_needed(floor_to_grid(now_ms, length_ms))
    line = fetching_line(asked_by(traded.strategies.values()), count, symbols, length_ms)
    if line is not None:
        warn(line)


def tell_of_fewer(traded: Traded, stored: Mapping[str, Sequence[Candle]]) -> None:
    """Say on standard error which symbols have fewer candles than are asked for, or that they are cut."""
    there = {symbol: len(candles) for symbol, candles in stored.items()}
    for line in warm_up_lines(asked_by(traded.strategies.values()), there, traded.timeframe_ms):
        warn(line)


class _Warmup(NamedTuple):
    """Stored candles by configured symbol and by watched series, all closed by a boundary."""

    boundary_ms: int
    stored: dict[str, list[Candle]]
    watched: list[list[Candle]]


async def _warmup(feeds: WarmupFeeds, market: Market, settings: Settings, traded: Traded, now_ms: int) -> _Warmup:
    """Return the warm-up of a session that begins at the boundary before ``now_ms``, or at the one before that."""
    length_ms = timeframe_ms(settings.live.timeframe)
    series = traded.series

    async def closed_by(boundary_ms: int) -> _Warmup:
        count = traded.stored_candles_needed(boundary_ms)
        stored = await warmup_candles(feeds.strategy, market, settings, count, boundary_ms)
        return _Warmup(boundary_ms, stored, await watched_warmup(feeds.watched, market, series, boundary_ms))

    found = await closed_by(floor_to_grid(now_ms, length_ms))
    boundary_ms = found.boundary_ms
    reach = _reach(found.stored, boundary_ms - length_ms) and _reach_watched(series, found.watched, boundary_ms)
    if now_ms - boundary_ms < FeedLimits().settle_for(length_ms) and not reach:
        # The last candle of a series is not published yet: it becomes part of the first step instead of being lost.
        return await closed_by(boundary_ms - length_ms)
    return found


def _reach(stored: Mapping[str, list[Candle]], open_ms: int) -> bool:
    """Return whether every symbol's warm-up ends with the candle opened at a time; an empty one has no end."""
    return all(not candles or candles[-1].open_time_ms == open_ms for candles in stored.values())


def _reach_watched(series: Sequence[WatchedSeries], watched: Sequence[list[Candle]], boundary_ms: int) -> bool:
    """Return the same of the watched series that close at a boundary."""
    return all(
        not candles or candles[-1].open_time_ms == floor_to_grid(boundary_ms, one.length_ms) - one.length_ms
        for one, candles in zip(series, watched, strict=True)
    )


def _first_record(name: str, settings: Settings, market: Market, traded: Traded, warmup: _Warmup) -> SessionRecord:
    """Return what a session is made of, the kill switch not engaged."""
    identity = identity_of(settings)
    return SessionRecord(
        session=name,
        settings_sha256=settings.settings_sha256,
        code_version=code_version(),
        settings=dict(settings.resolved()),
        instruments=market.instruments,
        warmup={
            spelling: [fields for one in candles if (fields := fields_of(one)) is not None]
            for spelling, candles in warmup.stored.items()
        },
        kill_switch=False,
        start_ms=warmup.boundary_ms,
        strategy_sha256=identity.sha256,
        strategy_files=identity.files,
        watched=_watched_records(traded.series, market, warmup.watched) or UNSET,
    )


def _watched_records(
    series: Sequence[WatchedSeries], market: Market, watched: Sequence[list[Candle]]
) -> list[WatchedRecord]:
    return [
        WatchedRecord(one.symbol, one.timeframe, there.symbol, [msgspec.structs.astuple(candle) for candle in candles])
        for one, there, candles in zip(series, market.on_exchange(series), watched, strict=True)
    ]
