"""The runner functions that come with the program: a system's backtest, its rehearsal, a paper session of it.

``run_epoch`` calls them; ``strategy_id`` is the id of the system. Each returns ``metrics`` with every figure of the
run, its ``trades``, and where it lies.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backtests.portfolio.session_parity import REPORT
from backtests.proof.parity_check import check_parity
from backtests.replay import RunWatch
from backtests.settled_run import run_settled
from core.command_line import require_open_files
from core.errors import ConfigurationError, DataUnavailableError, InvariantError
from core.instants import format_ms
from engine.assembly import with_own_strategy
from live.intake.exchange_access import Addresses
from live.life.live_command import OPEN_FILES, duration_ms
from live.life.live_session import LiveOptions, run_session
from live.life.rehearsal import Rehearsal
from market_data.exchanges.exchange_names import PRACTICE
from market_data.store.atomic_files import write_atomically
from runs.folder.stem_folder import own_folder
from runs.reading.run_candles import candles_of
from runs.reading.run_folder import StoredRun, measure_run, read_run, trades_with_excursions
from systems.catalogue import read_system
from systems.life_cycle.epoch_files import write_json
from systems.life_cycle.epoch_tracker import wall_clock_ms
from systems.life_cycle.metric_lookup import PARITY
from systems.places import Places
from systems.system import System, system_uid
from validation.composed_settings import Settings
from validation.loading import load_settings
from validation.overrides import Overrides

ALL = "all"
"""``symbol`` of a run of all symbols of a system."""
REHEARSAL_SPEED = 20_000.0
HERE = Places()
_NOTE = "system.json"


def system_backtest(
    strategy_id: str,
    symbol: str = ALL,
    timeframes: Sequence[str] = (),
    *,
    window: str,
    places: Places = HERE,
    offline: bool = False,
    show_progress: bool | None = False,
    watch: RunWatch | None = None,
) -> dict[str, Any]:
    """Run the backtest of a system on one of its windows.

    Parameters
    ----------
    strategy_id
        The system.
    symbol
        One symbol, several with commas, or ``all``: those of the system.
    timeframes
        None: that of the system; or one.
    window
        The name of a window of the system.
    places
        Where the system is read from, and where its runs go.
    offline, show_progress
        As of ``ConfigBacktestRunner``.
    watch
        As of :func:`~backtests.run.made_run`.

    Raises
    ------
    ConfigurationError, DataUnavailableError, StrategyError, StoreError
        As of a backtest, and for systems and windows that are not there.
    KeyboardInterrupt
        If it was interrupted; what was done is written and marked partial.
    """
    system, settings = _settled(strategy_id, symbol, timeframes, places)
    now_ms = wall_clock_ms()
    span = system.window(window, now_ms)
    result = run_settled(
        settings, span, now_ms, offline=offline, show_progress=show_progress, engine="auto", watch=watch
    )
    if result.partial:
        raise KeyboardInterrupt(f"interrupted; what was done is in {result.output_dir}, marked partial")
    of = _window(system, window, format_ms(span.start_ms), format_ms(span.end_ms))
    facts = {**_facts(system, settings), "window": of}
    # The note lies in the run's own folder, beside the documents that a backtest of the same settings shares.
    own = own_folder(result)
    write_json(own / _NOTE, facts)
    return {**_told(read_run(own)), **facts}


def system_rehearsal(
    strategy_id: str,
    symbol: str = ALL,
    timeframes: Sequence[str] = (),
    *,
    window: str,
    duration: str | None = None,
    speed: float = REHEARSAL_SPEED,
    places: Places = HERE,
    quiet: bool = True,
) -> dict[str, Any]:
    """Rehearse a system on the practice exchange, over real sockets, and check the parity of the session.

    It begins where the window does and goes on to its end, or for ``duration`` (``2h``, ``7d``) of exchange time;
    ``speed`` is exchange seconds a second. A system of another exchange is rehearsed with its own settings but that.
    Unless ``quiet`` the session is shown as it goes on. Else as :func:`system_backtest`.
    """
    system, settings = _settled(strategy_id, symbol, timeframes, places)
    facts = _facts(system, settings)
    if settings.live.exchange != PRACTICE:
        _, settings = _settled(strategy_id, symbol, timeframes, places, exchange=PRACTICE)
    span = system.window(window, wall_clock_ms())
    length_ms = span.length_ms if duration is None else min(span.length_ms, duration_ms(duration))
    rehearsal = Rehearsal(speed, format_ms(span.start_ms))
    run = _session(settings, LiveOptions("", duration_ms=length_ms, rehearsal=rehearsal, quiet=quiet, plain=quiet))
    return {**run, **facts, "window": _window(system, window, **run["covered"]), "rehearsed_on": PRACTICE}


def system_paper_session(
    strategy_id: str,
    symbol: str = ALL,
    timeframes: Sequence[str] = (),
    *,
    duration: str,
    addresses: tuple[str | None, str | None] = (None, None),
    places: Places = HERE,
    quiet: bool = True,
) -> dict[str, Any]:
    """Trade a system on paper against its exchange for ``duration`` (``8h``), and check the parity of the session.

    ``addresses`` stand in the place of the exchange's REST interface and websocket. Else as :func:`system_rehearsal`.
    """
    system, settings = _settled(strategy_id, symbol, timeframes, places)
    given = Addresses(*addresses)
    options = LiveOptions("", duration_ms=duration_ms(duration), addresses=given, quiet=quiet, plain=quiet)
    return {**_session(settings, options), **_facts(system, settings)}


def _settled(
    system_id: str,
    symbol: str,
    timeframes: Sequence[str],
    places: Places,
    exchange: str | None = None,
) -> tuple[System, Settings]:
    """Return a system, and its settings with what a run of it changes."""
    system = read_system(system_id, places.systems)
    frames = [timeframes] if isinstance(timeframes, str) else list(timeframes)
    if len(frames) > 1:
        raise ConfigurationError(
            f"timeframes {', '.join(frames)}: a system runs on one; ExperimentTracker runs several"
        )
    symbols = None if symbol in (ALL, "", ",".join(system.settings.live.symbols)) else symbol
    interval = frames[0] if frames and frames[0] != system.settings.live.timeframe else None
    settings = system.settings
    if symbols is not None or interval is not None or exchange is not None:
        values = {**system.overrides, **({} if exchange is None else {"exchange": exchange})}
        settings = with_own_strategy(
            load_settings(
                settings.files.live, symbols=symbols, interval=interval, overrides=Overrides(values, str(system.file))
            )
        )
    return system, placed(settings, places)


def placed(settings: Settings, places: Places) -> Settings:
    """Return settings whose runs read and write where they are told to; nothing of that changes a result."""
    live = settings.live
    logging = live.logging.model_copy(update={"directory": str(places.logs_of(live.logging.directory))})
    data = live.data if places.data_dir is None else live.data.model_copy(update={"cache_dir": places.data_dir})
    return dataclasses.replace(settings, live=live.model_copy(update={"logging": logging, "data": data}))


def _facts(system: System, settings: Settings) -> dict[str, Any]:
    return {"system": system.id, "system_uid": system_uid(settings)}


def _window(system: System, name: str, start: str, end: str) -> dict[str, str]:
    return {"name": name, "text": system.windows[name], "start": start, "end": end}


def _session(settings: Settings, options: LiveOptions) -> dict[str, Any]:
    """Run a paper session to its end, check its parity, and return what came of it."""
    require_open_files(OPEN_FILES, "a session")
    ended: list[Path] = []
    run_session(options._replace(settings=settings, ended=lambda _, folder: ended.append(folder)))
    if not ended:
        raise InvariantError("the session ended without a result")
    folder = ended[0]
    run = read_run(folder)
    if not run.result.statistics.steps:
        raise DataUnavailableError(f"the session ended before its first step and proves nothing; it is in {folder}")
    report = check_parity(folder, None, offline=settings.live.exchange == PRACTICE, now_ms=wall_clock_ms())
    write_atomically(folder / REPORT, report.json().encode())
    told = _told(run)
    told["metrics"][PARITY] = {0: "exact", 4: "different"}.get(report.exit_code, "unchecked")
    return {**told, "parity_verdict": report.verdict}


def _told(run: StoredRun) -> dict[str, Any]:
    """Return metrics and trades of a run, and what names it."""
    candles = candles_of(run)
    trades = trades_with_excursions(run, candles)
    columns = {name: _listed(getattr(trades, name)) for name in trades.__struct_fields__}
    hashes = ("trades_sha256", "settings_sha256", "strategy_sha256", "data_sha256", "code_version")
    document, (start_ms, end_ms) = run.result.to_dict(), run.window
    return {
        "metrics": measure_run(run, candles).to_dict(),
        "trades": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
        "covered": {"start": format_ms(start_ms), "end": format_ms(end_ms)},
        "folder": str(run.folder),
        "run": run.run_id,
        **{name: document[name] for name in hashes if name in document},
        "result": document,
    }


def _listed(column: Any) -> list[Any]:
    values: list[Any] = column.tolist() if hasattr(column, "tolist") else list(column)
    return values
