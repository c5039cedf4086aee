"""``python -m runs compare``."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.command_line import say
from core.errors import ConfigurationError, HarnessError
from metrics.run_metrics import GROUPS
from runs.commands.listing import window_text
from runs.commands.opened_store import current_store, print_json
from runs.commands.showing import label_of, value_text
from runs.commands.text_blocks import Grid, cut, show
from runs.documents.manifest import read_manifest
from runs.folder.file_names import MANIFEST
from runs.store.store_rows import RunRow

Table = dict[str, list[Any]]
"""What each run has, by the name of what it is."""


def compare_runs(asked: argparse.Namespace) -> int:
    """Print where runs differ: what they were made of, their settings, their figures."""
    if len(asked.runs) < 2:
        raise ConfigurationError("compare: one run has nothing to be compared with — allowed: two or more runs")
    with current_store() as store:
        runs = [store.run(text) for text in asked.runs]
    made_of = _differing({name: [_identity(run)[name] for run in runs] for name in _identity(runs[0])})
    settings = _differing(_side_by_side([dict(_settings(run)) for run in runs]))
    figures = _side_by_side([dict(_figures(run.figures or {})) for run in runs])
    figures = {name: values for name, values in figures.items() if any(value is not None for value in values)}
    if asked.json:
        ids = [run.run_id for run in runs]
        print_json({"runs": ids, "made_of": made_of, "settings": settings, "figures": figures})
        return 0
    names = [run.run_id for run in runs]
    if made_of or settings:
        rows = [[label, *map(_text, values)] for label, values in (made_of | settings).items()]
        show(Grid(("differs", *names), rows, 1 + len(names)))
    else:
        say("the runs were made of the same settings, strategy, data and code")
    say("")
    show(Grid(_header(names), [_row(name, values) for name, values in figures.items()], 1))
    return 0


def _identity(run: RunRow) -> dict[str, Any]:
    return {
        "kind": run.kind,
        "status": run.status,
        "window": window_text(run.start_ms, run.end_ms),
        "strategy": run.strategy,
        "settings_sha256": run.settings_sha256,
        "strategy_sha256": run.strategy_sha256,
        "data_sha256": run.data_sha256,
        "code_version": run.code_version,
    }


def _settings(run: RunRow) -> Iterator[tuple[str, Any]]:
    """Yield a run's settings by the place where they stand; none where its manifest cannot be read."""
    try:
        settings = read_manifest(Path(run.folder) / MANIFEST).settings
    except HarnessError:
        return
    yield from _flat(settings)


def _flat(values: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", value


def _figures(figures: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for group in (name for name in GROUPS if name in figures):
        for name, value in figures[group].items():
            if isinstance(value, int | float | None) and not name.endswith("_ms"):
                yield f"{group}.{name}", value


def _side_by_side(each: Sequence[Mapping[str, Any]]) -> Table:
    names = dict.fromkeys(name for one in each for name in one)
    return {name: [one.get(name) for one in each] for name in names}


def _differing(table: Table) -> Table:
    return {name: values for name, values in table.items() if any(value != values[0] for value in values)}


def _header(names: Sequence[str]) -> list[str]:
    return ["figure", *names, *(["difference"] if len(names) == 2 else [])]


def _row(name: str, values: Sequence[Any]) -> list[str]:
    """Return the row of a figure; of two runs with what the second has more."""
    _, _, figure = name.partition(".")
    cells = [label_of(figure), *map(value_text, values)]
    if len(values) == 2:
        first, second = values
        cells.append("n/a" if first is None or second is None else value_text(second - first))
    return cells


def _text(value: Any) -> str:
    if isinstance(value, list):
        return cut(", ".join(map(str, value)))
    return "-" if value is None else cut(str(value))
