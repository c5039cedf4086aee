"""The views of one live session, put together."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from live.heartbeat import Heartbeat
from live.views.log_view import LogView, SessionLog
from live.views.session_watch import SessionWatch
from live.views.terminal_view import TerminalView, can_draw
from live.views.view_guard import GuardedViews, RefreshedView

if TYPE_CHECKING:
    from engine.session import Session
    from live.intake.barrier import Barrier
    from live.intake.perpetual_inputs import PerpetualInputs
    from validation.composed_settings import Settings


def open_log(folder: Path, level: str, stream: TextIO, *, plain: bool) -> SessionLog:
    """Return the session's log: files always, and lines on the stream when no terminal view will be drawn on it.

    Raises
    ------
    StoreError
        If the log file cannot be opened.
    """
    return SessionLog(folder, level, None if draws_on(stream, plain=plain) else stream)


def build_views(
    folder: Path,
    settings: "Settings",
    session: "Session",
    barrier: "Barrier",
    canonical: Mapping[str, str],
    exchange_ms: Callable[[], int | None],
    stream: TextIO,
    *,
    plain: bool,
    inputs: "PerpetualInputs | None" = None,
) -> GuardedViews:
    """Return what shows and supervises a session: log, heartbeat and, on a terminal, the terminal view.

    Parameters
    ----------
    folder, settings, session, barrier, canonical, exchange_ms, inputs
        As in :class:`live.views.session_watch.SessionWatch`; the session's outputs have their names already.
    stream
        Where the view is drawn if it is a terminal; an open log writes its lines there otherwise.
    plain
        Never draw.
    """
    watch = SessionWatch(folder, settings, session, barrier, canonical, exchange_ms, inputs=inputs)
    views: list[RefreshedView] = [watch, LogView(watch, folder), Heartbeat(watch, folder)]
    if draws_on(stream, plain=plain):
        views.append(TerminalView(watch, stream))
    return GuardedViews(views)


def draws_on(stream: TextIO, *, plain: bool) -> bool:
    """Return whether the terminal view is drawn on a stream."""
    return not plain and can_draw(stream)
