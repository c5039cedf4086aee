"""How much of one run is luck, beside all that the store knows to have been tried on the same candles."""

from collections.abc import Iterator

import msgspec
import numpy as np

from metrics.equity_curve import DailyCloses
from research.luck.luck_report import Luck, luck_of_run
from research.luck.trial_returns import returns_of_trials
from research.studies.judged_trials import kept_days
from research.studies.study_luck import MOST_TRIALS, CandlesOf, sharpes_tried_on, studies_on
from runs.reading.run_folder import StoredRun
from runs.store.run_store import RunStore
from runs.store.store_rows import RunRow, Trial


def run_luck(row: RunRow, run: StoredRun, store: RunStore, *, further: int = 0, seed: int = 0) -> Luck:
    """Return how much of a run is luck, where it is the best of what was tried.

    Parameters
    ----------
    row, run
        As the store has it, and as its folder does.
    store
        With all else that was tried on its market over its window.
    further
        How many were tried beside them that the store knows nothing of.
    seed
        Of the bootstrap.

    Raises
    ------
    StoreError
        If a file of the run cannot be read.
    """
    candles, window = CandlesOf(row.exchange, tuple(row.symbols), row.timeframe), (row.start_ms or 0, row.end_ms or 0)
    tried = sharpes_tried_on(candles, window, store)
    trials = [one for study in studies_on(candles, window, store) for one in _days(study, store)]
    own = run.curve.daily()
    known = any(np.array_equal(own.equity, one.equity) for one in trials)
    table = returns_of_trials(trials if known else [*trials, own]) if trials else None
    tried = msgspec.structs.replace(tried, count=tried.count + further)
    return luck_of_run(run, tried, table, seed=seed)


def _days(study: int | None, store: RunStore) -> Iterator[DailyCloses]:
    """Yield equity by day of the trials of a study that have it."""
    columns = ("first_day", "daily_equity", "figures", "same_as")
    for first, equity, figures, same_as in store.columns(Trial, *columns, optimisation=study)[:MOST_TRIALS]:
        start = (figures or {}).get("performance.starting_balance")
        if equity and start and same_as is None:
            yield kept_days(first, float(start), equity)
