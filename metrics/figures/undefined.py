"""Figures that may have no value: None, and beside it the reason."""

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from core.candle_columns import Float64Array

Group = TypeVar("Group")

NO_TRADE = "there is no closed trade"
NO_DAY = "there is no step"


class Undefined(msgspec.Struct, frozen=True):
    """Why a figure has no value."""

    reason: str


Measured = float | int | Undefined
"""A figure, or why it has none."""


def settled(kind: type[Group], name: str, figures: Mapping[str, object]) -> tuple[Group, dict[str, str]]:
    """Return a group of figures, None where one is undefined, and the reasons by ``name.figure``.

    A number that is not finite is undefined too.
    """
    values: dict[str, object] = {}
    reasons: dict[str, str] = {}
    for figure, value in figures.items():
        told = value
        if isinstance(value, float) and not math.isfinite(value):
            told = Undefined("its value is beyond what a float64 holds")
        if isinstance(told, Undefined):
            reasons[f"{name}.{figure}"] = told.reason
            told = None
        values[figure] = told
    return kind(**values), reasons


def per_cent(value: Measured) -> Measured:
    """Return a fraction in per cent."""
    return value if isinstance(value, Undefined) else 100.0 * value


def unless(reason: str | None, value: Callable[[], Measured]) -> Measured:
    """Return a figure where there is no reason against it."""
    return value() if reason is None else Undefined(reason)


def ratio(above: float, below: float, reason: str) -> Measured:
    """Return a quotient; undefined for the reason given where what it is divided by is 0."""
    return above / below if below else Undefined(reason)


def mean(values: Float64Array) -> float:
    """Return the mean, summed exactly."""
    return math.fsum(values.tolist()) / len(values)


def deviation(values: Float64Array) -> float:
    """Return the standard deviation with n − 1; 0 for values that are all the same."""
    if len(values) < 2 or values.min() == values.max():
        return 0.0
    off = values - mean(values)
    return math.sqrt(math.fsum((off * off).tolist()) / (len(values) - 1))
