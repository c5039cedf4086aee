"""The views of one live session, put together."""

from pathlib import Path
from typing import TextIO

from alerts.post import Post
from core.plain_text import escaped
from live.views.alert_view import AlertView
from live.views.heartbeat_view import HeartbeatView
from live.views.log_view import LogView
from live.views.session_log import LOG_FILE, LOG_FOLDER, SessionLog
from live.views.session_watch import SessionWatch, Watched
from live.views.terminal_view import TerminalView, can_draw
from live.views.view_guard import GuardedViews, RefreshedView


def open_log(folder: Path, level: str, stream: TextIO, *, plain: bool, quiet: bool = False) -> SessionLog:
    """Return the session's log: files always, and lines on the stream when no terminal view will be drawn on it.

    ``quiet`` lets warnings alone onto the stream, and says where the other lines are.

    Raises
    ------
    StoreError
        If the log file cannot be opened.
    """
    if draws_on(stream, plain=plain):
        return SessionLog(folder, level)
    if not quiet:
        return SessionLog(folder, level, stream)
    stream.write(f"{escaped(folder)}: running; what happens is in {LOG_FOLDER}/{LOG_FILE}, warnings are here\n")
    return SessionLog(folder, level, stream, stream_level="WARNING")


def build_views(watched: Watched, stream: TextIO, *, plain: bool, post: Post | None = None) -> GuardedViews:
    """Return what shows and supervises a session: log, heartbeat and, on a terminal, the terminal view.

    Parameters
    ----------
    watched
        The session; its outputs have their names already.
    stream
        Where the view is drawn if it is a terminal; an open log writes its lines there otherwise.
    plain
        Never draw.
    post
        Takes the alerts of what happens; None where nobody is told.
    """
    watch = SessionWatch(watched) if post is None else SessionWatch(watched, alerts=post.health)
    views: list[RefreshedView] = [watch, LogView(watch), HeartbeatView(watch, watched.folder)]
    if post is not None:
        views.append(AlertView(post, watched, watch))
    if draws_on(stream, plain=plain):
        views.append(TerminalView(watch, stream))
    return GuardedViews(views)


def draws_on(stream: TextIO, *, plain: bool) -> bool:
    """Return whether the terminal view is drawn on a stream."""
    return not plain and can_draw(stream)
