"""``python -m runs show``."""

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from core.instants import format_ms
from metrics.run_metrics import GROUPS
from runs.commands.listing import made_text, plain_row, window_text
from runs.commands.opened_store import current_store, print_json
from runs.commands.text_blocks import Facts, cut, number, show
from runs.store.store_rows import RunRow

_HASHES = ("settings_sha256", "strategy_sha256", "data_sha256", "trades_sha256", "code_version")


def show_run(asked: argparse.Namespace) -> int:
    """Print what one run was made of and what it came to."""
    with current_store() as store:
        run = store.run(asked.run)
    if asked.json:
        print_json(plain_row(run) | {"figures": run.figures, "warnings": run.warnings or []})
        return 0
    show(
        Facts(f"Run {run.run_id}", list(_identity(run))),
        *_figures(run.figures or {}),
        *([Facts("Warnings", [("warning", one) for one in run.warnings])] if run.warnings else ()),
    )
    return 0


def label_of(name: str) -> str:
    """Return the name of a figure as words."""
    return name.removesuffix("_pct").replace("_", " ") + (" %" if name.endswith("_pct") else "")


def value_text(value: Any) -> str:
    """Return a figure as people read it."""
    if value is None or isinstance(value, bool):
        return "n/a" if value is None else str(value).lower()
    if isinstance(value, int | float):
        return number(value, 4 if 0 < abs(value) < 1 else 2)
    return str(value)


def _identity(run: RunRow) -> Iterator[tuple[str, str]]:
    yield "name", run.name
    yield "kind", "live session" if run.kind == "live" else run.kind
    yield "status", run.status + (f": {run.failure}" if run.failure else "")
    yield "made", made_text(run.started_ms)
    if run.duration_ms is not None:
        yield "took", f"{run.duration_ms / 1_000:,.2f} s"
    yield "window", window_text(run.start_ms, run.end_ms)
    for label, value in (("exchange", run.exchange), ("candles", run.timeframe), ("detail", run.detail_interval)):
        if value:
            yield label, value
    yield "symbols", ", ".join(run.symbols)
    yield "strategy", run.strategy or "n/a"
    if run.params:
        yield "parameters", ", ".join(f"{name} {_short(value)}" for name, value in run.params.items())
    if run.capital is not None:
        yield "starting balance", f"{run.capital:,f}"
    for name in _HASHES:
        if getattr(run, name):
            yield name, getattr(run, name)
    if run.tags:
        yield "tags", ", ".join(run.tags)
    if run.note:
        yield "note", run.note
    yield "folder", run.folder


def _short(value: Any) -> str:
    return format(value, "g") if isinstance(value, float) else cut(str(value))


def _figures(figures: Mapping[str, Any]) -> Iterator[Facts]:
    """Yield a block for each group of figures; one that is undefined says why."""
    reasons = figures.get("undefined", {})
    for group in (name for name in GROUPS if name in figures):
        rows = []
        for name, value in figures[group].items():
            if isinstance(value, dict):
                rows.append((label_of(name), ", ".join(f"{label_of(key)} {_short(one)}" for key, one in value.items())))
            if isinstance(value, dict | list):
                continue
            why = reasons.get(f"{group}.{name}")
            if name.endswith("_ms") and isinstance(value, int):
                rows.append((label_of(name.removesuffix("_ms")), format_ms(value)))
            else:
                rows.append((label_of(name), value_text(value) + (f" ({why})" if value is None and why else "")))
        if rows:
            yield Facts(label_of(group).capitalize(), rows)
