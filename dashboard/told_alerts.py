"""What sessions, jobs and commands have told people, as their outboxes say: written by them, read here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from alerts.alert import Alert
from alerts.loading import ALERTS_FILE, AlertPlan, load_plan, load_settings
from alerts.outbox import OUTBOX, Attempted, Recorded, entries_since
from core.errors import ConfigurationError
from dashboard.dashboard_settings import DashboardSettings

State = Literal["waiting", "failing", "refused", "delivered"]
_STATES: dict[str, State] = {"delivered": "delivered", "refused": "refused", "failed": "failing"}
_MOST_FILES = 50
_MOST_BYTES = 2_000_000
"""Of each file the last of it is read: what is recent stands there."""


class Delivery(NamedTuple):
    """How far an alert is on its way through a channel."""

    channel: str
    state: State
    detail: str = ""
    attempts: int = 0
    at_ms: int | None = None


class ToldAlert(NamedTuple):
    """An alert, when it was written down, and where it has arrived."""

    alert: Alert
    at_ms: int
    deliveries: tuple[Delivery, ...]


class ToldAlerts:
    """The outboxes of a server's folders.

    Parameters
    ----------
    settings
        Where sessions and configurations are.
    """

    def __init__(self, settings: DashboardSettings) -> None:
        self._sessions = Path(settings.sessions)
        self._file = Path(settings.config, Path(ALERTS_FILE).name)

    def plan(self) -> AlertPlan | None:
        """Return who is told what; None where no channel is configured. ConfigurationError where that is not sound."""
        return load_plan(self._file)

    def outboxes(self) -> list[Path]:
        """Return the files, those that have changed last first."""
        found = []
        for path in (*self._sessions.glob(f"*/{OUTBOX}"), *self._shared()):
            try:
                found.append((path.stat().st_mtime_ns, path))
            except OSError:
                continue  # Gone since it was listed.
        return [path for _, path in sorted(found, reverse=True)]

    def recent(self) -> list[ToldAlert]:
        """Return what was told lately, the newest first."""
        told = [one for path in self.outboxes()[:_MOST_FILES] for one in _told(path)]
        return sorted(told, key=lambda one: one.at_ms, reverse=True)

    def _shared(self) -> Iterator[Path]:
        try:
            yield from Path(load_settings(self._file).directory).glob("*.jsonl")
        except ConfigurationError:
            return  # Said where channels are asked for.


def _told(path: Path) -> Iterator[ToldAlert]:
    try:
        entries, _ = entries_since(path, max(0, path.stat().st_size - _MOST_BYTES))
    except OSError:
        return
    alerts: dict[str, Recorded] = {}
    states: dict[tuple[str, str], Delivery] = {}
    for one in entries:
        if isinstance(one, Recorded):
            alerts[one.alert.id] = one
        else:
            for each in one.ids:
                states[each, one.channel] = delivery_of(one)
    for one in alerts.values():
        yield ToldAlert(
            one.alert,
            one.at_ms,
            tuple(states.get((one.alert.id, name), Delivery(name, "waiting")) for name in one.channels),
        )


def delivery_of(attempt: Attempted) -> Delivery:
    """Return how far the alerts of an attempt are after it."""
    return Delivery(attempt.channel, _STATES[attempt.result], attempt.detail, attempt.attempts, attempt.at_ms)
