"""The paths of a cross-validation over time, and how much of what they came to is luck."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from core.candle_columns import Float64Array, Int64Array
from core.time_range import TimeRange
from core.timeframe import DAY_MS
from metrics.figures.undefined import Undefined
from research.folds.cross_validation_result import SHOWN, CrossValidation, PathResult, SplitResult
from research.folds.joined_runs import RunPart, joined_days
from research.folds.stitched_account import efficiency
from research.folds.validation_tests import kept_tests, part_of
from research.luck.sharpe_statistics import probabilistic_sharpe, sharpe_sample
from runs.store.run_store import RunStore
from runs.store.store_rows import Trial

_RETURN = SHOWN["return_pct"]


class PathCurve(msgspec.Struct, frozen=True, eq=False):
    """A path by day: what the account was worth of what it began with, and its excess returns, of parts of days too.

    ``days`` are since 1970; a day in which one group ends and the next begins ends with the latter.
    """

    days: Int64Array
    growth: Float64Array
    excess: Float64Array

    @property
    def probabilistic_sharpe(self) -> float | None:
        """The probability that the path's true Sharpe ratio is above 0; None where it is undefined."""
        sample = sharpe_sample(self.excess)
        found = sample if isinstance(sample, Undefined) else probabilistic_sharpe(sample)
        return None if isinstance(found, Undefined) else found


def path_curves(found: CrossValidation, store: RunStore) -> list[PathCurve | None]:
    """Return each path by day; None of one without figures, or whose tests the store does not have."""
    tests = kept_tests(store, found.id, found.scheme)
    return [_curve(one, found, tests) for one in found.paths]


def _curve(path: PathResult, found: CrossValidation, tests: dict[tuple[int, int], Trial]) -> PathCurve | None:
    parts: list[RunPart] = []
    for own, split in enumerate(path.splits):
        point = found.splits[split].trial
        test = None if point is None else tests.get((point, own))
        if test is None:
            return None
        parts.append(part_of(found.groups[own], test))
    joined = joined_days([one.daily for one in parts])
    if joined is None:
        return None
    days = np.concatenate([one.daily.days for one in parts])
    last = np.append(days[1:] != days[:-1], True)[: len(days)]
    excess = joined.returns() - found.conventions.daily_rate
    return PathCurve(days[last], (joined.equity / joined.starting_balance)[last], excess)


def validation_luck(found: CrossValidation, curves: Sequence[PathCurve | None]) -> list[tuple[str, str]]:
    """Return what can be said of luck in a cross-validation, as label and plain sentence."""
    known = [(path, curve) for path, curve in zip(found.paths, curves, strict=True) if curve is not None]
    said = [("losing", _losing(found)), ("choosing", _choosing(found.splits, found.groups))]
    if not known:
        return [one for one in said if one[1]]
    ordered = sorted(known, key=lambda one: float(one[0].figures.get(_RETURN) or 0.0))
    return [
        one for one in [*said, ("chance", _chance(ordered, found)), ("one past", _past(found, known[0][1]))] if one[1]
    ]


def _losing(found: CrossValidation) -> str:
    returns = found.distributions["return_pct"]
    if found.losing is None or not returns.quantiles:
        return ""
    lost = round(found.losing * returns.paths)
    return (
        f"{lost:,} of {returns.paths:,} paths lost; half of them came to {returns.quantiles[2]:+.2f} % or less, the "
        f"best to {returns.highest:+.2f} %"
    )


class PartDays(NamedTuple):
    """How long the two parts of a split are, in days: they are not equally long."""

    searched: float
    left_out: float


def part_days(one: SplitResult, groups: Sequence[TimeRange]) -> PartDays:
    """Return how long the parts of a split are."""
    left_out = sum(groups[own].length_ms for own in one.split.tests) / DAY_MS
    return PartDays(sum(span.length_ms for span in one.split.train) / DAY_MS, left_out)


_Earned = tuple[float, float]
"""A return in per cent, and in how many days."""


def _choices(splits: Sequence[SplitResult], groups: Sequence[TimeRange]) -> list[tuple[_Earned, _Earned]]:
    """Return what the best of each split earned where it was left out, and where it was searched."""
    pairs = []
    for one in splits:
        inside, outside = one.in_figures.get(_RETURN), one.out_figures.get(_RETURN)
        if one.trial is not None and inside is not None and outside is not None:
            days = part_days(one, groups)
            pairs.append(((outside, days.left_out), (inside, days.searched)))
    return pairs


def choice_kept(splits: Sequence[SplitResult], groups: Sequence[TimeRange]) -> float | None:
    """Return what a day left out earned of what a day searched did; None where that earned nothing."""
    pairs = _choices(splits, groups)
    return efficiency([one for one, _ in pairs], [one for _, one in pairs]) if pairs else None


def _choosing(splits: Sequence[SplitResult], groups: Sequence[TimeRange]) -> str:
    """Say what was left of what the choice was worth, by day."""
    pairs = _choices(splits, groups)
    if not pairs:
        return ""
    worse = sum(outside[0] / outside[1] < inside[0] / inside[1] for outside, inside in pairs)
    kept = choice_kept(splits, groups)
    share = (
        "what was searched earned nothing, so that there was nothing to keep"
        if kept is None
        else (f"a day that was left out earned {kept:.2f} of what a day that was searched did")
    )
    return f"in {worse} of {len(pairs)} searches the best earned less a day where it was left out; over all, {share}"


def _chance(ordered: Sequence[tuple[PathResult, PathCurve]], found: CrossValidation) -> str:
    path, curve = ordered[(len(ordered) - 1) // 2]
    above, sharpe = curve.probabilistic_sharpe, path.figures.get("risk_adjusted.sharpe")
    if above is None or sharpe is None:
        return ""
    return (
        f"the Sharpe ratio of the middle path, {sharpe:.2f}, is above 0 with a probability of {100.0 * above:.0f} %, "
        f"by its {len(curve.excess):,} days; no search saw what it was tried on, so that the {found.tried:,} points do "
        "not deflate it, but whatever was tried on these candles before does"
    )


def _past(found: CrossValidation, curve: PathCurve) -> str:
    return (
        f"the {len(found.paths):,} paths go through the same {len(curve.days):,} days: they differ by what was chosen, "
        "and not as so many pasts would"
    )
