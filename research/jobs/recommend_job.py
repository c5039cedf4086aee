"""Recommendations as jobs: what all studies and runs speak for, and what came of those that were followed."""

from typing import Any

import msgspec

from research.jobs.held_job import HeldJob
from research.recommendations.deciding import recommendation
from research.recommendations.recommending import recommend
from research.recommendations.reviewing import DAYS, review
from research.studies.surroundings import Surroundings
from runs.jobs.job_queue import JobQueue
from runs.store.run_store import RunStore
from runs.store.store_rows import Job
from systems.catalogue import read_system
from systems.places import Places

RECOMMEND = "recommend"
REVIEW = "review"


class _Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the runs are made that are lacking: as of ``python -m research recommend``."""

    processes: int = 2
    places: Places = Places()
    offline: bool = False

    def surroundings(self, held: HeldJob) -> Surroundings:
        """Return it as :func:`research.recommend` takes it."""
        return {"store": held.store, "processes": self.processes, "places": self.places, "offline": self.offline}


class RecommendRequest(_Request, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which system, None of all; ``confirm`` as of :func:`research.recommend`."""

    system: str | None = None
    confirm: int = 0


class ReviewRequest(_Request, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which one is reviewed, None all that are accepted; the rest as of :func:`research.review`."""

    number: int | None = None
    days: int = DAYS
    trades: int | None = None


def submit_recommend(store: RunStore, wanted: RecommendRequest) -> Job:
    """Let a worker recommend; ConfigurationError where there is no such system."""
    if wanted.system is not None:
        read_system(wanted.system, wanted.places.systems)
    return _submitted(store, RECOMMEND, f"recommendations of {wanted.system or 'all systems'}", wanted)


def submit_review(store: RunStore, wanted: ReviewRequest) -> Job:
    """Let a worker review; ConfigurationError where there is no such recommendation."""
    title = "review of all that is accepted"
    if wanted.number is not None:
        title = f"review of recommendation {recommendation(wanted.number, store).id}"
    return _submitted(store, REVIEW, title, wanted)


def make_recommendations(held: HeldJob, wanted: RecommendRequest) -> None:
    """Recommend, and keep the numbers of what stands; errors as of :func:`research.recommend`."""
    held.store.sync()
    found = recommend(wanted.system, confirm=wanted.confirm, **wanted.surroundings(held))
    for line in (*found.unsound.values(), *(f"recommendation {one.id}: {one.note}" for one in found.withdrawn)):
        held.say(line)
    for system in found.losing:
        held.say(f"{system}: loses on every symbol out of sample; no choice of symbols mends that")
    held.say(f"{len(found.tested)} claims were tested, {len(found.untested)} lack runs, {len(found.rows)} stand")
    made: Any = {"recommendations": [one.id for one in found.rows], "tested": len(found.tested)}
    held.outcome(**made, untested=len(found.untested), losing=found.losing)


def make_review(held: HeldJob, wanted: ReviewRequest) -> None:
    """Review, and keep what came of each; errors as of :func:`research.review`."""
    held.store.sync()
    found = review(wanted.number, days=wanted.days, trades=wanted.trades, **wanted.surroundings(held))
    for one in found.reviewed:
        held.say(f"recommendation {one.row.id}: {one.row.status}, {one.waits or 'has an outcome'}")
    held.outcome(reviewed=[{"recommendation": one.row.id, "waits": one.waits} for one in found.reviewed])


def _submitted(store: RunStore, kind: str, title: str, wanted: _Request) -> Job:
    request = msgspec.structs.replace(wanted, places=wanted.places.absolute())
    return JobQueue(store).submit(kind, title, msgspec.to_builtins(request))
