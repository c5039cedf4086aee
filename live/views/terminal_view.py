"""The session on a terminal, drawn over the whole screen by a thread of its own."""

import logging
import threading
from typing import TextIO

from rich.console import Console
from rich.live import Live

from live.views.session_picture import SessionPicture
from live.views.session_updates import SessionUpdate
from live.views.session_watch import SessionWatch
from live.views.terminal_screen import screen

CLOSE_SECONDS = 2.0
NARROWEST, WIDEST = 40, 200

_log = logging.getLogger("live.views")


class TerminalView:
    """Draws the latest picture of the session each time it is refreshed.

    The session only hands over values; laying them out and writing to the terminal happens in a thread, so that a
    terminal that takes nothing (a stopped one, a slow line) holds up the drawing and never the session. Pictures that
    come while one is being drawn replace each other.

    Parameters
    ----------
    watch
        What is known of the session; told before this view.
    stream
        A terminal, see :func:`can_draw`.
    size
        Columns and lines; None asks the terminal before every drawing.
    """

    def __init__(self, watch: SessionWatch, stream: TextIO, size: tuple[int, int] | None = None) -> None:
        self._watch = watch
        self._stream = stream
        self._size = size
        self._latest: SessionPicture | None = None
        self._wake = threading.Event()
        self._closing = False
        self._failed = False
        self._drawer: threading.Thread | None = None

    def take(self, update: SessionUpdate) -> None:
        """Wait for the next refresh."""

    def refresh(self) -> None:
        """Hand the session as it is now to the drawing thread."""
        self._latest = self._watch.picture()
        self._wake.set()
        if self._drawer is None:
            self._drawer = threading.Thread(target=self._draw_all, name="terminal", daemon=True)
            self._drawer.start()

    def close(self) -> None:
        """Give the terminal back as it was; a terminal that takes nothing is left after two seconds."""
        self._closing = True
        self._wake.set()
        if self._drawer is not None:
            self._drawer.join(CLOSE_SECONDS)

    def _draw_all(self) -> None:
        width, height = self._size or (None, None)
        console = Console(file=self._stream, width=width, height=height, force_terminal=True)
        live = Live(console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
        try:
            live.start()
            while not self._closing:
                self._wake.wait()
                self._wake.clear()
                picture, self._latest = self._latest, None
                if picture is not None and not self._closing:
                    self._draw(live, console, picture)
            live.stop()
        except OSError:
            _log.warning("event=terminal_gone")

    def _draw(self, live: Live, console: Console, picture: SessionPicture) -> None:
        width = max(NARROWEST, min(console.width, WIDEST))
        try:
            drawn = screen(picture, width, console.height)
        except Exception:  # noqa: BLE001 - a picture that cannot be laid out must not end the view, nor the session
            if not self._failed:
                self._failed = True
                _log.exception("event=view_failed view=TerminalView")
            return
        live.update(drawn, refresh=True)


def can_draw(stream: TextIO) -> bool:
    """Return whether a stream is a terminal on which the view can be drawn; otherwise log lines are the view."""
    if not stream.isatty() or (stream.encoding or "").lower().replace("-", "") != "utf8":
        return False
    return not Console(file=stream).is_dumb_terminal
