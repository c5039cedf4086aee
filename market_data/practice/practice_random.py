"""Counter-based random numbers of the practice market: 64-bit integers only, the same on every machine.

A *stream* is a 64-bit key made from the seed and a label such as ``market/steps``. The word of a stream at a counter is
a mix of ``key + counter * GOLDEN`` (the SplitMix64 output function of Steele, Lea and Flood, 2014), so any word can be
had without the ones before it, in any order and in any batch. Bell-shaped draws are sums of four 16-bit uniforms
(Irwin-Hall): bounded, exact, and close enough to normal, as the fat tails come from the changing volatility.
"""

import numpy as np
import numpy.typing as npt

from core.candle_columns import Int64Array

Words = npt.NDArray[np.uint64]

BELL_SD = 37_837
"""Standard deviation of ``bell``, 65,536 / sqrt(3), to the nearest integer."""

TRIANGLE_SD = 26_755
"""Standard deviation of each of ``triangles``, 65,536 / sqrt(6), to the nearest integer."""

_MASK = 0xFFFF_FFFF_FFFF_FFFF
_GOLDEN = 0x9E37_79B9_7F4A_7C15
_FIRST_FACTOR = 0xBF58_476D_1CE4_E5B9
_SECOND_FACTOR = 0x94D0_49BB_1331_11EB
_LANES = np.uint64(0x0000_FFFF_0000_FFFF)
_LOW_LANE = np.uint64(0xFFFF_FFFF)


def stream(seed: int, label: str) -> int:
    """Return the 64-bit key of the stream that a label names under a seed; independent of Python's own ``hash``."""
    key = _mixed(seed + _GOLDEN)
    for byte in label.encode():
        key = _mixed((key ^ byte) + _GOLDEN)
    return key


def words(key: int, first: int, count: int) -> Words:
    """Return the stream's words at the counters ``first … first + count - 1``; a counter may be negative."""
    word = np.arange(first, first + count, dtype=np.int64).view(np.uint64)
    word *= np.uint64(_GOLDEN)
    word += np.uint64(key)
    word ^= word >> np.uint64(30)
    word *= np.uint64(_FIRST_FACTOR)
    word ^= word >> np.uint64(27)
    word *= np.uint64(_SECOND_FACTOR)
    word ^= word >> np.uint64(31)
    return word


def triangles(word: Words) -> tuple[Int64Array, Int64Array]:
    """Return two independent draws a word, each the sum of two 16-bit uniforms less its mean (-65,535 … 65,535)."""
    pairs = (word & _LANES) + ((word >> np.uint64(16)) & _LANES)
    return (pairs & _LOW_LANE).view(np.int64) - 65_535, (pairs >> np.uint64(32)).view(np.int64) - 65_535


def bell(word: Words) -> Int64Array:
    """Return one draw a word: the sum of four 16-bit uniforms less its mean, of standard deviation ``BELL_SD``."""
    low, high = triangles(word)
    return low + high


def _mixed(value: int) -> int:
    value &= _MASK
    value = (value ^ (value >> 30)) * _FIRST_FACTOR & _MASK
    value = (value ^ (value >> 27)) * _SECOND_FACTOR & _MASK
    return value ^ (value >> 31)
