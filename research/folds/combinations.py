"""Combinatorial purged cross-validation: which groups of a window are searched, which are tried, and the paths.

References
----------
M. López de Prado, Advances in Financial Machine Learning (2018), chapters 7 and 12.
"""

import itertools
import math

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import shown
from core.time_range import TimeRange
from core.timeframe import ceil_to_grid, floor_to_grid, timeframe_name

MOST_GROUPS = 20
MOST_SPLITS = 1000


class GroupScheme(msgspec.Struct, frozen=True, kw_only=True):
    """How a window is cut and left out.

    Parameters
    ----------
    groups
        N, into how many parts it is cut.
    test_groups
        k, how many of them each split leaves out of the search to try it there.
    purge_ms
        What a search does not see on either side of a group that is left out.
    embargo_ms
        What it does not see beyond that after the group.
    """

    groups: int
    test_groups: int
    purge_ms: int = 0
    embargo_ms: int = 0

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("groups", self.groups, 2, MOST_GROUPS),
            ("test_groups", self.test_groups, 1, self.groups - 1 if isinstance(self.groups, int) else 1),
        ):
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise ConfigurationError(f"{name}: {shown(value)} — allowed: a whole number from {least} to {most}")
        if self.splits > MOST_SPLITS:
            raise ConfigurationError(
                f"test_groups: {self.test_groups} of {self.groups} groups can be left out in {self.splits:,} ways — "
                f"allowed: at most {MOST_SPLITS:,}, with fewer of them or fewer groups"
            )

    @property
    def splits(self) -> int:
        """Number of ways to leave groups out: N choose k."""
        return math.comb(self.groups, self.test_groups)

    @property
    def paths(self) -> int:
        """Number of paths: k / N · (N choose k)."""
        return math.comb(self.groups - 1, self.test_groups - 1)


class Split(msgspec.Struct, frozen=True):
    """One way to leave groups out, by their numbers from 0; ``train`` are the ranges that are searched, in order."""

    number: int
    tests: tuple[int, ...]
    train: tuple[TimeRange, ...]


def groups_of(window: TimeRange, groups: int, candle_ms: int) -> list[TimeRange]:
    """Return the groups of a window in order, of equal numbers of candles; the last has those that are left over too.

    Raises
    ------
    ConfigurationError
        If there is not a candle for each.
    """
    start_ms, end_ms = ceil_to_grid(window.start_ms, candle_ms), floor_to_grid(window.end_ms, candle_ms)
    length_ms = (end_ms - start_ms) // candle_ms // groups * candle_ms
    if length_ms < candle_ms:
        raise ConfigurationError(f"groups: the window from {window} has not {groups} candles — allowed: fewer groups")
    edges = [start_ms + number * length_ms for number in range(groups)] + [end_ms]
    return [TimeRange(*pair) for pair in itertools.pairwise(edges)]


def splits_of(groups: list[TimeRange], scheme: GroupScheme) -> list[Split]:
    """Return every way to leave groups out, in lexicographic order.

    Raises
    ------
    ConfigurationError
        If purge and embargo leave one of them nothing to search.

    Examples
    --------
    >>> groups = [TimeRange(0, 10), TimeRange(10, 20), TimeRange(20, 30)]
    >>> [one.tests for one in splits_of(groups, GroupScheme(groups=3, test_groups=1, purge_ms=2, embargo_ms=1))]
    [(0,), (1,), (2,)]
    >>> [one.to_tuple_ms() for one in splits_of(groups, GroupScheme(groups=3, test_groups=1, purge_ms=2))[1].train]
    [(0, 8), (22, 30)]
    """
    found = []
    for number, tests in enumerate(itertools.combinations(range(scheme.groups), scheme.test_groups)):
        left = [_left_of(groups, one, tests, scheme) for one in range(scheme.groups) if one not in tests]
        train = tuple(one for one in left if one is not None)
        if not train:
            lengths = " and ".join(
                f"{name} {timeframe_name(length)}"
                for name, length in (("purge", scheme.purge_ms), ("embargo", scheme.embargo_ms))
                if length
            )
            raise ConfigurationError(
                f"{lengths} leave nothing to search where groups {', '.join(str(one + 1) for one in tests)} are left "
                "out — allowed: shorter ones, or fewer groups"
            )
        found.append(Split(number, tests, train))
    return found


def _left_of(groups: list[TimeRange], own: int, tests: tuple[int, ...], scheme: GroupScheme) -> TimeRange | None:
    """Return what purge and embargo leave of a group that is searched; None where that is nothing."""
    start_ms, end_ms = groups[own].to_tuple_ms()
    for one in tests:
        if one > own:
            end_ms = min(end_ms, groups[one].start_ms - scheme.purge_ms)
        else:
            start_ms = max(start_ms, groups[one].end_ms + scheme.purge_ms + scheme.embargo_ms)
    return TimeRange(start_ms, end_ms) if start_ms < end_ms else None


def paths_of(scheme: GroupScheme) -> list[tuple[int, ...]]:
    """Return for every path the split, by its number, that each group is taken from.

    The p-th path takes each group from the p-th split that leaves it out.

    Examples
    --------
    >>> paths_of(GroupScheme(groups=3, test_groups=2))
    [(0, 0, 1), (1, 2, 2)]
    """
    tests = list(itertools.combinations(range(scheme.groups), scheme.test_groups))
    by_group = [[number for number, left in enumerate(tests) if own in left] for own in range(scheme.groups)]
    return list(zip(*by_group, strict=True))
