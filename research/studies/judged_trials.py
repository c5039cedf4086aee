"""From what runs came to, to trials: their figures, what they are worth, and what luck needs to know of them."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from backtests.backtest_result import BacktestResult
from backtests.many.run_many import VariationResult
from core.errors import HarnessError
from core.time_range import TimeRange
from engine.renderer import OutputsKept
from metrics.equity_curve import DailyCloses
from metrics.metric_settings import MetricSettings
from research.objectives.composite import COMPOSITE, composite
from research.objectives.objective import Objective
from research.objectives.trial_figures import Figures, figures_of, known_without_outputs, measured_figures, moments_of
from research.studies.study_base import Candidate
from runs.store.store_rows import Trial
from strategies.own_code import failure_in_one_line

UNRANKED, TERMS, ENGINE, VERIFIED = "unranked", "terms", "engine", "verified"
"""What ``notes`` of a trial have."""


class Judge:
    """Says what trials are worth.

    Parameters
    ----------
    objectives
        What is looked for.
    min_trades
        Below so many closed trades a trial is not ranked.
    window
        Of the runs.
    settings
        Conventions of figures.
    """

    def __init__(
        self, objectives: Sequence[Objective], min_trades: int, window: TimeRange, settings: MetricSettings
    ) -> None:
        self._objectives = objectives
        self._min_trades = min_trades
        self._window, self._settings = window, settings
        self._needed = {name for one in objectives for name in one.figures}

    @property
    def outputs(self) -> OutputsKept:
        """Which outputs the runs have to keep: none where the result alone has all figures that are asked for."""
        return "none" if self._needed <= known_without_outputs() else "full"

    def judged(self, made: VariationResult, candidate: Candidate, number: int, study: int) -> Trial:
        """Return the trial that a run is."""
        trial = Trial(
            optimisation=study,
            number=number,
            status="COMPLETED",
            params=dict(candidate.point),
            fingerprint=candidate.fingerprint,
        )
        if made.result is None:
            return msgspec.structs.replace(trial, status="FAILED", failure=str(made.error))
        try:
            figures = self.figures(made.result)
            notes: dict[str, Any] = {ENGINE: made.result.engine}
            values, unranked = self._values(figures, made.result)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - of a function of a program's own; it is the trial's
            failure = str(error) if isinstance(error, HarnessError) else failure_in_one_line(error)
            return msgspec.structs.replace(trial, status="FAILED", failure=failure)
        if any(one.text == COMPOSITE and one.function is None for one in self._objectives):
            notes[TERMS] = composite(figures).terms
        if unranked is not None:
            notes[UNRANKED] = unranked
        daily, moments = made.result.daily_closes, moments_of(made.result.daily_closes, self._settings)
        return msgspec.structs.replace(
            trial,
            value=None if values is None else values[0],
            objectives=values,
            figures=figures,
            notes=notes,
            trades=made.result.result.performance.total_trades,
            daily_returns=moments.returns,
            daily_sharpe=moments.sharpe,
            skew=moments.skew,
            kurtosis=moments.kurtosis,
            first_day=int(daily.first_day),
            daily_equity=equity_bytes(daily),
        )

    def again(self, known: Trial, candidate: Candidate, number: int, study: int) -> Trial | None:
        """Return the trial that a known one answers; None where that has not the figures that are asked for."""
        trial = msgspec.structs.replace(
            known,
            id=None,
            optimisation=study,
            number=number,
            params=dict(candidate.point),
            fingerprint=candidate.fingerprint,
            same_as=known.same_as or known.id,
            run=None,
            notes={key: value for key, value in (known.notes or {}).items() if key != VERIFIED},
        )
        if known.optimisation == study or known.status != "COMPLETED":
            return trial if known.optimisation == study else None
        figures = known.figures or {}
        if any(one.function is not None for one in self._objectives) or not self._needed <= figures.keys():
            return None
        values, unranked = self._values(figures, None)
        notes = {ENGINE: (known.notes or {}).get(ENGINE), UNRANKED: unranked}
        if any(one.text == COMPOSITE for one in self._objectives):
            notes[TERMS] = composite(figures).terms
        kept = {key: value for key, value in notes.items() if value is not None}
        return msgspec.structs.replace(
            trial, value=None if values is None else values[0], objectives=values, notes=kept
        )

    def figures(self, result: BacktestResult) -> Figures:
        """Return the figures of a run: those of its result, and where more are asked for all of them."""
        found = figures_of(result.result, result.daily_closes, self._window, self._settings)
        return found if self.outputs == "none" else {**measured_figures(result.metrics.measured), **found}

    def _values(self, figures: Figures, result: BacktestResult | None) -> tuple[list[float] | None, str | None]:
        """Return the value in each objective, or None and why there is none."""
        trades = int(figures["trade_quality.trades"] or 0)
        if trades < self._min_trades:
            return None, f"{trades} closed trades, fewer than {self._min_trades}"
        values: list[float] = []
        for one in self._objectives:
            value = one.value(figures) if result is None else one.value_of(figures, result)
            if value is None or not math.isfinite(value):
                return None, f"{one.text} is undefined"
            values.append(value)
        return values, None


def equity_bytes(daily: DailyCloses) -> bytes:
    """Return equity at the end of each day as the store keeps it."""
    return np.ascontiguousarray(daily.equity, "<f8").tobytes()


def kept_days(first_day: int | None, starting_balance: float, equity: bytes | None) -> DailyCloses:
    """Return equity at the end of each day from what the store keeps: the opposite of :func:`equity_bytes`."""
    return DailyCloses(first_day or 0, starting_balance, np.frombuffer(equity or b"", "<f8"))
