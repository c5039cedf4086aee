"""A backtest as a job: of a system and one of its windows, or of a configuration with values laid over it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from backtests.replay import RunWatch
from backtests.settled_run import run_settled
from core.errors import ConfigurationError
from core.instants import format_ms, parse_instant
from core.time_range import TimeRange
from core.timeframe import timeframe_ms
from engine.assembly import with_own_strategy
from research.jobs.held_job import HeldJob
from runs.commands.noting import require_name
from runs.folder.run_notes import read_notes, write_notes
from runs.folder.stem_folder import StemFolder
from runs.jobs.job_queue import JobQueue
from runs.store.run_store import RunStore
from runs.store.store_rows import Job
from runs.store.synchronising import take_folder
from strategies.strategy_registry import PROGRAM
from systems.catalogue import read_system
from systems.life_cycle.epoch_tracker import wall_clock_ms
from systems.life_cycle.system_runners import placed, system_backtest
from systems.places import Places
from validation.composed_settings import Settings
from validation.loading import load_settings
from validation.overrides import Overrides

BACKTEST = "backtest"
_ASKED = "what was asked for"


class BacktestRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is run: ``system`` on ``window``, or ``config`` (a file) with ``overrides`` from ``start`` to ``end``.

    ``overrides`` are keys of live.yaml, with ``risk`` and ``trading_mode`` as sections, as a system has them. Times are
    ISO text in UTC, the end exclusive. ``name`` is what a user calls the run. ``places`` and ``offline`` are as of
    ``python -m systems run``.
    """

    name: str | None = None
    system: str | None = None
    window: str | None = None
    config: str | None = None
    overrides: Mapping[str, Any] = {}
    start: str | None = None
    end: str | None = None
    places: Places = Places()
    offline: bool = False


def submit_backtest(store: RunStore, wanted: BacktestRequest) -> Job:
    """Let a worker make a backtest; it is checked first, so that whoever asks hears at once what is wrong.

    Raises
    ------
    ConfigurationError
        If a setting, the system, its window or the range of time is wrong.
    """
    require_name(wanted.name)
    if wanted.system is not None:
        read_system(wanted.system, wanted.places.systems).window(_window_name(wanted), wall_clock_ms())
        title = f"{wanted.system}, {wanted.window}"
    else:
        live = settings_of(wanted).live
        span = range_of(wanted, live.timeframe)
        times = f"{format_ms(span.start_ms)} to {format_ms(span.end_ms)}"
        called = live.strategy.params.get("name", PROGRAM) if live.strategy.type == PROGRAM else live.strategy.type
        title = f"{called} on {', '.join(live.symbols)}, {times}"
    wanted = msgspec.structs.replace(wanted, places=wanted.places.absolute())
    return JobQueue(store).submit(BACKTEST, wanted.name or title, msgspec.to_builtins(wanted))


def make_backtest(held: HeldJob, wanted: BacktestRequest) -> None:
    """Run it, index it, and keep what names it; errors as of a backtest, :class:`JobEnds` where it is to end."""
    with held.watched() as watch:
        made = _of_system(wanted, watch) if wanted.system is not None else _of_configuration(wanted, watch)
        if made is not None:
            _name(Path(made.folder), wanted.name)
            take_folder(held.store, Path(made.folder))
            held.outcome(run=made.run, folder=made.folder)


def _name(folder: Path, name: str | None) -> None:
    """Keep what a user calls the run, among what else is said of it."""
    if name is not None:
        write_notes(folder, msgspec.structs.replace(read_notes(folder), name=name))


class _Made(NamedTuple):
    folder: str
    run: str


def _of_system(wanted: BacktestRequest, watch: RunWatch) -> _Made | None:
    """Run a system; None where the run was asked to end: what was done is marked partial."""
    try:
        told = system_backtest(
            str(wanted.system), window=_window_name(wanted), places=wanted.places, offline=wanted.offline, watch=watch
        )
    except KeyboardInterrupt:
        if watch.interrupt.asked:
            return None
        raise
    return _Made(told["folder"], told["run"])


def _of_configuration(wanted: BacktestRequest, watch: RunWatch) -> _Made:
    settings = settings_of(wanted)
    span = range_of(wanted, settings.live.timeframe)
    result = run_settled(settings, span, wall_clock_ms(), offline=wanted.offline, engine="auto", watch=watch)
    shown = Path(str(result.output_dir))
    # The run's own folder: the one that is shown is of the latest run of its range.
    own = StemFolder(shown.parent, shown.name).run_folder(str(result.run_id))
    return _Made(str(own if own.is_dir() else shown), str(result.run_id))


def settings_of(wanted: BacktestRequest) -> Settings:
    """Return the settings of a run that is not a system's; all problems are named."""
    if wanted.config is None:
        raise ConfigurationError("neither system nor config is given — allowed: one of the two")
    over = Overrides(wanted.overrides, _ASKED, "") if wanted.overrides else None
    return placed(with_own_strategy(load_settings(wanted.config, overrides=over)), wanted.places)


def range_of(wanted: BacktestRequest, timeframe: str) -> TimeRange:
    """Return the range of a run that is not a system's."""
    if wanted.start is None or wanted.end is None:
        raise ConfigurationError("start and end are both needed where no system's window is run")
    start_ms, end_ms = parse_instant(wanted.start, name="start"), parse_instant(wanted.end, name="end")
    if end_ms - start_ms < timeframe_ms(timeframe):
        raise ConfigurationError(
            f"from {format_ms(start_ms)} to {format_ms(end_ms)} no candle of {timeframe} fits; the end is exclusive"
        )
    return TimeRange(start_ms, end_ms)


def _window_name(wanted: BacktestRequest) -> str:
    if wanted.window is None:
        raise ConfigurationError(f"system {wanted.system}: which of its windows is run? — give window")
    return wanted.window
