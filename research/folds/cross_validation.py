"""Combinatorial purged cross-validation: the best of a search on part of the past, tried on the rest, in all ways.

Every range that is searched is a study of its own over runs that see nothing from before it: they warm up inside it,
so that no candle of a group that is left out, and none that purge and embargo take away, reaches a search. In a test
the candles before it warm up, as they do in every run. Each run begins with the starting balance and ends with its
positions closed by the rule for ends of runs.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Unpack

import msgspec
import numpy as np

from backtests.many.run_base import Base
from core.errors import ConfigurationError
from core.settings_problem import shown
from core.time_range import TimeRange
from core.timeframe import timeframe_ms
from market_data.history.fetch_progress import open_progress
from metrics.metric_settings import MetricSettings
from research.executors.executor_pool import ExecutorLost
from research.folds.combinations import GroupScheme, Split, groups_of, paths_of, splits_of
from research.folds.cross_validation_result import CrossValidation, PathResult, SplitResult
from research.folds.joined_runs import RunPart, joined_figures, joined_names
from research.folds.lengths import NOTHING, length_ms
from research.folds.validation_rows import ValidationPlan, keep_validation
from research.folds.windowed_base import WindowedBase, study_base_over
from research.objectives.objective import Objective
from research.objectives.trial_figures import Figures, figures_of
from research.spaces.parameter import Parameter
from research.studies.judged_trials import kept_days
from research.studies.planned_search import Options, Search, conventions, search_of
from research.studies.search import begin_study
from research.studies.surroundings import OpenedSurroundings, require_known
from runs.store.store_rows import Trial
from systems.life_cycle.epoch_tracker import wall_clock_ms

LISTED = ("grid", "random", "qmc")
"""Samplers that learn nothing: the points that they try are the same on every range."""
_INTERRUPTED = "interrupted in the search of range"


class ValidationOptions(Options, total=False):
    """What else :func:`cross_validate` may be told."""

    purge: str
    embargo: str


class _Known(NamedTuple):
    """What a range has come to: the trials of its study, by number."""

    window: TimeRange
    trials: Sequence[Trial]


def cross_validate(
    system: str | Base,
    parameters: Mapping[str, Any] | Sequence[Parameter] | None = None,
    *,
    groups: int = 6,
    test_groups: int = 2,
    **options: Unpack[ValidationOptions],
) -> CrossValidation:
    """Search a window in all ways to leave groups of it out, try the best of each there, and return the paths.

    Parameters
    ----------
    system, parameters
        As of :func:`research.optimise`.
    groups, test_groups
        N parts of equal length, and k that are left out at a time: N choose k searches, k / N · (N choose k) paths, of
        which each has every group once.
    **options
        ``purge`` is not searched on either side of a group that is left out, ``embargo`` beyond that after it; all
        others as of :func:`research.optimise`. The sampler is ``grid``, ``random`` or ``qmc``: one that learns would
        try other points on every range.

    Raises
    ------
    ConfigurationError, DataUnavailableError
        If an argument is wrong, or a range cannot be run.
    HarnessError
        If all trials of a range failed, or the run of a test.
    """
    require_known(options, ValidationOptions, "cross_validate")
    purge, embargo = options.pop("purge", NOTHING), options.pop("embargo", NOTHING)
    given: Options = {**options, "best": 0}  # type: ignore[typeddict-unknown-key]
    search = search_of(system, parameters, given)
    objective = _objective(search)
    candle_ms = timeframe_ms(search.base.settings.live.timeframe)
    scheme = GroupScheme(
        groups=groups,
        test_groups=test_groups,
        purge_ms=length_ms("purge", purge, candle_ms, least=0),
        embargo_ms=length_ms("embargo", embargo, candle_ms, least=0),
    )
    splits = splits_of(groups_of(search.plan.window, groups, candle_ms), scheme)
    plan = ValidationPlan(search=search.plan, scheme=scheme, candle_ms=candle_ms)
    with OpenedSurroundings(given) as opened:
        row = plan.row(search.base.market.strategy, wall_clock_ms())
        row = msgspec.structs.replace(row, id=opened.store.record(row))
        kept = False
        try:
            found = _made(int(row.id or 0), plan, search, splits, objective, opened)
            keep_validation(row, found, opened.store)
            kept = True
        finally:
            if not kept:
                opened.store.record(msgspec.structs.replace(row, status="PARTIAL", ended_ms=wall_clock_ms()))
        return found


def _made(
    number: int,
    plan: ValidationPlan,
    search: Search,
    splits: list[Split],
    objective: Objective,
    opened: OpenedSurroundings,
) -> CrossValidation:
    """Search, try, and return what came of it."""
    scheme, settings = plan.scheme, conventions(search.base)
    cut = groups_of(search.plan.window, scheme.groups, plan.candle_ms)
    known = _searched(search, splits, opened)
    chosen = [_best(one, known, objective, search.plan.min_trades, settings) for one in splits]
    wanted = {(best.number, own) for best, one in zip(chosen, splits, strict=True) if best for own in one.tests}
    parts = _tried(search, cut, wanted, chosen, opened)
    return CrossValidation(
        id=number,
        plan=search.plan,
        scheme=scheme,
        groups=cut,
        tried=len(next(iter(known.values())).trials),
        splits=[_split(one, best, parts, objective, settings) for one, best in zip(splits, chosen, strict=True)],
        paths=[_path(one, chosen, parts, objective, settings) for one in paths_of(scheme)],
    )


class _Best(NamedTuple):
    """The best point of a split: its number among the trials, its parameters, what it was worth in the search."""

    number: int
    params: dict[str, Any]
    value: float
    figures: Figures


def _objective(search: Search) -> Objective:
    """Return what is looked for; ConfigurationError where joined runs do not have it, or the sampler learns."""
    if search.plan.sampler not in LISTED:
        raise ConfigurationError(
            f"sampler {shown(search.plan.sampler)}: learns, and would try other points on every range — allowed: "
            f"{', '.join(LISTED)}"
        )
    if len(search.objectives) > 1:
        raise ConfigurationError(f"metric: {len(search.objectives)} objectives — allowed: one")
    [objective] = search.objectives
    missing = [one for one in objective.figures if one not in joined_names()]
    if objective.function is not None or missing:
        raise ConfigurationError(
            f"metric {objective.text}: {', '.join(missing) or 'a function'} is not known of runs that are joined — "
            "allowed: figures of performance and risk_adjusted, max_drawdown, win_rate, profit_factor, trades"
        )
    return objective


def _searched(search: Search, splits: Iterable[Split], opened: OpenedSurroundings) -> dict[TimeRange, _Known]:
    """Make the study of every range that is searched."""
    ranges = sorted({one for split in splits for one in split.train}, key=TimeRange.to_tuple_ms)
    found = {}
    for number, one in enumerate(ranges, 1):
        plan = msgspec.structs.replace(search.plan, window=one, window_name=None)
        base = study_base_over(search.base, one, isolated=True)
        kept = f"{_INTERRUPTED} {number} of {len(ranges)}; the same command again makes only the runs that are missing"
        opened.progress_title = f"Search {number} of {len(ranges)}"
        try:
            found[one] = _Known(one, begin_study(Search(plan, base, search.objectives), opened).trials)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(kept) from None
        except ExecutorLost as error:
            raise ExecutorLost(error.why, kept) from None
    return found


def _best(
    split: Split, known: Mapping[TimeRange, _Known], objective: Objective, min_trades: int, settings: MetricSettings
) -> _Best | None:
    """Return the best point over all ranges of a split, of equals the earlier; None where none is ranked."""
    best: _Best | None = None
    ranges = [known[one] for one in split.train]
    for number, trials in enumerate(zip(*(one.trials for one in ranges), strict=True)):
        if any(one.status != "COMPLETED" or one.params != trials[0].params for one in trials):
            continue
        parts = [_part_of(one.window, trial) for one, trial in zip(ranges, trials, strict=True)]
        figures = joined_figures(parts, settings)
        value = objective.value(figures)
        if value is None or not np.isfinite(value) or (figures["trade_quality.trades"] or 0) < min_trades:
            continue
        if best is None or objective.better(value, best.value):
            best = _Best(number, trials[0].params or {}, value, figures)
    return best


def _part_of(window: TimeRange, trial: Trial) -> RunPart:
    figures = trial.figures or {}
    start = float(figures.get("performance.starting_balance") or 0.0)
    return RunPart(window.length_ms, kept_days(trial.first_day, start, trial.daily_equity), figures)


_Parts = dict[tuple[int, int], RunPart]


def _tried(
    search: Search, groups: Sequence[TimeRange], wanted: set[tuple[int, int]], chosen: Iterable[_Best | None],
    opened: OpenedSurroundings,
) -> _Parts:  # fmt: skip
    """Run the best points on the groups that are left out for them; return the runs by point and group."""
    params = {best.number: best.params for best in chosen if best is not None}
    settings, space = conventions(search.base), search.plan.space
    found: _Parts = {}
    with open_progress("Tests", len(wanted), opened.show_progress, "runs") as progress:
        for own, window in enumerate(groups):
            points = sorted(number for number, group in wanted if group == own)
            if not points:
                continue
            base = WindowedBase(search.base.runs, window)
            with opened.machines.runs(base, "none", len(points)) as runs:
                made = runs.run([space.variation(params[number]) for number in points])
                for number, one in zip(points, made, strict=True):
                    done = one.required()
                    daily = done.daily_closes
                    figures = figures_of(done.result, daily, window, settings)
                    found[number, own] = RunPart(window.length_ms, daily, figures)
                    progress.advance(1)
    return found


def _split(
    split: Split, best: _Best | None, parts: _Parts, objective: Objective, settings: MetricSettings
) -> SplitResult:
    if best is None:
        return SplitResult(split=split)
    figures = joined_figures([parts[best.number, own] for own in split.tests], settings)
    return SplitResult(
        split=split,
        trial=best.number,
        params=best.params,
        in_value=best.value,
        out_value=objective.value(figures),
        in_figures=best.figures,
        out_figures=figures,
    )


def _path(
    path: Sequence[int], chosen: Sequence[_Best | None], parts: _Parts, objective: Objective, settings: MetricSettings
) -> PathResult:
    """Return a path; one with a group of which no point was ranked has no figures."""
    best = [chosen[number] for number in path]
    if any(one is None for one in best):
        return PathResult(tuple(path))
    figures = joined_figures([parts[one.number, own] for own, one in enumerate(best) if one is not None], settings)
    return PathResult(tuple(path), objective.value(figures), figures)
