"""A study as it stands: its plan, its trials, and the best of them."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from research.objectives.objective import Objective, pareto_front
from research.studies.judged_trials import UNRANKED, VERIFIED
from research.studies.study_plan import StudyPlan
from runs.store.store_rows import Optimisation, Trial


class Study:
    """What a search came to.

    Parameters
    ----------
    row
        The study in the store.
    plan
        What it follows from.
    objectives
        Of the plan.
    trials
        All of them, by their numbers.
    """

    def __init__(
        self, row: Optimisation, plan: StudyPlan, objectives: Sequence[Objective], trials: Sequence[Trial]
    ) -> None:
        self.row, self.plan, self.objectives = row, plan, tuple(objectives)
        self.trials = list(trials)

    @property
    def id(self) -> int:
        """The number of the study in the store."""
        return int(self.row.id or 0)

    @functools.cached_property
    def ranked(self) -> list[Trial]:
        """The trials that have a value, each point once, the best first; of equals the earlier.

        With several objectives the Pareto front comes first, both parts by the first objective.
        """
        seen: dict[str | None, Trial] = {}
        for one in self.trials:
            if one.objectives is not None:
                seen.setdefault(one.fingerprint, one)
        front = {one.number for one in self._front(list(seen.values()))}
        sign = self.objectives[0].sign

        def order(one: Trial) -> tuple[bool, float, int]:
            return one.number not in front, -sign * (one.objectives or [0.0])[0], one.number

        return sorted(seen.values(), key=order)

    @property
    def front(self) -> list[Trial]:
        """The trials that no other is better than in all objectives, in the order of the first one."""
        front = {one.number for one in self._front(self.ranked)}
        return [one for one in self.ranked if one.number in front]

    @property
    def best(self) -> list[Trial]:
        """The best trials that are run again, as many as the plan says."""
        return self.ranked[: self.plan.verified]

    @property
    def failed(self) -> list[Trial]:
        """The trials that failed."""
        return [one for one in self.trials if one.status == "FAILED"]

    @property
    def unranked(self) -> list[Trial]:
        """The trials that were made and have no value."""
        return [one for one in self.trials if one.status == "COMPLETED" and one.objectives is None]

    @property
    def duplicates(self) -> list[Trial]:
        """The trials that were answered by one made before."""
        return [one for one in self.trials if one.same_as is not None]

    @property
    def disagreeing(self) -> list[Trial]:
        """The trials that were another when they were run again."""
        return [one for one in self.trials if not (one.notes or {}).get(VERIFIED, {}).get("agrees", True)]

    @property
    def base_figures(self) -> Mapping[str, Any]:
        """The figures of the base as it stands, without a parameter changed."""
        found: Mapping[str, Any] = (self.row.settings or {}).get("base", {})
        return found

    @property
    def refused(self) -> Mapping[str, int]:
        """How many points were not tried, by the reason."""
        found: Mapping[str, int] = (self.row.settings or {}).get("refused", {})
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the study as plain values."""
        front = {one.number for one in self.front} if len(self.objectives) > 1 else set()
        return {
            "study": self.id,
            "status": self.row.status,
            "system": self.plan.system,
            "window": {"name": self.plan.window_name, **msgspec.to_builtins(self.plan.window)},
            "sampler": self.plan.sampler,
            "seed": self.plan.seed,
            "batch": self.plan.batch,
            "objectives": [{"metric": one.text, "direction": one.direction} for one in self.objectives],
            "space": {
                "parameters": {one.name: one.text for one in self.plan.space.parameters},
                "conditions": list(self.plan.space.conditions),
            },
            "counts": {
                "trials": len(self.trials),
                "points": len({one.fingerprint for one in self.trials}),
                "ranked": len(self.ranked),
                "unranked": len(self.unranked),
                "failed": len(self.failed),
                "duplicates": len(self.duplicates),
                "refused": sum(self.refused.values()),
            },
            "settings_sha256": self.row.settings_sha256,
            "data_sha256": self.row.data_sha256,
            "code_version": self.row.code_version,
            "base": dict(self.base_figures),
            "best": [self._plain(one, front) for one in self.best],
            "front": [one.number for one in self.front] if front else None,
            "trials": [self._plain(one, front) for one in self.trials],
        }

    def _front(self, trials: list[Trial]) -> list[Trial]:
        if len(self.objectives) == 1:
            return []
        return [trials[place] for place in pareto_front([one.objectives or [] for one in trials], self.objectives)]

    def _plain(self, one: Trial, front: set[int]) -> dict[str, Any]:
        notes = one.notes or {}
        plain = {
            "number": one.number,
            "status": one.status,
            "params": one.params,
            "objectives": one.objectives,
            "unranked": notes.get(UNRANKED),
            "failure": one.failure,
            "same_as": one.same_as,
            "trades": one.trades,
            "daily_returns": one.daily_returns,
            "daily_sharpe": one.daily_sharpe,
            "skew": one.skew,
            "kurtosis": one.kurtosis,
            "figures": one.figures,
            **{key: value for key, value in notes.items() if key != UNRANKED},
        }
        return {**plain, "on_front": one.number in front} if front else plain
