"""Whole live sessions for tests: a practice exchange, real sockets, the real driver and a real session folder.

``run_live`` runs one and returns what it left behind; ``tests.support.sessions.session_outputs`` makes its files again.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from backtests.timeline import merged_steps
from core.candle import Step
from core.candle_columns import CandleColumns
from core.timeframe import floor_to_grid, timeframe_ms
from engine.assembly import build_strategy_of
from engine.journal import read_journal
from engine.journal_records import (
    CandleRecord,
    CommandRecord,
    ConnectionRecord,
    JournalRecord,
    MissingRecord,
    SessionRecord,
    StepRecord,
    step_of,
)
from engine.portfolio.traded import traded_by
from engine.watched import watched_series_of
from live.intake.candle_lane import Note
from live.intake.exchange_access import Addresses, Market, connect
from live.intake.ingress_clock import IngressClock
from live.intake.session_inputs import (
    finest_interval,
    open_intake,
    open_source,
    open_strategy_feed,
    open_watched_feeds,
)
from live.life.session_driver import SessionDriver
from live.life.session_folder import SessionFolder
from live.life.session_start import WarmupFeeds, start_fresh
from live.views.session_updates import ConnectionChange, FormingCandle, SessionUpdate, StepDone
from market_data.feeds.feed_limits import FeedLimits
from practice.exchange import PracticeExchange
from practice.exchange_options import ExchangeOptions, PaceName
from practice.faults.fault_script import FaultScript
from practice.market.candle_sources import CandleSource
from practice.market.wide_market import practice_source
from practice.streams.stream_connection import SentFinal
from runs.folder.file_names import DERIVED
from tests.support.config_tree import write_config
from tests.support.times import JANUARY_MS, MINUTE_MS
from validation.composed_settings import Settings
from validation.loading import load_settings

LONGEST_S = 600.0
"""No session of a test may take longer in wall time."""

GRACE_S = 0.05
ASK_AGAIN_S = 0.1
STEP_PATIENCE_S = 0.3
PAST_CLOSE_MS = 30_000
"""How far past a close an exchange stands that is driven, or at its end: REST then has no doubt about the close."""

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")

QUICK = FeedLimits(
    connect_seconds=2.0,
    request_seconds=0.5,
    ping_seconds=5.0,
    first_wait_seconds=0.02,
    longest_wait_seconds=0.1,
    quiet_seconds=0.8,
    least_stale_seconds=0.4,
    probe_seconds=0.3,
)
"""Waits of a feed whose exchange is on this machine."""

BUSY_PARAMS: Mapping[str, object] = {
    "ema_fast": 2,
    "ema_slow": 4,
    "rsi_period": 4,
    "atr_period": 4,
    "volume_lookback": 4,
    "volume_multiplier": 0,
    "rsi_long_min": 20,
    "rsi_long_max": 95,
    "rsi_short_min": 5,
    "rsi_short_max": 80,
    "rsi_extreme_low": 2,
    "rsi_extreme_high": 98,
    "sl_atr_multiple": 1.0,
    "tp_atr_multiple": 1.5,
}
"""The shipped strategy with so little memory that an hour of minutes holds many trades."""


class RecordedViews:
    """Keeps what a session tells its views."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.connections: list[tuple[str, str]] = []
        self.missing: list[MissingRecord] = []
        self.forming: dict[str, list[int]] = {}
        self.delays: list[float] = []
        self.on_step: Callable[[], None] = lambda: None

    def take(self, update: SessionUpdate) -> None:
        match update:
            case FormingCandle(symbol, candle):
                self.forming.setdefault(symbol, []).append(candle.open_time_ms)
            case ConnectionChange():
                self.connections.append((update.event, update.detail))
            case StepDone():
                self.delays.append(update.delay_seconds)
                self.on_step()
            case Note():
                self.notes.append(update)
            case MissingRecord():
                self.missing.append(update)


@dataclass
class LiveRun:
    """What a session left behind; the exchange has stopped, its truth and log can still be asked for.

    ``end_ms`` is the session's last step, if there is a candle for it.
    """

    path: Path
    settings: Settings
    exchange: PracticeExchange
    view: RecordedViews
    script: FaultScript
    end_ms: int
    records: list[JournalRecord] = field(default_factory=list)

    @property
    def head(self) -> SessionRecord:
        first = self.records[0]
        if not isinstance(first, SessionRecord):
            raise AssertionError("the journal does not begin with the session")
        return first

    @property
    def step_records(self) -> list[StepRecord]:
        return [record for record in self.records if isinstance(record, StepRecord)]

    @property
    def steps(self) -> list[Step]:
        """Steps as journalled, in the journal's order."""
        return [step_of(record) for record in self.step_records]

    @property
    def noted(self) -> list[tuple[str, str, int]]:
        """(kind, symbol, number of the candle from the start) of every journalled note, sorted."""
        return sorted(
            (record.kind, record.symbol, (record.candle[0] - JANUARY_MS) // MINUTE_MS)
            for record in self.records
            if isinstance(record, CandleRecord)
        )

    @property
    def connection_events(self) -> list[str]:
        """Names of the journalled connection events, in order."""
        return [record.event for record in self.records if isinstance(record, ConnectionRecord)]

    @property
    def truth_steps(self) -> list[Step]:
        """Steps of what REST has at the end, over the session's whole window."""
        return list(merged_steps([self.truth(symbol) for symbol in self.settings.live.symbols], self.length_ms))

    def truth(self, symbol: str, since_ms: int | None = None) -> CandleColumns:
        """Return what REST has of a symbol at the end, of the session's window unless told otherwise."""
        since_ms = self.head.start_ms if since_ms is None else since_ms
        columns = self.exchange.truth(symbol, self.settings.live.timeframe, since_ms=since_ms)
        return columns.between(since_ms, self.end_ms)

    @property
    def length_ms(self) -> int:
        return timeframe_ms(self.settings.live.timeframe)

    @property
    def outputs(self) -> dict[str, bytes]:
        """The derived files as the session wrote them."""
        return {name: (self.path / name).read_bytes() for name in DERIVED}

    @property
    def sent(self) -> list[SentFinal]:
        return self.exchange.sent


def live_settings(
    base: Path,
    symbols: Sequence[str] = SYMBOLS,
    *,
    grace_s: float = GRACE_S,
    live: Mapping[str, object] | None = None,
    mode: Mapping[str, object] | None = None,
    risk: Mapping[str, object] | None = None,
) -> Settings:
    """Write a configuration of the practice exchange on one-minute candles and return its settings."""
    return load_settings(write_live_config(base, symbols, grace_s=grace_s, live=live, mode=mode, risk=risk))


def write_live_config(
    base: Path,
    symbols: Sequence[str] = SYMBOLS,
    *,
    grace_s: float = GRACE_S,
    live: Mapping[str, object] | None = None,
    mode: Mapping[str, object] | None = None,
    risk: Mapping[str, object] | None = None,
) -> Path:
    """Write the configuration and return its live.yaml."""
    section: dict[str, object] = {
        "exchange": "practice",
        "symbols": list(symbols),
        "timeframe": "1m",
        "strategy": {"type": "scalping_ema_rsi", "params": dict(BUSY_PARAMS)},
        "execution": {"slippage": 0.0005, "commission_rate": 0.0005},
        "session": {"barrier_grace_seconds": grace_s},
        "data": {"cache_dir": str(base / "data")},
        "logging": {"directory": str(base / "logs")},
    }
    # Limits wide enough that an hour of losses does not end the trading.
    wide = {"max_daily_loss_pct": 0.5, "max_drawdown_pct": 0.5}
    return write_config(base, live={**section, **(live or {})}, mode={**wide, **(mode or {})}, risk=risk)


def run_live(
    base: Path,
    script: FaultScript | None = None,
    *,
    candles: int = 90,
    stop_after: int | None = None,
    symbols: Sequence[str] = SYMBOLS,
    pace: PaceName = "driven",
    source: CandleSource | None = None,
    grace_s: float = GRACE_S,
    limits: FeedLimits = QUICK,
    start_ms: int = JANUARY_MS,
    patience_s: float = STEP_PATIENCE_S,
    live: Mapping[str, object] | None = None,
    on_step: Callable[[], None] | None = None,
    mode: Mapping[str, object] | None = None,
    risk: Mapping[str, object] | None = None,
    commands: Callable[[bool], Iterable[CommandRecord]] = lambda killed: (),
    **exchange_options: object,
) -> LiveRun:
    """Run a session of so many candles (or fewer: ``stop_after``) against an exchange; return what it left behind.

    With the pace ``driven`` the exchange stands, half a minute past each close, until the session has closed the step
    or ``patience_s`` is over; with ``read`` it goes on as soon as the session's socket was read. ``on_step`` is
    called after each step, and ``commands`` is what the driver asks between steps.

    Raises
    ------
    AssertionError
        If the session does not reach its last step in time.
    """
    settings = live_settings(base, symbols, grace_s=grace_s, live=live, mode=mode, risk=risk)
    market_source = source or practice_source(1, (*symbols, *settings.live.watch))
    exchange = PracticeExchange(
        market_source,
        ExchangeOptions(
            start_ms=start_ms,
            end_ms=start_ms + candles * MINUTE_MS + PAST_CLOSE_MS,
            pace=pace,
            script=script,
            streams_before_start=0 if pace == "driven" else streams_of(settings),
            connection_hours=None,
            **{"patience_s": max(5.0, patience_s), "updates_per_candle": 2, **exchange_options},
        ),
    )
    run = LiveRun(
        base / "session",
        settings,
        exchange,
        RecordedViews(),
        script or FaultScript(),
        start_ms + (stop_after or candles) * MINUTE_MS,
    )
    if on_step is not None:
        run.view.on_step = on_step
    market = market_of(settings, market_source)
    with exchange:
        asyncio.run(_session(run, market, limits, patience_s if pace == "driven" else None, commands))
    run.records = [line.record for line in read_journal(run.path / "journal.jsonl")]
    return run


def streams_of(settings: Settings) -> int:
    """Return how many streams a session subscribes to."""
    watched = watched_series_of(settings, build_strategy_of(settings))
    return len(settings.live.symbols) * (1 if settings.live.detail_interval is None else 2) + len(watched)


def market_of(settings: Settings, source: CandleSource) -> Market:
    """Return the session's symbols with the exchange's trading rules."""
    rules = source.markets()
    return Market(
        {symbol: symbol for symbol in settings.live.symbols},
        {symbol: rules[symbol] for symbol in settings.live.symbols},
        {symbol: symbol for symbol in settings.live.watch},
    )


async def _session(
    run: LiveRun,
    market: Market,
    limits: FeedLimits,
    patience_s: float | None,
    commands: Callable[[bool], Iterable[CommandRecord]],
) -> None:
    settings, exchange = run.settings, run.exchange
    addresses, symbols = Addresses(exchange.rest_url, exchange.stream_url), list(market.unified.values())
    strategy_feed = open_strategy_feed(settings, addresses, symbols, limits=limits)
    series = watched_series_of(settings, build_strategy_of(settings))
    first = WarmupFeeds(strategy_feed, open_watched_feeds(settings, addresses, series, limits=limits))
    source = open_source(settings, addresses, limits, open_interest=traded_by(settings).open_interest)
    try:
        now_ms = await connect(IngressClock(strategy_feed, time.monotonic), time.monotonic, settings.live.exchange)
        with contextlib.closing(SessionFolder(run.path)) as folder:
            started = await start_fresh(folder, first, market, settings, now_ms, kill_switch=False, source=source)
            intake = open_intake(
                settings,
                addresses,
                started.barrier,
                started.funding,
                source,
                open_interest=started.open_interest,
                limits=limits,
                ask_again_seconds=ASK_AGAIN_S,
            )
            driver = SessionDriver(started, folder, intake, commands, run.view, ask_again_seconds=ASK_AGAIN_S)
            with started.journal:
                try:
                    await connect(intake.clock, time.monotonic, settings.live.exchange)
                    await _drive(driver, run, lambda: started.fold.session.last_step_ms, patience_s)
                    driver.end(settings.live.session.on_shutdown)
                finally:
                    await intake.close()
    finally:
        await first.close()
        if source is not None:
            await source.close()


async def _drive(
    driver: SessionDriver,
    run: LiveRun,
    last_step_ms: Callable[[], int | None],
    patience_s: float | None,
) -> None:
    stop, end_ms = threading.Event(), run.end_ms
    pacing = None
    if patience_s is not None:
        pacing = asyncio.create_task(asyncio.to_thread(_lock_step, run, last_step_ms, patience_s, stop))
    try:
        await driver.run(end_ms, LONGEST_S)
    finally:
        stop.set()
        if pacing is not None:
            await pacing
    if (last_step_ms() or 0) < end_ms - MINUTE_MS:
        raise AssertionError(f"the session stopped at {last_step_ms()}, long before {end_ms}")


def last_close_ms(exchange: PracticeExchange) -> int:
    """Return the last close of an exchange that has an end."""
    return floor_to_grid(exchange.end_ms or 0, MINUTE_MS)


def _lock_step(run: LiveRun, last_step_ms: Callable[[], int | None], patience_s: float, stop: threading.Event) -> None:
    """Move the exchange on step by step; a session that is more than one step behind is not waited for."""
    exchange, step_ms = run.exchange, timeframe_ms(finest_interval(run.settings))
    exchange.wait_for_streams(streams_of(run.settings))
    for close_ms in range(exchange.start_ms + step_ms, last_close_ms(exchange) + 1, step_ms):
        if stop.is_set():
            return
        exchange.advance_to(close_ms + PAST_CLOSE_MS)
        behind_ms = close_ms - (last_step_ms() or exchange.start_ms)
        deadline = time.monotonic() + (patience_s if behind_ms <= 2 * step_ms else 0.01)
        while (last_step_ms() or 0) < close_ms and time.monotonic() < deadline and not stop.is_set():
            time.sleep(0.001)
