"""What studies of the store have of points: the daily returns of each, by the range of time it was tried in."""

from collections.abc import Mapping
from typing import Any

import msgspec

from core.errors import ConfigurationError
from core.time_range import TimeRange
from research.recommendations.change import DailyReturns
from research.studies.judged_trials import kept_days
from research.studies.study_plan import BaseHashes, Market, StudyPlan, plan_of
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation, Trial

COMPARES = "compares"
"""Key of the settings of a study that compares two points for a claim, and chooses none."""
_BALANCE = "execution.starting_balance"
_START = "performance.starting_balance"

Settled = frozenset[tuple[str, Any]]
"""What a point settles, by dotted keys of the settings."""


class PointRun(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """A point over a range: its returns, and the trial that has them; None of the base as it stands."""

    returns: DailyReturns
    trades: int
    trial: int | None = None
    run: int | None = None
    fingerprint: str | None = None


class SearchedWindow(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """A study that is done, as evidence.

    ``keys`` are what it varies, ``points`` what it tried, ``base`` the system as it stood, and ``best`` the point that
    it chose; None where it only ``compares``, or where none is ranked.
    """

    study: int
    system: str | None
    market: Market
    window: TimeRange
    hashes: BaseHashes
    keys: tuple[str, ...]
    points: dict[Settled, PointRun]
    base: PointRun | None
    best: Settled | None
    compares: bool

    @property
    def called(self) -> str:
        """Its market, as it is shown."""
        return f"{self.market.exchange} {self.market.timeframe} {' '.join(self.market.symbols)}"

    def at(self, values: Mapping[str, Any]) -> PointRun | None:
        """Return the point that has these values where it varies them; None where it was not tried."""
        return self.points.get(settled({key: values.get(key) for key in self.keys}))


def settled(values: Mapping[str, Any]) -> Settled:
    """Return values as a point that can be looked up; a list is told by its text."""
    return frozenset((key, str(one) if isinstance(one, list | dict) else one) for key, one in values.items())


def searched_windows(store: RunStore, strategy: str) -> list[SearchedWindow]:
    """Return every study of a strategy that is done, in order of their numbers.

    Studies that vary the starting balance say nothing by day and are left out.
    """
    found = []
    for row in store.records(Optimisation, strategy=strategy, status="COMPLETED"):
        if row.code_version is None or row.settings_sha256 is None or row.data_sha256 is None:
            continue
        try:
            plan = plan_of(row)
            market = msgspec.convert((row.settings or {}).get("market"), Market)
        except (ConfigurationError, msgspec.ValidationError):
            continue  # Another program's: `python -m research show` says what is wrong with it.
        if all(one.key != _BALANCE for one in plan.space.parameters):
            found.append(_searched(store, row, plan, market))
    return found


def _searched(store: RunStore, row: Optimisation, plan: StudyPlan, market: Market) -> SearchedWindow:
    kept = row.settings or {}
    start = float(kept.get("base", {}).get(_START) or 0.0)
    names = ("number", "params", "value", "status", "trades", "run", "fingerprint", "first_day", "daily_equity")
    points: dict[Settled, PointRun] = {}
    best: tuple[float, Settled] | None = None
    sign = 1.0 if plan.goals[0].direction == "maximise" else -1.0
    for cells in store.columns(Trial, *names, optimisation=row.id):
        number, params, value, status, trades, run, mark, first_day, equity = cells
        if status != "COMPLETED" or not equity or not start > 0.0:
            continue
        point = settled(plan.space.variation(params))
        returns = DailyReturns.of(kept_days(first_day, start, equity))
        points.setdefault(point, PointRun(returns=returns, trades=trades or 0, trial=number, run=run, fingerprint=mark))
        if value is not None and (best is None or sign * value > best[0]):
            best = (sign * value, point)
    compares = bool(kept.get(COMPARES))
    return SearchedWindow(
        study=int(row.id or 0),
        system=row.system,
        market=market,
        window=plan.window,
        hashes=BaseHashes(str(row.settings_sha256), str(row.data_sha256), str(row.code_version)),
        keys=tuple(one.key for one in plan.space.parameters),
        points=points,
        base=_base(row, start),
        best=None if best is None or compares else best[1],
        compares=compares,
    )


def _base(row: Optimisation, start: float) -> PointRun | None:
    if not row.daily_equity or not start > 0.0:
        return None
    trades = (row.settings or {}).get("base", {}).get("trade_quality.trades")
    returns = DailyReturns.of(kept_days(row.first_day, start, row.daily_equity))
    return PointRun(returns=returns, trades=int(trades or 0))
