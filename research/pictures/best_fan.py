"""What else could have come of the best trial: the quantiles of its equity, drawn again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.candle_columns import Float64Array
from core.errors import HarnessError
from metrics.figures.performance_figures import unsound
from metrics.figures.undefined import Undefined
from research.monte_carlo.monte_carlo_report import WayFigures, monte_carlo_of_sample, sentences
from research.monte_carlo.monte_carlo_settings import MonteCarloSettings
from research.monte_carlo.run_sample import RunSample, sample_of_run
from research.pictures.trial_columns import short_numbers
from research.studies.judged_trials import VERIFIED, kept_days
from research.studies.study import Study
from runs.reading.run_folder import read_run
from runs.store.store_rows import Trial

PATHS = 2_000
"""Paths of each way: enough for the quantiles of a picture."""

_NO_RUN = "the run of the trial has left no files, so that its trades are not known"


def fan_of_best(study: Study) -> dict[str, Any] | None:
    """Return what a page shows of the best trial drawn again; None where no trial is ranked.

    Its days are those that the trial has kept. Its trades are those of its run, where that was made again and is still
    there.
    """
    if not study.ranked:
        return None
    best = study.ranked[0]
    sample, run_id = _sample(best, study)
    settings = MonteCarloSettings(paths=PATHS, seed=study.plan.seed)
    document = monte_carlo_of_sample(sample, run_id, settings)
    said = dict(sentences(document))
    return {
        "trial": best.number,
        "paths": settings.paths,
        "seed": settings.seed,
        "block": document.block,
        "quantiles": list(document.quantiles),
        "start": document.starting_equity,
        "ways": [_way(one, _factors(sample, one), document.starting_equity, said[one.called]) for one in document.ways],
        "undefined": document.undefined,
    }


def _sample(best: Trial, study: Study) -> tuple[RunSample, str]:
    """Return what of the best trial is drawn again: its run's days and trades, or the days alone."""
    folder = (best.notes or {}).get(VERIFIED, {}).get("folder")
    if folder is not None and Path(folder).is_dir():
        try:
            run = read_run(folder)
            return sample_of_run(run), run.run_id
        except HarnessError:
            pass  # What is left of a damaged folder tells nothing that the trial itself does not.
    start = float((best.figures or study.base_figures).get("performance.starting_balance") or 0.0)
    daily = kept_days(best.first_day, start, best.daily_equity)
    wrong = unsound(daily)
    if wrong is None and len(daily.equity) < 2:
        wrong = "1 daily return; it needs 2"
    days = 1.0 + daily.returns() if wrong is None else Undefined(wrong)
    return RunSample(starting_equity=start, days=days, trades=Undefined(_NO_RUN)), f"trial {best.number}"


def _factors(sample: RunSample, way: WayFigures) -> Float64Array:
    """Return the growth that a way draws again, as it was."""
    days, trades = sample.days, sample.trades
    if way.way == "day_blocks" and not isinstance(days, Undefined):
        return days
    return np.ones(0) if isinstance(trades, Undefined) else trades.factors


def _way(way: WayFigures, factors: Float64Array, start: float, sentence: str) -> dict[str, Any]:
    actual = start * np.concatenate([[1.0], np.cumprod(np.maximum(factors, 0.0))])[list(way.band_steps)]
    bands: Sequence[Sequence[float]] = list(zip(*way.bands, strict=True))
    return {
        "way": way.way,
        "called": way.called,
        "unit": "days" if way.way == "day_blocks" else "trades",
        "steps": list(way.band_steps),
        "bands": [short_numbers(one) for one in bands],
        "actual": short_numbers(actual.tolist()),
        "final_equity": short_numbers(way.final_equity),
        "max_drawdown_pct": short_numbers(way.max_drawdown_pct),
        "actual_drawdown_pct": way.actual_drawdown_pct,
        "loss_probability": way.loss_probability,
        "ruin_probability": way.ruin_probability,
        "sentence": sentence,
    }
