"""One live session from its options to its report: exchange, feed, folder, driver, end."""

import asyncio
import contextlib
import datetime as dt
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from alerts.alert import broken_parity
from alerts.loading import AlertPlan, alerts_file, load_plan, open_post
from alerts.outbox import OUTBOX
from core.command_line import say, warn
from core.errors import ConfigurationError, ParityError
from core.instants import to_datetime, to_ms
from core.timeframe import floor_to_grid
from engine.assembly import with_own_strategy
from engine.portfolio.traded import traded_by
from live.intake.exchange_access import Addresses, Market, connect, market_of
from live.intake.ingress_clock import IngressClock
from live.intake.session_inputs import open_intake, open_source, open_strategy_feed, open_watched_feeds
from live.life.command_inbox import CommandInbox
from live.life.dry_start import dry_start
from live.life.kill_switch_watch import KillSwitchWatch, operator_hold
from live.life.operator_commands import OperatorCommands
from live.life.rehearsal import Rehearsal, exchange_addresses
from live.life.session_driver import SessionDriver
from live.life.session_folder import SessionFolder
from live.life.session_results import portfolio_lines, write_result
from live.life.session_resume import FoldedSession, fold_journal, go_on, resumed_folder
from live.life.session_start import StartedSession, WarmupFeeds, start_fresh
from live.life.stop_signals import stop_on_signals, unless_stopping
from live.views.session_watch import Watched
from live.views.view_assembly import build_views, open_log
from market_data.feeds.perpetual_source import PerpetualSource
from reports import page as pages
from reports import portfolio as portfolio_pages
from reports.console.console_report import print_report
from runs.documents.portfolio_result import PortfolioResult
from runs.documents.run_result import RunResult
from runs.folder.file_names import RESULT
from validation.composed_settings import Settings
from validation.loading import load_settings

LAST_STEP_SECONDS = 5.0
"""How much longer than asked for a session may wait for its last step, in wall time."""


class LiveOptions(NamedTuple):
    """What the command was asked for.

    ``name`` is that of the session's folder, in the place of one of exchange, timeframe and time. ``settings``, checked
    already, stand in the place of those of ``config``. ``ended`` is told the result and the
    folder of a session that has come to its end, in the place of the report that is printed without it.
    """

    config: str
    resume: str | None = None
    dry_start: bool = False
    duration_ms: int | None = None
    sessions: str | None = None
    name: str | None = None
    data_dir: str | None = None
    plain: bool = False
    quiet: bool = False
    report: bool = False
    addresses: Addresses = Addresses(None, None)
    rehearsal: Rehearsal = Rehearsal()
    settings: Settings | None = None
    ended: Callable[[RunResult, Path], None] | None = None


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
    settings = options.settings or with_own_strategy(load_settings(options.config, data_dir=options.data_dir))
    alerts = load_plan(alerts_file(options.config))
    now_ms = wall_clock_ms()
    with contextlib.ExitStack() as held:
        resumed = None
        if options.resume is not None:
            resumed = held.enter_context(resumed_folder(_folder_of(settings, options), settings))
        kill_switch = held.enter_context(_kill_switch(settings, resumed))
        folded = None
        if resumed is not None:
            with _told_if_broken(alerts, resumed.path, now_ms):
                folded = fold_journal(resumed, settings)
            _refuse_ended(settings, resumed, folded)
        last_step_ms = None if folded is None else folded.past.known_ms
        addresses = held.enter_context(
            exchange_addresses(settings, options.rehearsal, options.addresses, now_ms, last_step_ms)
        )
        market = market_of(settings, addresses, now_ms, fresh=folded is None)
        session = _LiveSession(settings, options, addresses, market, kill_switch, alerts)
        return asyncio.run(session.run(resumed, folded))


class _LiveSession:
    """One session on its exchange: started or taken up again, driven to its end, reported."""

    def __init__(
        self,
        settings: Settings,
        options: LiveOptions,
        addresses: Addresses,
        market: Market,
        kill_switch: KillSwitchWatch,
        alerts: AlertPlan | None,
    ) -> None:
        self._settings = settings
        self._options = options
        self._addresses = addresses
        self._market = market
        self._kill_switch = kill_switch
        self._alerts = alerts

    async def run(self, resumed: SessionFolder | None, folded: FoldedSession | None) -> int:
        """Connect, start or go on, drive to the end, report; return the exit code."""
        settings, market = self._settings, self._market
        traded = traded_by(settings)
        source = open_source(settings, self._addresses, open_interest=traded.open_interest)
        strategy_feed = open_strategy_feed(settings, self._addresses, list(market.unified.values()))
        series = market.on_exchange(traded.series)
        first = WarmupFeeds(strategy_feed, open_watched_feeds(settings, self._addresses, series))
        try:
            clock = IngressClock(strategy_feed, time.monotonic)
            now_ms = await connect(clock, time.monotonic, settings.live.exchange)
            if self._options.dry_start:
                return await dry_start(settings, market, first, source, now_ms)
            if resumed is not None and folded is not None:
                started = go_on(resumed, folded, market, settings, now_ms)
                return await self._drive(resumed, started, source, now_ms)
            with contextlib.closing(SessionFolder(_fresh_folder(settings, self._options, now_ms))) as folder:
                engaged, _ = self._kill_switch()
                started = await start_fresh(folder, first, market, settings, now_ms, kill_switch=engaged, source=source)
                return await self._drive(folder, started, source, now_ms)
        finally:
            await first.close()
            if source is not None:
                await source.close()

    async def _drive(
        self, folder: SessionFolder, started: StartedSession, source: PerpetualSource | None, now_ms: int
    ) -> int:
        """Run the session on its feeds, end it and print its report."""
        settings, options, unified = self._settings, self._options, self._market.unified
        intake = open_intake(
            settings, self._addresses, started.barrier, started.funding, source, open_interest=started.open_interest
        )
        shown_on = sys.stdout if sys.stdout.isatty() else sys.stderr
        log = open_log(folder.path, settings.live.logging.level, shown_on, plain=options.plain, quiet=options.quiet)
        watched = Watched(folder.path, settings, started.fold.session, started.recent, intake, unified)
        commands = OperatorCommands(self._kill_switch, unified, inbox=CommandInbox(folder.path))
        with (
            started.journal,
            contextlib.closing(started.fold.session),
            stop_on_signals(folder.path) as stopping,
            contextlib.closing(log),
            open_post(self._alerts, folder.path / OUTBOX) as post,
        ):
            async with build_views(watched, shown_on, plain=options.plain, post=post) as view:
                driver = SessionDriver(started, folder, intake, commands.due, view)
                driver.stopping = stopping
                try:
                    connecting = asyncio.create_task(connect(intake.clock, time.monotonic, settings.live.exchange))
                    await unless_stopping(connecting, stopping)
                    until_ms, seconds = self._until(intake.barrier.step_ms, now_ms)
                    await driver.run(until_ms, seconds)
                    unfinished = driver.unfinished(until_ms)
                    driver.end(settings.live.session.on_shutdown)
                finally:
                    await intake.close()
            if unfinished:
                warn(unfinished)
            result = write_result(settings, unified, folder, started.fold)
            if options.ended is not None and isinstance(result, RunResult):
                options.ended(result, folder.path)
            else:
                self._report(result, folder)
            if options.ended is None:
                say("", f"Check it: python -m backtests.parity {folder.path}")
        return 0

    def _report(self, result: RunResult | PortfolioResult, folder: SessionFolder) -> None:
        """Print the session's report; where its page cannot be written, all the same."""
        page = None
        try:
            if self._options.report:
                folder.flush()
                write = pages.write_report if isinstance(result, RunResult) else portfolio_pages.write_portfolio_report
                page = write(folder.path)
        finally:
            if isinstance(result, RunResult):
                print_report(result, sys.stdout, page)
            else:
                say(*portfolio_lines(result), *([] if page is None else [f"report page: {page}"]))

    def _until(self, step_ms: int, now_ms: int) -> tuple[int | None, float | None]:
        """Return the last step to run, and after how many seconds of wall time to end without it; None for ever."""
        duration_ms = self._options.duration_ms
        if duration_ms is None:
            return None, None
        # Wall time bounds a silent exchange; the last step may still come within its grace.
        grace = self._settings.live.session.barrier_grace_seconds + LAST_STEP_SECONDS
        return floor_to_grid(now_ms, step_ms) + duration_ms, duration_ms / 1_000 + grace


@contextlib.contextmanager
def _told_if_broken(alerts: AlertPlan | None, folder: Path, now_ms: int) -> Iterator[None]:
    """Tell people where a session's journal and its outputs disagree."""
    try:
        yield
    except ParityError as error:
        with open_post(alerts, folder / OUTBOX) as post:
            if post is not None:
                post.put(broken_parity(folder.name, str(error), now_ms))
        raise


def _refuse_ended(settings: Settings, folder: SessionFolder, folded: FoldedSession) -> None:
    """Refuse to go on with a session that has closed its positions.

    Its process may have died between the end's record and the outputs, so these were rebuilt and the result is too.
    """
    ended = folded.fold.ended
    if ended is None or ended.mode == "keep":
        return
    unified = folder.canonical_symbols() or dict(zip(settings.live.symbols, settings.live.symbols, strict=True))
    write_result(settings, unified, folder, folded.fold)
    raise ConfigurationError(
        f"{folder.path}: the session has ended and its positions are closed; its outputs and {RESULT} are as its "
        "journal says; start another session"
    )


def _sessions_folder(settings: Settings, options: LiveOptions) -> Path:
    return Path(settings.live.logging.directory) / "live" if options.sessions is None else Path(options.sessions)


def _folder_of(settings: Settings, options: LiveOptions) -> Path:
    """Return the folder of the session to resume, given as a path or by its name."""
    name = options.resume or ""
    looked_at = (Path(name), _sessions_folder(settings, options) / name)
    for path in looked_at:
        if path.is_dir():
            return path
    raise ConfigurationError(
        f"--resume {name}: there is no such session folder, neither {' nor '.join(map(str, looked_at))}; a session "
        "that began with --out is resumed with it, or by its path"
    )


def session_stem(settings: Settings, now_ms: int) -> str:
    """Return what names a session that has no name: exchange, timeframe and the exchange's time."""
    live = settings.live
    return f"{live.exchange}_{live.timeframe}_{to_datetime(now_ms).strftime('%Y%m%dT%H%M%S')}"


def _fresh_folder(settings: Settings, options: LiveOptions, now_ms: int) -> Path:
    """Return the folder that was named, else one that does not exist yet, named by what is traded and the time."""
    root, number, stem = _sessions_folder(settings, options), 1, session_stem(settings, now_ms)
    if options.name is not None:
        return root / options.name
    while (root / (name := stem if number == 1 else f"{stem}_{number}")).exists():
        number += 1
    return root / name


@contextlib.contextmanager
def _kill_switch(settings: Settings, resumed: SessionFolder | None) -> Iterator[KillSwitchWatch]:
    """Yield the watch over the kill switch; what an operator had engaged before a restart stays engaged."""
    held_by = None if resumed is None else operator_hold(line.record for line in resumed.lines())
    with KillSwitchWatch(settings.mode, held_by=held_by) as watch:
        yield watch
