"""The best trials, run again with all their outputs by the reference kernel: they must be what the search said."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from backtests.backtest_result import BacktestResult
from backtests.many.run_many import ManyRuns
from core.errors import HarnessError, ParityError
from core.settings_problem import shown
from research.spaces.space import Space
from research.studies.judged_trials import ENGINE, VERIFIED, Judge, equity_bytes
from research.studies.study_base import StudyBase, reference_base
from runs.folder.stem_folder import own_folder
from runs.store.run_store import RunStore
from runs.store.store_rows import Trial
from runs.store.synchronising import take_folder


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What came of running a trial again.

    ``difference`` is the first figure that is another, None where the two agree. ``folder`` has the run's outputs, None
    where they are in memory only.
    """

    agrees: bool
    difference: str | None
    engines: str
    trades_sha256: str | None = None
    run_id: str | None = None
    folder: str | None = None


class Verifier:
    """Runs trials again.

    Parameters
    ----------
    base, space
        What they vary.
    judge
        Has their figures.
    store
        Where the trials are kept, and where their runs are indexed.
    """

    def __init__(self, base: StudyBase, space: Space, judge: Judge, store: RunStore) -> None:
        self._base, self._space, self._judge, self._store = base, space, judge, store

    def verified(self, trials: Sequence[Trial], processes: int) -> list[Trial]:
        """Return trials with what came of running them again in their notes; those that have it stay as they are."""
        due = [one for one in trials if VERIFIED not in (one.notes or {}) or self._is_lost(one)]
        if not due:
            return list(trials)
        # Where the compiled rules made the trials, every byte of theirs is compared with the reference kernel's.
        compiled = any((one.notes or {}).get(ENGINE) == "compiled" for one in due)
        base = reference_base(self._base, compiled_too=compiled)
        again: dict[int | None, Trial] = {}
        with ManyRuns(base, processes=min(processes, len(due)), outputs="full") as runs:
            variations = [self._space.variation(one.params or {}) for one in due]
            for trial, made in zip(due, runs.run(variations), strict=True):
                again[trial.id] = self._kept(trial, made.result, made.error, compiled=compiled)
        return [again.get(one.id, one) for one in trials]

    def _is_lost(self, trial: Trial) -> bool:
        folder = (trial.notes or {})[VERIFIED].get("folder")
        return folder is not None and not Path(folder).is_dir()

    def _kept(self, trial: Trial, result: BacktestResult | None, error: Exception | None, *, compiled: bool) -> Trial:
        engines = "reference and compiled" if compiled else "reference"
        if result is None:
            if not isinstance(error, ParityError):
                raise error if isinstance(error, HarnessError) else HarnessError(str(error))
            found = Verification(agrees=False, difference=str(error), engines=engines)
            run = None
        else:
            difference = self._difference(trial, result)
            folder = None if self._base.output_dir is None else own_folder(result.result).resolve()
            found = Verification(
                agrees=difference is None,
                difference=difference,
                engines=engines,
                trades_sha256=result.trades_sha256,
                run_id=result.result.run_id if isinstance(result.result.run_id, str) else None,
                folder=None if folder is None else str(folder),
            )
            run = None if folder is None else take_folder(self._store, folder)
        notes = {**(trial.notes or {}), VERIFIED: msgspec.to_builtins(found)}
        changed = msgspec.structs.replace(trial, notes=notes, run=run)
        self._store.record(changed)
        return changed

    def _difference(self, trial: Trial, result: BacktestResult) -> str | None:
        """Return the first figure of a trial that its run has not; None where all are the same, bit by bit."""
        figures = self._judge.figures(result)
        for name, value in (trial.figures or {}).items():
            if name in figures and figures[name] != value:
                return f"{name} was {shown(value)}, and is {shown(figures[name])}"
        equity = equity_bytes(result.daily_closes)
        return None if equity == trial.daily_equity else "the equity at the end of the days is another"
