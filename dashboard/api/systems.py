"""Systems: what each is, its windows, its life, and its promotion on evidence."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from core.errors import ConfigurationError
from dashboard.api.described import refusals
from dashboard.api.strategies import RunValues
from dashboard.folders import plain_name
from dashboard.problems import NotFound
from dashboard.services import ServicesOf
from systems.catalogue import read_system
from systems.operations import list_systems, promote_system, show_system

routes = APIRouter(prefix="/systems", tags=["systems"])


class SystemView(BaseModel):
    """A system, or why it cannot be read."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(examples=["practice-scalping"])
    description: str | None = None
    strategy: str | None = None
    exchange: str | None = None
    symbols: list[str] = []
    timeframe: str | None = None
    windows: dict[str, Any] = {}
    tags: list[str] = []
    epoch: str | None = Field(None, description="Where in its life it is.", examples=["backtest"])
    system_uid: str | None = None
    problem: str | None = None


class Promotion(BaseModel):
    """What becomes of a promotion."""

    model_config = ConfigDict(extra="allow")

    system: str
    epoch: str
    next_epoch: str | None
    promoted: bool
    passed: bool | None
    promotion_reason: str | None


@routes.get("")
def systems(services: ServicesOf) -> list[SystemView]:
    """List the systems of the folder; none where there is no such folder."""
    if not Path(services.settings.places.systems).is_dir():
        return []
    return [SystemView(**one) for one in list_systems(services.settings.places)]


@routes.get("/{system_id}", responses=refusals(404))
def system(system_id: str, services: ServicesOf) -> SystemView:
    """Show a system: its file, overrides, windows as they are now, criteria, resolved settings, and its evidence."""
    _require(system_id, services)
    places = services.settings.places
    shown = show_system(system_id, places)
    ledger = promote_system(system_id, places, dry=True)
    return SystemView(
        **{**shown, "ledger": {name: ledger[name] for name in ("criteria", "evidence", "next_epoch", "passed")}}
    )


@routes.get("/{system_id}/values", responses=refusals(404))
def system_values(system_id: str, services: ServicesOf) -> RunValues:
    """Show what a system has for a run: market, strategy with all its parameters, capital, sizes, costs."""
    _require(system_id, services)
    return RunValues.of(read_system(system_id, services.settings.places.systems).settings)


@routes.post("/{system_id}/promote", responses=refusals(404))
def promote(
    system_id: str,
    services: ServicesOf,
    dry: Annotated[bool, Body(embed=True, description="Judge alone; nothing is recorded.")] = False,
) -> Promotion:
    """Judge a system on its evidence; where every criterion holds, its promotion is recorded."""
    _require(system_id, services)
    return Promotion(**promote_system(system_id, services.settings.places, dry=dry))


def _require(system_id: str, services: ServicesOf) -> None:
    try:
        plain_name("system", system_id)
    except ConfigurationError as error:
        raise NotFound(str(error)) from None
    known = [one["id"] for one in list_systems(services.settings.places)]
    if system_id not in known:
        raise NotFound(f"system {system_id}: there is none of that id — allowed: {', '.join(known) or 'none'}")
