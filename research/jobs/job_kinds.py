"""What jobs there are, and what each does."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.errors import ConfigurationError, HarnessError
from research.executors.cluster_address import cluster_of
from research.jobs.held_job import HeldJob
from research.studies.search import resume
from research.studies.study_plan import plan_of
from runs.jobs.job_queue import JobQueue
from runs.store.run_store import RunStore
from runs.store.store_rows import Job, Optimisation
from systems.places import Places

OPTIMISE = "optimise"


class OptimiseRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which study is made, and how: ``places`` and the rest as of ``python -m research optimise``."""

    study: int
    trials: int | None = None
    processes: int = 2
    cluster: str | None = None
    cluster_folder: str | None = None
    places: Places = Places()
    offline: bool = False


def submit_study(store: RunStore, study: Optimisation, wanted: OptimiseRequest) -> Job:
    """Let a worker make the trials of a study that is in the store."""
    plan = plan_of(study)
    if plan.system is None or any(one.is_function for one in plan.goals):
        raise ConfigurationError(
            f"study {study.id}: is of a program's own base or metric, which a worker does not have — allowed: a study "
            "of a system, by figures or expressions"
        )
    named = msgspec.structs.asdict(wanted.places)
    places = {name: None if one is None else str(Path(one).absolute()) for name, one in named.items()}
    request = msgspec.structs.replace(wanted, places=msgspec.structs.replace(wanted.places, **places))
    title = f"study {study.id}: {study.name}{f', {study.window_name}' if study.window_name else ''}"
    total = wanted.trials if wanted.trials is not None else plan.total
    return JobQueue(store).submit(OPTIMISE, title, msgspec.to_builtins(request), total)


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
    try:
        wanted = msgspec.convert(held.job.request, OptimiseRequest)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"job {held.job.id}: was not submitted by this program ({error})") from None
    study = resume(
        wanted.study,
        trials=wanted.trials,
        store=held.store,
        processes=wanted.processes,
        cluster=cluster_of(wanted.cluster, wanted.cluster_folder),
        places=wanted.places,
        offline=wanted.offline,
        watch=held,
    )
    held.say(f"{len(study.ranked)} of {len(study.trials)} trials are ranked, {len(study.failed)} failed")
    for one in study.disagreeing:
        difference = (one.notes or {})["verified"]["difference"]
        raise HarnessError(f"trial {one.number} is not what the reference kernel makes of it: {difference}")


KINDS: Mapping[str, Callable[[HeldJob], Any]] = {OPTIMISE: _optimise}
"""The kinds of jobs, and what does each."""
