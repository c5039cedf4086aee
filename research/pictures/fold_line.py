"""A walk-forward as a page shows it."""

import msgspec

from core.time_range import TimeRange
from research.spaces.parameter import Value


class FoldLine(msgspec.Struct, frozen=True, kw_only=True):
    """What was searched in one part of the past and what it came to in the next.

    ``in_value`` and ``out_value`` are the objective where it was searched and where it was tried, ``efficiency`` what a
    day of the test earned for each part that a day of the search did; None where undefined. ``params`` is empty where
    nothing was traded.
    """

    number: int
    train: TimeRange
    test: TimeRange
    params: dict[str, Value]
    in_value: float | None
    out_value: float | None
    efficiency: float | None
    trades: int
    max_drawdown_pct: float | None = None
    balance: float | None = None


class WalkLines(msgspec.Struct, frozen=True, kw_only=True):
    """A walk-forward: its ``title`` and ``name``, its window, what it came to, and its folds in order.

    ``tiles`` are what stands first, as label, value and what it is of; ``facts`` are labels and values.
    """

    title: str
    name: str
    window: TimeRange
    tiles: list[tuple[str, str, str]]
    facts: list[tuple[str, str]]
    folds: list[FoldLine]
