"""All runs together: what there is, the best and the worst, what is being made, and the disc."""

import os
from typing import Any

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, Field

from core.plain_text import escaped, escaped_lines
from dashboard.api.backtest_models import ResultRow
from dashboard.api.jobs import JobView, view
from dashboard.api.run_views import row_view
from dashboard.api.session_models import SessionView
from dashboard.api.session_views import session_view
from dashboard.services import ServicesOf
from runs.jobs.job_queue import OPEN, JobQueue
from runs.store.run_summary import GroupSummary, run_summary

routes = APIRouter(prefix="/backtest", tags=["backtests"])


class Group(BaseModel):
    """Runs that have a strategy or a symbol in common."""

    name: str = Field(examples=["scalping_ema_rsi"])
    runs: int
    profitable: int = Field(description="How many of them earned something.")
    best_roi: float | None = Field(description="Return on the starting balance, in per cent.")
    worst_roi: float | None
    mean_roi: float | None
    trades: int


class Disc(BaseModel):
    """Bytes on the disc."""

    folders: dict[str, int | None] = Field(description="Of logs and candles; null until they are counted.")
    free: int | None
    total: int | None


class Unreadable(BaseModel):
    """A folder in which a run was looked for that cannot be read."""

    folder: str
    reason: str


class Summary(BaseModel):
    """All runs of the store."""

    total: int
    statuses: dict[str, int]
    kinds: dict[str, int]
    strategies: list[Group] = Field(description="Those of most runs first.")
    symbols: list[Group]
    best: list[ResultRow] = Field(description="By return, of those that are through.")
    worst: list[ResultRow]
    last: list[ResultRow]
    jobs: list[JobView] = Field(description="Those that wait or are being made.")
    sessions: list[SessionView] = Field(description="Those that run: they are no runs of the store yet.")
    disc: Disc
    unreadable: list[Unreadable] = Field(description="Fifty of the store, and those met when the server started.")


@routes.get("/summary")
def summary(services: ServicesOf) -> Summary:
    """Show what there is: counts, the best and the worst runs, groups by strategy and symbol, jobs, the disc."""
    found = run_summary(services.store)
    queue = JobQueue(services.store)
    return Summary(
        total=found.total,
        statuses=found.statuses,
        kinds=found.kinds,
        strategies=[_group(one) for one in found.strategies],
        symbols=[_group(one) for one in found.symbols],
        best=[row_view(one) for one in found.best],
        worst=[row_view(one) for one in found.worst],
        last=[row_view(one) for one in found.last],
        jobs=[view(one) for status in OPEN for one in queue.jobs(status=status)],
        sessions=[session_view(one, services.sessions.names) for one in services.sessions.all() if one.runs],
        disc=Disc(**msgspec.to_builtins(services.disc.use())),
        unreadable=[
            # A path need not be text.
            Unreadable(folder=escaped(folder), reason=escaped_lines(reason))
            for folder, reason in {**services.unreadable, **found.unreadable}.items()
            if os.path.lexists(folder)
        ],
    )


def _group(one: GroupSummary) -> Group:
    told: dict[str, Any] = {"best_roi": one.best_pct, "worst_roi": one.worst_pct, "mean_roi": one.mean_pct}
    return Group(name=one.name, runs=one.runs, profitable=one.profitable, trades=one.trades, **told)
