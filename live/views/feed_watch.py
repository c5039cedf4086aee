"""How the connection fares, from what a session's driver tells."""

from collections import Counter
from collections.abc import Callable

from core.instants import format_ms
from engine.journal_records import MissingRecord
from live.intake.candle_lane import Note
from live.views.session_picture import ConnectionState, FeedHealth
from live.views.session_updates import ConnectionChange


class FeedWatch:
    """Counts what came and what did not, in this process.

    ``monotonic`` tells seconds that only grow.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._noted: Counter[str] = Counter()
        self._state: ConnectionState = "connecting"
        self._connected_at: float | None = None
        self._message_at: float | None = None
        self._lost = False
        self._reconnects = 0
        self._trouble = ""

    def message_came(self) -> None:
        """Note that a stream speaks."""
        self._message_at = self._monotonic()
        if self._state == "stale":
            self._state = "connected"

    def changed(self, change: ConnectionChange) -> None:
        """Take a change of the connection."""
        event, detail = change
        if event == "connected":
            self._state, self._connected_at = "connected", self._monotonic()
            self._reconnects += self._lost
            self._lost = False
            return
        if event == "unreadable":
            self._noted[event] += 1
        else:
            self._state = event
            self._lost = self._lost or event == "disconnected"
        self._trouble = f"{event}: {detail}" if detail else event

    def noted(self, note: Note) -> None:
        """Take a candle that did not become part of a step."""
        self._noted[note.kind] += 1

    def gone_without(self, missing: MissingRecord) -> None:
        """Take a mark candle, funding rate or open interest that a step goes on without."""
        self._noted["missing"] += 1
        what = f"no {missing.kind.replace('_', ' ')} of {missing.symbol}"
        times = dict.fromkeys(map(format_ms, (missing.time_ms, missing.until_ms)))
        self._trouble = f"{what} at {' .. '.join(times)}"

    def health(self) -> FeedHealth:
        """Return it as it is now."""
        now, noted = self._monotonic(), self._noted
        return FeedHealth(
            state=self._state,
            since_seconds=None if self._connected_at is None else now - self._connected_at,
            message_age_seconds=None if self._message_at is None else now - self._message_at,
            reconnects=self._reconnects,
            unreadable=noted["unreadable"],
            late=noted["late"],
            revised=noted["revised"],
            duplicate=noted["duplicate"],
            refused=noted["refused"],
            trouble=self._trouble,
            missing=noted["missing"],
        )
