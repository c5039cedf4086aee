"""A search as a job: checked when it is asked for, begun and made by whoever takes it."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from core.errors import ConfigurationError, HarnessError
from research.folds.cross_validation import begin_cross_validation, planned_validation, resume_cross_validation
from research.folds.lengths import NOTHING
from research.folds.walk_forward import begin_walk_forward, planned_walk, resume_walk_forward
from research.jobs.held_job import HeldJob
from research.studies.planned_search import Search, search_of
from research.studies.search import begin_study, resume
from research.studies.study import Study
from research.studies.surroundings import OpenedSurroundings, Surroundings
from runs.jobs.job_queue import JobQueue
from runs.store.run_store import RunStore
from runs.store.store_rows import Job, Optimisation
from systems.places import Places

STUDY = "study"


class FoldsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the folds of a walk-forward lie, in lengths such as ``30d`` or ``2000c``."""

    train: str
    test: str
    purge: str = NOTHING
    embargo: str = NOTHING
    anchored: bool = False


class GroupsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The groups of a cross-validation, and how many of them are left out at a time."""

    groups: int = 6
    test_groups: int = 2
    purge: str = NOTHING
    embargo: str = NOTHING


class StudyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is searched, as of :func:`research.optimise`; with ``folds`` it is a walk-forward, with ``groups`` a
    cross-validation.

    ``parameters`` None are those of the system's own section. ``places`` and the rest are as of the command.
    """

    system: str
    window: str | None = None
    parameters: Mapping[str, Any] | None = None
    conditions: tuple[str, ...] | None = None
    sampler: str | None = None
    trials: int | None = None
    metric: tuple[str, ...] | None = None
    seed: int | None = None
    batch: int | None = None
    min_trades: int | None = None
    best: int | None = None
    folds: FoldsRequest | None = None
    groups: GroupsRequest | None = None
    processes: int = 2
    places: Places = Places()
    offline: bool = False

    def options(self) -> Any:
        """Return the options of the search."""
        names = ("window", "conditions", "sampler", "trials", "metric", "seed", "batch", "min_trades", "best")
        given = {name: getattr(self, name) for name in names}
        places = {"places": self.places, "offline": self.offline}
        return {**{name: one for name, one in given.items() if one is not None}, **places}

    def surroundings(self, held: HeldJob) -> Surroundings:
        """Return how its trials are made."""
        return {
            "store": held.store,
            "processes": self.processes,
            "places": self.places,
            "offline": self.offline,
            "watch": held,
        }


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A search that was asked for.

    Parameters
    ----------
    job
        Who makes it.
    combinations
        How many different points there are, conditions aside; None where a parameter takes any value of its range.
    trials
        How many are made at most, in all folds or ranges together.
    trial_ms
        What one took in the search of the same system and window that was made last; None where there is none.
    """

    job: Job
    combinations: int | None
    trials: int
    trial_ms: float | None


def submit_search(store: RunStore, wanted: StudyRequest) -> Asked:
    """Let a worker begin a search and make it; it is checked first, so that whoever asks hears at once what is wrong.

    Raises
    ------
    ConfigurationError
        As of :func:`research.optimise`, :func:`research.walk_forward` and :func:`research.cross_validate`, before
        anything is run.
    """
    if wanted.folds is not None and wanted.groups is not None:
        raise ConfigurationError("folds and groups: a walk-forward has folds, a cross-validation groups — allowed: one")
    search, parts = _planned(wanted)
    plan = search.plan
    wanted = msgspec.structs.replace(wanted, places=wanted.places.absolute())
    kind = "walk-forward" if wanted.folds is not None else "study" if wanted.groups is None else "cross-validation"
    job = JobQueue(store).submit(
        STUDY, f"{kind} of {plan.system}, {plan.window_name}", msgspec.to_builtins(wanted), plan.total * parts
    )
    window = plan.window
    measured = measured_trial_ms(store, str(plan.system), window.start_ms, window.end_ms)
    return Asked(job=job, combinations=plan.space.size, trials=plan.total * parts, trial_ms=measured)


def make_search(held: HeldJob, wanted: StudyRequest) -> None:
    """Begin a search, or go on with the one that this job has begun; errors as of a search."""
    begun = (held.job.outcome or {}).get("study")
    if wanted.folds is not None:
        _make_walk(held, wanted, wanted.folds, begun)
        return
    if wanted.groups is not None:
        _make_validation(held, wanted, wanted.groups, begun)
        return
    started, before = time.monotonic(), held.job.done or 0
    if begun is not None:
        study = resume(begun, **wanted.surroundings(held))
    else:
        search, _ = _planned(wanted)
        with OpenedSurroundings(wanted.surroundings(held)) as opened:
            study = begin_study(search, opened, lambda number: held.outcome(study=number))
    made = len(study.trials) - before
    if made > 0:
        held.outcome(study=study.id, trial_ms=1000 * (time.monotonic() - started) / made)
    tell_study(held, study)


def tell_study(held: HeldJob, study: Study) -> None:
    """Say what a study came to; HarnessError where a trial is another when it is run again."""
    counts = f"{len(study.ranked)} of {len(study.trials)} trials are ranked, {len(study.failed)} failed"
    held.say(f"{counts}; {shown_by(study.id)}")
    for one in study.disagreeing:
        difference = (one.notes or {})["verified"]["difference"]
        raise HarnessError(f"trial {one.number} is not what the reference kernel makes of it: {difference}")


def go_on_with_walk(held: HeldJob, number: int, surroundings: Surroundings) -> None:
    """Make what is missing of a walk-forward, and say what it came to."""
    walk = resume_walk_forward(number, **surroundings)
    counts = f"{len(walk.folds)} of {len(walk.plan.folds)} folds, {walk.profitable} tests earned something"
    held.say(f"{counts}; {shown_by(number)}")


def go_on_with_validation(held: HeldJob, number: int, surroundings: Surroundings) -> None:
    """Make what is missing of a cross-validation, and say what it came to."""
    found = resume_cross_validation(number, **surroundings)
    held.say(f"{len(found.splits)} searches, {len(found.paths)} paths; {shown_by(number)}")


def shown_by(number: int) -> str:
    """Return how a search is looked at."""
    return f"python -m research show {number} shows it, report {number} writes its page"


def measured_trial_ms(store: RunStore, system: str, start_ms: int, end_ms: int) -> float | None:
    """Return what a trial took in the last search of a system and a range that a job has made; None without one."""
    made = {
        int(job.outcome["study"]): float(job.outcome["trial_ms"])
        for job in JobQueue(store).jobs(kind=STUDY)
        if job.outcome and "trial_ms" in job.outcome
    }
    of_same = store.columns(Optimisation, "id", system=system, start_ms=start_ms, end_ms=end_ms)
    known = [made[number] for (number,) in of_same if number in made]
    return known[-1] if known else None


def _planned(wanted: StudyRequest) -> tuple[Search, int]:
    """Return a search and how many of it there are."""
    folds, groups = wanted.folds, wanted.groups
    if groups is not None:
        joined: Any = {**wanted.options(), "purge": groups.purge, "embargo": groups.embargo}
        shape = groups.groups, groups.test_groups
        search, validation = planned_validation(wanted.system, wanted.parameters, shape, joined)
        return search, len(validation.ranges)
    if folds is None:
        return search_of(wanted.system, wanted.parameters, wanted.options()), 1
    options: Any = {**wanted.options(), "purge": folds.purge, "embargo": folds.embargo, "anchored": folds.anchored}
    search, plan = planned_walk(wanted.system, wanted.parameters, folds.train, folds.test, options)
    return search, len(plan.folds)


def _make_walk(held: HeldJob, wanted: StudyRequest, folds: FoldsRequest, begun: int | None) -> None:
    if begun is None:
        options = {**wanted.options(), **msgspec.structs.asdict(folds), "store": held.store}
        begun = int(begin_walk_forward(wanted.system, wanted.parameters, **options).id or 0)
        held.outcome(study=begun)
    go_on_with_walk(held, begun, wanted.surroundings(held))


def _make_validation(held: HeldJob, wanted: StudyRequest, groups: GroupsRequest, begun: int | None) -> None:
    if begun is None:
        options = {**wanted.options(), **msgspec.structs.asdict(groups), "store": held.store}
        begun = int(begin_cross_validation(wanted.system, wanted.parameters, **options).id or 0)
        held.outcome(study=begun)
    go_on_with_validation(held, begun, wanted.surroundings(held))
