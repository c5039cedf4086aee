"""What all runs of a store come to together, by their states, strategies and symbols."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Text, case, cast, func, select

from runs.store.run_filter import RunFilter
from runs.store.run_store import RunStore
from runs.store.store_rows import RunRow
from runs.store.tables import RUN

SHOWN = 5
"""How many of the best, the worst and the last runs are named."""
NAMED_UNREADABLE = 50
"""How many of the folders that cannot be read are named."""


class GroupSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Runs that have something in common: how many there are, how many earned something, and their returns.

    Returns are those on the starting balance, in per cent; None where no run of the group has one.
    """

    name: str
    runs: int
    profitable: int
    best_pct: float | None
    worst_pct: float | None
    mean_pct: float | None
    trades: int


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """All runs: how many by status and by kind, the groups (those of most runs first), and some runs by themselves.

    ``unreadable`` are folders of which nothing but what is wrong is known, with that, the last ones first.
    """

    total: int
    statuses: dict[str, int]
    kinds: dict[str, int]
    strategies: list[GroupSummary]
    symbols: list[GroupSummary]
    best: list[RunRow]
    worst: list[RunRow]
    last: list[RunRow]
    unreadable: dict[str, str]


def run_summary(store: RunStore, shown: int = SHOWN) -> RunSummary:
    """Return what all runs of a store come to; ``best`` and ``worst`` are by return, of runs that are through."""
    statuses, kinds = (_counts(store, name) for name in ("status", "kind"))
    through = RunFilter(status="COMPLETED", sort="total_return_pct", limit=shown)
    ends = (store.runs(msgspec.structs.replace(through, reverse=reverse)) for reverse in (False, True))
    best, worst = ([one for one in end if one.total_return_pct is not None] for end in ends)
    return RunSummary(
        total=sum(statuses.values()),
        statuses=statuses,
        kinds=kinds,
        strategies=_groups(store, cast(RUN.c.strategy, Text), lambda text: [text]),
        symbols=_groups(store, cast(RUN.c.symbols, Text), _symbols),
        best=best,
        worst=worst,
        last=store.runs(RunFilter(limit=shown)),
        unreadable=_unreadable(store),
    )


def _unreadable(store: RunStore) -> dict[str, str]:
    # A run that failed by itself has a trade log.
    wrong = RUN.c.status == "FAILED", RUN.c.trades_sha256.is_(None), RUN.c.failure.is_not(None)
    query = select(RUN.c.folder, RUN.c.failure).where(*wrong).order_by(RUN.c.id.desc()).limit(NAMED_UNREADABLE)
    with store.database.reading() as connection:
        return {str(folder): str(reason) for folder, reason in connection.execute(query)}


def _counts(store: RunStore, name: str) -> dict[str, int]:
    with store.database.reading() as connection:
        found = connection.execute(select(RUN.c[name], func.count()).group_by(RUN.c[name]).order_by(RUN.c[name]))
        return {str(value): int(count) for value, count in found}


def _groups(store: RunStore, key: Any, names_of: Any) -> list[GroupSummary]:
    """Return the groups of runs by a text; a run whose text names several things is in the group of each."""
    earned = RUN.c.total_return_pct
    profitable = func.sum(case((earned > 0, 1), else_=0))
    figures = (func.min(earned), func.max(earned), func.sum(earned), func.count(earned))
    query = select(key, func.count(), profitable, func.sum(RUN.c.trades), *figures)
    parts: dict[str, list[Sequence[Any]]] = {}
    with store.database.reading() as connection:
        for text, *values in connection.execute(query.where(key.is_not(None)).group_by(key)):
            for name in dict.fromkeys(names_of(text)):
                parts.setdefault(name, []).append(values)
    groups = [_joined(name, rows) for name, rows in parts.items()]
    return sorted(groups, key=lambda one: (-one.runs, one.name))


def _joined(name: str, rows: Iterable[Sequence[Any]]) -> GroupSummary:
    counts, profitable, trades, lowest, highest, sums, measured = zip(*rows, strict=True)
    known = sum(measured)
    return GroupSummary(
        name=name,
        runs=sum(counts),
        profitable=sum(one or 0 for one in profitable),
        trades=sum(one or 0 for one in trades),
        best_pct=max((one for one in highest if one is not None), default=None),
        worst_pct=min((one for one in lowest if one is not None), default=None),
        mean_pct=sum(one or 0.0 for one in sums) / known if known else None,
    )


def _symbols(text: str) -> list[str]:
    return [str(one) for one in json.loads(text)]
