"""What a search is before it is made: everything that can be checked without a run has been."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from backtests.many.run_base import Base
from core.errors import ConfigurationError
from core.time_range import TimeRange
from metrics.figures.least_length import too_short
from metrics.metric_settings import MetricSettings
from research.objectives.objective import Function, Objective, objectives_of
from research.samplers.sampler_choice import require_sampler
from research.spaces.parameter import Parameter
from research.spaces.ranges import parameter_of
from research.studies.judged_trials import Judge
from research.studies.optimise_section import OptimiseSection, section_of
from research.studies.study_base import StudyBase, base_of_runs, base_of_system
from research.studies.study_plan import StudyPlan, goals_of
from research.studies.surroundings import OpenedSurroundings, Surroundings
from systems.catalogue import read_system
from systems.life_cycle.epoch_tracker import wall_clock_ms
from systems.places import Places

Metric = str | Function | Objective | Sequence[str | Function | Objective]


class Options(Surroundings, total=False):
    """What else :func:`research.optimise` may be told."""

    window: str | None
    sampler: str | None
    trials: int | None
    metric: Metric | None
    seed: int | None
    batch: int | None
    conditions: Sequence[str]
    min_trades: int | None
    best: int | None


class Search(NamedTuple):
    """A study that is about to be made: everything that can be checked before anything is run has been."""

    plan: StudyPlan
    base: StudyBase
    objectives: tuple[Objective, ...]

    @property
    def judge(self) -> Judge:
        """What says what trials are worth."""
        return Judge(self.objectives, self.plan.min_trades, self.plan.window, conventions(self.base))


def search_of(system: str | Base, parameters: Any, options: Options) -> Search:
    """Return what :func:`research.optimise` would make; errors as of it."""
    given: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
    section = OptimiseSection()
    name = window_name = None
    if isinstance(system, str):
        places = given.get("places", Places())
        found = read_system(system, places.systems)
        section = section_of(found)
        name, window_name = found.id, given.get("window", section.window)
        window_name = next(iter(found.windows), None) if window_name is None else window_name
        if window_name is None:
            raise ConfigurationError(f"{found.file}: names no window — allowed: windows: {{train: 2024-01..2024-06}}")
        window = found.window(window_name, wall_clock_ms())
        base = base_of_system(
            found, window, places, offline=given.get("offline", False), show_progress=given.get("show_progress", False)
        )
    else:
        if "window" in given:
            raise ConfigurationError("window: the base has its own — allowed: with the id of a system")
        base = base_of_runs(system)
    objectives = objectives_of(given.get("metric", section.metric))
    wanted, conditions = _parameters(parameters, given.get("conditions"), section)
    space = base.names.space(wanted, conditions)
    sampler, trials = given.get("sampler", section.sampler), given.get("trials", section.trials)
    plan = StudyPlan(
        system=name,
        window_name=window_name,
        window=base.window,
        space=space,
        goals=goals_of(objectives),
        sampler=sampler,
        seed=given.get("seed", section.seed),
        trials=trials,
        batch=given.get("batch", section.batch),
        in_order=sampler == "grid" and (trials is None or (space.size is not None and trials >= space.size)),
        min_trades=given.get("min_trades", section.min_trades),
        verified=given.get("best", section.best),
    )
    require_sampler(sampler, space, objectives, trials)
    search = Search(plan, base, objectives)
    where = "the base" if window_name is None else f"window {window_name}"
    require_length(search, [base.window], where, "a longer window")
    base.require_possible(space)
    return search


def _parameters(
    given: Any, conditions: Sequence[str] | None, section: OptimiseSection
) -> tuple[tuple[Parameter, ...], tuple[str, ...]]:
    """Return parameters and conditions: those that are given, and the section's only where none are."""
    if given is None:
        return (
            tuple(parameter_of(name, one) for name, one in section.parameters.items()),
            (*section.conditions, *(conditions or ())),
        )
    several = given.items() if isinstance(given, Mapping) else None
    wanted = tuple(given) if several is None else tuple(parameter_of(name, one) for name, one in several)
    return wanted, tuple(conditions or ())


def search_again(
    plan: StudyPlan, called: str, opened: OpenedSurroundings, *, base: Base | None = None, metric: Metric | None = None
) -> Search:
    """Return the search of a plan that was kept; what cannot be kept, a base of no system and a function, is given.

    Raises
    ------
    ConfigurationError
        If it is not given, or is another; ``called`` is what messages say it is of.
    """
    if plan.system is None and base is None:
        raise ConfigurationError(f"{called}: is of no system — allowed: to resume it with base=…")
    if base is not None:
        found = base_of_runs(base)
    else:
        system = read_system(str(plan.system), opened.places.systems)
        found = base_of_system(
            system, plan.window, opened.places, offline=opened.offline, show_progress=opened.show_progress
        )
    objectives = tuple(Objective(one.text, one.direction) for one in plan.goals)
    if any(one.is_function for one in plan.goals):
        if metric is None:
            raise ConfigurationError(f"{called}: its metric is a function — allowed: to resume it with metric=…")
        objectives = objectives_of(metric)
        if goals_of(objectives) != plan.goals:
            known = ", ".join(one.text for one in plan.goals)
            raise ConfigurationError(f"{called}: its metric is another — allowed: {known}")
    return Search(plan, found, objectives)


def conventions(base: StudyBase) -> MetricSettings:
    """Return the conventions of the figures of a base."""
    return msgspec.convert(base.settings.live.metrics.model_dump(), MetricSettings)


def require_length(search: Search, ranges: Sequence[TimeRange], where: str, longer: str) -> None:
    """Refuse a metric that no trial over ranges of time could have: all would be made, and none ranked.

    Parameters
    ----------
    search
        With what it looks for.
    ranges
        Of each trial, joined.
    where
        What messages call them.
    longer
        What would make them longer.
    """
    settings = conventions(search.base)
    for one in search.objectives:
        for figure in one.figures:
            short = too_short(figure, ranges, settings)
            if short is not None:
                raise ConfigurationError(
                    f"metric {one.text}: no trial of {where} would have {figure.rpartition('.')[2]}: {short} — "
                    f"allowed: {longer}, or a metric of any length, such as roi"
                )


def require_kept_metric(search: Search) -> None:
    """Refuse a metric that only this program has: another process could not go on with the search."""
    if any(one.is_function for one in search.plan.goals):
        raise ConfigurationError("metric: a function is known to this program alone — allowed: figures, expressions")
