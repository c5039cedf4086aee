"""Synthetic histories of studies, of which the truth is known: daily returns are drawn, nothing is run."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import insert

from core.time_range import TimeRange
from core.timeframe import DAY_MS
from research.objectives.objective import objectives_of
from research.recommendations.system_now import SystemNow
from research.spaces.ranges import parameter_of
from research.spaces.settings_names import SettingsNames
from research.studies.study_plan import BaseHashes, Market, StudyPlan, goals_of
from runs.store.run_store import RunStore
from runs.store.store_rows import Trial
from runs.store.tables import TRIAL

START = 10_000.0
FIRST_DAY = 19_700


def windows_of(count: int, days: int = 30) -> list[TimeRange]:
    """Return ranges of time, one after the other."""
    starts = [(FIRST_DAY + number * days) * DAY_MS for number in range(count)]
    return [TimeRange(start, start + days * DAY_MS) for start in starts]


def equity_of(returns: np.ndarray) -> bytes:
    """Return daily returns as the store keeps equity."""
    return (START * np.cumprod(1.0 + returns)).astype("<f8").tobytes()


def write_study(
    store: RunStore,
    system: SystemNow,
    window: TimeRange,
    parameters: Mapping[str, str],
    returns: Mapping[tuple[Any, ...], np.ndarray],
    base: np.ndarray,
    **changes: Any,
) -> int:
    """Write a grid study of a system as it stands, with the daily returns of its points; return its number."""
    settings = system.system.settings
    space = SettingsNames(settings).space(tuple(parameter_of(name, text) for name, text in parameters.items()), ())
    plan = StudyPlan(
        system=system.id, window_name=None, window=window, space=space, goals=goals_of(objectives_of("roi")),
        sampler="grid", seed=0, trials=None, batch=8, in_order=True, min_trades=0, verified=0,
    )  # fmt: skip
    live = settings.live
    market = Market(live.strategy.type, live.exchange, tuple(live.symbols), live.timeframe)
    hashes = BaseHashes(system.settings_sha256, f"data {window}", "code")
    row = plan.row(hashes, market, 1)
    kept = {**row.settings, "base": {"performance.starting_balance": START, "trade_quality.trades": 9}}
    first = window.start_ms // DAY_MS
    row = msgspec.structs.replace(row, status="COMPLETED", settings=kept, first_day=first, daily_equity=equity_of(base))
    row = msgspec.structs.replace(row, **changes)
    study = store.record(row)
    trials = []
    for number, (point, drawn) in enumerate(returns.items()):
        params = dict(zip(parameters, point, strict=True))
        trial = Trial(
            optimisation=study, number=number, status="COMPLETED", params=params, value=float(np.prod(1.0 + drawn)),
            trades=7, fingerprint=system.mark(space.variation(params), window, hashes), first_day=first,
            daily_equity=equity_of(drawn),
        )  # fmt: skip
        trials.append({name: one for name, one in msgspec.structs.asdict(trial).items() if name != "id"})
    with store.database.writing() as connection:
        connection.execute(insert(TRIAL), trials)
    return study


def drawn_returns(
    seed: Sequence[int], days: int, points: Sequence[tuple[Any, ...]], worth: Mapping[tuple[Any, ...], float]
) -> dict[tuple[Any, ...], np.ndarray]:
    """Return daily returns of points on one market: what all of them have in common, their own, and their worth."""
    draw = np.random.default_rng(seed)
    common = 0.01 * draw.standard_t(4, days)
    return {point: common + 0.005 * draw.standard_t(4, days) + worth.get(point, 0.0) for point in points}
