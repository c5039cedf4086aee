"""What a session is started with, checked before a process is: whoever asks hears at once what is wrong."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError, HarnessError
from core.instants import parse_instant
from core.plain_text import is_text
from dashboard.dashboard_settings import DashboardSettings
from dashboard.folders import configuration, configurations
from dashboard.problems import Refused
from dashboard.sessions.session_facts import SessionFacts
from dashboard.sessions.started_by import StartedBy
from engine.assembly import with_own_strategy
from live.life.live_command import duration_ms
from live.life.live_session import session_stem, wall_clock_ms
from market_data.exchanges.exchange_names import PRACTICE
from systems.catalogue import read_system, system_ids
from systems.life_cycle.system_runners import placed
from systems.portfolio_file import FOLDER, read_portfolio
from validation.composed_settings import Settings
from validation.loading import load_settings
from validation.overrides import Overrides


def started_by(asked: StartedBy, settings: DashboardSettings) -> StartedBy:
    """Return what a request asks for, as files of the configured folders; ConfigurationError if it names none."""
    named = [one for one in (asked.config, asked.system, asked.portfolio) if one is not None]
    if len(named) != 1:
        raise ConfigurationError(
            f"{len(named)} of config, system and portfolio are given — allowed: one of the three, which is traded"
        )
    places = settings.places.absolute()
    config = None if asked.config is None else str(Path(configuration(settings.config, asked.config)).absolute())
    for kind, one, known in (
        ("system", asked.system, _systems(settings)),
        ("portfolio", asked.portfolio, portfolios(settings)),
    ):
        if one is not None and one not in known:
            raise ConfigurationError(f"{kind}: there is none of that id — allowed: {', '.join(known) or 'none'}")
    return StartedBy(
        config=config,
        system=asked.system,
        portfolio=asked.portfolio,
        program=asked.program,
        version=asked.version,
        systems=places.systems,
        data_dir=places.data_dir,
        speed=asked.speed,
        practice_start=asked.practice_start,
        duration=asked.duration,
    )


def checked_stem(
    start: StartedBy, settings: DashboardSettings, overrides: Mapping[str, Any] | None, *, rehearsed: bool
) -> str:
    """Check what is started, with what is laid over it, and return what names a session of it that has no name.

    Raises
    ------
    ConfigurationError
        If anything in its files is wrong, or a rehearsal is asked for on another exchange than the practice one.
    """
    found = settings_of(start, settings, overrides)
    if rehearsed and found.live.exchange != PRACTICE:
        raise ConfigurationError(
            f"rehearsal: is on the practice exchange, and this is on {found.live.exchange} — allowed: a configuration, "
            f"system or portfolio with exchange: {PRACTICE}, or no rehearsal"
        )
    if start.duration is not None:
        duration_ms(start.duration)
    begin_ms = wall_clock_ms()
    if start.practice_start is not None:
        begin_ms = parse_instant(start.practice_start, name="rehearsal.start")
    return session_stem(found, begin_ms)


def settings_of(start: StartedBy, settings: DashboardSettings, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings of what is traded; ``overrides`` are over those of a configuration."""
    if start.portfolio is not None:
        return read_portfolio(start.portfolio, settings.places).settings.feed()
    if start.system is not None:
        return placed(read_system(start.system, settings.places.systems).settings, settings.places)
    over = None if overrides is None else Overrides(overrides, "what was asked for", "")
    return placed(with_own_strategy(load_settings(str(start.config), overrides=over)), settings.places)


def found_start(facts: SessionFacts, settings: DashboardSettings) -> StartedBy:
    """Return what a session trades that was started elsewhere: what in the configured folders has its settings.

    Refused where nothing has.
    """
    for start, settings_sha256 in all_starts(settings):
        if settings_sha256 == facts.traded.settings_sha256:
            return start
    raise Refused(
        f"session {facts.id}: no configuration, system or portfolio here has its settings — allowed: "
        f"python run_live.py --resume {facts.folder} --config FILE, with its own"
    )


def all_starts(settings: DashboardSettings) -> Iterator[tuple[StartedBy, str]]:
    """Yield what of the configured folders a session can trade, with the hash of its settings."""
    for one in (
        *(StartedBy(config=name) for name in configurations(settings.config)),
        *(StartedBy(system=name) for name in _systems(settings)),
        *(StartedBy(portfolio=name) for name in portfolios(settings)),
    ):
        with contextlib.suppress(HarnessError):  # One that cannot be read is not one that ran.
            start = started_by(one, settings)
            yield start, settings_of(start, settings).settings_sha256


def _systems(settings: DashboardSettings) -> list[str]:
    try:
        return system_ids(settings.places.systems)
    except ConfigurationError:
        return []


def portfolios(settings: DashboardSettings) -> list[str]:
    """Return the ids of the portfolios, which lie beside the folder of systems."""
    found = (one.stem for one in Path(settings.places.systems).parent.glob(f"{FOLDER}/*.yaml"))
    return sorted(filter(is_text, found))
