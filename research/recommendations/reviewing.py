"""What became of recommendations that were followed, and what that says of others of their kind."""

from collections.abc import Sequence
from typing import Any, Unpack

import msgspec

from core.errors import ConfigurationError, HarnessError
from core.settings_problem import shown
from core.time_range import TimeRange
from core.timeframe import DAY_MS
from metrics.figures.undefined import Undefined
from research.recommendations.change import DailyReturns
from research.recommendations.confidence import KindRecord, kind_records
from research.recommendations.deciding import recommendation
from research.recommendations.mean_change import mean_change
from research.recommendations.system_now import SystemNow
from research.studies.study_base import base_of_system
from research.studies.surroundings import OpenedSurroundings, Surroundings, require_known
from runs.store.run_store import RunStore
from runs.store.store_rows import Recommendation, RunRow
from systems.catalogue import read_system
from systems.life_cycle.epoch_tracker import wall_clock_ms

DAYS = 30
LEVEL = 0.95


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """A recommendation that was followed: ``days`` have passed since, and its version made ``trades`` in ``runs``.

    ``waits`` says why there is no outcome yet; None where there is one.
    """

    row: Recommendation
    days: int
    trades: int
    runs: tuple[str, ...]
    waits: str | None


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """All that were followed, and the record of each kind."""

    reviewed: list[Reviewed]
    kinds: list[KindRecord]


class ReviewOptions(Surroundings, total=False):
    """What else :func:`review` may be told."""

    days: int
    trades: int | None


def review(number: str | int | None = None, **options: Unpack[ReviewOptions]) -> Review:
    """Compare what was expected of accepted recommendations with what came of them, and count it for their kind.

    From the day after it was accepted on, the system and its version are run over the same candles by the same code;
    what the version earned more a day is the outcome. It held where that is above 0. A paper session of the version
    makes the trades that its backtest makes, so that both say the same; sessions and backtests of it that the store has
    are named and make it ``applied``. An outcome is kept once, and changes the confidence of all that is pending.

    Parameters
    ----------
    number
        Of one; None are all that are accepted or applied.
    **options
        ``days`` (30) after which there is an outcome; ``trades`` of the version in the store after which there is one
        too. All others as of :func:`research.optimise`.

    Raises
    ------
    ConfigurationError
        If there is none, or it was not accepted.
    HarnessError
        As of a backtest.
    """
    require_known(options, ReviewOptions, "review")
    days, trades = options.get("days", DAYS), options.get("trades")
    for name, value in (("days", days), ("trades", 1 if trades is None else trades)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ConfigurationError(f"{name}: {shown(value)} — allowed: a whole number from 1")
    given: Any = {name: one for name, one in options.items() if name not in ("days", "trades")}
    with OpenedSurroundings(given) as opened:
        rows = _followed(number, opened.store)
        reviewed = [_reviewed(one, days, trades, opened) for one in rows]
        return Review(reviewed=reviewed, kinds=list(recalibrated(opened.store).values()))


def recalibrated(store: RunStore) -> dict[str, KindRecord]:
    """Give what is pending the confidence that the record of its kind says now, and return the records."""
    rows = store.records(Recommendation)
    records = kind_records(rows)
    for one in rows:
        if one.status == "pending" and one.kind in records and one.probability is not None:
            confidence = records[one.kind].confidence(one.probability)
            if confidence != one.confidence:
                store.record(msgspec.structs.replace(one, confidence=confidence))
    return records


def _followed(number: str | int | None, store: RunStore) -> list[Recommendation]:
    if number is None:
        return [one for one in store.records(Recommendation) if one.status in ("accepted", "applied")]
    row = recommendation(number, store)
    if row.status not in ("accepted", "applied"):
        raise ConfigurationError(f"recommendation {row.id}: is {row.status} — allowed: one that is accepted or applied")
    return [row]


def _reviewed(row: Recommendation, days: int, trades: int | None, opened: OpenedSurroundings) -> Reviewed:
    decided_ms, now_ms = row.decided_ms or 0, wall_clock_ms()
    first, last = decided_ms // DAY_MS + 1, now_ms // DAY_MS
    passed = max(0, last - first)
    try:
        version = read_system(str(row.version), opened.places.systems)
        system = SystemNow(read_system(str(row.system), opened.places.systems), opened.places)
    except HarnessError as error:
        return Reviewed(row=row, days=passed, trades=0, runs=(), waits=str(error).split("\n")[0])
    runs = _runs_of(version.settings.settings_sha256, decided_ms, opened.store)
    made = sum(one.trades or 0 for one in runs)
    if runs and row.status == "accepted":
        row = msgspec.structs.replace(row, status="applied")
        opened.store.record(row)
    waits = None
    if row.outcome is None:
        if system.settings_sha256 != row.settings_sha256:
            waits = f"{row.system} is another now: there is nothing to compare with"
        elif passed < 1 or (passed < days and (trades is None or made < trades)):
            waits = f"{passed} of {days} days" + ("" if trades is None else f", {made} of {trades} trades")
        else:
            window = TimeRange(first * DAY_MS, last * DAY_MS)
            outcome = _outcome(row, system, window, opened)
            waits = None if outcome is not None else f"nothing differed in {passed} days"
            if outcome is not None:
                row = msgspec.structs.replace(row, outcome=outcome)
                opened.store.record(row)
    return Reviewed(row=row, days=passed, trades=made, runs=tuple(one.run_id for one in runs), waits=waits)


def _runs_of(settings_sha256: str, since_ms: int, store: RunStore) -> Sequence[RunRow]:
    """Return the runs of a version that went on after an instant."""
    return [one for one in store.runs() if one.settings_sha256 == settings_sha256 and (one.end_ms or 0) > since_ms]


def _outcome(
    row: Recommendation, system: SystemNow, window: TimeRange, opened: OpenedSurroundings
) -> dict[str, Any] | None:
    """Run a system and its version over a range, and return what the version earned more; None if nothing differs."""
    base = base_of_system(
        system.system, window, opened.places, offline=opened.offline, show_progress=opened.show_progress
    )
    with opened.machines.runs(base, "none", 2) as runs:
        found = [made.required() for made in runs.run([{}, row.params or {}])]
    before, after = (DailyReturns.of(one.daily_closes) for one in found)
    _, differences = after.less(before)
    if not differences.any():
        return None
    change, mean = mean_change(differences), float(differences.mean())
    low, high = (None, None) if isinstance(change, Undefined) else change.interval(LEVEL)
    return {
        "window": msgspec.to_builtins(window),
        "days": len(differences),
        "trades": found[1].result.performance.total_trades,
        "change": mean,
        "low": low,
        "high": high,
        "held": mean > 0.0,
        "as_expected": None if low is None or high is None else _meet((low, high), row),
        "trades_sha256": found[1].trades_sha256,
    }


def _meet(measured: tuple[float, float], row: Recommendation) -> bool:
    """Whether what was measured, and what was expected, may be the same."""
    return measured[0] <= (row.expected_high or 0.0) and (row.expected_low or 0.0) <= measured[1]
