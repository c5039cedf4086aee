"""The space of a search: its parameters, and the conditions that its points must meet."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from research.formulas.formula import Formula
from research.spaces.parameter import Parameter, Value

Point = dict[str, Value]
"""A value for each parameter, by its name, in the order of the space."""


class Space(msgspec.Struct, frozen=True):
    """What is searched. ``conditions`` are formulas over parameters and whatever else the settings have by name."""

    parameters: tuple[Parameter, ...]
    conditions: tuple[str, ...] = ()

    @property
    def size(self) -> int | None:
        """Number of points of the grid, those that conditions refuse among them; None where it has none."""
        counts = [one.count for one in self.parameters]
        return None if None in counts else math.prod(one for one in counts if one is not None)

    def point_at(self, index: int) -> Point:
        """Return a point of the grid by its number; the last parameter goes fastest."""
        found: Point = {}
        for one in reversed(self.parameters):
            index, place = divmod(index, one.count or 1)
            found[one.name] = one.value_at(place)
        return dict(reversed(found.items()))

    def grid(self) -> Iterator[Point]:
        """Yield the points of the grid in order."""
        return map(self.point_at, range(self.size or 0))

    def variation(self, point: Mapping[str, Value]) -> dict[str, Any]:
        """Return what a point changes, by dotted keys of the settings."""
        return {one.key: point[one.name] for one in self.parameters}


class Conditions:
    """The conditions of a space, as they are asked of its points.

    Parameters
    ----------
    texts
        As they are written.
    others
        Values of the settings by the names that conditions may use beside those of the parameters.
    """

    def __init__(self, texts: tuple[str, ...], others: Mapping[str, Any]) -> None:
        self._formulas = [Formula(one, "condition", "condition") for one in texts]
        names = {name for one in self._formulas for name in one.names}
        self._others = {name: value for name, value in others.items() if name in names}

    @property
    def names(self) -> tuple[str, ...]:
        """The names that they use."""
        return tuple(dict.fromkeys(name for one in self._formulas for name in one.names))

    def broken_by(self, point: Mapping[str, Value]) -> str | None:
        """Return the first condition that a point does not meet; None where it meets all."""
        values = {**self._others, **point}
        return next((one.text for one in self._formulas if one.value(values) is not True), None)


def fingerprint(*made_of: object) -> str:
    """Return a hash that tells what a trial depends on from all else; plain values."""
    text = json.dumps(made_of, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
