"""Criteria held against figures: each with its value, and what follows from all of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import shown
from systems.life_cycle.criterion import Criterion, read_criterion

NO_CRITERIA = "no criteria were given: nothing is promoted without evidence"


class Figure(NamedTuple):
    """What is known of a figure: its value, where it comes from, and why it has none."""

    value: Any = None
    source: str = ""
    missing: str = ""


class Judged(msgspec.Struct, frozen=True):
    """A criterion with the value that it was held against."""

    criterion: str
    value: float | str | bool | None
    holds: bool
    source: str = ""
    reason: str = ""

    @property
    def short(self) -> str:
        """The criterion with its value, or why it has none."""
        return f"{self.criterion} ({self.reason or value_text(self.value)})"


class Judgement(msgspec.Struct, frozen=True):
    """Whether a promotion is earned: every criterion holds, and there is at least one."""

    passed: bool
    reason: str
    criteria: tuple[Judged, ...] = ()


Criteria = Callable[[Mapping[str, Any]], Any] | Sequence[str | Criterion] | None
"""A function of the metrics (True or False, or that and a reason), a list of conditions, or none."""


def checked_criteria(criteria: Criteria) -> Callable[[Mapping[str, Any]], Any] | list[Criterion]:
    """Return criteria ready to judge by: a function, or conditions that were read; raises ConfigurationError."""
    if criteria is None:
        return []
    if callable(criteria):
        return criteria
    if not isinstance(criteria, Sequence):
        raise ConfigurationError(f"promotion_criteria: {shown(criteria)} — allowed: a function or a list of text")
    listed = [criteria] if isinstance(criteria, str) else criteria
    return [one if isinstance(one, Criterion) else read_criterion(one) for one in listed]


def judge(criteria: Sequence[Criterion], figure: Callable[[str], Figure]) -> Judgement:
    """Hold criteria against figures, of which ``figure`` returns what is known; one without evidence fails."""
    if not criteria:
        return Judgement(False, NO_CRITERIA)
    judged = tuple(_judged(one, figure(one.figure)) for one in criteria)
    failing = [one for one in judged if not one.holds]
    if not failing:
        return Judgement(
            True, "the criterion holds" if len(judged) == 1 else f"all {len(judged)} criteria hold", judged
        )
    words = "; ".join(one.short for one in failing)
    return Judgement(False, f"{len(failing)} of {len(judged)} criteria not met: {words}", judged)


def _judged(criterion: Criterion, found: Figure) -> Judged:
    objection = criterion.objection(found.value)
    if objection is not None:
        reason = found.missing or objection
        value = found.value if isinstance(found.value, str | bool) else None
        return Judged(criterion.text, value, False, found.source, reason)
    return Judged(criterion.text, found.value, criterion.holds(found.value), found.source)


def judgement_of(
    criteria: Callable[[Mapping[str, Any]], Any] | list[Criterion],
    metrics: Mapping[str, Any],
    figure: Callable[[str], Figure],
) -> Judgement:
    """Return what criteria say of the metrics of a run.

    Raises
    ------
    ConfigurationError
        If a function among them answers neither yes nor no.
    """
    if not callable(criteria):
        return judge(criteria, figure)
    answer = criteria(metrics)
    if isinstance(answer, Judgement):
        return answer
    reason = ""
    if isinstance(answer, tuple) and len(answer) == 2:
        answer, reason = answer[0], str(answer[1])
    if not isinstance(answer, bool):
        raise ConfigurationError(
            f"promotion_criteria answered {shown(answer)} — allowed: True or False, or that and a reason"
        )
    name = getattr(criteria, "__name__", "promotion_criteria")
    return Judgement(answer, reason or f"{name} says {'yes' if answer else 'no'}", (Judged(name, answer, answer),))


def value_text(value: object) -> str:
    """Return a figure's value, short."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format(value, ".4g") if isinstance(value, float) else str(value)
