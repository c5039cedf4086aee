"""Samplers that need no library and learn nothing: every point of the grid, some of it by chance, or any point."""

import random  # noqa: TID251 - the seed stands in the study
from collections.abc import Iterator, Sequence

from research.samplers.sampler import Proposal
from research.spaces.parameter import Parameter, Value
from research.spaces.space import Point, Space


class _Deaf:
    """What samplers do that learn nothing."""

    def take(self, point: Point) -> Proposal:
        """Return a point that was chosen elsewhere."""
        return Proposal(point)

    def tell(self, proposal: Proposal, values: Sequence[float] | None) -> None:
        """Learn nothing."""

    def refuse(self, proposal: Proposal) -> None:
        """Learn nothing."""


class GridSampler(_Deaf):
    """The points of the grid, in order or shuffled.

    Parameters
    ----------
    space
        Every parameter with a step, or of whole numbers, or a choice.
    seed
        Of the order where they are shuffled; None takes them in order.
    """

    def __init__(self, space: Space, seed: int | None) -> None:
        size = space.size or 0
        self._space = space
        self._places: Iterator[int] = iter(range(size)) if seed is None else _shuffled(size, seed)

    def ask(self) -> Proposal | None:
        """Return the next point; None after the last."""
        place = next(self._places, None)
        return None if place is None else Proposal(self._space.point_at(place))


class RandomSampler(_Deaf):
    """Points by chance, each parameter by itself: evenly in its range, or in the logarithm of it.

    Parameters
    ----------
    space
        What is searched.
    seed
        Of all points.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._chance = random.Random(seed)

    def ask(self) -> Proposal:
        """Return a point."""
        return Proposal({one.name: _drawn(one, self._chance) for one in self._space.parameters})


def _drawn(one: Parameter, chance: random.Random) -> Value:
    if one.log and one.low < one.high:
        # Whole numbers each have the room from half a step below to half a step above.
        half = 0.5 if one.kind == "int" else 0.0
        low, high = one.low - half, one.high + half
        value: float = low * (high / low) ** chance.random()
        return min(max(round(value), int(one.low)), int(one.high)) if one.kind == "int" else min(max(value, low), high)
    if one.count is not None:
        return one.value_at(chance.randrange(one.count))
    return one.low + (one.high - one.low) * chance.random()


def _shuffled(size: int, seed: int) -> Iterator[int]:
    """Yield the numbers below ``size`` in a random order, without a list of them: Fisher and Yates on what moved."""
    chance, moved = random.Random(seed), dict[int, int]()
    for last in range(size - 1, -1, -1):
        place = chance.randrange(last + 1)
        yield moved.get(place, place)
        moved[place] = moved.pop(last, last)
