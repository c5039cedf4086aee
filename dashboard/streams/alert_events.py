"""Tells the hub what people are told: sessions and jobs write it into their outboxes, and this looks there."""

import contextlib
from pathlib import Path
from typing import Any

from alerts.outbox import Entry, Recorded, entries_since
from core.instants import format_ms
from dashboard.streams.event_hub import EventHub
from dashboard.streams.looker import Looker
from dashboard.told_alerts import ToldAlerts, delivery_of

TOPIC = "alerts"


class AlertEvents(Looker):
    """Looks at the outboxes again and again, in a thread of its own, until the end of the block.

    The topic is ``alerts``. Kinds: ``alert`` (one that was told) and ``delivery`` (what came of an attempt).
    """

    watched = "alerts"
    seconds = 1.0

    def __init__(self, told: ToldAlerts, hub: EventHub) -> None:
        super().__init__()
        self._told, self._hub = told, hub
        self._ends: dict[Path, int] = {}

    def begin(self) -> None:
        """Note what is there already."""
        for path in self._told.outboxes():
            with contextlib.suppress(OSError):
                self._ends[path] = path.stat().st_size

    def look(self) -> None:
        """Tell what has been written since the last look."""
        for path in self._told.outboxes():
            size, end = path.stat().st_size, self._ends.get(path, 0)
            if size < end:  # It was shortened by its owner, to what is known here already.
                self._ends[path] = size
            elif size > end:
                entries, self._ends[path] = entries_since(path, end)
                for one in entries:
                    self._publish(one)

    def _publish(self, entry: Entry) -> None:
        if isinstance(entry, Recorded):
            told: dict[str, Any] = entry.alert.plain()
            self._hub.publish(TOPIC, "alert", told | {"told": format_ms(entry.at_ms), "channels": list(entry.channels)})
            return
        found = delivery_of(entry)
        self._hub.publish(
            TOPIC,
            "delivery",
            {
                "ids": list(entry.ids),
                "channel": found.channel,
                "state": found.state,
                "detail": found.detail,
                "attempts": found.attempts,
                "time": format_ms(entry.at_ms),
            },
        )
