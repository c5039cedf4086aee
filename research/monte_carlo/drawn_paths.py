"""Paths that a run might have taken, as growth factors: what each step multiplies the account by.

Every path has its own stretch of a counter-based stream of random words: a path is the same whichever others are made
with it, on every machine.

References
----------
D. N. Politis and J. P. Romano, The Stationary Bootstrap, Journal of the American Statistical Association (1994).
"""

from typing import Protocol

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from market_data.practice.practice_random import Words, stream, words

_HALF_WORD = np.uint64(32)
_LOW_HALF = np.uint64(0xFFFF_FFFF)


class PathSource(Protocol):
    """Makes paths of as many steps as the run has."""

    @property
    def factors_of(self) -> Float64Array:
        """The growth factors of the run."""

    def factors(self, first: int, count: int) -> Float64Array:
        """Return the growth factors of the paths from a number on, shape (count, steps); none is below 0."""


class DrawnBlocks(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """The stationary bootstrap: blocks of neighbouring steps, of random lengths around a mean, the last followed by the
    first.

    What lasts a few steps, as losses that cluster, stays in a path. ``factors_of`` are those of the run, ``block`` is
    the mean length of a block; with 1 every step is drawn by itself, with replacement.
    """

    factors_of: Float64Array
    block: float
    key: int

    @classmethod
    def of(cls, factors: Float64Array, block: float, seed: int, label: str) -> "DrawnBlocks":
        """Return blocks drawn from factors by a seed, from the stream that a label names."""
        return cls(factors_of=_grown(factors), block=block, key=stream(seed, label))

    def factors(self, first: int, count: int) -> Float64Array:
        """Return drawn paths."""
        return self.factors_of[self.places(first, count)]

    def places(self, first: int, count: int) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
        """Return which step of the run stands at each step of the paths."""
        length = len(self.factors_of)
        drawn = _words(self.key, first, count, length)
        starts = _below(drawn, length)
        if self.block <= 1.0:
            return starts
        # A step begins a block with probability 1 / block, the first one always; the low half of its word decides.
        begins = (drawn & _LOW_HALF) < np.uint64(round(2**32 / self.block))
        steps = np.arange(length)
        since = np.maximum.accumulate(np.where(begins, steps, 0), axis=1)
        return (np.take_along_axis(starts, since, axis=1) + steps - since) % length


class ShuffledOrder(msgspec.Struct, frozen=True, eq=False):
    """All steps of the run, each once, in a random order."""

    factors_of: Float64Array
    key: int

    @classmethod
    def of(cls, factors: Float64Array, seed: int, label: str) -> "ShuffledOrder":
        """Return the factors shuffled by a seed, from the stream that a label names."""
        return cls(_grown(factors), stream(seed, label))

    def factors(self, first: int, count: int) -> Float64Array:
        """Return shuffled paths."""
        length = len(self.factors_of)
        bits = np.uint64(max(1, (length - 1).bit_length()))
        # Sorting words whose low bits are the places shuffles these.
        drawn = (_words(self.key, first, count, length) >> bits) << bits
        drawn |= np.arange(length, dtype=np.uint64)
        drawn.sort(axis=1)
        drawn &= (np.uint64(1) << bits) - np.uint64(1)
        return self.factors_of[drawn.view(np.int64)]


class MissedSteps(msgspec.Struct, frozen=True, eq=False):
    """The steps of the run in their order, each left out with the same probability."""

    factors_of: Float64Array
    missed: float
    key: int

    @classmethod
    def of(cls, factors: Float64Array, missed: float, seed: int, label: str) -> "MissedSteps":
        """Return the factors, some left out by a seed, from the stream that a label names."""
        return cls(_grown(factors), missed, stream(seed, label))

    def factors(self, first: int, count: int) -> Float64Array:
        """Return paths with steps left out."""
        return np.where(
            _uniform(_words(self.key, first, count, len(self.factors_of))) < self.missed, 1.0, self.factors_of
        )


class DearerSteps(msgspec.Struct, frozen=True, eq=False):
    """The steps of the run in their order, each with a cost more, uniform between 0 and its own highest."""

    factors_of: Float64Array
    most: Float64Array
    key: int

    @classmethod
    def of(cls, factors: Float64Array, most: Float64Array, seed: int, label: str) -> "DearerSteps":
        """Return the factors made dearer by a seed, from the stream that a label names; ``most`` are shares of the
        account at each step."""
        return cls(_grown(factors), most, stream(seed, label))

    def factors(self, first: int, count: int) -> Float64Array:
        """Return paths with dearer steps."""
        drawn = _uniform(_words(self.key, first, count, len(self.factors_of)))
        drawn *= self.most
        return np.maximum(self.factors_of - drawn, 0.0)


def _grown(factors: Float64Array) -> Float64Array:
    """Return factors of which none is below 0: an account that is gone stays gone."""
    return np.maximum(np.asarray(factors, np.float64), 0.0)


def _words(key: int, first: int, count: int, steps: int) -> Words:
    return words(key, first * steps, count * steps).reshape(count, steps)


def _below(drawn: Words, count: int) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    """Return whole numbers from 0 to below a count, from the high halves of words."""
    return (((drawn >> _HALF_WORD) * np.uint64(count)) >> _HALF_WORD).view(np.int64)


def _uniform(drawn: Words) -> Float64Array:
    """Return numbers from 0 to below 1, in steps of 2⁻⁵³."""
    return (drawn >> np.uint64(11)).astype(np.float64) * 2.0**-53
