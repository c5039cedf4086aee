"""The runs of a cross-validation's tests in the store: trials with the numbers after its splits, by point and group."""

from core.time_range import TimeRange
from research.folds.combinations import GroupScheme
from research.folds.joined_runs import RunPart
from research.studies.judged_trials import kept_days
from runs.store.run_store import RunStore
from runs.store.store_rows import Trial

Place = tuple[int, int]
"""A point, by its number among the trials of the searches, and a group."""


def number_of(place: Place, scheme: GroupScheme) -> int:
    """Return the number of the trial that a test is.

    Examples
    --------
    >>> number_of((2, 1), GroupScheme(groups=4, test_groups=2))
    15
    """
    point, group = place
    return scheme.splits + point * scheme.groups + group


def kept_tests(store: RunStore, validation: int, scheme: GroupScheme) -> dict[Place, Trial]:
    """Return the tests of a cross-validation that are done."""
    found: dict[Place, Trial] = {}
    for one in store.records(Trial, optimisation=validation, status="COMPLETED"):
        if one.number >= scheme.splits:
            point, group = divmod(one.number - scheme.splits, scheme.groups)
            found[point, group] = one
    return found


def part_of(window: TimeRange, trial: Trial) -> RunPart:
    """Return a run over a window as what is joined to others."""
    figures = trial.figures or {}
    start = float(figures.get("performance.starting_balance") or 0.0)
    return RunPart(window.length_ms, kept_days(trial.first_day, start, trial.daily_equity), figures)
