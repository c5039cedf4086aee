"""What a sampler is: asked for points one by one, told what they were worth, in order."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from research.spaces.space import Point


class Proposal(NamedTuple):
    """A point to try; ``ticket`` is the sampler's own mark on it."""

    point: Point
    ticket: Any = None


class Sampler(Protocol):
    """A source of points.

    The same questions and the same answers, in the same order, give the same points: a study is resumed by asking and
    telling again what was asked and told before.
    """

    def ask(self) -> Proposal | None:
        """Return the next point to try; None where there is none left."""

    def take(self, point: Point) -> Proposal:
        """Return a point that was chosen elsewhere as one of its own, of which it is told like of any."""

    def tell(self, proposal: Proposal, values: Sequence[float] | None) -> None:
        """Take what a point is worth, a value for each objective; None of one that is not to be learnt from."""

    def refuse(self, proposal: Proposal) -> None:
        """Take that a point may not be tried."""
