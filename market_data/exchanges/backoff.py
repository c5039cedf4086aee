"""How long to wait before trying again: growing, bounded, and not in step with anybody else."""

from collections.abc import Callable

from market_data.exchanges.request_failures import TransientError

Uniform = Callable[[], float]
"""Source of numbers evenly spread over ``[0, 1)``."""

_MASK = (1 << 64) - 1


class Backoff:
    """Waits that double from ``first_s`` up to ``limit_s``, each shortened by up to a half.

    Parameters
    ----------
    uniform
        Source of the jitter. Without it all clients of an exchange that restarts would return in the same second.
    first_s, limit_s
        Longest first wait and longest wait at all, in seconds; both above 0.

    Examples
    --------
    >>> waits = Backoff(lambda: 0.0, first_s=1.0, limit_s=5.0)
    >>> [waits.next_s() for _ in range(5)]
    [1.0, 2.0, 4.0, 5.0, 5.0]
    """

    def __init__(self, uniform: Uniform, *, first_s: float = 0.5, limit_s: float = 60.0) -> None:
        self._uniform = uniform
        self._first_s = min(first_s, limit_s)
        self._limit_s = limit_s
        self._longest_s = self._first_s

    def next_s(self) -> float:
        """Return the next wait in seconds."""
        longest_s = self._longest_s
        self._longest_s = min(2.0 * longest_s, self._limit_s)
        return longest_s * (1.0 - 0.5 * self._uniform())

    def after(self, failure: TransientError) -> float:
        """Return the next wait after a failure in seconds, at least as long as the exchange asks to be left alone."""
        return max(self.next_s(), failure.retry_after_s or 0.0)

    def reset(self) -> None:
        """Begin with the first wait again."""
        self._longest_s = self._first_s


def counter_uniform(seed: int) -> Uniform:
    """Return a source of uniform numbers: a counter that starts at ``seed``, mixed by the finaliser of SplitMix64.

    Source: G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
    """
    state = seed & _MASK

    def draw() -> float:
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        word = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((word ^ (word >> 31)) >> 11) / float(1 << 53)

    return draw
