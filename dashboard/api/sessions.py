"""Live and rehearsed paper sessions: listed, started, watched, and asked for what an operator may ask."""

from typing import Annotated

from fastapi import APIRouter, Query

from dashboard.api.backtest_models import Done
from dashboard.api.described import refusals
from dashboard.api.jobs import JobView, view
from dashboard.api.pages import Page, PagingOf
from dashboard.api.session_models import (
    ClosedSymbol,
    Confirmed,
    KillSwitch,
    OfSymbol,
    Paused,
    Resumed,
    SessionDetail,
    SessionRequest,
    SessionView,
    wanted_by,
)
from dashboard.api.session_views import session_detail, session_view
from dashboard.services import Services, ServicesOf
from dashboard.sessions.session_facts import SessionFacts, State

routes = APIRouter(prefix="/sessions", tags=["sessions"])


@routes.get("")
def sessions(services: ServicesOf, paging: PagingOf, state: State | None = None) -> Page[SessionView]:
    """List the sessions of the folder, the newest first."""
    found = [one for one in services.sessions.all() if state is None or one.state == state]
    found.sort(key=lambda one: (one.traded.begun_ms or 2**62, one.id), reverse=True)
    shown = found[paging.offset :][: paging.page_size]
    return paging.of([_view(services, one) for one in shown], len(found))


@routes.post("", status_code=201, responses=refusals(409))
def start(asked: SessionRequest, services: ServicesOf) -> SessionView:
    """Start a session in a process of its own, which goes on when the server ends.

    It is checked first; whether it reaches its exchange is seen in its state.
    """
    wanted = wanted_by(asked, config=asked.config, system=asked.system, portfolio=asked.portfolio)
    rehearsed = asked.rehearsal is not None
    return _view(services, services.sessions.start(wanted, asked.name, rehearsed=rehearsed))


@routes.get("/{session}", responses=refusals(404))
def session(
    session: str,
    services: ServicesOf,
    points: Annotated[int, Query(ge=2, le=5_000, description="Of the equity curve, at most.")] = 500,
) -> SessionDetail:
    """Show a session: its positions, waiting orders, equity, feeds and halts, its last fills, records and log lines."""
    facts = services.sessions.of(session)
    return session_detail(facts, services.sessions.names, points, _runs_of(services, facts))


@routes.post("/{session}/stop", status_code=202, responses=refusals(404, 409))
def stop(session: str, asked: Confirmed, services: ServicesOf) -> Done:
    """Ask a session to end as it is configured to: its positions are closed at their last marks, or kept."""
    services.sessions.stop(session, asked.confirm)
    return Done(message=f"session {session}: is asked to end")


@routes.post("/{session}/kill-switch", responses=refusals(404, 409))
def kill_switch(session: str, asked: KillSwitch, services: ServicesOf) -> SessionView:
    """Engage the kill switch, or release it. What a file or the environment engages is released there."""
    return _view(services, services.sessions.kill_switch(session, asked.confirm, engaged=asked.engaged))


@routes.post("/{session}/pause", responses=refusals(404, 409))
def pause(session: str, asked: Paused, services: ServicesOf) -> SessionView:
    """Hold new entries, or let them through again; exits, and what waits already, go on."""
    return _view(services, services.sessions.hold(session, paused=asked.paused))


@routes.post("/{session}/close", responses=refusals(404, 409))
def close(session: str, asked: ClosedSymbol, services: ServicesOf) -> SessionView:
    """Close a symbol's position at its next open."""
    return _view(services, services.sessions.close(session, asked.symbol, asked.confirm))


@routes.post("/{session}/cancel", responses=refusals(404, 409))
def cancel(session: str, asked: OfSymbol, services: ServicesOf) -> SessionView:
    """Cancel a symbol's waiting entry."""
    return _view(services, services.sessions.cancel(session, asked.symbol))


@routes.post("/{session}/resume", status_code=202, responses=refusals(404, 409))
def resume(session: str, asked: Resumed, services: ServicesOf) -> SessionView:
    """Go on with a session whose process is gone: with what it was started with, and nothing that it decided lost."""
    return _view(services, services.sessions.resume(session, asked.speed, asked.duration))


@routes.post("/{session}/parity", status_code=202, responses=refusals(404, 409))
def parity(session: str, services: ServicesOf) -> JobView:
    """Let a worker check the session against its journal and against history; the job's outcome has the verdict."""
    return view(services.sessions.parity(session))


def _view(services: Services, facts: SessionFacts) -> SessionView:
    return session_view(facts, services.sessions.names)


def _runs_of(services: Services, facts: SessionFacts) -> dict[str, str]:
    """Return the runs under which the store has a session that is over, by member."""
    if facts.runs:
        return {}
    folders = {member: str((facts.folder / member).resolve()) for member in facts.members or ("",)}
    found = {
        member: next((one.run_id for one in services.store.named(folder) if one.folder == folder), None)
        for member, folder in folders.items()
    }
    return {member: run for member, run in found.items() if run is not None}
