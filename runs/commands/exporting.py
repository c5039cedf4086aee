"""``python -m runs export``."""

import argparse
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from core.command_line import file_named, say
from core.errors import ConfigurationError
from core.event_lines import quoted
from core.exact import plain
from core.instants import format_ms
from metrics.run_metrics import GROUPS
from runs.commands.listing import filter_of, plain_row
from runs.commands.opened_store import current_store, json_bytes
from runs.folder.write_errors import store_errors
from runs.store.run_store import RunStore
from runs.store.store_rows import RunRow

_SUFFIXES = (".csv", ".json", ".parquet")


def export_runs(asked: argparse.Namespace) -> int:
    """Write runs, their trades or their account over time to a file, whole or not at all."""
    target: Path = asked.file
    if target.suffix not in _SUFFIXES:
        raise ConfigurationError(f"{target}: the name does not say the format — allowed: {', '.join(_SUFFIXES)}")
    target = file_named("FILE", target, "runs.csv")
    if target.exists() and not asked.force:
        raise ConfigurationError(f"{target}: is there already — allowed: another name, or --force to replace it")
    with current_store() as store:
        runs = store.runs(filter_of(asked), without=())
        rows = [row for run in runs for row in _rows(store, run, asked.what)]
    with store_errors(target):
        beside = target.with_name(f".{target.name}.tmp")
        try:
            _write(beside, target.suffix, rows)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    say(f"{len(rows):,} rows of {len(runs):,} runs in {target}")
    return 0


def _rows(store: RunStore, run: RunRow, what: str) -> Iterator[dict[str, Any]]:
    if what == "runs":
        yield dict(_flat_run(run))
        return
    found = store.trades(run) if what == "trades" else store.metric_points(run)
    for row in found:
        yield {"run_id": run.run_id} | msgspec.structs.asdict(row)


def _flat_run(run: RunRow) -> Iterator[tuple[str, Any]]:
    """Yield a run's columns, parameters and figures, each under a name of its own."""
    for name, value in plain_row(run).items():
        if name == "params":
            yield from ((f"params.{key}", one) for key, one in (value or {}).items())
        elif name in ("symbols", "tags"):
            yield name, ",".join(value)
        elif name not in ("seeds", "libraries"):
            yield name, value
    figures: Mapping[str, Any] = run.figures or {}
    for group in (name for name in GROUPS if name in figures):
        for name, value in figures[group].items():
            if not isinstance(value, dict | list):
                yield f"{group}.{name}", value


def _write(file: Path, suffix: str, rows: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    if suffix == ".json":
        file.write_bytes(json_bytes(rows))
    elif suffix == ".csv":
        lines = [names, *([_cell(name, row.get(name)) for name in names] for row in rows)]
        file.write_text("".join(",".join(map(quoted, line)) + "\n" for line in lines), encoding="utf-8")
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = {name: [_number(row.get(name)) for row in rows] for name in names}
        pq.write_table(pa.table(columns), file)


def _cell(name: str, value: Any) -> str:
    """Return a cell of a CSV file: money plain, times as text."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    if name.endswith("_ms") and isinstance(value, int) and name != "duration_ms":
        return format_ms(value)
    return str(value)


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
