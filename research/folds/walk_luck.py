"""How much of a walk-forward is luck, and what else could have come of it: of the one account over all its tests."""

from pathlib import Path

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from core.errors import ConfigurationError
from metrics.equity_curve import DailyCloses
from metrics.figures.least_length import short_run
from metrics.figures.performance_figures import unsound
from metrics.figures.undefined import NO_TRADE, Undefined
from metrics.metric_settings import MetricSettings
from research.folds.walk_forward_result import WalkForward
from research.folds.walk_plan import METHOD, FoldNotes, folds_done
from research.luck.expected_best import SharpesTried
from research.luck.luck_report import Luck, luck_of_sample
from research.luck.sharpe_statistics import SharpeSample, sharpe_sample
from research.luck.trial_returns import returns_of_trials
from research.monte_carlo.run_sample import RunSample, TradeGrowth, trade_growth
from runs.reading.run_folder import read_run
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation


def walk_of_run(folder: str | Path, store: RunStore) -> int | None:
    """Return the walk-forward of which the run in a folder is a test; None where it is of none."""
    place = str(Path(folder).resolve())
    for row in reversed(store.records(Optimisation, method=METHOD)):
        if any(FoldNotes.of(one).folder == place for one in folds_done(row, store)):
            return row.id
    return None


def walk_luck(walk: WalkForward, store: RunStore, *, further: int = 0, seed: int = 0) -> Luck:
    """Return how much of a walk-forward's account is luck.

    No search saw what it was tested on: what was searched for it does not count beside it. What counts are all
    walk-forwards of the same strategy over the same window of the same market, of which one may choose the best.

    Parameters
    ----------
    walk
        With at least one fold.
    store
        With the others.
    further
        How many were made beside them that the store knows nothing of.
    seed
        Of the bootstrap.
    """
    require_folds(walk)
    conventions = walk.plan.conventions
    made = [walk, *_others(walk, store)]
    samples = [_sample(one.daily, conventions) for one in made]
    sharpes = [None if isinstance(one, Undefined) else one.sharpe for one in samples]
    tried = SharpesTried.of(np.array(sharpes, np.float64), len(made) + further)
    table = returns_of_trials([one.daily for one in made], conventions.daily_rate)
    found = luck_of_sample(samples[0], tried, table, periods_per_year=conventions.periods_per_year, seed=seed)
    curve = walk.daily.curve(walk.folds[0].notes.test.start_ms, walk.folds[-1].notes.test.end_ms)
    short = short_run(curve.days, conventions)
    if short is None or found.sharpe is None:
        return found
    return msgspec.structs.replace(found, sharpe=None, undefined={**found.undefined, "sharpe": short})


def walk_sample(walk: WalkForward) -> RunSample:
    """Return what of a walk-forward is drawn again: the days of its one account, and the trades of all its tests.

    Raises
    ------
    ConfigurationError
        If no fold is done.
    StoreError
        If the run of a test is gone, or damaged.
    """
    require_folds(walk)
    wrong, days = unsound(walk.daily), walk.daily
    if wrong is None and len(days.equity) < 2:
        wrong = "1 daily return; it needs 2"
    return RunSample(
        starting_equity=days.starting_balance,
        days=1.0 + days.returns() if wrong is None else Undefined(wrong),
        trades=_trades(walk),
    )


def require_folds(walk: WalkForward) -> None:
    """Refuse a walk-forward of which there is nothing yet."""
    if not walk.folds:
        raise ConfigurationError(f"walk-forward {walk.id}: no fold is done — allowed: to go on with it first")


def _others(walk: WalkForward, store: RunStore) -> list[WalkForward]:
    row = walk.row
    same = {"strategy": row.strategy, "start_ms": row.start_ms, "end_ms": row.end_ms}
    others = [one for one in store.records(Optimisation, method=METHOD, **same) if one.id != row.id]
    found = [WalkForward(one, folds_done(one, store)) for one in others]
    return [one for one in found if one.folds and _market(one, store) == _market(walk, store)]


def _market(walk: WalkForward, store: RunStore) -> object:
    """Return what the search of the first fold trades."""
    [study] = store.records(Optimisation, id=walk.folds[0].notes.study)
    return (study.settings or {}).get("market")


def _sample(daily: DailyCloses, conventions: MetricSettings) -> SharpeSample | Undefined:
    wrong = unsound(daily)
    return Undefined(wrong) if wrong is not None else sharpe_sample(daily.returns() - conventions.daily_rate)


def _trades(walk: WalkForward) -> TradeGrowth | Undefined:
    """Return what each trade multiplied the account by: every test begins with what the one before left."""
    factors: list[Float64Array] = []
    traded: list[Float64Array] = []
    for one in walk.folds:
        if not one.trial.trades or one.notes.trial is None:
            continue
        if one.notes.folder is None:
            return Undefined("the tests have left no files, so that their trades are not known")
        run = read_run(one.notes.folder)
        growth = trade_growth(run.trades, run.curve.starting_balance, least=1)
        if isinstance(growth, Undefined):
            return growth
        factors.append(growth.factors)
        traded.append(growth.traded)
    count = sum(map(len, factors))
    if count < 2:
        return Undefined(NO_TRADE if count == 0 else "1 closed trade; it needs 2")
    return TradeGrowth(np.concatenate(factors), np.concatenate(traded))
