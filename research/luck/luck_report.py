"""How much of a run's Sharpe ratio is luck, as a document and as words."""

import math
from typing import Any

import msgspec
import numpy.typing as npt

from metrics.annualised import DAYS_PER_YEAR
from metrics.figures.least_length import short_run
from metrics.figures.performance_figures import unsound
from metrics.figures.undefined import Measured, Undefined
from research.luck.expected_best import SharpesTried, beaten_by_chance, deflated_sharpe, expected_best_sharpe
from research.luck.overfitting import Overfitting, backtest_overfitting
from research.luck.reality_check import SuperiorAbility, superior_ability
from research.luck.sharpe_statistics import (
    SharpeSample,
    minimum_track_record,
    probabilistic_sharpe,
    sharpe_sample,
)
from runs.commands.text_blocks import Facts, number
from runs.reading.run_folder import StoredRun

CONFIDENCE = 0.95
_SAME = 1e-7
_RECORD = "minimum_track_record_days"
NO_RETURNS = "the returns of the trials are not at hand"


class Luck(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a run's Sharpe ratio is luck; what is undefined is None, and ``undefined`` says why.

    ``sharpe`` and ``expected_best_sharpe`` are annualised, all else is of daily returns; ``kurtosis`` is 3 for the
    normal distribution. ``trials`` is how many were tried on the same data, this one among them, and ``highest_sharpe``
    the highest ratio of them.
    """

    sharpe: float | None
    observations: int
    skew: float | None
    kurtosis: float | None
    probabilistic_sharpe: float | None
    minimum_track_record_days: float | None
    trials: int
    highest_sharpe: float | None
    expected_best_sharpe: float | None
    deflated_sharpe: float | None
    beaten_by_chance: float | None
    overfitting: Overfitting | None
    superior_ability: SuperiorAbility | None
    undefined: dict[str, str]

    @property
    def sentence(self) -> str:
        """What it comes to, in one plain sentence."""
        if self.sharpe is None or self.beaten_by_chance is None:
            reason = self.undefined.get("sharpe") or self.undefined["beaten_by_chance"]
            return f"whether chance would beat the best of {self.trials:,} trials cannot be said: {reason}"
        chance = f"would be beaten by chance in {100 * self.beaten_by_chance:.0f} % of cases"
        if self.trials == 1:
            return f"the only trial's Sharpe {self.sharpe:.1f} {chance}"
        highest = self.highest_sharpe
        if highest is None or self.sharpe >= highest or math.isclose(self.sharpe, highest, rel_tol=_SAME):
            return f"of {self.trials:,} trials the best Sharpe {self.sharpe:.1f} {chance}"
        return (
            f"Sharpe {self.sharpe:.2f} is not the best of {self.trials:,} trials, which is {highest:.2f}, and {chance}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def luck_of_run(
    run: StoredRun, tried: SharpesTried, trial_returns: npt.ArrayLike | None = None, *, seed: int = 0
) -> Luck:
    """Return how much of a stored run is luck, where it is the best of many trials.

    Parameters
    ----------
    run
        The best trial; a result in memory is read with ``result.opened()``.
    tried
        All trials that were ever run on its data, this one among them: failed, worthless and manual ones too.
    trial_returns
        Daily returns of those that have them, shape (T, N); without them overfitting and superior ability are
        undefined.
    seed
        Of the bootstrap.

    Raises
    ------
    StoreError
        If a file of the run cannot be read.
    """
    daily, settings = run.curve.daily(), run.metric_settings
    wrong = unsound(daily)
    sample = Undefined(wrong) if wrong is not None else sharpe_sample(daily.returns() - settings.daily_rate)
    found = luck_of_sample(sample, tried, trial_returns, periods_per_year=settings.periods_per_year, seed=seed)
    short = short_run(run.curve.days, settings)
    if short is None or found.sharpe is None:
        return found
    why = {**found.undefined, "sharpe": short}
    return msgspec.structs.replace(found, sharpe=None, undefined=why)


def luck_of_sample(
    sample: SharpeSample | Undefined,
    tried: SharpesTried,
    trial_returns: npt.ArrayLike | None = None,
    *,
    periods_per_year: int = DAYS_PER_YEAR,
    seed: int = 0,
) -> Luck:
    """Return how much of a Sharpe ratio is luck; parameters as of :func:`luck_of_run`."""
    root = math.sqrt(periods_per_year)
    observations = 0 if isinstance(sample, Undefined) else sample.observations
    hurdle = expected_best_sharpe(tried)
    figures: dict[str, object] = {
        "expected_best_sharpe": hurdle if isinstance(hurdle, Undefined) else hurdle * root,
        "overfitting": Undefined(NO_RETURNS) if trial_returns is None else backtest_overfitting(trial_returns),
        "superior_ability": Undefined(NO_RETURNS)
        if trial_returns is None
        else superior_ability(trial_returns, seed=seed),
        **_of_sharpe(sample, tried, root),
    }
    undefined = {name: one.reason for name, one in figures.items() if isinstance(one, Undefined)}
    values: dict[str, Any] = {name: None if name in undefined else one for name, one in figures.items()}
    highest = float(tried.sharpes.max()) * root if len(tried.sharpes) else None
    return Luck(observations=observations, trials=tried.count, highest_sharpe=highest, undefined=undefined, **values)


def _of_sharpe(sample: SharpeSample | Undefined, tried: SharpesTried, root: float) -> dict[str, Measured]:
    if isinstance(sample, Undefined):
        names = ("sharpe", "skew", "kurtosis", "probabilistic_sharpe", "minimum_track_record_days")
        return dict.fromkeys((*names, "deflated_sharpe", "beaten_by_chance"), sample)
    return {
        "sharpe": sample.sharpe * root,
        "skew": sample.skew,
        "kurtosis": sample.kurtosis,
        "probabilistic_sharpe": probabilistic_sharpe(sample),
        "minimum_track_record_days": minimum_track_record(sample, confidence=CONFIDENCE),
        "deflated_sharpe": deflated_sharpe(sample, tried),
        "beaten_by_chance": beaten_by_chance(sample, tried),
    }


def luck_blocks(luck: Luck) -> list[Facts]:
    """Return the document as words, the plain sentence first."""
    over, ability = luck.overfitting, luck.superior_ability
    days = luck.minimum_track_record_days
    rows = [
        ("luck", luck.sentence),
        ("Sharpe ratio", f"{number(luck.sharpe)} annualised, of {luck.observations:,} days"),
        ("expected of the best of as many worthless strategies", number(luck.expected_best_sharpe)),
        ("probabilistic Sharpe ratio", f"{number(luck.probabilistic_sharpe, 4)} (of one strategy that was not chosen)"),
        ("deflated Sharpe ratio", f"{number(luck.deflated_sharpe, 4)} of {luck.trials:,} trials (asked for: 0.95)"),
        ("days until it is above 0 with 95 %", f"n/a{_why(luck, _RECORD)}" if days is None else f"{math.ceil(days):,}"),
        ("probability of overfitting", _overfitting(over)),
        ("reality check, SPA", _ability(ability)),
        *((f"undefined: {', '.join(names)}", reason) for reason, names in _lacking(luck).items()),
    ]
    return [Facts("", rows)]


def _lacking(luck: Luck) -> dict[str, list[str]]:
    """Return what is undefined, by its reason."""
    found: dict[str, list[str]] = {}
    for name, reason in luck.undefined.items():
        if name != _RECORD:
            found.setdefault(reason, []).append(name)
    return found


def _why(luck: Luck, name: str) -> str:
    return f" ({luck.undefined[name]})" if name in luck.undefined else ""


def _overfitting(over: Overfitting | None) -> str:
    if over is None:
        return "n/a"
    return f"{over.probability:.2f} (best in one half, below the middle in the other; {over.combinations:,} halvings)"


def _ability(ability: SuperiorAbility | None) -> str:
    if ability is None:
        return "n/a"
    return (
        f"p {ability.reality_check:.3f}, {ability.spa:.3f} ({ability.draws:,} draws, blocks of {ability.block}, "
        f"seed {ability.seed})"
    )
