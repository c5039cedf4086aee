"""The trigger log of a run: what woke its program, what that decided, and what came of it."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal, Self

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dashboard.api.backtests import run_of
from dashboard.api.described import refusals
from dashboard.api.pages import Page, Paging, PagingOf, iso
from dashboard.services import ServicesOf
from dashboard.trials.trial_answers import Fault, MetView, Wish
from runs.reading.trigger_log import Outcome, TriggerRow

routes = APIRouter(prefix="/backtest", tags=["programs"])


class WokenBy(BaseModel):
    """What woke the program: a pool whose conditions are met, or its schedule."""

    type: Literal["signal", "scheduled"]
    pool: str = Field(description="Its id; empty for the schedule, as all of the pool is.", examples=["rsi_oversold"])
    name: str
    logic: str = Field(examples=["all"])
    met: list[MetView]
    regime: str | None = Field(description="The symbol's; null: undefined.", examples=["trend"])


class CallView(BaseModel):
    """A call of the program, and what came of it."""

    number: int = Field(description="From 1, in the order of the calls.")
    time: str | None = Field(description="The close at which it was woken.")
    symbol: str
    trigger: WokenBy
    decision: Wish
    decided_symbol: str = Field(description="The one that it decided about.")
    problem: Fault | None
    halted: bool = Field(description="Whether the program is not called any more after this.")
    printed: list[str]
    outcome: Outcome
    outcome_reason: str = Field(description="The gate's, the order's, or the exit's.")
    entry_price: float | None
    exit_price: float | None
    exit_time: str | None
    profit_loss: float | None = Field(description="Net of all costs, in quote currency; null where nothing is closed.")

    @classmethod
    def of(cls, row: TriggerRow) -> Self:
        """Return a row of the log."""
        return cls(
            number=row.number,
            time=iso(row.time_ms),
            symbol=row.symbol,
            trigger=WokenBy.model_validate(msgspec.to_builtins(row.trigger)),
            decision=Wish.model_validate(msgspec.to_builtins(row.wish)),
            decided_symbol=row.decided_symbol,
            problem=None if row.problem is None else Fault.model_validate(msgspec.to_builtins(row.problem)),
            halted=row.halted,
            printed=list(row.printed),
            outcome=row.outcome,
            outcome_reason=row.outcome_reason,
            entry_price=row.entry_price,
            exit_price=row.exit_price,
            exit_time=iso(row.exit_time_ms),
            profit_loss=row.pnl,
        )


Show = Literal["all", "acted", "held", "problems"]


class TriggerLog(Page[CallView]):
    """A part of the trigger log, and counts of all of it."""

    signals: int = Field(description="Calls by pools.")
    scheduled: int = Field(description="Calls by the schedule.")
    pools: dict[str, int] = Field(description="Calls by pool.")
    decisions: dict[str, int] = Field(description="Calls by what was decided.")
    outcomes: dict[str, int]
    problems: int
    halted: bool
    shown: dict[Show, int] = Field(description="How many calls each value of `show` has.")

    @classmethod
    def of(cls, rows: Sequence[TriggerRow], show: Show, paging: Paging) -> Self:
        """Return a page of those calls that are to be shown."""
        kinds = Counter(one.trigger.type for one in rows)
        found = [one for one in rows if show in ("all", _shown_as(one))]
        part = [CallView.of(one) for one in found[paging.offset :][: paging.page_size]]
        several = Counter(_shown_as(one) for one in rows)
        return cls(
            **paging.of(part, len(found)).model_dump(),
            signals=kinds["signal"],
            scheduled=kinds["scheduled"],
            pools=dict(Counter(one.trigger.pool for one in rows if one.trigger.pool)),
            decisions=dict(Counter(one.wish.action for one in rows if one.problem is None)),
            outcomes=dict(Counter(one.outcome for one in rows)),
            problems=sum(one.problem is not None for one in rows),
            halted=any(one.halted for one in rows),
            shown={"all": len(rows), **{one: several[one] for one in ("acted", "held", "problems")}},
        )


@routes.get("/results/{run_id:path}/triggers", responses=refusals(404, 409))
def triggers(
    run_id: str,
    services: ServicesOf,
    paging: PagingOf,
    show: Annotated[Show, Query(description="Those that wished for something, that held, or that went wrong.")] = "all",
) -> TriggerLog:
    """Show the calls of a run's program in order, each with what came of it; none where it had no program."""
    return TriggerLog.of(services.opened_runs.calls(run_of(services, run_id)), show, paging)


def _shown_as(one: TriggerRow) -> Show:
    return "problems" if one.outcome == "problem" else "held" if one.outcome == "held" else "acted"
