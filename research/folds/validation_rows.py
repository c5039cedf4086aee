"""Cross-validations in the store.

One is kept as a search of the method ``cross-validation``. Its trials, numbered as the splits, are the best points of
these on the groups that were left out; ``notes`` has what they were worth where they were searched, and ``settings`` of
the search has the paths. Every range that is searched is a study of its own.
"""

import math
from typing import Any

import msgspec

from core.errors import ConfigurationError
from research.folds.combinations import GroupScheme, groups_of, splits_of
from research.folds.cross_validation_result import CrossValidation, PathResult, SplitResult
from research.objectives.trial_figures import Figures
from research.studies.search_rows import read_kept, row_of
from research.studies.study_plan import StudyPlan
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation, Trial
from systems.life_cycle.epoch_tracker import wall_clock_ms

METHOD = "cross-validation"
_PATHS, _TRIED = "paths", "tried"


class ValidationPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A cross-validation as the store keeps it: its search over the whole window, its groups, what they are cut by."""

    search: StudyPlan
    scheme: GroupScheme
    candle_ms: int

    def row(self, strategy: str, created_ms: int) -> Optimisation:
        """Return the row of a cross-validation that begins."""
        return self.search.begun(strategy, created_ms, METHOD, {METHOD: msgspec.to_builtins(self)})


class _SplitNotes(msgspec.Struct, frozen=True, kw_only=True):
    """What a split came to beside the figures of its test."""

    trial: int | None
    in_value: float | None
    in_figures: Figures


def keep_validation(row: Optimisation, found: CrossValidation, store: RunStore) -> None:
    """Keep what a cross-validation came to; the row comes last, so that one that is at its end is whole."""
    for one in found.splits:
        notes = _SplitNotes(trial=one.trial, in_value=one.in_value, in_figures=one.in_figures)
        trial = Trial(
            optimisation=found.id,
            number=one.split.number,
            status="COMPLETED",
            params=one.params,
            value=one.out_value if one.out_value is not None and math.isfinite(one.out_value) else None,
            figures=one.out_figures,
            notes=msgspec.to_builtins(notes),
        )
        store.record(trial)
    settings = {**(row.settings or {}), _PATHS: msgspec.to_builtins(found.paths), _TRIED: found.tried}
    store.record(msgspec.structs.replace(row, status="COMPLETED", ended_ms=wall_clock_ms(), settings=settings))


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
            f"{called}: is not at its end — allowed: to make it again, with what was tried from the store"
        )
    settings: dict[str, Any] = row.settings or {}
    plan = read_kept(settings.get(METHOD), ValidationPlan, called)
    trials = store.records(Trial, optimisation=row.id)
    notes = [read_kept(one.notes, _SplitNotes, called) for one in trials]
    groups = groups_of(plan.search.window, plan.scheme.groups, plan.candle_ms)
    splits = splits_of(groups, plan.scheme)
    return CrossValidation(
        id=int(row.id or 0),
        plan=plan.search,
        scheme=plan.scheme,
        groups=groups,
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
