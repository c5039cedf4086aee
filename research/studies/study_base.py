"""What a study varies: a system over one of its windows, or any base of many runs."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from backtests.many.changed_base import ChangedBase
from backtests.many.run_base import Base, RunBase, base_of
from backtests.run_plan import RunPlan
from backtests.settled_run import engaged_at_start
from core.errors import ConfigurationError, HarnessError
from core.time_range import TimeRange
from engine.assembly import strategy_identity_of
from research.spaces.parameter import Value
from research.spaces.settings_names import SettingsNames
from research.spaces.space import Conditions, Point, Space, fingerprint
from research.studies.study_plan import BaseHashes, Market
from systems.life_cycle.system_runners import placed
from systems.places import Places
from systems.system import System
from validation.varied_settings import varied_settings

_ENDS_LOOKED_AT = 20
_ONE_MARKET = ("strategy.params.", "execution.", "risk.", "trading_mode.")
"""Keys that leave a run the candles of its base, but for how many of them warm it up."""


class Candidate(NamedTuple):
    """A point that may be tried: what it changes, and what tells its run from all others."""

    point: Point
    variation: dict[str, Any]
    fingerprint: str


class Refused(NamedTuple):
    """Why a point is not tried."""

    reason: str


class StudyBase:
    """The base of a study.

    Parameters
    ----------
    base
        What is varied.
    output_dir
        Where the best are written with all their outputs; None keeps them in memory.
    """

    def __init__(self, base: RunBase, output_dir: Path | None) -> None:
        self.runs = base
        self.output_dir = output_dir
        self.window = TimeRange(base.plan.start_ms, base.plan.end_ms)
        self.settings = base.plan.settings
        self.names = SettingsNames(self.settings)

    @property
    def market(self) -> Market:
        """What it trades."""
        live = self.settings.live
        return Market(live.strategy.type, live.exchange, tuple(live.symbols), live.timeframe)

    def base_of_runs(self) -> RunBase:
        """Return what :class:`~backtests.many.run_many.ManyRuns` varies."""
        return self.runs

    def require_possible(self, space: Space) -> None:
        """Refuse a parameter of which no end can be run: alone, or with the others at either of their ends.

        Raises
        ------
        ConfigurationError
            With what the settings say of it.
        """
        lowest = {one.key: one.ends[0] for one in space.parameters}
        highest = {one.key: one.ends[-1] for one in space.parameters}
        for one in space.parameters:
            wrong: HarnessError | None = None
            tried = itertools.product(({}, lowest, highest), one.ends[:_ENDS_LOOKED_AT])
            for others, value in tried:
                try:
                    self.settled({**others, one.key: value}, f"parameter {one.name}")
                    break
                except HarnessError as error:
                    wrong = wrong or error
            else:
                raise ConfigurationError(str(wrong).split("\n")[0])

    def settled(self, variation: Mapping[str, Any], called: str) -> tuple[str, str]:
        """Return the hashes of settings and strategy of a variation; HarnessError where it cannot be run."""
        settings, _ = self.runs.decides(varied_settings(self.settings, variation, called), called)
        return settings.settings_sha256, strategy_identity_of(settings).sha256


class Candidates:
    """Which points of a space are tried.

    Parameters
    ----------
    base
        What they vary.
    space
        Their space.
    hashes
        Of the base.
    """

    def __init__(self, base: StudyBase, space: Space, hashes: BaseHashes) -> None:
        self._base, self._space, self._hashes = base, space, hashes
        self._conditions = Conditions(space.conditions, base.names.values)
        self.on_one_market = all(one.key.startswith(_ONE_MARKET) for one in space.parameters)

    def of(self, point: Mapping[str, Value]) -> Candidate | Refused:
        """Return a point with what it changes, or why it is not tried."""
        broken = self._conditions.broken_by(point)
        if broken is not None:
            return Refused(broken)
        variation = self._space.variation(point)
        try:
            settled = self._base.settled(variation, "the settings")
        except HarnessError as error:
            return Refused(str(error).split("\n")[0])
        window = self._base.window
        made_of = (*settled, window.start_ms, window.end_ms, self._hashes.data, self._hashes.code)
        return Candidate(dict(point), variation, fingerprint(*made_of))


def base_of_system(
    system: System, window: TimeRange, places: Places, *, offline: bool, show_progress: bool | None
) -> StudyBase:
    """Return a system over a range of time as the base of a study."""
    settings = placed(system.settings, places)
    plan = RunPlan(
        settings=settings,
        start_ms=window.start_ms,
        end_ms=window.end_ms,
        output_dir=None,
        kill_switch_engaged=engaged_at_start(settings.mode),
        offline=offline,
        show_progress=show_progress,
        engine="auto",
        outputs="none",
    )
    return StudyBase(base_of(plan), Path(settings.live.logging.directory) / "backtests")


def base_of_runs(base: Base) -> StudyBase:
    """Return any base of many runs as that of a study."""
    found = base_of(base)
    return StudyBase(found, found.plan.output_dir)


def reference_base(base: StudyBase, *, compiled_too: bool) -> ChangedBase:
    """Return a base whose runs are made by the reference kernel and keep or write all that a run does.

    With ``compiled_too`` the compiled rules make them as well, and all bytes are compared.
    """
    plan = msgspec.structs.replace(
        base.runs.plan,
        engine="reference",
        verify_engine=compiled_too,
        outputs="full",
        output_dir=base.output_dir,
        show_progress=False,
    )
    return ChangedBase(base.runs, plan)
