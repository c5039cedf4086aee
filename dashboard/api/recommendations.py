"""Recommendations: what speaks for a change of a system, and what is decided on it."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from core.errors import ConfigurationError
from dashboard.api.described import refusals
from dashboard.api.jobs import JobStarted, started
from dashboard.api.pages import Page, PagingOf, iso
from dashboard.problems import NotFound, Refused
from dashboard.services import Services, ServicesOf
from research.jobs.recommend_job import RecommendRequest, ReviewRequest, submit_recommend, submit_review
from research.recommendations import deciding
from research.recommendations.deciding import recommendation as row_of
from research.recommendations.reviewing import DAYS
from runs.store.store_rows import Decision, Recommendation

routes = APIRouter(prefix="/backtest/recommendations", tags=["recommendations"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Note = Annotated[str | None, Body(embed=True, max_length=500, description="Why.")]


class RecommendAsked(BaseModel):
    """Of what is recommended."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"system": "practice-scalping"}]})

    system: str | None = Field(None, max_length=100, description="The id of one; left out: all of the folder.")
    confirm: int = Field(0, ge=0, le=100, description="Claims for which the runs are made that they lack.")
    processes: int = Field(2, ge=1, le=16)
    offline: bool = False


class ReviewAsked(BaseModel):
    """After how much there is an outcome."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(DAYS, ge=1, le=10_000)
    trades: int | None = Field(None, ge=1, le=10_000_000, description="Of the version, after which there is one too.")
    processes: int = Field(2, ge=1, le=16)
    offline: bool = False


class ExpectedChange(BaseModel):
    """What a change is expected to earn: fractions of equity a day, out of sample."""

    mean: float | None
    low: float | None
    high: float | None
    level: float | None = Field(description="With which probability it lies between low and high.")


class RecommendationView(BaseModel):
    """A recommendation."""

    id: int
    status: Decision
    kind: str | None = Field(examples=["parameters"])
    system: str | None
    strategy: str | None
    current: dict[str, Any] = Field(description="Values now, by dotted key of the settings.")
    recommended: dict[str, Any]
    because: str | None
    expected_change: ExpectedChange
    confidence: float | None = Field(description="That it is better, after what became of others of its kind.")
    probability: float | None = Field(description="The same by its own evidence alone.")
    created: str | None
    decided: str | None
    note: str | None
    version: str | None = Field(description="The system that accepting it has written.")
    outcome: dict[str, Any] | None = Field(description="What came of it.")


class RecommendationDetail(RecommendationView):
    """A recommendation with all that speaks for it."""

    evidence: dict[str, Any]


@routes.get("")
def recommendations(
    services: ServicesOf,
    paging: PagingOf,
    status: Decision | None = None,
    system: Annotated[str | None, Query(max_length=100)] = None,
) -> Page[RecommendationView]:
    """List the recommendations, the newest first."""
    rows = [one for one in services.store.records(Recommendation) if one.kind is not None]
    chosen = [one for one in rows if status in (None, one.status) and system in (None, one.system)]
    return paging.cut([RecommendationView(**_facts(one)) for one in chosen[::-1]])


@routes.post("", status_code=202)
def recommend(services: ServicesOf, asked: RecommendAsked) -> JobStarted:
    """Ask for what all studies and runs speak for; a worker finds it."""
    return started(
        submit_recommend(services.store, RecommendRequest(**asked.model_dump(), places=services.settings.places))
    )


@routes.get("/{number}", responses=refusals(404))
def recommendation(number: Number, services: ServicesOf) -> RecommendationDetail:
    """Show a recommendation with its evidence."""
    return _shown(_named(services, number))


@routes.post("/{number}/accept", responses=refusals(404, 409))
def accept(number: Number, services: ServicesOf, note: Note = None) -> RecommendationDetail:
    """Write the version of the system that a recommendation asks for; the system itself stays as it is."""
    return _decided(services, number, lambda: deciding.accept(number, services.store, services.settings.places, note))


@routes.post("/{number}/reject", responses=refusals(404, 409))
def reject(number: Number, services: ServicesOf, note: Note = None) -> RecommendationDetail:
    """Say no to a recommendation."""
    return _decided(services, number, lambda: deciding.reject(number, services.store, note))


@routes.post("/{number}/apply", responses=refusals(404, 409))
def apply(number: Number, services: ServicesOf, note: Note = None) -> RecommendationDetail:
    """Say that the version which an accepted recommendation has written is in use."""
    return _decided(services, number, lambda: deciding.apply(number, services.store, note))


@routes.post("/{number}/review", status_code=202, responses=refusals(404, 409))
def review(number: Number, services: ServicesOf, asked: ReviewAsked | None = None) -> JobStarted:
    """Ask what came of a recommendation that was followed; a worker runs the system with it and without it."""
    row = _named(services, number)
    if row.status not in ("accepted", "applied"):
        raise Refused(f"recommendation {number}: is {row.status} — allowed: one that is accepted or applied")
    given = (asked or ReviewAsked()).model_dump()
    wanted = ReviewRequest(number=number, **given, places=services.settings.places)
    return started(submit_review(services.store, wanted))


def _decided(services: Services, number: int, decide: Callable[[], Recommendation]) -> RecommendationDetail:
    """Decide on a recommendation that is there; what stands against it is how things stand."""
    _named(services, number)
    try:
        return _shown(decide())
    except ConfigurationError as error:
        raise Refused(str(error)) from None


def _named(services: Services, number: int) -> Recommendation:
    try:
        return row_of(number, services.store)
    except ConfigurationError as error:
        raise NotFound(str(error)) from None


def _shown(row: Recommendation) -> RecommendationDetail:
    return RecommendationDetail(**_facts(row), evidence=row.evidence or {})


def _facts(row: Recommendation) -> dict[str, Any]:
    return {
        "id": row.id,
        "status": row.status,
        "kind": row.kind,
        "system": row.system,
        "strategy": row.strategy,
        "current": row.current or {},
        "recommended": row.params or {},
        "because": (row.evidence or {}).get("because"),
        "expected_change": ExpectedChange(
            mean=row.expected_change, low=row.expected_low, high=row.expected_high, level=row.level
        ),
        "confidence": row.confidence,
        "probability": row.probability,
        "created": iso(row.created_ms),
        "decided": iso(row.decided_ms),
        "note": row.note,
        "version": row.version,
        "outcome": row.outcome,
    }
