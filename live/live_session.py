"""One live session from its options to its report: exchange, feed, folder, driver, end."""

import asyncio
import contextlib
import datetime as dt
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from core.errors import ConfigurationError
from core.instants import format_ms, to_datetime, to_ms
from core.timeframe import floor_to_grid, timeframe_ms
from engine.assembly import build_strategy_of
from engine.journal import read_journal
from live.exchange_access import Addresses, Rehearsal, exchange_addresses, market_of
from live.guarded_views import GuardedViews, RefreshedView
from live.heartbeat import Heartbeat
from live.ingress_clock import IngressClock
from live.kill_switch_watch import KillSwitchWatch, engaged_by_signal
from live.log_view import LogView, SessionLog
from live.session_driver import SessionDriver
from live.session_folder import SessionFolder
from live.session_start import Market, StartedSession, connect, resume, start_fresh, warmup_candles
from live.session_watch import SessionWatch
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.registry import open_feed
from reports.console_report import print_report
from reports.json_report import to_json
from reports.session_figures import session_result
from reports.session_window import SessionWindow
from validation.loading import load_settings
from validation.settings import Settings

RESULT = "result.json"


class LiveOptions(NamedTuple):
    """What the command was asked for."""

    config: str
    resume: str | None = None
    dry_start: bool = False
    duration_ms: int | None = None
    sessions: str | None = None
    data_dir: str | None = None
    plain: bool = False
    addresses: Addresses = Addresses(None, None)
    rehearsal: Rehearsal = Rehearsal()


def wall_clock_ms() -> int:
    """Return the present in UTC milliseconds: the entry point's one reading of the wall clock."""
    return to_ms(dt.datetime.now(dt.UTC))  # noqa: TID251 - the entry point's clock


def run_session(options: LiveOptions) -> int:
    """Run a session until its end and return the command's exit code.

    Raises
    ------
    ConfigurationError, DataUnavailableError, ParityError, StoreError, StrategyError
        As the command reports them.
    """
    settings = load_settings(options.config, data_dir=options.data_dir)
    folder = _folder_of(settings, options)
    now_ms = wall_clock_ms()
    with (
        _kill_switch(settings, folder) as kill_switch,
        exchange_addresses(settings, options.rehearsal, options.addresses, now_ms) as addresses,
    ):
        market = market_of(settings, addresses, now_ms)
        return asyncio.run(_run(settings, options, addresses, market, folder, kill_switch))


async def _run(
    settings: Settings,
    options: LiveOptions,
    addresses: Addresses,
    market: Market,
    resumed: Path | None,
    kill_switch: KillSwitchWatch,
) -> int:
    """Connect, start or resume, drive to the end, report."""
    first = _feed(settings, addresses, market, {})
    try:
        now_ms = await connect(IngressClock(first, time.monotonic), time.monotonic, settings.live.exchange)
        if options.dry_start:
            return await _dry_start(settings, market, first, now_ms)
        path = resumed or _fresh_folder(settings, options, now_ms)
        with contextlib.closing(SessionFolder(path)) as folder:
            if resumed is not None:
                started = resume(folder, market, settings, now_ms)
            else:
                engaged, _ = kill_switch()
                started = await start_fresh(folder, first, market, settings, now_ms, kill_switch=engaged)
            with started.journal:
                return await _drive(settings, options, addresses, market, folder, started, kill_switch, now_ms)
    finally:
        await first.close()


async def _drive(
    settings: Settings,
    options: LiveOptions,
    addresses: Addresses,
    market: Market,
    folder: SessionFolder,
    started: StartedSession,
    kill_switch: KillSwitchWatch,
    now_ms: int,
) -> int:
    """Run the session on its feed, end it and print its report."""
    length_ms = timeframe_ms(settings.live.timeframe)
    known_ms = started.barrier.last_closed_ms
    feed = _feed(settings, addresses, market, dict.fromkeys(market.unified.values(), known_ms - length_ms))
    clock = IngressClock(feed, time.monotonic)
    watch = SessionWatch(
        folder.path, settings, started.fold.session, started.barrier, market.unified, clock.now_ms, time.monotonic
    )
    on_terminal = sys.stdout.isatty() and not options.plain
    log = SessionLog(folder.path, settings.live.logging.level, None if on_terminal else sys.stderr)
    views: list[RefreshedView] = [watch, LogView(watch, folder.path), Heartbeat(watch, folder.path)]
    if on_terminal:
        from live.terminal_view import TerminalView

        views.append(TerminalView(watch, folder.path))
    mode: Literal["flatten", "keep"] = settings.live.session.on_shutdown
    with contextlib.closing(log):
        async with GuardedViews(views) as view:
            driver = SessionDriver(
                started.fold,
                started.journal,
                folder,
                feed,
                started.barrier,
                clock,
                market.unified,
                kill_switch,
                view,
                missed_until_ms=started.missed_until_ms,
            )
            _stop_on_signals(driver)
            try:
                await connect(clock, time.monotonic, settings.live.exchange)
                until_ms = None
                if options.duration_ms is not None:
                    until_ms = floor_to_grid(now_ms, length_ms) + options.duration_ms
                seconds = None if options.duration_ms is None else options.duration_ms / 1_000
                await driver.run(until_ms, seconds)
                driver.end(mode)
            finally:
                await feed.close()
    _report(settings, market, folder, started)
    return 0


async def _dry_start(settings: Settings, market: Market, feed: CandleFeed, now_ms: int) -> int:
    """Print what a session would begin with."""
    strategy = build_strategy_of(settings)
    boundary_ms = floor_to_grid(now_ms, timeframe_ms(settings.live.timeframe))
    stored = await warmup_candles(feed, market, settings, strategy.warmup_candles, boundary_ms)
    print(f"Exchange: {settings.live.exchange}, its time {format_ms(now_ms)}")
    print(f"Strategy: {strategy.name}, {settings.live.timeframe} candles, mode {settings.mode.mode}")
    for spelling, symbol in market.unified.items():
        rules = market.instruments[spelling]
        print(
            f"Symbol {spelling} ({symbol}): tick {rules.tick_size:f}, lot {rules.lot_size:f}, "
            f"minimum notional {rules.min_notional:f}; warm-up {len(stored[spelling])} of "
            f"{strategy.warmup_candles} candles"
        )
    print(f"settings_sha256: {settings.settings_sha256}")
    print("Everything needed to trade on paper is there; no session was begun.")
    return 0


def _report(settings: Settings, market: Market, folder: SessionFolder, started: StartedSession) -> None:
    """Print the session's report and leave it in the folder."""
    window = SessionWindow(market.unified, timeframe_ms(settings.live.timeframe))
    window.take_all(line.record for line in read_journal(folder.journal))
    result = session_result(
        started.fold.session,
        settings,
        window,
        market.unified,
        output_dir=str(folder.path),
        log_file=str(folder.path / "trades.csv"),
    )
    folder.write_text(RESULT, to_json(result))
    print_report(result, sys.stdout)
    print(f"\nCheck it: python -m backtests.parity {folder.path}")


def _feed(settings: Settings, addresses: Addresses, market: Market, known: dict[str, int]) -> CandleFeed:
    return open_feed(
        settings.live.exchange,
        list(market.unified.values()),
        settings.live.timeframe,
        rest_url=addresses.rest_url,
        stream_url=addresses.stream_url,
        resume_from=known or None,
    )


def _sessions_folder(settings: Settings, options: LiveOptions) -> Path:
    return Path(settings.live.logging.directory) / "live" if options.sessions is None else Path(options.sessions)


def _folder_of(settings: Settings, options: LiveOptions) -> Path | None:
    """Return the folder of the session to resume, given as a path or by its name."""
    if options.resume is None:
        return None
    for path in (Path(options.resume), _sessions_folder(settings, options) / options.resume):
        if path.is_dir():
            return path
    raise ConfigurationError(f"--resume {options.resume}: there is no such session folder")


def _fresh_folder(settings: Settings, options: LiveOptions, now_ms: int) -> Path:
    """Return a folder that does not exist yet, named by exchange, timeframe and the exchange's time."""
    live = settings.live
    stem = f"{live.exchange}_{live.timeframe}_{to_datetime(now_ms).strftime('%Y%m%dT%H%M%S')}"
    root, number = _sessions_folder(settings, options), 1
    while (root / (name := stem if number == 1 else f"{stem}_{number}")).exists():
        number += 1
    return root / name


@contextlib.contextmanager
def _kill_switch(settings: Settings, resumed: Path | None) -> Iterator[KillSwitchWatch]:
    """Yield the watch over the kill switch; what a signal had engaged before a restart stays engaged."""
    by_signal = False
    if resumed is not None and (resumed / "journal.jsonl").exists():
        by_signal = engaged_by_signal(line.record for line in read_journal(resumed / "journal.jsonl"))
    with KillSwitchWatch(settings.mode, engaged_by_signal=by_signal) as watch:
        yield watch


def _stop_on_signals(driver: SessionDriver) -> None:
    """Let SIGINT and SIGTERM end the session; a second one ends the process."""
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        driver.stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
