"""Playbacks: sessions that are driven by hand, each by a thread of its own, shown to whoever listens."""

import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Self

import msgspec

from backtests.many.run_base import Base
from backtests.player.player_state import PlayerState
from backtests.player.session_player import SessionPlayer
from backtests.player.states import state_json
from dashboard.problems import NotFound, Refused
from dashboard.streams.event_hub import EventHub

MOST = 4
IDLE_SECONDS = 1_800.0
A_SECOND = 30.0
"""States that listeners are told a second at most."""
PATIENCE_SECONDS = 2.0
"""How long a request waits for the state that its control leads to; what takes longer is told to who listens."""


class Driven:
    """One playback.

    Parameters
    ----------
    name, title
        What it is called, and what is played.
    player
        What plays it; from now on only this drives it.
    hub
        Is told its states, under ``playback:NAME``.
    """

    def __init__(self, name: str, title: str, player: SessionPlayer, hub: EventHub) -> None:
        self.name, self.title, self.player = name, title, player
        self.topic = f"playback:{name}"
        self._hub = hub
        self.touched = time.monotonic()
        self._driver = ThreadPoolExecutor(1, thread_name_prefix=self.topic)
        self._doing: Future[PlayerState] | None = None
        player.listen(self._told, per_second=A_SECOND)

    def state(self) -> dict[str, Any]:
        """Return how things stand, without the curve."""
        self.touched = time.monotonic()
        return plain(self.player.state)

    def control(self, does: Callable[[SessionPlayer], PlayerState]) -> dict[str, Any]:
        """Do something with the player in its own thread, and return the state that it leads to, or the present one.

        What drives it now ends between two steps and makes way.
        """
        self.touched = time.monotonic()
        if self._doing is not None and not self._doing.done():
            self.player.pause()
        self._doing = doing = self._driver.submit(does, self.player)
        try:
            return plain(doing.result(PATIENCE_SECONDS))
        except NotYet:
            return plain(self.player.state)

    def close(self) -> None:
        """End it; nothing of it is kept."""
        self.player.pause()
        self._driver.shutdown(wait=True, cancel_futures=True)
        self._hub.publish(self.topic, "closed", {})

    def _told(self, state: PlayerState) -> None:
        if self._hub.has_listeners(self.topic):
            self._hub.publish(self.topic, "state", plain(state), state=True)


class Playbacks:
    """All playbacks of a server; one that nobody has looked at for half an hour makes room."""

    def __init__(self, hub: EventHub) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        self._driven: dict[str, Driven] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        for one in list(self._driven.values()):
            one.close()

    def open(self, title: str, base: Base | SessionPlayer) -> Driven:
        """Make a playback, held still before its first step.

        Raises
        ------
        Refused
            If as many are open as may be.
        HarnessError
            As of a run.
        """
        self._make_room()
        player = base if isinstance(base, SessionPlayer) else SessionPlayer(base)
        with self._lock:
            if len(self._driven) >= MOST:
                raise Refused(f"{MOST} playbacks are open — allowed: to close one of {', '.join(self._driven)}")
            found = Driven(secrets.token_hex(4), title, player, self._hub)
            self._driven[found.name] = found
        return found

    def named(self, name: str) -> Driven:
        """Return a playback; NotFound where it is closed."""
        found = self._driven.get(name)
        if found is None:
            raise NotFound(f"playback {name}: there is none of that id; it may have been closed")
        return found

    def listed(self) -> list[Driven]:
        """Return those that are open, in order."""
        return list(self._driven.values())

    def close(self, name: str) -> None:
        """End a playback."""
        self.named(name)
        self._driven.pop(name).close()

    def _make_room(self) -> None:
        now = time.monotonic()
        for one in self.listed():
            if now - one.touched > IDLE_SECONDS and not self._hub.has_listeners(one.topic):
                self.close(one.name)


def plain(state: PlayerState) -> dict[str, Any]:
    """Return a state as JSON has it: money as text."""
    found: dict[str, Any] = msgspec.json.decode(state_json(state))
    return found
