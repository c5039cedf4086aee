"""The runs that a claim needs: a system with a change and without it over a range, as a study of two points."""

from collections.abc import Sequence

import msgspec

from core.errors import ConfigurationError
from core.time_range import TimeRange
from research.recommendations.change import Claim, Pair, overlap, short
from research.recommendations.searched_windows import COMPARES
from research.recommendations.system_now import SystemNow
from research.recommendations.unsearched_runs import fold_ranges
from research.spaces.parameter import Parameter
from research.studies.planned_search import Search, search_of
from research.studies.search import begin_study
from research.studies.study import Study
from research.studies.study_base import base_of_system
from research.studies.surroundings import OpenedSurroundings
from runs.store.run_store import RunStore

_METRIC = "roi"


def can_be_compared(claim: Claim) -> bool:
    """Whether two runs can tell what a claim is worth: lists, and settings that are left out, cannot be varied."""
    values = [*claim.current.values(), *claim.recommended.values()]
    return all(isinstance(one, int | float | str | bool) for one in values)


def ranges_to_compare(
    claim: Claim, seen: Sequence[Pair], system: SystemNow, store: RunStore, now_ms: int
) -> list[TimeRange]:
    """Return the ranges out of sample in which a claim was not seen: windows of the system, then tests of its folds."""
    found: list[TimeRange] = [one.window for one in seen]
    known = len(found)
    for one in [*_windows(system, now_ms), *fold_ranges(system, store)]:
        if claim.admits(one) and not any(overlap(one, other) for other in found):
            found.append(one)
    return found[known:]


def compare(claim: Claim, system: SystemNow, window: TimeRange, opened: OpenedSurroundings) -> Study:
    """Run a system with a change and without it over a range, and return the study that they are.

    It is answered from the store where the same was run before, and both runs are written with all outputs. Errors as
    of a study.
    """
    parameters = tuple(
        Parameter(name=short(key), kind="choice", choices=(now, claim.recommended[key]))
        for key, now in claim.current.items()
    )
    either = [" and ".join(f"{one.name} == {one.choices[side]!r}" for one in parameters) for side in (0, 1)]
    conditions = [f"({either[0]}) or ({either[1]})"] if len(parameters) > 1 else []
    search = search_of(
        system.id,
        parameters,
        {
            "sampler": "grid",
            "metric": _METRIC,
            "conditions": conditions,
            "trials": 2,
            "min_trades": 0,
            "best": 2,
            "seed": 0,
            "batch": 2,
            "places": opened.places,
            "offline": opened.offline,
            "show_progress": opened.show_progress,
        },
    )
    plan = msgspec.structs.replace(search.plan, window=window, window_name=None, trials=None, in_order=True)
    base = base_of_system(
        system.system, window, opened.places, offline=opened.offline, show_progress=opened.show_progress
    )
    study = begin_study(Search(plan, base, search.objectives), opened)
    row = msgspec.structs.replace(study.row, settings={**(study.row.settings or {}), COMPARES: True})
    opened.store.record(row)
    return study


def _windows(system: SystemNow, now_ms: int) -> list[TimeRange]:
    found = []
    for name in system.system.windows:
        try:
            found.append(system.system.window(name, now_ms))
        except ConfigurationError:
            continue  # One that has not begun.
    return found
