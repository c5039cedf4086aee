"""How far the best parameters move from fold to fold: those that mean something stay about where they are."""

import itertools
import math
from collections.abc import Mapping, Sequence

import msgspec

from research.spaces.parameter import Parameter, Value


class ParameterDrift(msgspec.Struct, frozen=True):
    """A parameter by fold, None where a fold has none, and how far it moved from the one before.

    ``moves`` are shares of its range, from 0 to 1: of a range by value, or by logarithm where it is searched so; of
    numbers to choose from by place; of other choices 1 for another. They are one fewer than the values, and None beside
    a fold without a value; ``mean_move`` is the mean of the others, None without any.
    """

    name: str
    values: tuple[Value | None, ...]
    moves: tuple[float | None, ...]
    mean_move: float | None


def drift_of(parameters: Sequence[Parameter], chosen: Sequence[Mapping[str, Value] | None]) -> list[ParameterDrift]:
    """Return the drift of every parameter over the best points of folds, in order; None of a fold without one.

    Examples
    --------
    >>> fast = Parameter(name="ema_fast", kind="int", low=5, high=15, step=1)
    >>> [one.moves for one in drift_of([fast], [{"ema_fast": 5}, {"ema_fast": 10}, None])]
    [(0.5, None)]
    """
    found = []
    for one in parameters:
        values = tuple(None if point is None else point[one.name] for point in chosen)
        moves = tuple(_move(one, before, after) for before, after in itertools.pairwise(values))
        known = [move for move in moves if move is not None]
        found.append(ParameterDrift(one.name, values, moves, math.fsum(known) / len(known) if known else None))
    return found


def _move(one: Parameter, before: Value | None, after: Value | None) -> float | None:
    if before is None or after is None:
        return None
    if not one.ordered:
        return float(before != after)
    return abs(_place(one, after) - _place(one, before))


def _place(one: Parameter, value: Value) -> float:
    """Return where a value lies in its range, from 0 to 1."""
    if one.kind == "choice":
        return one.choices.index(value) / max(1, len(one.choices) - 1)
    low, high, at = float(one.low), float(one.high), float(value)
    if low == high:
        return 0.0
    return math.log(at / low) / math.log(high / low) if one.log else (at - low) / (high - low)
