"""What a cross-validation came to: the best of each split, the paths, and their distribution."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from core.time_range import TimeRange
from metrics.metric_settings import MetricSettings
from research.folds.combinations import GroupScheme, Split
from research.objectives.trial_figures import Figures
from research.studies.study_plan import StudyPlan

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SHOWN = {
    "return_pct": "performance.total_return_pct",
    "sharpe": "risk_adjusted.sharpe",
    "max_drawdown_pct": "drawdown.max_drawdown_pct",
}
"""The figures of which the distribution over paths is told, beside the metric."""


class SplitResult(msgspec.Struct, frozen=True, kw_only=True):
    """The best point of a split, in its search and on the groups that were left out; None where none is ranked."""

    split: Split
    trial: int | None = None
    params: dict[str, Any] | None = None
    in_value: float | None = None
    out_value: float | None = None
    in_figures: Figures = {}
    out_figures: Figures = {}


class PathResult(msgspec.Struct, frozen=True):
    """A path through all groups, each taken from a split, by number; no figures where one of these has no best."""

    splits: tuple[int, ...]
    value: float | None = None
    figures: Figures = {}


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """A figure over paths: those that have it, its mean, and quantiles (5, 25, 50, 75, 95 %) between its extremes."""

    paths: int
    mean: float | None = None
    lowest: float | None = None
    quantiles: tuple[float, ...] = ()
    highest: float | None = None

    @classmethod
    def of(cls, values: Sequence[float | int | None]) -> "Distribution":
        """Return the distribution of the values that are defined."""
        known = sorted(float(one) for one in values if one is not None and math.isfinite(one))
        if not known:
            return cls(paths=0)
        return cls(
            paths=len(known),
            mean=math.fsum(known) / len(known),
            lowest=known[0],
            quantiles=tuple(float(one) for one in np.quantile(known, QUANTILES)),
            highest=known[-1],
        )


class CrossValidation(msgspec.Struct, frozen=True, kw_only=True):
    """A cross-validation: its number in the store, its groups in order, its splits and its paths.

    ``tried`` points were searched; ``conventions`` are those of the figures.
    """

    id: int
    plan: StudyPlan
    scheme: GroupScheme
    groups: list[TimeRange]
    tried: int
    splits: list[SplitResult]
    paths: list[PathResult]
    conventions: MetricSettings

    @property
    def distributions(self) -> dict[str, Distribution]:
        """The distribution over paths of the metric and of what it is told beside."""
        found = {"metric": Distribution.of([one.value for one in self.paths])}
        for name, figure in SHOWN.items():
            found[name] = Distribution.of([one.figures.get(figure) for one in self.paths])
        return found

    @property
    def losing(self) -> float | None:
        """The share of paths that lost something; None without one."""
        returns = [one.figures.get(SHOWN["return_pct"]) for one in self.paths]
        known = [one for one in returns if one is not None]
        return sum(one < 0.0 for one in known) / len(known) if known else None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        plan = self.plan
        return {
            "cross_validation": self.id,
            "system": plan.system,
            "window": {"name": plan.window_name, **msgspec.to_builtins(plan.window)},
            "scheme": {**msgspec.to_builtins(self.scheme), "splits": self.scheme.splits, "paths": self.scheme.paths},
            "search": {
                "sampler": plan.sampler,
                "seed": plan.seed,
                "tried": self.tried,
                "metric": plan.goals[0].text,
                "direction": plan.goals[0].direction,
                "parameters": {one.name: one.text for one in plan.space.parameters},
                "conditions": list(plan.space.conditions),
            },
            "groups": msgspec.to_builtins(self.groups),
            "splits": [{**msgspec.to_builtins(one.split), **self._plain(one)} for one in self.splits],
            "paths": msgspec.to_builtins(self.paths),
            "distributions": msgspec.to_builtins(self.distributions),
            "losing_share": self.losing,
        }

    @staticmethod
    def _plain(one: SplitResult) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(one)
        del found["split"]
        return found
