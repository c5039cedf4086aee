"""Makes folds: the search of one as a study of its own, and the test of its best parameters as a run of its own."""

from collections.abc import Mapping

import msgspec
from sqlalchemy.exc import IntegrityError

from backtests.backtest_result import BacktestResult
from backtests.many.run_many import ManyRuns, VariationResult
from core.errors import HarnessError, InvariantError
from research.folds.fold_times import Fold
from research.folds.stitched_account import Depth
from research.folds.walk_plan import FoldNotes, WalkPlan
from research.folds.windowed_base import WindowedBase, study_base_over
from research.spaces.parameter import Value
from research.studies.judged_trials import UNRANKED, Judge
from research.studies.planned_search import Search
from research.studies.search import begin_study, go_on_with_study, study_row
from research.studies.study import Study
from research.studies.study_base import Candidate
from research.studies.study_run import StudyTaken
from research.studies.surroundings import OpenedSurroundings
from runs.folder.stem_folder import own_folder
from runs.store.store_rows import Optimisation, Trial
from runs.store.synchronising import take_folder

BALANCE = "execution.starting_balance"


class FoldRun:
    """The folds of a walk-forward, made one by one.

    Parameters
    ----------
    row, plan
        The walk-forward.
    search
        Its search over the whole window.
    opened
        Store and surroundings.
    """

    def __init__(self, row: Optimisation, plan: WalkPlan, search: Search, opened: OpenedSurroundings) -> None:
        self._id, self._plan, self._search, self._opened = int(row.id or 0), plan, search, opened

    @staticmethod
    def is_ruined(trial: Trial) -> bool:
        """Whether a fold left nothing to trade with."""
        return FoldNotes.of(trial).final_balance <= 0.0

    def make(self, fold: Fold, before: Trial | None) -> Trial:
        """Make a fold, or what is missing of it; ``before`` is the one before it, None of the first.

        Raises
        ------
        ConfigurationError, HarnessError
            As of a study and a run; or if another process makes the same fold.
        """
        begun = self._begun(fold)
        study = self._study(fold, begun)
        [begun] = self._opened.store.records(Trial, optimisation=self._id, number=fold.number)
        past = None if before is None else FoldNotes.of(before)
        depth = Depth(self._plan.starting_balance) if past is None else Depth(past.peak, past.max_drawdown_pct)
        balance = self._plan.starting_balance if past is None else past.final_balance
        notes = msgspec.structs.replace(
            FoldNotes.of(begun),
            tried=len(study.trials),
            starting_balance=balance,
            final_balance=balance,
            peak=depth.peak,
            max_drawdown_pct=depth.max_drawdown_pct,
        )
        best = study.ranked[0] if study.ranked else None
        if best is None:
            reason = str((study.unranked[0].notes or {}).get(UNRANKED, ""))
            notes = msgspec.structs.replace(notes, untraded=reason)
            done = msgspec.structs.replace(begun, status="COMPLETED", notes=msgspec.to_builtins(notes))
        else:
            notes = msgspec.structs.replace(
                notes, trial=best.number, in_value=best.value, in_figures=best.figures or {}
            )
            done = self._tested(fold, notes, best.params or {})
        done = msgspec.structs.replace(done, id=begun.id)
        self._opened.store.record(done)
        return done

    def _begun(self, fold: Fold) -> Trial | None:
        """Return what is kept of a fold that was begun."""
        found = self._opened.store.records(Trial, optimisation=self._id, number=fold.number)
        return found[0] if found else None

    def _study(self, fold: Fold, begun: Trial | None) -> Study:
        """Make the search of a fold; its number is kept as soon as it has one."""
        base = study_base_over(self._search.base, fold.train)
        search = Search(self._plan.search_of(fold), base, self._search.objectives)
        if begun is not None:
            return go_on_with_study(study_row(self._opened.store, FoldNotes.of(begun).study), search, self._opened)

        def told(study: int) -> None:
            notes = FoldNotes(study=study, train=fold.train, test=fold.test)
            trial = Trial(optimisation=self._id, number=fold.number, status="RUNNING", notes=msgspec.to_builtins(notes))
            try:
                self._opened.store.record(trial)
            except IntegrityError:
                raise StudyTaken(
                    f"walk-forward {self._id}: fold {fold.number} is there already: another process makes it — "
                    "allowed: wait for it, or end it"
                ) from None

        return begin_study(search, self._opened, told)

    def _tested(self, fold: Fold, notes: FoldNotes, params: Mapping[str, Value]) -> Trial:
        """Run the test of a fold, and return it as a trial."""
        base = self._search.base
        windowed = WindowedBase(base.runs, fold.test, output_dir=base.output_dir, outputs="full", show_progress=False)
        variation = {**self._plan.search.space.variation(params), BALANCE: notes.starting_balance}
        with ManyRuns(windowed, processes=1, outputs="full") as runs:
            (made,) = runs.run([variation])
        result = self._result(fold, made)
        judge = Judge(self._search.objectives, 0, fold.test, self._plan.conventions)
        # Another study does not answer from it: it began with a balance of its own.
        trial = judge.judged(made, Candidate(dict(params), variation, ""), fold.number, self._id)
        if trial.status == "FAILED":
            raise HarnessError(f"the test of fold {fold.number}: {trial.failure}")
        equity = result.equity["equity"].to_numpy()
        depth = Depth(notes.peak, notes.max_drawdown_pct).after(equity)
        folder = None if base.output_dir is None else own_folder(result.result).resolve()
        notes = msgspec.structs.replace(
            notes,
            final_balance=result.result.performance.current_balance,
            peak=depth.peak,
            max_drawdown_pct=depth.max_drawdown_pct,
            run_id=result.result.run_id if isinstance(result.result.run_id, str) else None,
            folder=None if folder is None else str(folder),
            trades_sha256=result.trades_sha256,
            engine=result.engine,
        )
        run = None if folder is None else take_folder(self._opened.store, folder)
        return msgspec.structs.replace(trial, fingerprint=None, notes=msgspec.to_builtins(notes), run=run)

    def _result(self, fold: Fold, made: VariationResult) -> BacktestResult:
        if made.result is not None:
            if made.result.result.partial:
                raise KeyboardInterrupt
            return made.result
        if isinstance(made.error, HarnessError):
            raise made.error
        raise InvariantError(f"the test of fold {fold.number}: {made.error}")
