"""Playbacks: a run that is stepped, played, held still, turned back and forked."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from backtests.player.recent_events import Happening
from backtests.run_plan import RunPlan
from backtests.settled_run import engaged_at_start
from core.errors import ConfigurationError
from core.instants import format_ms, parse_instant
from core.time_range import TimeRange
from dashboard.api.backtest_models import Done, RunRequest
from dashboard.api.backtests import run_of
from dashboard.api.described import refusals
from dashboard.api.run_requests import job_of, require_own
from dashboard.playback.controls import Action, Control
from dashboard.playback.playbacks import A_SECOND, Driven
from dashboard.services import Services, ServicesOf
from research.jobs.backtest_job import range_of, settings_of
from research.luck.stored_base import plan_of_run
from systems.catalogue import read_system
from systems.life_cycle.epoch_tracker import wall_clock_ms
from systems.life_cycle.system_runners import placed
from validation.composed_settings import Settings

routes = APIRouter(prefix="/playbacks", tags=["playbacks"])

MOST_STEPS = 1_000_000
MOST_A_SECOND = 1_000.0


class PlaybackRequest(BaseModel):
    """What is played: a run that was made, or what a backtest would be asked for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"run": "latest"}, {"asked": {"system": "practice-scalping", "window": "january"}}]
        },
    )

    run: str | None = Field(None, max_length=1_000)
    asked: RunRequest | None = None
    states_per_second: float = Field(
        A_SECOND, gt=0, le=MOST_A_SECOND, description="How many states are streamed a second at most."
    )


class PlaybackView(BaseModel):
    """A playback: its state as the streams tell it, times in milliseconds, money as text."""

    id: str
    title: str
    topic: str = Field(description="Under which its states are streamed.", examples=["playback:1f3a9c2e"])
    symbols: list[str]
    timeframe: str
    state: dict[str, Any]


class ControlRequest(BaseModel):
    """What is done with a playback.

    `step` (count), `run_to` (time), `next` (events), `play` (events: where it stops), `pause`, `seek` (time), `speed`
    (candles_per_second or times_real; neither is as fast as it goes), `breaks` (events), `stop`.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"action": "step", "count": 10}]})

    action: Action
    count: int = Field(1, ge=1, le=MOST_STEPS)
    time: str | None = Field(None, examples=["2024-01-03T12:00"])
    events: list[Happening] = Field([], description="signal, refusal, fill, trade, halt, day.")
    candles_per_second: float | None = Field(None, gt=0, le=1e9)
    times_real: float | None = Field(None, gt=0, le=1e12)


class Fork(BaseModel):
    """Other settings for the same candles, from the start or from a time on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"changes": {"strategy.params.ema_fast": 7}}]}
    )

    changes: dict[str, Any] = {}
    time: str | None = None


@routes.get("")
def playbacks(services: ServicesOf) -> list[PlaybackView]:
    """List the playbacks that are open."""
    return [_view(one) for one in services.playbacks.listed()]


@routes.post("", status_code=201, responses=refusals(404, 409))
def open_playback(asked: PlaybackRequest, services: ServicesOf) -> PlaybackView:
    """Open a playback, held still before its first step; nothing of it is written."""
    if (asked.run is None) == (asked.asked is None):
        raise ConfigurationError("run and asked: one of the two is needed — allowed: a run, or what one is asked for")
    if asked.run is not None:
        opened = services.opened_runs.of(run_of(services, asked.run))
        title = f"{opened.run.result.config.strategy}, {opened.run.run_id}"
        return _view(services.playbacks.open(title, plan_of_run(opened.run), asked.states_per_second))
    title, plan = _plan(services, asked.asked or RunRequest())
    return _view(services.playbacks.open(title, plan, asked.states_per_second))


@routes.get("/{name}", responses=refusals(404))
def playback(name: str, services: ServicesOf) -> PlaybackView:
    """Show a playback as it stands."""
    return _view(services.playbacks.named(name))


@routes.post("/{name}/control", responses=refusals(404))
def control(name: str, asked: ControlRequest, services: ServicesOf) -> PlaybackView:
    """Do something with a playback; answers with the state that it leads to, after two seconds with the present one."""
    driven = services.playbacks.named(name)
    return _view(driven, driven.control(_wanted(asked)))


@routes.post("/{name}/fork", status_code=201, responses=refusals(404, 409))
def fork(name: str, asked: Fork, services: ServicesOf) -> PlaybackView:
    """Open another playback of the same candles under other settings."""
    driven = services.playbacks.named(name)
    require_own(asked.changes)
    at = None if asked.time is None else parse_instant(asked.time, name="time")
    told = ", ".join(f"{key} {value}" for key, value in asked.changes.items())
    other = driven.fork(asked.changes, at)
    return _view(services.playbacks.open(f"{driven.title} with {told}" if told else driven.title, other))


@routes.get("/{name}/curve", responses=refusals(404))
def curve(name: str, services: ServicesOf, first: Annotated[int, Query(ge=0, le=2**53)] = 0) -> dict[str, Any]:
    """Return the equity of every step from a number on: what a page that has just come does not have yet."""
    return services.playbacks.named(name).curve(first)


@routes.get("/{name}/candles", responses=refusals(404))
def candles(
    name: str,
    services: ServicesOf,
    symbol: Annotated[str, Query(max_length=50)],
    start: str | None = None,
    end: Annotated[str | None, Query(description="Exclusive; the present where it is left out or later.")] = None,
    most: Annotated[int, Query(ge=10, le=50_000, description="More are joined into longer ones.")] = 2_000,
) -> dict[str, Any]:
    """Return the candles of a symbol up to the present of the playback, and none after it."""
    first_ms = 0 if start is None else parse_instant(start, name="start")
    end_ms = None if end is None else parse_instant(end, name="end")
    return services.playbacks.named(name).candles(symbol, first_ms, most, end_ms)


@routes.delete("/{name}", responses=refusals(404))
def close(name: str, services: ServicesOf) -> Done:
    """Close a playback; nothing of it is kept."""
    services.playbacks.close(name)
    return Done(message=f"playback {name}: closed")


def _wanted(asked: ControlRequest) -> Control:
    if asked.action in ("run_to", "seek") and asked.time is None:
        raise ConfigurationError(f"{asked.action}: to which time? — give time")
    return Control(
        asked.action,
        asked.count,
        None if asked.time is None else parse_instant(asked.time, name="time"),
        tuple(asked.events),
        asked.candles_per_second,
        asked.times_real,
    )


def _plan(services: Services, asked: RunRequest) -> tuple[str, RunPlan]:
    """Return what a playback of a request plays, and what it is called."""
    wanted = job_of(asked, services.settings)
    if wanted.system is not None:
        system = read_system(wanted.system, wanted.places.systems)
        settings = placed(system.settings, wanted.places)
        span = system.window(wanted.window or next(iter(system.windows), ""), wall_clock_ms())
        title = f"{system.id}, {wanted.window}"
    else:
        settings = settings_of(wanted)
        span = range_of(wanted, settings.live.timeframe)
        title = f"{settings.live.strategy.type}, {format_ms(span.start_ms)[:10]} to {format_ms(span.end_ms)[:10]}"
    return wanted.name or title, _plan_over(settings, span, offline=wanted.offline)


def _plan_over(settings: Settings, span: TimeRange, *, offline: bool) -> RunPlan:
    return RunPlan(
        settings=settings,
        start_ms=span.start_ms,
        end_ms=span.end_ms,
        output_dir=None,
        kill_switch_engaged=engaged_at_start(settings.mode),
        offline=offline,
    )


def _view(driven: Driven, state: dict[str, Any] | None = None) -> PlaybackView:
    return PlaybackView(
        id=driven.name,
        title=driven.title,
        topic=driven.topic,
        symbols=driven.symbols,
        timeframe=driven.timeframe,
        state=driven.state() if state is None else state,
    )
