"""Cross-validations in the store.

One is kept as a search of the method ``cross-validation``. Its trials, numbered as the splits, are the best points of
these on the groups that were left out; ``notes`` has what they were worth where they were searched, and ``settings`` of
the search has the paths. The trials with the numbers after these are the runs of the tests (``validation_tests.py``).
Every range that is searched is a study of its own; ``settings`` has their numbers, in order.
"""

import math
from typing import Any, ClassVar

import msgspec

from core.errors import ConfigurationError
from core.time_range import TimeRange
from research.folds.combinations import GroupScheme, Split, groups_of, splits_of
from research.folds.cross_validation_result import CrossValidation, PathResult, SplitResult
from research.folds.folded_search import FoldedPlan
from research.objectives.trial_figures import Figures
from research.studies.search_rows import read_kept, row_of
from runs.store.run_store import RunStore
from runs.store.store_rows import Trial

METHOD = "cross-validation"
STUDIES = "studies"
"""Key of the settings that has the numbers of the studies, as far as these are begun."""
_PATHS, _TRIED = "paths", "tried"


class ValidationPlan(FoldedPlan, frozen=True, kw_only=True):
    """A cross-validation as the store keeps it: its groups beside."""

    method: ClassVar[str] = METHOD
    verb: ClassVar[str] = "cross-validate"

    scheme: GroupScheme

    @property
    def groups(self) -> list[TimeRange]:
        """The parts of the window, in order."""
        return groups_of(self.search.window, self.scheme.groups, self.candle_ms)

    @property
    def splits(self) -> list[Split]:
        """Every way to leave groups out."""
        return splits_of(self.groups, self.scheme)

    @property
    def ranges(self) -> list[TimeRange]:
        """Every range that is searched, in order of time."""
        return sorted({one for split in self.splits for one in split.train}, key=TimeRange.to_tuple_ms)


class _SplitNotes(msgspec.Struct, frozen=True, kw_only=True):
    """What a split came to beside the figures of its test."""

    trial: int | None
    in_value: float | None
    in_figures: Figures


def keep_splits(found: CrossValidation, store: RunStore) -> dict[str, Any]:
    """Keep what the splits of a cross-validation came to; return what its row keeps of it, at its end, beside."""
    kept = {one.number: one.id for one in store.records(Trial, optimisation=found.id)}
    for one in found.splits:
        notes = _SplitNotes(trial=one.trial, in_value=one.in_value, in_figures=one.in_figures)
        trial = Trial(
            id=kept.get(one.split.number),
            optimisation=found.id,
            number=one.split.number,
            status="COMPLETED",
            params=one.params,
            value=one.out_value if one.out_value is not None and math.isfinite(one.out_value) else None,
            figures=one.out_figures,
            notes=msgspec.to_builtins(notes),
        )
        store.record(trial)
    return {_PATHS: msgspec.to_builtins(found.paths), _TRIED: found.tried}


def read_cross_validation(validation: str | int, store: RunStore) -> CrossValidation:
    """Return a cross-validation as the store has it, by its number or ``latest``.

    Raises
    ------
    ConfigurationError
        If there is none, it is not at its end, or another program wrote it.
    """
    row = row_of(METHOD, validation, store)
    called = f"{METHOD} {row.id}"
    if row.status != "COMPLETED":
        raise ConfigurationError(
            f"{called}: is not at its end — allowed: to go on with it: python -m research cross-validate --resume "
            f"{row.id}"
        )
    settings: dict[str, Any] = row.settings or {}
    plan = ValidationPlan.of(row)
    rows = store.records(Trial, optimisation=row.id)
    trials = sorted((one for one in rows if one.number < plan.scheme.splits), key=lambda one: one.number)
    notes = [read_kept(one.notes, _SplitNotes, called) for one in trials]
    splits = plan.splits
    return CrossValidation(
        id=int(row.id or 0),
        plan=plan.search,
        scheme=plan.scheme,
        conventions=plan.conventions,
        groups=plan.groups,
        tried=int(settings.get(_TRIED) or 0),
        splits=[
            SplitResult(
                split=splits[trial.number],
                trial=said.trial,
                params=trial.params,
                in_value=said.in_value,
                out_value=trial.value,
                in_figures=said.in_figures,
                out_figures=trial.figures or {},
            )
            for trial, said in zip(trials, notes, strict=True)
        ],
        paths=read_kept(settings.get(_PATHS), list[PathResult], called),
    )
