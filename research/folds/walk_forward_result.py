"""What a walk-forward came to, read from its rows: the same whether it was made now or in several goes."""

import functools
from collections.abc import Sequence
from typing import Any

import msgspec

from core.timeframe import DAY_MS
from metrics.equity_curve import DailyCloses
from research.folds.parameter_drift import ParameterDrift, drift_of
from research.folds.stitched_account import Earned, efficiency, stitched_days, stitched_figures
from research.folds.walk_plan import FoldNotes, WalkPlan
from runs.store.store_rows import Optimisation, Trial

_RETURN = "performance.total_return_pct"


class FoldResult(msgspec.Struct, frozen=True):
    """A fold that is done: its number, its notes, and the trial that its test is."""

    number: int
    notes: FoldNotes
    trial: Trial

    @property
    def out_value(self) -> float | None:
        """What the test was worth by the first objective; None where that is undefined or nothing was traded."""
        return self.trial.value

    @property
    def outside(self) -> Earned:
        """The return of the test."""
        figures = self.trial.figures or {}
        return (figures.get(_RETURN) if self.notes.trial is not None else 0.0), self.notes.test.length_ms / DAY_MS

    @property
    def inside(self) -> Earned:
        """The return of the best trial of the search."""
        return self.notes.in_figures.get(_RETURN), self.notes.train.length_ms / DAY_MS

    @property
    def efficiency(self) -> float | None:
        """What a day of the test earned for each part that a day of the search did."""
        return efficiency([self.outside], [self.inside])


class WalkForward:
    """A walk-forward as far as it is made.

    Parameters
    ----------
    row
        The walk-forward in the store.
    trials
        The tests of its folds that are done, in order.
    """

    def __init__(self, row: Optimisation, trials: Sequence[Trial]) -> None:
        self.row, self.plan = row, WalkPlan.of(row)
        self.folds = [FoldResult(one.number, FoldNotes.of(one), one) for one in trials]

    @property
    def id(self) -> int:
        """Its number in the store."""
        return int(self.row.id or 0)

    @property
    def ruined(self) -> bool:
        """Whether the account was gone before the last fold, which ended it."""
        return bool(self.folds) and self.folds[-1].notes.final_balance <= 0.0

    @functools.cached_property
    def daily(self) -> DailyCloses:
        """Equity of the one account at the end of each UTC day of the tests; there is at least one fold."""
        return stitched_days([one.trial for one in self.folds])

    @functools.cached_property
    def figures(self) -> dict[str, Any]:
        """Figures of the one account over all tests; empty before the first fold is done."""
        return stitched_figures([one.trial for one in self.folds], self.plan.conventions) if self.folds else {}

    @property
    def efficiency(self) -> float | None:
        """Efficiency over all folds together that were traded."""
        traded = [one for one in self.folds if one.notes.trial is not None]
        return efficiency([one.outside for one in traded], [one.inside for one in traded])

    @property
    def profitable(self) -> int:
        """How many tests earned something."""
        return sum((one.outside[0] or 0.0) > 0.0 for one in self.folds)

    @functools.cached_property
    def drift(self) -> list[ParameterDrift]:
        """How far each parameter moved from fold to fold."""
        chosen = [one.trial.params if one.notes.trial is not None else None for one in self.folds]
        return drift_of(self.plan.search.space.parameters, chosen)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        plan, search = self.plan, self.plan.search
        return {
            "walk_forward": self.id,
            "status": self.row.status,
            "system": search.system,
            "window": {"name": search.window_name, **msgspec.to_builtins(search.window)},
            "scheme": msgspec.to_builtins(plan.scheme),
            "search": {
                "sampler": search.sampler,
                "trials": search.trials,
                "seed": search.seed,
                "batch": search.batch,
                "min_trades": search.min_trades,
                "objectives": [{"metric": one.text, "direction": one.direction} for one in search.goals],
                "parameters": {one.name: one.text for one in search.space.parameters},
                "conditions": list(search.space.conditions),
            },
            "settings_sha256": plan.settings_sha256,
            "code_version": plan.code_version,
            "folds": [self._plain(one) for one in self.folds],
            "folds_planned": len(plan.folds),
            "ruined": self.ruined,
            "out_of_sample": self.figures,
            "efficiency": self.efficiency,
            "profitable_folds": self.profitable,
            "drift": msgspec.to_builtins(self.drift),
            "equity": None if not self.folds else {
                "first_day": self.daily.first_day,
                "starting_balance": self.daily.starting_balance,
                "daily": self.daily.equity.tolist(),
            },
        }  # fmt: skip

    def _plain(self, one: FoldResult) -> dict[str, Any]:
        return {
            "fold": one.number,
            **msgspec.to_builtins(one.notes),
            "params": one.trial.params,
            "out_value": one.out_value,
            "out_figures": one.trial.figures,
            "efficiency": one.efficiency,
        }
