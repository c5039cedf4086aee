"""The trials of a study as columns: what its page draws."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from reports.page.packed_columns import Packed, packed_numbers, packed_words
from research.objectives.figure_names import LESS_IS_BETTER, NEITHER
from research.spaces.parameter import Parameter, Value, value_text
from research.studies.study import Study
from runs.store.store_rows import Trial

MOST_TRIALS = 10_000
"""Trials that a page draws; of more, the best and others at equal distances."""
_BEST_KEPT = 500
_FIGURE_CELLS = 300_000
"""Figures of a page, over all its trials."""
_DIGITS = 7
_MOST_LEVELS = 30
"""Values of a range up to which its axis of the heat map has a place for each, tried or not."""

MAIN_FIGURES = (
    "performance.total_return_pct",
    "risk_adjusted.sharpe",
    "drawdown.max_drawdown_pct",
    "trade_quality.profit_factor",
    "trade_quality.trades",
    "trade_quality.win_rate_pct",
    "trade_quality.expectancy",
    "risk_adjusted.sortino",
    "risk_adjusted.calmar",
    "risk_adjusted.volatility_pct",
    "entry_friction.total_costs",
)
"""Those that people look at first; all others follow by name."""


def drawn_trials(study: Study, most: int = MOST_TRIALS) -> list[Trial]:
    """Return at most so many trials of a study, in order: of more the best, and others at equal distances."""
    if len(study.trials) <= most:
        return study.trials
    kept = {one.number for one in study.ranked[: min(_BEST_KEPT, most // 2)]}
    others = [one.number for one in study.trials if one.number not in kept]
    places = np.linspace(0, len(others) - 1, most - len(kept)).round().astype(int)
    kept |= {others[place] for place in places.tolist()}
    return [one for one in study.trials if one.number in kept]


def trial_columns(study: Study, trials: Sequence[Trial]) -> dict[str, Any]:
    """Return trials as columns that ``reports/front/study/trials.js`` unpacks.

    ``state`` is ranked, unranked or failed; ``again`` is 1 where a trial before it in the study has the same point.
    """
    first: dict[str | None, int] = {}
    for one in study.trials:
        first.setdefault(one.fingerprint, one.number)
    return {
        "rows": len(trials),
        "number": _numbers([one.number for one in trials]),
        "state": packed_words([state_of(one) for one in trials]),
        "again": _numbers([int(first[one.fingerprint] != one.number) for one in trials]),
        "parameters": [_parameter(one, trials) for one in study.plan.space.parameters],
        "objectives": [
            {
                "metric": one.text,
                "figure": one.figure,
                "direction": one.direction,
                "values": _numbers([None if trial.objectives is None else trial.objectives[place] for trial in trials]),
            }
            for place, one in enumerate(study.objectives)
        ],
        "figures": _figures(trials),
    }


def state_of(trial: Trial) -> str:
    """Return whether a trial has a value, has none, or failed."""
    return "failed" if trial.status == "FAILED" else "unranked" if trial.objectives is None else "ranked"


def short_numbers(values: Sequence[float | int | None]) -> Packed | list[float | None]:
    """Return numbers as a page holds those that it only draws: with seven digits each."""
    return _numbers([value if not value else float(f"{value:.{_DIGITS}g}") for value in values])


def _parameter(parameter: Parameter, trials: Sequence[Trial]) -> dict[str, Any]:
    """Return a parameter and its value in each trial: a number, or the place of a choice."""
    found: list[Any] = [(one.params or {}).get(parameter.name) for one in trials]
    is_choice = parameter.kind == "choice"
    if is_choice:
        places: dict[str, int] = {repr(one): place for place, one in enumerate(parameter.choices)}
        found = [places.get(repr(one)) for one in found]
    ends: list[Value] = [] if is_choice else [parameter.low, parameter.high]
    few = not is_choice and (parameter.count or _MOST_LEVELS + 1) <= _MOST_LEVELS
    return {
        "name": parameter.name,
        "kind": parameter.kind,
        "text": parameter.text,
        "log": parameter.log,
        "ends": ends,
        "levels": list(parameter.values()) if few else [],
        "choices": [value_text(one) for one in parameter.choices],
        "values": _numbers(found),
    }


def _figures(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Return the figures in which trials differ, as many as a page has room for."""
    names = {name for one in trials for name in one.figures or {}}
    ordered = [name for name in MAIN_FIGURES if name in names] + sorted(names.difference(MAIN_FIGURES))
    room = _FIGURE_CELLS // max(1, len(trials))
    found: list[dict[str, Any]] = []
    for name in ordered:
        column = [(one.figures or {}).get(name) for one in trials]
        if len(found) < room and len({one for one in column if one is not None}) > 1:
            better = None if name in NEITHER else "minimise" if name in LESS_IS_BETTER else "maximise"
            found.append({"name": name, "direction": better, "values": short_numbers(column)})
    return found


def _numbers(values: Sequence[float | int | None]) -> Packed | list[float | None]:
    return packed_numbers(np.array([math.nan if one is None else one for one in values], np.float64))
