"""What the page of a cross-validation holds, as plain values, and the page itself."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from core.time_range import TimeRange
from reports.page.frozen_page import PageForm, page_html, write_whole
from reports.page.packed_columns import packed_numbers, packed_times
from research.folds.cross_validation_result import SHOWN, CrossValidation, SplitResult
from research.folds.left_out_ranks import LeftOutRanks
from research.folds.path_curves import PathCurve, choice_kept, part_days, validation_luck
from research.objectives.trial_figures import Figures
from research.spaces.parameter import value_text

FORMAT = "cross-validation 1"
"""Name of the form of the page's data; another number says that a reader of the old form would misread it."""
_FORM = PageForm(entry="study/validation_page.js", opens="openValidation", styles=("style.css", "study/study.css"))
_DIGITS = 7


class ValidationWords(msgspec.Struct, frozen=True):
    """A cross-validation in the words in which it is printed: its title, and what was searched, label and value."""

    title: str
    facts: list[tuple[str, str]]


class ValidationFindings(NamedTuple):
    """What the store has of a cross-validation beside its result: its paths by day, and the ranks of its choices."""

    curves: Sequence[PathCurve | None]
    ranks: LeftOutRanks


def write_validation_page(data: Mapping[str, Any], target: Path) -> Path:
    """Write the page of :func:`validation_data` and return where it is; StoreError if it cannot be written."""
    return write_whole(page_html(str(data["validation"]["title"]), data, _FORM), target)


def validation_data(
    found: CrossValidation, findings: ValidationFindings, words: ValidationWords, market: Mapping[str, Any]
) -> dict[str, Any]:
    """Return everything that the page shows; every number is finite or None.

    Parameters
    ----------
    found, findings, words
        What it came to, what the store has beside, and how it is told.
    market
        Exchange, symbols and timeframe, as its studies have them; empty where that is not known.
    """
    return {"format": FORMAT, "validation": _validation(found, findings, words, market)}


def _validation(
    found: CrossValidation, findings: ValidationFindings, words: ValidationWords, market: Mapping[str, Any]
) -> dict[str, Any]:
    curves, ranks = findings
    plan = found.plan
    [goal] = plan.goals
    return {
        "id": found.id,
        "title": words.title,
        "name": plan.system or market.get("strategy") or "no name",
        "window_name": plan.window_name,
        "start_ms": plan.window.start_ms,
        "end_ms": plan.window.end_ms,
        "exchange": market.get("exchange"),
        "symbols": list(market.get("symbols", ())),
        "timeframe": market.get("timeframe"),
        "sampler": plan.sampler,
        "seed": plan.seed,
        "metric": {"text": goal.text, "direction": goal.direction},
        "warnings": list(_warnings(found, curves)),
        "facts": words.facts,
        "luck": [*validation_luck(found, curves), *_overfitting(ranks)],
        "overfitting": ranks.probability,
        "kept": choice_kept(found.splits, found.groups),
        "points": ranks.points,
        "losing": found.losing,
        "tried": found.tried,
        "parameters": [one.name for one in plan.space.parameters],
        "groups": msgspec.to_builtins(found.groups),
        "splits": [_split(one, rank, found.groups) for one, rank in zip(found.splits, ranks.ranks, strict=True)],
        "paths": [
            {
                "number": number,
                "splits": [one + 1 for one in path.splits],
                "metric": path.value,
                **{name: path.figures.get(figure) for name, figure in SHOWN.items()},
                "trades": path.figures.get("trade_quality.trades"),
                "probabilistic_sharpe": None if curve is None else curve.probabilistic_sharpe,
            }
            for number, (path, curve) in enumerate(zip(found.paths, curves, strict=True), 1)
        ],
        "curves": _curves(curves),
        "distributions": msgspec.to_builtins(found.distributions),
    }


def _warnings(found: CrossValidation, curves: Sequence[PathCurve | None]) -> Iterator[str]:
    idle = sum(one.trial is None for one in found.splits)
    if idle:
        yield f"no point is ranked in {idle} of {len(found.splits)} searches: paths through them have no figures"
    known = [one for one in curves if one is not None]
    if known and len(known[0].excess) < 30:
        yield f"the paths have {len(known[0].excess)} daily returns: below 30 ratios of them are mostly chance"


def _overfitting(ranks: LeftOutRanks) -> Iterator[tuple[str, str]]:
    known = [one for one in ranks.ranks if one is not None]
    if ranks.probability is not None and ranks.points > 1:
        lower = round(ranks.probability * len(known))
        yield (
            "overfitting",
            f"in {lower:,} of {len(known):,} searches the best came, where it was left out, into the lower half of the "
            f"{ranks.points:,} points, by their returns: a choice that means nothing does so in half of them",
        )


def _split(one: SplitResult, rank: float | None, groups: Sequence[TimeRange]) -> dict[str, Any]:
    days = part_days(one, groups)
    return {
        "number": one.split.number + 1,
        "tests": [group + 1 for group in one.split.tests],
        "train": msgspec.to_builtins(one.split.train),
        "params": {name: value_text(value) for name, value in (one.params or {}).items()},
        "in_value": one.in_value,
        "out_value": one.out_value,
        "in_return_pct": one.in_figures.get(SHOWN["return_pct"]),
        "out_return_pct": one.out_figures.get(SHOWN["return_pct"]),
        "in_day_pct": _by_day(one.in_figures, days.searched),
        "out_day_pct": _by_day(one.out_figures, days.left_out),
        "out_rank": rank,
        "trades": one.out_figures.get("trade_quality.trades"),
    }


def _by_day(figures: Figures, days: float) -> float | None:
    """Return what a day of a part earned in the mean, in per cent of the balance at its beginning."""
    whole = figures.get(SHOWN["return_pct"])
    return None if whole is None else whole / days


def _curves(curves: Sequence[PathCurve | None]) -> list[dict[str, Any]]:
    """Return the paths that have one, by day, in per cent of what they began with."""
    return [
        {
            "number": number,
            "days": packed_times(one.days),
            "return_pct": packed_numbers(np.asarray(100.0 * (one.growth - 1.0)), _DIGITS),
        }
        for number, one in enumerate(curves, 1)
        if one is not None
    ]
