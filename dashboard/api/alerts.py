"""Alerts: what people were told and where it has arrived, who is told, and a message to try that."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from alerts.alert import Kind, Severity, gravity
from alerts.trial import try_channels
from core.settings_problem import did_you_mean, shown
from dashboard.api.described import refusals
from dashboard.api.pages import Page, PagingOf, iso
from dashboard.problems import NotFound, Refused
from dashboard.services import ServicesOf
from dashboard.told_alerts import State, ToldAlert

routes = APIRouter(prefix="/alerts", tags=["alerts"])


class DeliveryView(BaseModel):
    """How far an alert is on its way through a channel."""

    channel: str = Field(examples=["phone"])
    state: State = Field(description="`failing` is tried again, `refused` not before the next start.")
    detail: str = Field(description="What came of the last attempt, without secrets.", examples=["answered 200"])
    attempts: int
    time: str | None = Field(description="When that was.")


class ToldAlertView(BaseModel):
    """An alert and where it has arrived."""

    id: str = Field(description="The same however often it is sent.", examples=["0f3a5c6d7e8f90a1b2c3d4e5"])
    kind: Kind
    severity: Severity
    time: str = Field(description="When it happened: the exchange's time, of a job the machine's.")
    told: str | None = Field(description="When it was written down to be sent: the machine's time.")
    title: str = Field(examples=["practice_15m_20240101T053000: LONG BTC/USDT opened at 43713.21"])
    text: str
    session: str = Field(description="The session, or `jobs`.", examples=["practice_15m_20240101T053000"])
    system: str
    symbol: str
    strategy: str
    facts: dict[str, str] = Field(examples=[{"side": "LONG", "price": "43713.21"}])
    deliveries: list[DeliveryView]


class ChannelView(BaseModel):
    """A channel of the configuration."""

    name: str = Field(examples=["phone"])
    type: str = Field(examples=["apprise"])
    target: str = Field(description="Where messages go, without secrets.", examples=["Telegram by apprise"])
    kinds: list[Kind] = Field(description="None: all.")
    severity: Severity = Field(description="The least that it is told of.")
    sessions: list[str] = Field(description="Those that it is told of, `*` stands for any letters. None: all.")
    systems: list[str] = Field(description="As `sessions`, and so on.")
    symbols: list[str]
    strategies: list[str]


class TestRequest(BaseModel):
    """Which channel is tried."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"channel": "phone"}]})

    channel: Annotated[str, Field(max_length=100)] | None = Field(None, description="None: every one.")


class TestOutcome(BaseModel):
    """What came of a test message."""

    channel: str
    target: str
    delivered: bool
    detail: str = Field(examples=["answered 200"])
    took_ms: int
    id: str


@routes.get("")
def alerts(
    services: ServicesOf,
    paging: PagingOf,
    kind: Kind | None = None,
    severity: Annotated[Severity, Query(description="The least.")] = "info",
    session: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[ToldAlertView]:
    """List what people were told lately, the newest first, with where it has arrived."""
    found = [
        one
        for one in services.told_alerts.recent()
        if (kind is None or one.alert.kind == kind)
        and gravity(one.alert.severity) >= gravity(severity)
        and (session is None or one.alert.session == session)
    ]
    return paging.of([_view(one) for one in found[paging.offset :][: paging.page_size]], len(found))


@routes.get("/channels")
def channels(services: ServicesOf) -> list[ChannelView]:
    """List who is told what."""
    plan = services.told_alerts.plan()
    if plan is None:
        return []
    return [
        ChannelView(
            name=one.name,
            type=one.type,
            target=plan.channels[one.name].target,
            kinds=one.kinds,
            severity=one.severity,
            sessions=one.sessions,
            systems=one.systems,
            symbols=one.symbols,
            strategies=one.strategies,
        )
        for one in plan.settings.channels
    ]


@routes.post("/test", responses=refusals(404, 409))
def test(request: TestRequest, services: ServicesOf) -> list[TestOutcome]:
    """Send a test message, once, and say what came of it."""
    plan = services.told_alerts.plan()
    if plan is None:
        raise Refused("config/alerts.yaml: channels: there is none to test")
    if request.channel is not None and request.channel not in plan.channels:
        hint = did_you_mean(request.channel, plan.channels)
        raise NotFound(f"{shown(request.channel)} is no channel{hint} — allowed: {', '.join(plan.channels)}")
    return [
        TestOutcome(
            channel=one.name,
            target=one.target,
            delivered=one.delivered,
            detail=one.detail,
            took_ms=one.took_ms,
            id=one.id,
        )
        for one in try_channels(plan, request.channel)
    ]


def _view(told: ToldAlert) -> ToldAlertView:
    facts: dict[str, Any] = told.alert.plain()
    del facts["sequence"]
    deliveries = [
        DeliveryView(
            channel=one.channel, state=one.state, detail=one.detail, attempts=one.attempts, time=iso(one.at_ms)
        )
        for one in told.deliveries
    ]
    return ToldAlertView(**facts, told=iso(told.at_ms), deliveries=deliveries)
