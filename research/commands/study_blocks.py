"""A study as it is shown: what was searched, the best trials, and where their runs lie."""

from collections.abc import Sequence
from pathlib import Path

from core.command_line import warn
from research.commands.search_words import searched_facts, titled
from research.luck.luck_report import luck_blocks
from research.objectives.objective import Objective
from research.spaces.parameter import value_text
from research.studies.judged_trials import UNRANKED, VERIFIED
from research.studies.study import Study
from research.studies.study_luck import StudyLuck
from runs.commands.text_blocks import UNDEFINED, Facts, Grid, number, show
from runs.store.store_rows import Trial

ROWS = 10
_FIGURES = (
    ("return %", "performance.total_return_pct"),
    ("max DD %", "drawdown.max_drawdown_pct"),
    ("sharpe", "risk_adjusted.sharpe"),
    ("PF", "trade_quality.profit_factor"),
)
_LONGEST = 28


def show_study(study: Study, luck: StudyLuck, rows: int) -> None:
    """Print a study with the luck in it; what went wrong in some of its trials goes to standard error."""
    plan = study.plan
    name = plan.system or study.row.strategy or ""
    title = titled(f"Study {study.id}", name, plan.window_name, plan.window)
    blocks: list[Facts | Grid] = [Facts(title, _facts(study))]
    best = study.ranked[:rows]
    if best:
        blocks.append(_table(study, luck, best))
    if luck.best is not None:
        blocks += luck_blocks(luck.best)
        if luck.beside.sentence:
            blocks.append(Facts("", [("beside", luck.beside.sentence)]))
    if luck.stability is not None:
        blocks.append(Facts("", [("stability", luck.stability.sentence)]))
    runs = _runs(study)
    if runs:
        blocks.append(Facts("Run again by the reference kernel, with all outputs", runs))
    show(*blocks)
    if study.failed:
        warn(f"{len(study.failed)} of {len(study.trials)} trials failed; the first: {study.failed[0].failure}")
    if not best:
        warn("no trial is ranked: none of them has a value")


def _facts(study: Study) -> list[tuple[str, str]]:
    plan, points = study.plan, len({one.fingerprint for one in study.trials})
    beside = [
        (len(study.unranked), f"not ranked ({_first_reason(study)})"),
        (len(study.failed), "failed"),
        (len(study.duplicates), "answered by one made before"),
        (sum(study.refused.values()), f"points refused before ({next(iter(study.refused), '')})"),
    ]
    counts = "".join(f", {count:,} {words}" for count, words in beside if count)
    found = [
        ("status", study.row.status.lower()),
        *searched_facts(plan, f"batches of {plan.batch}"),
        ("trials", f"{len(study.trials):,} of {plan.total:,}, {points:,} different points{counts}"),
    ]
    base = [_value(one, study) for one in study.objectives if one.function is None]
    if study.base_figures and base:
        trades = study.base_figures.get("trade_quality.trades")
        found.append(("as it stands", f"{', '.join(base)}, {number(trades)} trades"))
    return found


def _value(objective: Objective, study: Study) -> str:
    try:
        return f"{_short(objective.text)} {number(objective.value(study.base_figures), 4)}"
    except KeyError:  # Of a figure that needs the outputs of a run, which that of the base has not kept.
        return f"{_short(objective.text)} {UNDEFINED}"


def _table(study: Study, luck: StudyLuck, best: Sequence[Trial]) -> Grid:
    names = [one.name for one in study.plan.space.parameters]
    metrics = [_short(one.text) for one in study.objectives]
    front = {one.number for one in study.front} if len(metrics) > 1 else set()
    searched = {one.figure for one in study.objectives}
    shown_figures = [one for one in _FIGURES if one[1] not in searched]
    header = (
        "trial",
        *(["front"] if front else []),
        *names,
        *metrics,
        "trades",
        *(name for name, _ in shown_figures),
        "PSR",
        "DSR",
    )
    rows = [
        (
            str(one.number),
            *(["yes" if one.number in front else ""] if front else []),
            *(value_text((one.params or {}).get(name)) for name in names),
            *(number(value, 4) for value in one.objectives or []),
            number(one.trades),
            *(number((one.figures or {}).get(figure)) for _, figure in shown_figures),
            number(luck.trials[one.number].probabilistic_sharpe, 3),
            number(luck.trials[one.number].deflated_sharpe, 3),
        )
        for one in best
    ]
    return Grid(header, rows, 1 + len(names) + bool(front))


def _runs(study: Study) -> list[tuple[str, str]]:
    found = []
    for one in study.ranked:
        verified = (one.notes or {}).get(VERIFIED)
        if verified is not None:
            said = "agrees" if verified["agrees"] else f"DIFFERS: {verified['difference']}"
            found.append((f"trial {one.number}", f"{said}, {_place(verified['folder'])}"))
    return found


def _place(folder: str | None) -> str:
    if folder is None:
        return "in memory"
    path, here = Path(folder), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _first_reason(study: Study) -> str:
    return str((study.unranked[0].notes or {}).get(UNRANKED, "")) if study.unranked else ""


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
