"""How much of what a study found is luck: the best beside all that was ever tried on the same candles."""

import math
from typing import Any, NamedTuple

import msgspec

from metrics.annualised import DAYS_PER_YEAR
from metrics.figures.undefined import Measured, Undefined
from research.luck.expected_best import SharpesTried, deflated_sharpe
from research.luck.luck_report import Luck, luck_of_sample
from research.luck.sharpe_statistics import SharpeSample, probabilistic_sharpe
from research.luck.stability import ParameterStability, parameter_stability
from research.luck.trial_returns import returns_of_trials
from research.studies.judged_trials import kept_days
from research.studies.study import Study
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation, Trial

MOST_TRIALS = 1000
"""Trials whose returns are compared with each other; of more, the best and the first."""
_SHARPE = "risk_adjusted.sharpe"
_START = "performance.starting_balance"


class CandlesOf(NamedTuple):
    """Which candles were traded, by whatever strategy: one that was tried on the same has had its luck on them too."""

    exchange: str | None
    symbols: tuple[str, ...]
    timeframe: str | None


class TrialLuck(msgspec.Struct, frozen=True):
    """How sure a trial's Sharpe ratio is, alone and as one of all that were tried; None where undefined."""

    probabilistic_sharpe: float | None
    deflated_sharpe: float | None


class StudyLuck(msgspec.Struct, frozen=True):
    """What luck would have found on the same candles: ``best`` is of the best trial, ``trials`` of each by its number.

    ``tried`` counts every point that was ever tried on this market over this window: trials of all studies, those that
    failed too, and runs made by hand. ``stability`` says whether the best stands on a plateau or on a needle, in the
    first objective; None where that is undefined.
    """

    tried: int
    best: Luck | None
    trials: dict[int, TrialLuck]
    stability: ParameterStability | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        plain: dict[str, Any] = msgspec.to_builtins(self, str_keys=True)
        return plain


def study_luck(study: Study, store: RunStore) -> StudyLuck:
    """Return how much of a study is luck.

    Parameters
    ----------
    study
        As it stands.
    store
        Where it is kept, with whatever else was tried.
    """
    tried = sharpes_tried(study, store)
    found = {one.number: _trial_luck(_sample(one), tried) for one in study.ranked}
    best = study.ranked[0] if study.ranked else None
    table = None if best is None else _returns(study)
    luck = None if best is None else luck_of_sample(_sample(best), tried, table, seed=study.plan.seed)
    if (
        best is not None
        and luck is not None
        and luck.sharpe is not None
        and (best.figures or {}).get(_SHARPE, math.nan) is None
    ):
        # Of a range too short for annualised figures the trial itself has none, and nor has a run of it.
        why = {**luck.undefined, "sharpe": f"{luck.observations} days are too few for annualised figures"}
        luck = msgspec.structs.replace(luck, sharpe=None, undefined=why)
    return StudyLuck(tried.count, luck, found, _stability(study))


def _stability(study: Study) -> ParameterStability | None:
    points = {one.fingerprint: one for one in study.trials if one.params}.values()
    sign = study.objectives[0].sign
    found = parameter_stability(
        [one.params or {} for one in points],
        [None if one.value is None else sign * one.value for one in points],
        logarithmic=[one.name for one in study.plan.space.parameters if one.log],
    )
    return None if isinstance(found, Undefined) else found


def sharpes_tried(study: Study, store: RunStore) -> SharpesTried:
    """Return the Sharpe ratios of all that was ever tried on the market and the window of a study."""
    window = study.plan.window
    return sharpes_tried_on(_candles_of(study.row), (window.start_ms, window.end_ms), store)


def sharpes_tried_on(candles: CandlesOf, window: tuple[int, int], store: RunStore) -> SharpesTried:
    """Return the Sharpe ratios of all that was ever tried on a market over a window, by studies and by hand."""
    sharpes: list[float | None] = []
    runs: set[int] = set()
    for study in studies_on(candles, window, store):
        for sharpe, same_as, run in store.columns(Trial, "daily_sharpe", "same_as", "run", optimisation=study):
            runs.add(run)
            if same_as is None:
                sharpes.append(sharpe)
    for one in store.runs():
        where = CandlesOf(one.exchange, tuple(one.symbols), one.timeframe)
        if one.id not in runs and (one.start_ms, one.end_ms) == window and where == candles:
            sharpes.append(None if one.sharpe is None else one.sharpe / math.sqrt(DAYS_PER_YEAR))
    return SharpesTried.of([math.nan if one is None else one for one in sharpes])


def studies_on(candles: CandlesOf, window: tuple[int, int], store: RunStore) -> list[int | None]:
    """Return the studies that were made on a market over a window."""
    start_ms, end_ms = window
    return [
        one.id for one in store.records(Optimisation, start_ms=start_ms, end_ms=end_ms) if _candles_of(one) == candles
    ]


def _candles_of(row: Optimisation) -> CandlesOf:
    found = (row.settings or {}).get("market", {})
    return CandlesOf(found.get("exchange"), tuple(found.get("symbols", ())), found.get("timeframe"))


def _sample(one: Trial) -> SharpeSample | Undefined:
    if one.daily_sharpe is None or one.skew is None or one.kurtosis is None:
        return Undefined(f"{one.daily_returns or 0} daily returns that vary; it needs 4")
    return SharpeSample(
        sharpe=one.daily_sharpe, observations=one.daily_returns or 0, skew=one.skew, kurtosis=one.kurtosis
    )


def _trial_luck(sample: SharpeSample | Undefined, tried: SharpesTried) -> TrialLuck:
    if isinstance(sample, Undefined):
        return TrialLuck(None, None)
    return TrialLuck(_value(probabilistic_sharpe(sample)), _value(deflated_sharpe(sample, tried)))


def _value(found: Measured) -> float | None:
    return None if isinstance(found, Undefined) else found


def _returns(study: Study) -> Any:
    """Return the daily returns of the trials that differ, a column each."""
    start = float(study.base_figures.get(_START) or 0.0)
    chosen = [one for one in study.ranked if one.same_as is None or one is study.ranked[0]][:MOST_TRIALS]
    days = [
        kept_days(one.first_day, float((one.figures or {}).get(_START) or start), one.daily_equity) for one in chosen
    ]
    return returns_of_trials(days)
