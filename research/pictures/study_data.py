"""What the page of a study holds, as plain values."""

from collections.abc import Iterator
from typing import Any

import msgspec

from core.errors import HarnessError
from metrics.figures.undefined import Undefined
from research.luck.luck_report import CONFIDENCE, luck_blocks
from research.pictures.best_fan import fan_of_best
from research.pictures.fold_line import FoldLine, WalkLines
from research.pictures.parameter_importance import parameter_importance
from research.pictures.trial_columns import MAIN_FIGURES, drawn_trials, trial_columns
from research.spaces.parameter import value_text
from research.studies.judged_trials import UNRANKED, VERIFIED
from research.studies.study import Study
from research.studies.study_luck import StudyLuck
from runs.commands.text_blocks import number
from runs.store.store_rows import Trial

FORMAT = "study 1"
"""Name of the form of the page's data; another number says that a reader of the old form would misread it."""

_RETURN = "performance.total_return_pct"
ROWS = 20
"""Trials of the table of the best."""


def study_data(study: Study, luck: StudyLuck, walk: WalkLines | None = None) -> dict[str, Any]:
    """Return everything that the page of a study shows; every number is finite or None.

    ``walk`` is the walk-forward of which it is the search of the last fold; None where it is of none.
    """
    return {
        "format": FORMAT,
        "study": {
            **_head(study),
            **({} if walk is None else {"title": walk.title}),
            "warnings": list(_warnings(study, luck)),
            "trials": trial_columns(study, drawn_trials(study)),
            "front": [one.number for one in study.front] if len(study.objectives) > 1 else [],
            "best": [_best(one, luck) for one in study.ranked[:ROWS]],
            "base": _base(study),
            "importance": _importance(study),
            "luck": _luck(luck),
            "stability": None if luck.stability is None else luck.stability.sentence,
            "fan": fan_of_best(study),
            "walk": None if walk is None else _walk(walk),
            "folds": [] if walk is None else [_fold(one) for one in walk.folds],
            "made": _made(study),
        },
    }


def title_of(study: Study) -> str:
    """Return the name of a study's page."""
    window = f", {study.plan.window_name}" if study.plan.window_name else ""
    return f"Study {study.id}: {study.plan.system or study.row.strategy or 'no name'}{window}"


def _head(study: Study) -> dict[str, Any]:
    plan, market = study.plan, (study.row.settings or {}).get("market", {})
    symbols = list(market.get("symbols", ()))
    quotes = {one.partition("/")[2].partition(":")[0] for one in symbols}
    return {
        "id": study.id,
        "title": title_of(study),
        "name": plan.system or study.row.strategy or "no name",
        "window_name": plan.window_name,
        "status": study.row.status,
        "start_ms": plan.window.start_ms,
        "end_ms": plan.window.end_ms,
        "exchange": market.get("exchange"),
        "symbols": symbols,
        "timeframe": market.get("timeframe"),
        "quote": quotes.pop() if len(quotes) == 1 else "",
        "sampler": plan.sampler,
        "seed": plan.seed,
        "counts": {
            "trials": len(study.trials),
            "total": plan.total,
            "points": len({one.fingerprint for one in study.trials}),
            "ranked": len(study.ranked),
            "unranked": len(study.unranked),
            "failed": len(study.failed),
            "duplicates": len(study.duplicates),
            "refused": sum(study.refused.values()),
        },
    }


def _warnings(study: Study, luck: StudyLuck) -> Iterator[str]:
    """Yield what a reader must know before believing the best trial."""
    made = len(study.trials)
    if study.row.status not in ("COMPLETED", "FAILED"):
        yield f"the study is not at its end: {made:,} of {study.plan.total:,} trials"
    if not study.ranked:
        yield "no trial is ranked: none of them has a value"
    else:
        best = study.ranked[0]
        earned = (best.figures or {}).get(_RETURN)
        if earned is not None and earned <= 0.0:
            yield f"trial {best.number}, the best, earns nothing: {number(earned)} %"
    deflated = None if luck.best is None else luck.best.deflated_sharpe
    if deflated is not None and deflated < CONFIDENCE:
        yield (
            f"the deflated Sharpe ratio of the best is {deflated:.2f}, below {CONFIDENCE}: luck alone may have found "
            f"it among {luck.tried:,} that were tried"
        )
    for one in study.disagreeing:
        yield f"trial {one.number} is another when it is run again: {(one.notes or {})[VERIFIED]['difference']}"
    if study.failed:
        yield f"{len(study.failed):,} of {made:,} trials failed; the first: {study.failed[0].failure}"
    if study.unranked:
        reason = (study.unranked[0].notes or {}).get(UNRANKED, "")
        yield f"{len(study.unranked):,} of {made:,} trials have no value; the first: {reason}"


def _best(trial: Trial, luck: StudyLuck) -> dict[str, Any]:
    verified = (trial.notes or {}).get(VERIFIED)
    again = None if verified is None else "agrees" if verified["agrees"] else f"differs: {verified['difference']}"
    own = luck.trials.get(trial.number)
    return {
        "number": trial.number,
        "params": {name: value_text(one) for name, one in (trial.params or {}).items()},
        "objectives": trial.objectives,
        "trades": trial.trades,
        "figures": {name: (trial.figures or {}).get(name) for name in MAIN_FIGURES},
        "probabilistic_sharpe": None if own is None else own.probabilistic_sharpe,
        "deflated_sharpe": None if own is None else own.deflated_sharpe,
        "again": again,
    }


def _walk(walk: WalkLines) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(walk)
    return {name: plain[name] for name in ("title", "name", "window", "tiles", "facts")}


def _fold(fold: FoldLine) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(fold)
    return {**plain, "params": {name: value_text(one) for name, one in fold.params.items()}}


def _base(study: Study) -> list[float | None]:
    """Return what the base reaches in each objective as it stands."""
    found: list[float | None] = []
    for one in study.objectives:
        try:
            found.append(None if one.function is not None or not study.base_figures else one.value(study.base_figures))
        except (KeyError, HarnessError):  # A figure that the run of the base has not kept, or a function's name.
            found.append(None)
    return found


def _importance(study: Study) -> list[list[dict[str, Any]]]:
    """Return for each objective what each parameter explains of it, the one that explains most first."""
    found = []
    for place, objective in enumerate(study.objectives):
        values = [objective.sign * (one.objectives or [])[place] for one in study.ranked]
        rows: list[dict[str, Any]] = []
        for parameter in study.plan.space.parameters:
            column = [(one.params or {})[parameter.name] for one in study.ranked]
            share = parameter_importance(parameter, column, values)
            if isinstance(share, Undefined):
                rows.append({"name": parameter.name, "share": None, "why": share.reason})
            else:
                best = [value_text(one) for one in share.best]
                rows.append({"name": parameter.name, "share": share.share, "groups": share.groups, "best": best})
        found.append(sorted(rows, key=lambda one: -1.0 if one["share"] is None else one["share"], reverse=True))
    return found


def _luck(luck: StudyLuck) -> dict[str, Any] | None:
    """Return what the statistics of luck say of the best trial: figures, words, and the plain sentence."""
    if luck.best is None:
        return None
    facts = [row for block in luck_blocks(luck.best) for row in block.rows]
    return {
        "tried": luck.tried,
        "sentence": luck.best.sentence,
        "beside": luck.beside.sentence,
        "facts": facts,
        "sharpe": luck.best.sharpe,
        "expected_best_sharpe": luck.best.expected_best_sharpe,
        "deflated_sharpe": luck.best.deflated_sharpe,
        "beaten_by_chance": luck.best.beaten_by_chance,
        "overfitting": None if luck.best.overfitting is None else luck.best.overfitting.probability,
    }


def _made(study: Study) -> list[tuple[str, str]]:
    """Return what the study follows from, as label and value."""
    plan, row = study.plan, study.row
    libraries = (row.settings or {}).get("libraries", {})
    rows = [
        *((f"parameter {one.name}", one.text) for one in plan.space.parameters),
        *(("condition", one) for one in plan.space.conditions),
        *(("metric", f"{one.text}, {one.direction}d") for one in study.objectives),
        ("sampler", f"{plan.sampler}, seed {plan.seed}, batches of {plan.batch}"),
        ("trades below which a trial is not ranked", str(plan.min_trades)),
        *((f"refused: {reason}", f"{count:,} points") for reason, count in study.refused.items()),
        *((name, str(version)) for name, version in libraries.items()),
        ("settings", row.settings_sha256 or ""),
        ("candles", row.data_sha256 or ""),
        ("code", row.code_version or ""),
    ]
    return [(label, value) for label, value in rows if value]
