"""Everything that a walk-forward follows from, and its rows in the store.

A walk-forward is kept as a search of the method ``walk-forward``. Its trials, numbered as the folds, are the tests of
these: the figures of a trial are those of the test, ``notes`` has a :class:`FoldNotes`, and the search of each fold is
a study of its own.
"""

from typing import ClassVar

import msgspec

from core.time_range import TimeRange
from research.folds.fold_times import Fold, FoldScheme, folds_of
from research.folds.folded_search import FoldedPlan
from research.studies.study_plan import StudyPlan
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation, Trial

METHOD = "walk-forward"


class WalkPlan(FoldedPlan, frozen=True, kw_only=True):
    """A walk-forward as the store keeps it: where its folds lie beside, and what its one account begins with."""

    method: ClassVar[str] = METHOD
    verb: ClassVar[str] = "walk-forward"

    scheme: FoldScheme
    starting_balance: float

    @property
    def folds(self) -> list[Fold]:
        """The folds, in order."""
        return folds_of(self.search.window, self.scheme, self.candle_ms)

    def search_of(self, fold: Fold) -> StudyPlan:
        """Return the search of a fold."""
        return msgspec.structs.replace(self.search, window=fold.train, window_name=None)


class FoldNotes(msgspec.Struct, frozen=True, kw_only=True):
    """What a fold came to beside the figures of its test.

    Parameters
    ----------
    study
        The number of its search in the store.
    train, test
        Its ranges.
    tried
        How many trials the search made.
    trial
        The number of the best; None where none is ranked, and then nothing is traded in the test.
    untraded
        Why none is ranked, of the first; None where one is.
    in_value, in_figures
        What the best was worth in the search, by the first objective, and its figures.
    starting_balance, final_balance
        Of the account, in the test.
    peak, max_drawdown_pct
        Of the one account from its beginning to the end of this test, at every step.
    run_id, folder, trades_sha256, engine
        Of the run that the test is.
    """

    study: int
    train: TimeRange
    test: TimeRange
    tried: int = 0
    trial: int | None = None
    untraded: str | None = None
    in_value: float | None = None
    in_figures: dict[str, float | int | None] = {}
    starting_balance: float = 0.0
    final_balance: float = 0.0
    peak: float = 0.0
    max_drawdown_pct: float = 0.0
    run_id: str | None = None
    folder: str | None = None
    trades_sha256: str | None = None
    engine: str | None = None

    @classmethod
    def of(cls, trial: Trial) -> "FoldNotes":
        """Return those of a fold's trial."""
        return msgspec.convert(trial.notes, cls)


def folds_done(walk: Optimisation, store: RunStore) -> list[Trial]:
    """Return the folds of a walk-forward that are done, in order."""
    found = store.records(Trial, optimisation=walk.id, status="COMPLETED")
    return sorted(found, key=lambda one: one.number)
