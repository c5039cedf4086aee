"""Makes a cross-validation: a study for each range that is searched, and a run of the best on each group left out.

Both are kept as they come: what was interrupted goes on where it ended, and comes to the same.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from sqlalchemy.exc import IntegrityError

from backtests.many.run_many import VariationResult
from core.time_range import TimeRange
from market_data.history.fetch_progress import open_progress
from metrics.metric_settings import MetricSettings
from research.folds.combinations import Split, paths_of
from research.folds.cross_validation_result import CrossValidation, PathResult, SplitResult
from research.folds.folded_search import KeptSearch
from research.folds.joined_runs import RunPart, joined_figures
from research.folds.validation_rows import STUDIES, ValidationPlan
from research.folds.validation_tests import Place, kept_tests, number_of, part_of
from research.folds.windowed_base import WindowedBase, study_base_over
from research.objectives.objective import Objective
from research.objectives.trial_figures import Figures, figures_of
from research.spaces.parameter import Value
from research.studies.judged_trials import equity_bytes
from research.studies.planned_search import Search
from research.studies.search import begin_study, go_on_with_study, read_study, study_row
from research.studies.study_run import StudyTaken
from research.studies.surroundings import OpenedSurroundings, PartWatch
from runs.store.store_rows import Trial


class _Known(NamedTuple):
    """What a range has come to: the trials of its study, by number."""

    window: TimeRange
    trials: Sequence[Trial]


class _Best(NamedTuple):
    """The best point of a split: its number among the trials, its parameters, what it was worth in the search."""

    number: int
    params: dict[str, Value]
    value: float
    figures: Figures


class ValidationRun:
    """A cross-validation that is made, or gone on with.

    Parameters
    ----------
    kept, plan
        The cross-validation.
    search
        Its search over the whole window.
    opened
        Store and surroundings.
    """

    def __init__(self, kept: KeptSearch, plan: ValidationPlan, search: Search, opened: OpenedSurroundings) -> None:
        self._kept, self._plan, self._search, self._opened = kept, plan, search, opened
        self._id, self._settings = kept.id, plan.conventions
        [self._objective] = search.objectives

    def made(self) -> CrossValidation:
        """Search, try, and return what came of it; what is kept is not made again.

        Raises
        ------
        HarnessError
            If all trials of a range failed, or the run of a test.
        StudyTaken
            If another process makes the same.
        """
        scheme, groups, splits = self._plan.scheme, self._plan.groups, self._plan.splits
        known = self._searched()
        chosen = [self._best(one, known) for one in splits]
        wanted = {(best.number, own) for best, one in zip(chosen, splits, strict=True) if best for own in one.tests}
        parts = self._tried(groups, wanted, {best.number: best.params for best in chosen if best is not None})
        judged = _Judged(self._objective, self._settings, parts)
        return CrossValidation(
            id=self._id,
            plan=self._search.plan,
            scheme=scheme,
            conventions=self._settings,
            groups=groups,
            tried=len(next(iter(known.values())).trials),
            splits=[judged.split(one, best) for one, best in zip(splits, chosen, strict=True)],
            paths=[judged.path(one, chosen) for one in paths_of(scheme)],
        )

    def _searched(self) -> dict[TimeRange, _Known]:
        """Make what is missing of the study of every range that is searched."""
        ranges = self._plan.ranges
        watch, found = self._opened.watch, {}
        for place, one in enumerate(ranges):
            self._kept.doing = f"search {place + 1} of {len(ranges)}"
            self._opened.progress_title = self._kept.doing.capitalize()
            if watch is not None:
                self._opened.watch = PartWatch(watch, place, len(ranges))
            found[one] = _Known(one, self._study(place, one))
        self._opened.watch = watch
        return found

    def _study(self, place: int, window: TimeRange) -> Sequence[Trial]:
        """Return the trials of the study of a range; its number is kept as soon as it has one."""
        kept: list[int] = (self._kept.row.settings or {}).get(STUDIES, [])
        plan = msgspec.structs.replace(self._search.plan, window=window, window_name=None)
        search = Search(plan, study_base_over(self._search.base, window, isolated=True), self._search.objectives)
        if place < len(kept):
            row = study_row(self._opened.store, kept[place])
            if self._kept.whole:  # Nothing is made that could be of other candles.
                return read_study(kept[place], self._opened.store).trials
            return go_on_with_study(row, search, self._opened).trials

        def told(study: int) -> None:
            self._kept.keep({STUDIES: [*kept, study]})

        return begin_study(search, self._opened, told).trials

    def _best(self, split: Split, known: Mapping[TimeRange, _Known]) -> _Best | None:
        """Return the best point over all ranges of a split, of equals the earlier; None where none is ranked."""
        best: _Best | None = None
        ranges = [known[one] for one in split.train]
        for number, trials in enumerate(zip(*(one.trials for one in ranges), strict=True)):
            if any(one.status != "COMPLETED" or one.params != trials[0].params for one in trials):
                continue
            parts = [part_of(one.window, trial) for one, trial in zip(ranges, trials, strict=True)]
            figures = joined_figures(parts, self._settings)
            value, trades = self._objective.value(figures), figures["trade_quality.trades"] or 0
            if value is None or not np.isfinite(value) or trades < self._search.plan.min_trades:
                continue
            if best is None or self._objective.better(value, best.value):
                best = _Best(number, trials[0].params or {}, value, figures)
        return best

    def _tried(
        self, groups: Sequence[TimeRange], wanted: set[Place], params: Mapping[int, Mapping[str, Value]]
    ) -> "_Parts":
        """Run the best points on the groups that are left out for them; return the runs by point and group."""
        self._kept.doing = "the tests"
        found = kept_tests(self._opened.store, self._id, self._plan.scheme)
        missing = sorted(wanted - found.keys())
        watch, space = self._opened.watch, self._search.plan.space
        with open_progress("Tests", len(wanted), self._opened.show_progress, "runs") as progress:
            progress.advance(len(wanted) - len(missing))
            for own, window in enumerate(groups):
                points = [number for number, group in missing if group == own]
                if not points:
                    continue
                base = WindowedBase(self._search.base.runs, window)
                with self._opened.machines.runs(base, "none", len(points)) as runs:
                    made = runs.run([space.variation(params[number]) for number in points])
                    for number, one in zip(points, made, strict=True):
                        trial = self._test(one, (number, own), params[number], window)
                        found[number, own] = self._keep(trial)
                        progress.advance(1)
                        if watch is not None:
                            watch.made(len(wanted), len(wanted))
        return {place: part_of(groups[place[1]], trial) for place, trial in found.items()}

    def _test(self, made: VariationResult, place: Place, params: Mapping[str, Value], window: TimeRange) -> Trial:
        done = made.required()
        daily = done.daily_closes
        # Without a fingerprint: it warms up on what lies before it, and answers no study.
        return Trial(
            optimisation=self._id,
            number=number_of(place, self._plan.scheme),
            status="COMPLETED",
            params=dict(params),
            figures=figures_of(done.result, daily, window, self._settings),
            trades=done.result.performance.total_trades,
            first_day=int(daily.first_day),
            daily_equity=equity_bytes(daily),
        )

    def _keep(self, trial: Trial) -> Trial:
        try:
            return msgspec.structs.replace(trial, id=self._opened.store.record(trial))
        except IntegrityError:
            raise StudyTaken(
                f"cross-validation {self._id}: a test is there already: another process makes it — allowed: wait for "
                "it, or end it"
            ) from None


_Parts = Mapping[Place, RunPart]


class _Judged(NamedTuple):
    """What splits and paths came to, of the runs by point and group."""

    objective: Objective
    settings: MetricSettings
    parts: _Parts

    def split(self, split: Split, best: _Best | None) -> SplitResult:
        if best is None:
            return SplitResult(split=split)
        figures = joined_figures([self.parts[best.number, own] for own in split.tests], self.settings)
        return SplitResult(
            split=split,
            trial=best.number,
            params=best.params,
            in_value=best.value,
            out_value=self.objective.value(figures),
            in_figures=best.figures,
            out_figures=figures,
        )

    def path(self, path: Sequence[int], chosen: Sequence[_Best | None]) -> PathResult:
        """Return a path; one with a group of which no point was ranked has no figures."""
        best = [chosen[number] for number in path]
        if any(one is None for one in best):
            return PathResult(tuple(path))
        parts = [self.parts[one.number, own] for own, one in enumerate(best) if one is not None]
        figures = joined_figures(parts, self.settings)
        return PathResult(tuple(path), self.objective.value(figures), figures)
