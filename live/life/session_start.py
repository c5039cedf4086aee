"""How a fresh session begins: from the exchange's answers."""

from collections.abc import Mapping
from typing import NamedTuple

from core.candle import Candle
from core.errors import ConfigurationError
from core.timeframe import floor_to_grid, timeframe_ms
from engine.assembly import build_strategy_of, strategy_identity_of
from engine.fold import SessionFold
from engine.journal import JournalWriter
from engine.journal_records import SessionRecord, fields_of
from live.intake.barrier import Barrier
from live.intake.exchange_access import Market, warmup_candles
from live.intake.funding_calendar import PATIENCE_MS, FundingCalendar
from live.intake.session_inputs import open_barrier
from live.life.session_folder import SessionFolder
from live.views.session_events import REMEMBERED_EVENTS, SessionEvents
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.feed_limits import FeedLimits
from runs.documents.manifest_builder import session_manifest
from runs.identity.code_version import code_version
from validation.composed_settings import Settings


class StartedSession(NamedTuple):
    """A session that is ready to run; ``funding`` holds a calendar for each unified symbol.

    ``recent`` has listened to it from its first record on.
    """

    fold: SessionFold
    recent: SessionEvents
    journal: JournalWriter
    barrier: Barrier
    funding: Mapping[str, FundingCalendar]
    missed_until_ms: int | None


async def start_fresh(
    folder: SessionFolder,
    feed: CandleFeed,
    market: Market,
    settings: Settings,
    now_ms: int,
    *,
    kill_switch: bool,
) -> StartedSession:
    """Begin a session at the boundary before ``now_ms``: fetch the warm-up, write manifest and first record.

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
    length_ms = timeframe_ms(settings.live.timeframe)
    boundary_ms = floor_to_grid(now_ms, length_ms)
    strategy = build_strategy_of(settings)
    stored = await warmup_candles(feed, market, settings, strategy, boundary_ms)
    if now_ms - boundary_ms < FeedLimits().settle_for(length_ms) and not _reach(stored, boundary_ms - length_ms):
        # The last candle of a symbol is not published yet: it becomes part of the first step instead of being lost.
        boundary_ms -= length_ms
        stored = await warmup_candles(feed, market, settings, strategy, boundary_ms)
    identity = strategy_identity_of(settings)
    record = SessionRecord(
        session=folder.path.name,
        settings_sha256=settings.settings_sha256,
        code_version=code_version(),
        settings=dict(settings.resolved()),
        instruments=market.instruments,
        warmup={
            spelling: [fields for one in candles if (fields := fields_of(one)) is not None]
            for spelling, candles in stored.items()
        },
        kill_switch=kill_switch,
        start_ms=boundary_ms,
        strategy_sha256=identity.sha256,
        strategy_files=identity.files,
    )
    folder.write_manifest(session_manifest(record, settings, strategy, market.unified, PATIENCE_MS))
    journal = folder.writer()
    try:
        journal.append(record)
        fold = SessionFold(record, settings, folder.outputs())
        folder.publish_outputs()
    except BaseException:
        journal.close()
        raise
    barrier = open_barrier(settings, market, boundary_ms)
    for spelling, candles in stored.items():
        barrier.remember(market.unified[spelling], candles)
    funding = {symbol: FundingCalendar(boundary_ms) for symbol in market.unified.values()}
    return StartedSession(fold, SessionEvents(fold.session, REMEMBERED_EVENTS), journal, barrier, funding, None)


def _reach(stored: Mapping[str, list[Candle]], open_ms: int) -> bool:
    """Return whether every symbol's warm-up ends with the candle opened at a time; an empty one has no end."""
    return all(not candles or candles[-1].open_time_ms == open_ms for candles in stored.values())
