"""Where the best of each search of a cross-validation came, among all points, on what was left out for it."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from core.time_range import TimeRange
from research.folds.cross_validation_result import SHOWN, CrossValidation
from research.folds.validation_rows import METHOD, STUDIES
from research.studies.search_rows import row_of
from runs.store.run_store import RunStore
from runs.store.store_rows import Trial

_RETURN = SHOWN["return_pct"]


class LeftOutRanks(msgspec.Struct, frozen=True, kw_only=True):
    """How the choice did against the other points.

    ``ranks`` has for each split the place of its best by return on the groups that were left out for it, from 1 (the
    worst) to ``points``, points that are equal sharing the mean of theirs; None where no point is ranked, or a group
    was searched in no other split.
    """

    points: int
    ranks: list[float | None]

    @property
    def probability(self) -> float | None:
        """The share of splits whose best came into the lower half where it was left out; None where there is none.

        That is the probability of backtest overfitting of D. H. Bailey, J. M. Borwein, M. López de Prado and Q. J. Zhu
        (2017), over the splits of the cross-validation: a choice that means nothing has one half.
        """
        known = [one for one in self.ranks if one is not None]
        return None if not known else sum(one / (self.points + 1) <= 0.5 for one in known) / len(known)


def left_out_ranks(found: CrossValidation, store: RunStore) -> LeftOutRanks:
    """Return the ranks of a cross-validation, by the returns of the searches.

    Of each group the longest range of it that was searched speaks: points that were not chosen have no run on what was
    left out. They warmed up inside that range, and a purge or an embargo may have taken a little of the group.
    """
    ranges = sorted({one for split in found.splits for one in split.split.train}, key=TimeRange.to_tuple_ms)
    studies: list[int] = (row_of(METHOD, found.id, store).settings or {}).get(STUDIES) or []
    by_range = dict(zip(ranges, studies, strict=False))
    tables: dict[int, Mapping[int, float]] = {}
    for number, group in enumerate(found.groups):
        inside = [one for one in by_range if group.start_ms <= one.start_ms and one.end_ms <= group.end_ms]
        if inside:
            longest = max(inside, key=lambda one: one.length_ms)
            tables[number] = _returns(store, by_range[longest])
    points = sorted(set.intersection(*(set(one) for one in tables.values()))) if tables else []
    growth = {
        number: np.array([1.0 + table[point] / 100.0 for point in points], np.float64)
        for number, table in tables.items()
    }
    ranks = [
        None
        if one.trial not in points or not all(group in growth for group in one.split.tests)
        else rank_of(points.index(one.trial), [growth[group] for group in one.split.tests])
        for one in found.splits
    ]
    return LeftOutRanks(points=len(points), ranks=ranks)


def rank_of(chosen: int, growth: Sequence[Float64Array]) -> float:
    """Return the place of a point by what all came to over some groups, 1 for the worst.

    Examples
    --------
    >>> rank_of(1, [np.array([1.1, 1.0, 0.9]), np.array([1.0, 1.2, 1.0])])
    3.0
    >>> rank_of(0, [np.array([1.0, 1.0, 1.1])])
    1.5
    """
    whole = np.prod(np.stack(growth), axis=0)
    own = whole[chosen]
    return float(np.sum(whole < own) + (np.sum(whole == own) + 1) / 2.0)


def _returns(store: RunStore, study: int) -> dict[int, float]:
    """Return what each point of a study came to, in per cent, by its number."""
    rows = store.columns(Trial, "number", "status", "figures", optimisation=study)
    return {
        number: float(figures[_RETURN])
        for number, status, figures in rows
        if status == "COMPLETED" and (figures or {}).get(_RETURN) is not None
    }
