"""``python -m runs list``."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from core.command_line import say, warn
from core.instants import to_datetime
from runs.commands.arguments import since_ms
from runs.commands.opened_store import current_store, print_json, wall_clock_ms
from runs.commands.text_blocks import Grid, number, show
from runs.store.run_filter import RunFilter
from runs.store.run_store import LARGE
from runs.store.store_rows import RunRow

_WORDS = 8
SHOWN = 50
"""How many runs a table shows where nothing else is asked for; JSON has them all."""
_NOT_SHOWN = (*LARGE, "params", "libraries", "seeds")
_HEADER = (
    "run", "made", "status", "strategy", "symbols", "tf", "window", "tags",
    "trades", "return %", "max DD %", "sharpe", "PF",
)  # fmt: skip


def list_runs(asked: argparse.Namespace) -> int:
    """Print the runs that are asked for."""
    limit = (0 if asked.json else SHOWN) if asked.limit is None else asked.limit
    wanted = filter_of(asked)
    with current_store() as store:
        # One more than is shown tells whether there are more.
        found = store.runs(
            msgspec.structs.replace(wanted, limit=limit + 1 if limit else None),
            without=LARGE if asked.json else _NOT_SHOWN,
        )
    shown = found[:limit] if limit else found
    if asked.json:
        print_json([plain_row(run) for run in shown])
        return 0
    if not shown:
        say("no run" if wanted == RunFilter() else "no run is like that; `python -m runs list` shows all")
        return 0
    show(_table(shown, short=sys.stdout.isatty()))
    if len(found) > len(shown):
        warn(f"the first {len(shown):,} are shown; --limit 0 shows all")
    return 0


def filter_of(asked: argparse.Namespace) -> RunFilter:
    """Return what the arguments of a verb ask for."""
    return RunFilter(
        symbol=asked.symbol,
        strategy=asked.strategy,
        since_ms=None if asked.since is None else since_ms(asked.since, wall_clock_ms()),
        status=asked.status,
        kind=asked.kind,
        tag=asked.tag,
        sort=asked.sort,
        reverse=asked.reverse,
        limit=asked.limit or None,
    )


def plain_row(run: RunRow) -> dict[str, Any]:
    """Return a run for scripts: what is the store's own is left out."""
    values = msgspec.structs.asdict(run)
    for name in ("id", "host", "job", "figures", "warnings"):
        del values[name]
    return values


def window_text(start_ms: int | None, end_ms: int | None) -> str:
    """Return a range as its dates, with hours where it is not whole days."""
    if start_ms is None or end_ms is None:
        return "n/a"
    start, end = to_datetime(start_ms), to_datetime(end_ms)
    whole = not any((start.hour, start.minute, end.hour, end.minute))
    form = "%Y-%m-%d" if whole else "%Y-%m-%dT%H:%M"
    return f"{start.strftime(form)}..{end.strftime(form)}"


def made_text(started_ms: int | None) -> str:
    """Return when a run was made, to the minute."""
    return "n/a" if started_ms is None else to_datetime(started_ms).strftime("%Y-%m-%d %H:%M")


def _table(runs: Sequence[RunRow], *, short: bool) -> Grid:
    """Return the table of runs; a ``short`` one fits a terminal, and has no column that is empty."""
    rows = [_short_cells(run) if short else _cells(run) for run in runs]
    if not short:
        return Grid(_HEADER, rows, _WORDS)
    kept = [place for place in range(len(_HEADER)) if any(row[place] for row in rows)]
    words = sum(place < _WORDS for place in kept)
    return Grid([_HEADER[place] for place in kept], [[row[place] for place in kept] for row in rows], words)


def _cells(run: RunRow) -> tuple[str, ...]:
    return (
        run.run_id,
        made_text(run.started_ms),
        run.status,
        run.strategy or "n/a",
        _some(run.symbols, 2),
        run.timeframe or "n/a",
        window_text(run.start_ms, run.end_ms),
        ",".join(run.tags),
        *(number(value) for value in (run.trades, run.total_return_pct, run.max_drawdown_pct, run.sharpe)),
        number(run.profit_factor),
    )


def _short_cells(run: RunRow) -> tuple[str, ...]:
    """Return the cells of a run without what a reader can do without."""
    cells = list(_cells(run))
    cells[0] = run.run_id[:8] if run.kind == "backtest" else run.run_id
    cells[1] = cells[1].partition(" ")[0]
    cells[4] = _some(run.symbols, 1)
    start, dots, end = cells[6].partition("..")
    cells[6] = f"{start}..{end[5:]}" if dots and start[:4] == end[:4] else cells[6]
    return tuple(cells)


def _some(symbols: Sequence[str], most: int) -> str:
    """Return the first of some symbols, and how many more there are."""
    return ",".join(symbols[:most]) + (f"+{len(symbols) - most}" if len(symbols) > most else "")
