"""How much of what a study found is luck: the best beside all that was ever tried on the same candles."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from core.errors import ConfigurationError
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
from strategies.strategy_registry import canonical_strategy

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


class TriedBeside(msgspec.Struct, frozen=True):
    """What was tried beside a study on its candles over its window, of whatever strategy: it counts like its own.

    ``trials`` are points of ``studies`` others, ``runs`` were made by hand; ``same_strategy`` counts those of both that
    are of the study's own strategy.
    """

    trials: int
    studies: int
    runs: int
    same_strategy: int

    @property
    def sentence(self) -> str:
        """It in words; empty where there is nothing beside."""
        parts = [
            self.trials and f"{_many(self.trials, 'trial')} of {_many(self.studies, 'other search', 'es')}",
            self.runs and _many(self.runs, "run"),
        ]
        told = " and ".join(one for one in parts if one)
        if not told:
            return ""
        own = f"{self.same_strategy:,}" if self.same_strategy else "none"
        return f"what was tried beside it on the same candles counts as well: {told}, {own} of the same strategy"


class StudyLuck(msgspec.Struct, frozen=True):
    """What luck would have found on the same candles: ``best`` is of the best trial, ``trials`` of each by its number.

    ``tried`` counts every point that was ever tried on this market over this window: trials of all studies, those that
    failed too, and runs made by hand; ``beside`` is what of it is not the study's own. ``stability`` says whether the
    best stands on a plateau or on a needle, in the first objective; None where that is undefined.
    """

    tried: int
    best: Luck | None
    trials: dict[int, TrialLuck]
    stability: ParameterStability | None = None
    beside: TriedBeside = TriedBeside(0, 0, 0, 0)

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
    window = study.plan.window
    everything = _all_tried(_candles_of(study.row), (window.start_ms, window.end_ms), store)
    tried = _sharpes_of(everything)
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
    return StudyLuck(tried.count, luck, found, _stability(study), _beside(study, everything))


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
    return _sharpes_of(_all_tried(candles, window, store))


class _Tried(NamedTuple):
    """Something that was tried: its daily Sharpe ratio, the study whose trial it is (None: by hand), its strategy."""

    sharpe: float | None
    study: int | None
    strategy: str | None


def _all_tried(candles: CandlesOf, window: tuple[int, int], store: RunStore) -> list[_Tried]:
    found: list[_Tried] = []
    runs: set[int] = set()
    for study in _rows_on(candles, window, store):
        for sharpe, same_as, run in store.columns(Trial, "daily_sharpe", "same_as", "run", optimisation=study.id):
            runs.add(run)
            if same_as is None:
                found.append(_Tried(sharpe, study.id, study.strategy))
    for one in store.runs():
        where = CandlesOf(one.exchange, tuple(one.symbols), one.timeframe)
        if one.id not in runs and (one.start_ms, one.end_ms) == window and where == candles:
            daily = None if one.sharpe is None else one.sharpe / math.sqrt(DAYS_PER_YEAR)
            found.append(_Tried(daily, None, one.strategy))
    return found


def _sharpes_of(tried: Iterable[_Tried]) -> SharpesTried:
    return SharpesTried.of([math.nan if one.sharpe is None else one.sharpe for one in tried])


def _beside(study: Study, tried: Iterable[_Tried]) -> TriedBeside:
    others = [one for one in tried if one.study != study.id]
    trials = [one.study for one in others if one.study is not None]
    same = sum(_same_strategy(one.strategy, study.row.strategy) for one in others)
    return TriedBeside(len(trials), len(set(trials)), len(others) - len(trials), same)


def _same_strategy(one: str | None, other: str | None) -> bool:
    """Whether two names are of one strategy: a run has the spelling of its class, a study the registered one."""
    if one is None or other is None:
        return False
    try:
        return canonical_strategy(one) == canonical_strategy(other)
    except ConfigurationError:
        return one == other


def studies_on(candles: CandlesOf, window: tuple[int, int], store: RunStore) -> list[int | None]:
    """Return the studies that were made on a market over a window."""
    return [one.id for one in _rows_on(candles, window, store)]


def _rows_on(candles: CandlesOf, window: tuple[int, int], store: RunStore) -> list[Optimisation]:
    start_ms, end_ms = window
    rows = store.records(Optimisation, start_ms=start_ms, end_ms=end_ms)
    return [one for one in rows if _candles_of(one) == candles]


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


def _many(count: int, word: str, ending: str = "s") -> str:
    return f"{count:,} {word}{'' if count == 1 else ending}"
