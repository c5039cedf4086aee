"""Everything that a walk-forward follows from, and its rows in the store.

A walk-forward is kept as a search of the method ``walk-forward``. Its trials, numbered as the folds, are the tests of
these: the figures of a trial are those of the test, ``notes`` has a :class:`FoldNotes`, and the search of each fold is
a study of its own.
"""

from typing import Any

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import shown
from core.time_range import TimeRange
from metrics.metric_settings import MetricSettings
from research.folds.fold_times import Fold, FoldScheme, folds_of
from research.studies.study_plan import StudyPlan
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation, Trial

METHOD = "walk-forward"


class WalkPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A walk-forward as the store keeps it.

    Parameters
    ----------
    search
        The search of every fold; its window is the whole.
    scheme, candle_ms
        Where the folds lie.
    starting_balance
        Of the one account.
    conventions
        Of figures.
    settings_sha256, code_version
        Of the base, and of the program.
    """

    search: StudyPlan
    scheme: FoldScheme
    candle_ms: int
    starting_balance: float
    conventions: MetricSettings
    settings_sha256: str
    code_version: str

    @property
    def folds(self) -> list[Fold]:
        """The folds, in order."""
        return folds_of(self.search.window, self.scheme, self.candle_ms)

    def search_of(self, fold: Fold) -> StudyPlan:
        """Return the search of a fold."""
        return msgspec.structs.replace(self.search, window=fold.train, window_name=None)

    def row(self, strategy: str, created_ms: int) -> Optimisation:
        """Return the row of a walk-forward that begins."""
        search = self.search
        return Optimisation(
            name=search.system or strategy,
            status="RUNNING",
            strategy=strategy,
            method=METHOD,
            objective=", ".join(f"{one.text}:{one.direction[:3]}" for one in search.goals),
            space=msgspec.to_builtins(search.space),
            settings={METHOD: msgspec.to_builtins(self)},
            seed=search.seed,
            created_ms=created_ms,
            system=search.system,
            window_name=search.window_name,
            start_ms=search.window.start_ms,
            end_ms=search.window.end_ms,
            batch=search.batch,
        )


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


def plan_of_walk(row: Optimisation) -> WalkPlan:
    """Return the plan that a walk-forward was begun with; ConfigurationError of one that another program wrote."""
    try:
        return msgspec.convert((row.settings or {}).get(METHOD), WalkPlan)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"walk-forward {row.id}: was not written by this program ({error})") from None


def walk_row(store: RunStore, walk: str | int) -> Optimisation:
    """Return the row of a walk-forward, by its number or ``latest``; ConfigurationError where there is none."""
    text = str(walk)
    rows = store.records(Optimisation, method=METHOD)
    found = [one for one in rows if text in ("latest", str(one.id))]
    if found:
        return found[-1]
    allowed = f"allowed: latest, or such as {rows[-1].id}" if rows else "the store has none yet"
    raise ConfigurationError(f"walk-forward {shown(text)}: there is none of that number — {allowed}")


def plain_of(notes: FoldNotes) -> dict[str, Any]:
    """Return notes as a row keeps them."""
    found: dict[str, Any] = msgspec.to_builtins(notes)
    return found
