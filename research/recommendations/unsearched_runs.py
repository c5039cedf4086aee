"""Runs of a system over time in which nobody searched for its settings: what it earned out of sample."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from core.time_range import TimeRange
from core.timeframe import DAY_MS
from metrics.equity_curve import EquityCurve
from research.folds.walk_plan import METHOD, FoldNotes, WalkPlan
from research.recommendations.change import DailyReturns, overlap
from research.recommendations.searched_windows import SearchedWindow
from research.recommendations.system_now import SystemNow
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation, RunRow, Trial


class UnsearchedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is evidence; ``fold`` says that it is the test of a walk-forward, with what its search chose."""

    row: RunRow
    window: TimeRange
    fold: bool


def unsearched_runs(system: SystemNow, windows: Sequence[SearchedWindow], store: RunStore) -> list[UnsearchedRun]:
    """Return the runs that no search has seen: those of the system as it stands, and the tests of its walk-forwards.

    A run of the system counts where its range overlaps none in which its settings were searched. The test of a fold
    counts wherever it lies: what was searched for it is what came before.
    """
    searched = _searched(system, windows)
    rows = {int(row.id or 0): row for row in store.runs() if row.status == "COMPLETED"}
    found = {
        key: _of(row, fold=False)
        for key, row in rows.items()
        if row.settings_sha256 == system.settings_sha256 and not _seen(row, searched)
    }
    for key in _fold_tests(system, store):
        if key in rows:
            found.setdefault(key, _of(rows[key], fold=True))
    # Of equal ranges the last one counts: a run of the system itself before a test, the later before the earlier.
    return sorted(found.values(), key=lambda one: (not one.fold, one.row.id or 0))


def runs_with(
    system: SystemNow, settings_sha256: str | None, windows: Sequence[SearchedWindow], store: RunStore
) -> list[UnsearchedRun]:
    """Return the runs that have the settings of a hash, over time in which nobody searched for those of the system."""
    searched = _searched(system, windows)
    rows = [] if settings_sha256 is None else store.runs()
    return [
        _of(row, fold=False)
        for row in rows
        if row.status == "COMPLETED" and row.settings_sha256 == settings_sha256 and not _seen(row, searched)
    ]


def _searched(system: SystemNow, windows: Sequence[SearchedWindow]) -> list[TimeRange]:
    return [one.window for one in windows if not one.compares and one.hashes.settings == system.settings_sha256]


def _seen(row: RunRow, searched: Sequence[TimeRange]) -> bool:
    if row.start_ms is None or row.end_ms is None or row.end_ms <= row.start_ms:
        return True
    own = TimeRange(row.start_ms, row.end_ms)
    return any(overlap(own, one) for one in searched)


def _of(row: RunRow, *, fold: bool) -> UnsearchedRun:
    return UnsearchedRun(row=row, window=TimeRange(row.start_ms or 0, row.end_ms or 1), fold=fold)


def _fold_tests(system: SystemNow, store: RunStore) -> list[int]:
    """Return the rows of the runs that tests of walk-forwards of the system are."""
    found: list[int] = []
    for walk in store.records(Optimisation, method=METHOD, system=system.id):
        if WalkPlan.of(walk).settings_sha256 == system.settings_sha256:
            found += [run for (run,) in store.columns(Trial, "run", optimisation=walk.id) if run is not None]
    return found


def fold_ranges(system: SystemNow, store: RunStore) -> list[TimeRange]:
    """Return the ranges of the tests of the system's walk-forwards."""
    return [
        FoldNotes.of(trial).test
        for walk in store.records(Optimisation, method=METHOD, system=system.id)
        if WalkPlan.of(walk).settings_sha256 == system.settings_sha256
        for trial in store.records(Trial, optimisation=walk.id, status="COMPLETED")
    ]


def daily_returns(row: RunRow, store: RunStore) -> DailyReturns:
    """Return the daily returns of a run, from its account in the store."""
    points = store.metric_points(row)
    curve = EquityCurve.of(
        [one.time_ms for one in points],
        [float(one.equity) for one in points],
        float(row.capital or 0),
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        sparse=True,
    )
    return DailyReturns.of(curve.daily())


def earned_by_symbol(row: RunRow, store: RunStore) -> Mapping[str, tuple[Float64Array, int]]:
    """Return what each symbol of a run earned by day of exit, as fractions of its capital, and its trades."""
    first, days = _days_of(row)
    capital = row.capital or Decimal(0)
    found = {symbol: np.zeros(days) for symbol in row.symbols}
    trades = dict.fromkeys(row.symbols, 0)
    for one in store.trades(row):
        if one.symbol in found and capital > 0:
            place = min(max(0, (one.exit_time_ms - 1) // DAY_MS - first), days - 1)
            found[one.symbol][place] += float(one.realized_pnl / capital)
            trades[one.symbol] += 1
    return {symbol: (found[symbol], trades[symbol]) for symbol in found}


def _days_of(row: RunRow) -> tuple[int, int]:
    """Return the first UTC day of a run and their number."""
    first = (row.start_ms or 0) // DAY_MS
    return first, ((row.end_ms or 1) - 1) // DAY_MS - first + 1
