"""Searches as the interface shows them: the jobs that make them, and their studies in the store."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from core.timeframe import MINUTE_MS
from dashboard.api.optimize_models import BestTrial, OptimizationDetail, OptimizationRow
from dashboard.api.pages import iso
from dashboard.api.run_views import progress_of
from dashboard.problems import NotFound, Refused
from research.commands.page_writing import page_of_validation
from research.commands.walk_blocks import walk_lines
from research.folds.validation_rows import METHOD as CROSS_VALIDATION
from research.folds.validation_rows import ValidationPlan, read_cross_validation
from research.folds.walk_forward import read_walk_forward
from research.folds.walk_plan import METHOD as WALK_FORWARD
from research.folds.walk_plan import WalkPlan
from research.jobs.job_kinds import OPTIMISE
from research.jobs.study_job import STUDY, measured_trial_ms
from research.pictures.study_data import study_data
from research.studies.search import read_study
from research.studies.study import Study
from research.studies.study_luck import study_luck
from research.studies.study_plan import StudyPlan, plan_of
from runs.jobs.job_queue import OPEN, JobQueue
from runs.store.run_store import RunStore
from runs.store.store_rows import Job, Optimisation

_ID = re.compile(r"(o?)([1-9][0-9]{0,8})")
_NUMBERS = {OPTIMISE: "study", WALK_FORWARD: "walk_forward", CROSS_VALIDATION: "cross_validation"}
"""The kinds of jobs that make a search which had begun before, and where they say its number."""

_UNREAD = ("space", "settings", "daily_equity")
"""What a list of searches does not read of them."""


class _Search(NamedTuple):
    """A search: its row, where it has begun, and the job that makes it, where one does."""

    row: Optimisation | None
    job: Job | None


class Searches:
    """The searches of a store.

    Parameters
    ----------
    store
        Where they are.
    """

    def __init__(self, store: RunStore) -> None:
        self._store, self._queue = store, JobQueue(store)

    def rows(self) -> list[OptimizationRow]:
        """Return all of them, the newest first."""
        return sorted((self._view(one) for one in self._all()), key=lambda one: one.created or "", reverse=True)

    def detail(self, text: str) -> OptimizationDetail:
        """Return one with its best trials; NotFound where there is none."""
        found = self._named(text)
        view = self._view(found).model_dump()
        job, row = found.job, found.row
        if job is not None:
            view["request"] = {name: one for name, one in (job.request or {}).items() if name != "places"}
        if row is None:
            return OptimizationDetail(**view, trials=None if job is None else job.total)
        plan = self._plan(row)
        of_plan = {
            "total_combinations": plan.space.size,
            "parameters": {one.name: one.text for one in plan.space.parameters},
            "conditions": list(plan.space.conditions),
        }
        if row.method == WALK_FORWARD:
            walk = read_walk_forward(int(row.id or 0), self._store)
            trials = plan.total * len(walk.plan.folds)
            return OptimizationDetail(**view, **of_plan, trials=trials, result=walk.to_dict())
        if row.method == CROSS_VALIDATION:
            if row.status != "COMPLETED":
                return OptimizationDetail(**view, **of_plan)
            made = read_cross_validation(int(row.id or 0), self._store)
            return OptimizationDetail(**view, **of_plan, result=made.to_dict())
        return OptimizationDetail(**view, **of_plan, trials=plan.total, **self._of_study(self._study(row)))

    def page(self, text: str) -> Mapping[str, Any]:
        """Return what the page of one draws; NotFound where there is none, Refused where nothing is made of it."""
        row = self._named(text).row
        if row is None:
            raise Refused(f"optimization {text}: nothing is made of it yet — allowed: to wait for its first trials")
        if row.method == CROSS_VALIDATION:
            if row.status != "COMPLETED":
                raise Refused(f"optimization {text}: is not at its end — allowed: to wait for it, or to go on with it")
            return page_of_validation(read_cross_validation(int(row.id or 0), self._store), self._store)
        walk = read_walk_forward(int(row.id or 0), self._store) if row.method == WALK_FORWARD else None
        if walk is not None and not walk.folds:
            raise Refused(f"optimization {text}: no fold is done — allowed: to wait for its first one")
        study = self._study(row) if walk is None else read_study(walk.folds[-1].notes.study, self._store)
        return study_data(study, study_luck(study, self._store), None if walk is None else walk_lines(walk))

    def _study(self, row: Optimisation) -> Study:
        return read_study(int(row.id or 0), self._store)

    def _of_study(self, study: Study) -> dict[str, Any]:
        """Return what a study came to, as its page says it."""
        told = study_data(study, study_luck(study, self._store))["study"]
        luck = told["luck"]
        said = [*([] if luck is None else [luck["sentence"], luck["beside"]]), told["stability"]]
        return {
            "counts": told["counts"],
            "best": [BestTrial(**one) for one in told["best"]],
            "front": told["front"],
            "sentences": [one for one in said if one],
            "warnings": told["warnings"],
        }

    def _named(self, text: str) -> _Search:
        match = _ID.fullmatch(text)
        found: _Search | None = None
        if match is not None and match[1]:
            jobs = [one for one in self._queue.jobs(id=int(match[2])) if one.kind in (STUDY, *_NUMBERS)]
            found = _Search(self._row(self._number(jobs[0])), jobs[0]) if jobs else None
        elif match is not None:
            row = self._row(int(match[2]))
            jobs = [one for one in self._jobs() if self._number(one) == int(match[2])]
            found = None if row is None else _Search(row, jobs[-1] if jobs else None)
        if found is None:
            raise NotFound(f"optimization {text[:40]}: there is none of that id")
        return found

    def _all(self) -> Iterator[_Search]:
        jobs = self._jobs()
        by_number = {number: one for one in jobs if (number := self._number(one)) is not None}
        names = [name for name in Optimisation.__struct_fields__ if name not in _UNREAD]
        for values in self._store.columns(Optimisation, *names):
            row = Optimisation(**dict(zip(names, values, strict=True)))
            if _is_search(row):
                yield _Search(row, by_number.get(int(row.id or 0)))
        yield from (_Search(None, one) for one in jobs if self._number(one) is None)

    def _jobs(self) -> list[Job]:
        found = (one for kind in (STUDY, *_NUMBERS) for one in self._queue.jobs(kind=kind))
        return sorted(found, key=lambda one: int(one.id or 0))

    def _row(self, number: int | None) -> Optimisation | None:
        rows = [] if number is None else self._store.records(Optimisation, id=number)
        return next((one for one in rows if _is_search(one)), None)

    @staticmethod
    def _number(job: Job) -> int | None:
        """Return the number of the search that a job makes; None before it has begun."""
        found = (job.outcome or {}).get("study") if job.kind == STUDY else (job.request or {}).get(_NUMBERS[job.kind])
        return None if found is None else int(found)

    @staticmethod
    def _plan(row: Optimisation) -> StudyPlan:
        if row.method == WALK_FORWARD:
            return WalkPlan.of(row).search
        return ValidationPlan.of(row).search if row.method == CROSS_VALIDATION else plan_of(row)

    def _view(self, one: _Search) -> OptimizationRow:
        row, job = one.row, one.job
        request: dict[str, Any] = {} if job is None else job.request or {}
        begun = row or Optimisation(
            name=str(None if job is None else job.title),
            status="PENDING",
            created_ms=0 if job is None else job.created_ms,
            system=request.get("system"),
            window_name=request.get("window"),
            method=_method_of(request),
        )
        return OptimizationRow(
            optimization_id=str(begun.id) if job is None else f"o{job.id}",
            study=begun.id,
            job=None if job is None else job.id,
            kind=begun.method if begun.method in (WALK_FORWARD, CROSS_VALIDATION) else "study",
            name=begun.name,
            # Of a job that waits, is made, or failed before it had begun, it is the job that says how it is.
            status=begun.status if job is None or (row is not None and job.status not in OPEN) else job.status,
            progress=None if job is None else progress_of(job),
            estimated_time_minutes=self._minutes(begun, job),
            system=begun.system,
            window=begun.window_name,
            start=iso(begun.start_ms),
            end=iso(begun.end_ms),
            strategy=begun.strategy,
            sampler=begun.method,
            metric=begun.objective,
            seed=begun.seed,
            created=iso(begun.created_ms),
            ended=iso(begun.ended_ms if job is None or row is not None else job.ended_ms),
            failure=None if job is None else job.failure,
        )

    def _minutes(self, row: Optimisation, job: Job | None) -> float | None:
        """Return how long the rest may take: by the pace of its own trials, else by that of the last of its kind."""
        if job is None or job.status not in OPEN:
            return None
        if job.eta_ms is not None:
            return max(0.0, (job.eta_ms - self._queue.now_ms()) / MINUTE_MS)
        if row.system is None or row.start_ms is None or row.end_ms is None or job.total is None:
            return None
        measured = measured_trial_ms(self._store, row.system, row.start_ms, row.end_ms)
        return None if measured is None else measured * (job.total - (job.done or 0)) / MINUTE_MS


def _method_of(request: Mapping[str, Any]) -> str | None:
    """Return the method of a search that has not begun."""
    if request.get("folds"):
        return WALK_FORWARD
    return CROSS_VALIDATION if request.get("groups") else request.get("sampler")


def _is_search(row: Optimisation) -> bool:
    return row.code_version is not None or row.method in (WALK_FORWARD, CROSS_VALIDATION)
