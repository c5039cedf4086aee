"""What jobs there are, and what each does."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from core.errors import ConfigurationError
from research.executors.cluster_address import cluster_of
from research.folds.validation_rows import ValidationPlan
from research.folds.walk_plan import WalkPlan
from research.jobs.backtest_job import BACKTEST, BacktestRequest, make_backtest
from research.jobs.fetch_job import FETCH, FetchRequest, make_fetch
from research.jobs.held_job import HeldJob
from research.jobs.parity_job import PARITY, ParityRequest, make_parity
from research.jobs.recommend_job import (
    RECOMMEND,
    REVIEW,
    RecommendRequest,
    ReviewRequest,
    make_recommendations,
    make_review,
)
from research.jobs.study_job import (
    STUDY,
    StudyRequest,
    go_on_with_validation,
    go_on_with_walk,
    make_search,
    tell_study,
)
from research.studies.search import resume
from research.studies.study_plan import StudyPlan, plan_of
from research.studies.surroundings import Surroundings
from runs.jobs.job_queue import JobQueue
from runs.store.run_store import RunStore
from runs.store.store_rows import Job, Optimisation
from systems.places import Places

OPTIMISE = "optimise"
WALK_FORWARD = "walk-forward"
CROSS_VALIDATION = "cross-validation"


class SearchRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How trials are made: ``places`` and the rest as of ``python -m research optimise``."""

    processes: int = 2
    cluster: str | None = None
    cluster_folder: str | None = None
    places: Places = Places()
    offline: bool = False

    def surroundings(self, held: HeldJob) -> Surroundings:
        """Return it as a search takes it."""
        return {
            "store": held.store,
            "processes": self.processes,
            "cluster": cluster_of(self.cluster, self.cluster_folder),
            "places": self.places,
            "offline": self.offline,
            "watch": held,
        }


class OptimiseRequest(SearchRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which study is made, of how many trials, and how."""

    study: int
    trials: int | None = None


class WalkForwardRequest(SearchRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which walk-forward is made, and how."""

    walk_forward: int


class CrossValidationRequest(SearchRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which cross-validation is made, and how."""

    cross_validation: int


Request = TypeVar("Request", bound=msgspec.Struct)


def submit_study(store: RunStore, study: Optimisation, wanted: OptimiseRequest) -> Job:
    """Let a worker make the trials of a study that is in the store."""
    plan = plan_of(study)
    _require_own(plan, f"study {study.id}")
    total = wanted.trials if wanted.trials is not None else plan.total
    return _submitted(store, OPTIMISE, f"study {study.id}: {_named(study)}", wanted, total)


def submit_walk_forward(store: RunStore, walk: Optimisation, wanted: WalkForwardRequest) -> Job:
    """Let a worker make the folds of a walk-forward that is in the store."""
    plan = WalkPlan.of(walk)
    _require_own(plan.search, f"walk-forward {walk.id}")
    total = plan.search.total * len(plan.folds)
    return _submitted(store, WALK_FORWARD, f"walk-forward {walk.id}: {_named(walk)}", wanted, total)


def submit_cross_validation(store: RunStore, validation: Optimisation, wanted: CrossValidationRequest) -> Job:
    """Let a worker make what is missing of a cross-validation that is in the store."""
    plan = ValidationPlan.of(validation)
    _require_own(plan.search, f"cross-validation {validation.id}")
    total = plan.search.total * len(plan.ranges)
    return _submitted(store, CROSS_VALIDATION, f"cross-validation {validation.id}: {_named(validation)}", wanted, total)


def _require_own(plan: StudyPlan, called: str) -> None:
    if plan.system is None or any(one.is_function for one in plan.goals):
        raise ConfigurationError(
            f"{called}: is of a program's own base or metric, which a worker does not have — allowed: one of a system, "
            "by figures or expressions"
        )


def _named(row: Optimisation) -> str:
    return f"{row.name}{f', {row.window_name}' if row.window_name else ''}"


def _submitted(store: RunStore, kind: str, title: str, wanted: SearchRequest, total: int) -> Job:
    """Submit a job; its places are those of this folder, wherever its worker is."""
    request = msgspec.structs.replace(wanted, places=wanted.places.absolute())
    return JobQueue(store).submit(kind, title, msgspec.to_builtins(request), total)


def do_job(held: HeldJob) -> None:
    """Do what a job asks for.

    Raises
    ------
    HarnessError
        If it fails.
    JobEnds
        If it is to end before it is done.
    """
    KINDS[held.job.kind](held)


def _optimise(held: HeldJob) -> None:
    wanted = _wanted(held, OptimiseRequest)
    tell_study(held, resume(wanted.study, trials=wanted.trials, **wanted.surroundings(held)))


def _walk_forward(held: HeldJob) -> None:
    wanted = _wanted(held, WalkForwardRequest)
    go_on_with_walk(held, wanted.walk_forward, wanted.surroundings(held))


def _cross_validation(held: HeldJob) -> None:
    wanted = _wanted(held, CrossValidationRequest)
    go_on_with_validation(held, wanted.cross_validation, wanted.surroundings(held))


def _wanted(held: HeldJob, kind: type[Request]) -> Request:
    try:
        return msgspec.convert(held.job.request, kind)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"job {held.job.id}: was not submitted by this program ({error})") from None


def _backtest(held: HeldJob) -> None:
    make_backtest(held, _wanted(held, BacktestRequest))


def _parity(held: HeldJob) -> None:
    make_parity(held, _wanted(held, ParityRequest))


def _study(held: HeldJob) -> None:
    make_search(held, _wanted(held, StudyRequest))


def _recommend(held: HeldJob) -> None:
    make_recommendations(held, _wanted(held, RecommendRequest))


def _review(held: HeldJob) -> None:
    make_review(held, _wanted(held, ReviewRequest))


def _fetch(held: HeldJob) -> None:
    make_fetch(held, _wanted(held, FetchRequest))


KINDS: Mapping[str, Callable[[HeldJob], Any]] = {
    BACKTEST: _backtest,
    PARITY: _parity,
    STUDY: _study,
    RECOMMEND: _recommend,
    REVIEW: _review,
    FETCH: _fetch,
    OPTIMISE: _optimise,
    WALK_FORWARD: _walk_forward,
    CROSS_VALIDATION: _cross_validation,
}
"""The kinds of jobs, and what does each."""
