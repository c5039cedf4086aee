"""Tells the hub what happens in sessions: they write to their folders, and this looks there."""

import logging
import time
from pathlib import Path
from typing import Any

from core.errors import HarnessError
from dashboard.problems import NotFound
from dashboard.sessions.live_sessions import LiveSessions
from dashboard.sessions.session_facts import SessionFacts
from dashboard.sessions.session_follower import GAP, SessionFollower
from dashboard.sessions.session_standing import session_head, standing_of
from dashboard.streams.event_hub import EventHub
from dashboard.streams.looker import Looker
from runs.store.run_store import RunStore
from runs.store.synchronising import take_folder

LIST_SECONDS = 1.0
LINGER_SECONDS = 60.0
"""A session is followed so long after its last listener went: one that comes back has missed nothing."""
_OVER = ("ended", "stopped", "dead")
_log = logging.getLogger(__name__)


class SessionEvents(Looker):
    """Looks at the sessions again and again, in one thread for all, until the end of the block.

    Topics are ``sessions`` for all (kinds ``session`` where a state changes, ``health``) and ``session:ID`` for one,
    which is read only while somebody listens to it. Its first message is a ``gap``: the state is to be read from then
    on, whatever was there before.
    """

    watched = "sessions"

    def __init__(self, sessions: LiveSessions, store: RunStore, hub: EventHub) -> None:
        super().__init__()
        self._sessions, self._store, self._hub = sessions, store, hub
        self._states: dict[str, str] = {}
        self._over: dict[str, int] = {}
        self._beats: dict[str, float] = {}
        self._followed: dict[str, tuple[SessionFollower, float]] = {}
        self._listed_at = float("-inf")

    def begin(self) -> None:
        """Note what is there already."""
        for one in self._sessions.all():
            self._remember(one)

    def look(self) -> None:
        """Tell what has changed since the last look."""
        now = time.monotonic()
        if now - self._listed_at >= LIST_SECONDS:
            self._listed_at = now
            self._look_at_all()
        for name in list(self._states):
            try:
                self._follow(name, now)
            except NotFound:
                self._followed.pop(name, None)
            except Exception as error:  # noqa: BLE001 - what one session's files hold keeps no other one silent
                self._note(error)

    def _look_at_all(self) -> None:
        listened, folders = self._hub.has_listeners("sessions"), self._sessions.folders()
        for name in self._states.keys() - {one.name for one in folders}:
            del self._states[name]
        for folder in folders:
            # Whatever goes on in a session changes its folder: one that is over is not read again before.
            if self._over.get(folder.name) == _changed_ns(folder):
                continue
            try:
                facts = self._sessions.of(folder.name)
            except NotFound:
                continue
            self._tell_state(facts, listened=listened)

    def _remember(self, facts: SessionFacts) -> None:
        self._states[facts.id] = facts.state
        if facts.runs:
            self._over.pop(facts.id, None)
        else:
            self._over[facts.id] = _changed_ns(facts.folder)

    def _tell_state(self, facts: SessionFacts, *, listened: bool) -> None:
        before = self._states.get(facts.id)
        self._remember(facts)
        if before != facts.state:
            self._hub.publish("sessions", "session", _told(facts))
            if before is not None and facts.state in _OVER:
                self._keep_run(facts)
        beat = facts.heartbeat.monotonic_seconds
        if listened and facts.runs and beat != self._beats.get(facts.id):
            self._beats[facts.id] = beat
            self._hub.publish("sessions", "health", session_head(facts))

    def _follow(self, name: str, now: float) -> None:
        topic = f"session:{name}"
        follower, heard_at = self._followed.get(name, (None, now))
        if self._hub.has_listeners(topic):
            heard_at = now
        elif follower is None:
            return
        elif now - heard_at > LINGER_SECONDS:
            del self._followed[name]
            return
        facts = self._sessions.of(name)
        if follower is None:
            follower = SessionFollower(facts)
            self._hub.publish(topic, GAP, {"session": name})
            self._hub.publish(topic, "health", standing_of(facts), state=True)
        self._followed[name] = follower, heard_at
        for one in follower.happened(facts):
            self._hub.publish(topic, one.kind, one.data, state=one.is_state)

    def _keep_run(self, facts: SessionFacts) -> None:
        """Let the store know what came of a session that is over."""
        for folder in [facts.folder / one for one in facts.members] or [facts.folder]:
            try:
                take_folder(self._store, folder)
            except (HarnessError, OSError) as error:
                _log.warning("session %s cannot be taken into the store: %s", facts.id, error)


def _changed_ns(folder: Path) -> int:
    """Return when something in a folder got, or lost, its name; 0 where there is no folder."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _told(facts: SessionFacts) -> dict[str, Any]:
    return {"session": facts.id, "state": facts.state, "failure": facts.failure}
