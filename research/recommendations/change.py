"""A change of settings that something speaks for, and what was seen of it out of sample."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from core.candle_columns import Float64Array, Int64Array
from core.time_range import TimeRange
from metrics.equity_curve import DailyCloses
from research.spaces.parameter import value_text
from research.spaces.settings_names import PARAMS

Kind = Literal["parameters", "symbols", "timeframe", "setting"]
KINDS: tuple[Kind, ...] = ("parameters", "symbols", "timeframe", "setting")
_SETTINGS = ("risk.", "trading_mode.", "execution.")


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a system that may be worth something: ``current`` and ``recommended`` by dotted key of the settings.

    ``searched`` is the range of time in which it was chosen for what it earned: nothing that overlaps it is evidence.
    None where it was chosen otherwise. ``because`` says how it was chosen.
    """

    kind: Kind
    system: str
    current: dict[str, Any]
    recommended: dict[str, Any]
    because: str
    searched: TimeRange | None = None

    @property
    def key(self) -> str:
        """What tells it from other claims about the system."""
        return msgspec.json.encode([self.system, sorted(self.recommended.items())]).decode()

    def admits(self, window: TimeRange) -> bool:
        """Whether what happened in a range is out of sample."""
        return self.searched is None or not overlap(self.searched, window)


class Pair(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """A claim over a range of time: the daily differences, and what they are of.

    ``trades`` are those with the change. ``studies`` and ``trials`` (their numbers, with the change and without) and
    ``runs`` (ids of the run store) are where it was seen. ``risk`` is the deviation of daily returns with the change
    over that without; None where the latter is 0.
    """

    window: TimeRange
    days: Int64Array
    differences: Float64Array
    trades: int
    market: str
    study: int | None = None
    trials: tuple[int | None, ...] = ()
    runs: tuple[str, ...] = ()
    risk: float | None = None

    @property
    def mean(self) -> float:
        """The mean difference; 0 without a day."""
        return float(np.mean(self.differences)) if len(self.differences) else 0.0


class DailyReturns(msgspec.Struct, frozen=True, eq=False):
    """Returns of days in order, ``first_day`` the number of the first since 1970."""

    first_day: int
    returns: Float64Array

    @classmethod
    def of(cls, daily: DailyCloses) -> "DailyReturns":
        """Return those of equity at the ends of days; what is ruined earns nothing more."""
        before = np.concatenate([[daily.starting_balance], daily.equity[:-1]])
        alive = np.minimum.accumulate(before) > 0.0
        returns = np.where(alive, daily.equity / np.where(before > 0.0, before, 1.0) - 1.0, 0.0)
        return cls(daily.first_day, returns)

    def less(self, other: "DailyReturns") -> tuple[Int64Array, Float64Array]:
        """Return the days that both have, and the returns less the other's."""
        first = max(self.first_day, other.first_day)
        last = min(self.first_day + len(self.returns), other.first_day + len(other.returns))
        days = np.arange(first, max(first, last), dtype=np.int64)
        return days, self.returns[days - self.first_day] - other.returns[days - other.first_day]


def kind_of(keys: Sequence[str]) -> Kind:
    """Return what kind a change of these keys is: what a strategy is told, unless all are something else."""
    if "timeframe" in keys:
        return "timeframe"
    return "setting" if all(key.startswith(_SETTINGS) for key in keys) else "parameters"


def short(key: str) -> str:
    """Return a key as a reader knows it: a parameter of the strategy by its bare name."""
    return key.removeprefix(PARAMS)


def overlap(one: TimeRange, other: TimeRange) -> bool:
    """Whether two ranges have a time in common."""
    return one.start_ms < other.end_ms and other.start_ms < one.end_ms


def apart(windows: Sequence[TimeRange]) -> list[TimeRange]:
    """Return as many of the ranges as do not overlap, in order: of those that end first."""
    found: list[TimeRange] = []
    for one in sorted(set(windows), key=lambda one: (one.end_ms, -one.start_ms)):
        if not found or one.start_ms >= found[-1].end_ms:
            found.append(one)
    return found


def joined(pairs: Sequence[Pair]) -> tuple[list[Pair], Float64Array]:
    """Return the pairs of ranges that do not overlap, one for each, and their daily differences one after the other."""
    by_window = {one.window: one for one in pairs}
    chosen = [by_window[one] for one in apart(list(by_window))]
    return chosen, np.concatenate([one.differences for one in chosen]) if chosen else np.empty(0)


def changed_text(values: Mapping[str, Any]) -> str:
    """Return values by their short keys, as a line."""
    return ", ".join(f"{short(key)} {value_text(value)}" for key, value in values.items())
