"""Takes the alerts of one channel to its service: gathered, one message after the other, tried until it has them."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from alerts.alert import Alert
from alerts.alert_settings import ChannelSettings
from alerts.backoff import Backoff
from alerts.channel import Channel, Message, Outcome
from alerts.gathering import message_of
from alerts.outbox import Attempted, Outbox, wall_clock_ms

_MINUTE = 60.0
_MOST_IN_A_MESSAGE = 200


class ChannelHealth(NamedTuple):
    """How a channel fares; times are seconds, None where there is nothing of the kind.

    ``trouble`` is what its last attempt came to, empty where that was well.
    """

    name: str
    target: str
    waiting: int
    delivered: int
    lost: int
    trouble: str = ""
    failing_seconds: float | None = None
    next_try_seconds: float | None = None


class Lane:
    """One channel with its thread.

    Parameters
    ----------
    settings, channel
        What it is told of and how, and who takes it there.
    backoff
        Waits between attempts.
    outbox
        Where what comes of them is written down.
    most_waiting
        How many alerts wait at most; the oldest go, and the next message says how many.
    """

    def __init__(
        self,
        settings: ChannelSettings,
        channel: Channel,
        backoff: Backoff,
        outbox: Outbox,
        most_waiting: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._channel = channel
        self._backoff = backoff
        self._outbox = outbox
        self._most_waiting = most_waiting
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._groups: dict[tuple[str, str], _Group] = {}
        self._sending: Message | None = None
        self._sent_at: deque[float] = deque(maxlen=settings.most_per_minute)
        self._delivered = self._lost = self._untold = 0
        self._trouble, self._failing_since, self._next_try = "", 0.0, 0.0
        self._ends_at: float | None = None
        self._sender = threading.Thread(target=self._send_all, name=f"alerts {settings.name}", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._sender.start()

    def offer(self, alert: Alert, lost: int = 0) -> None:
        """Take an alert, and how many before it were lost."""
        with self._changed:
            group = self._groups.setdefault((alert.session, alert.kind), _Group(self._monotonic()))
            group.alerts.append(alert)
            group.urgent = group.urgent or alert.severity == "critical"
            self._lose(lost)
            if self._waiting() > self._most_waiting:
                oldest = next(iter(self._groups))
                self._groups[oldest].alerts.popleft()
                if not self._groups[oldest].alerts:
                    del self._groups[oldest]
                self._lose(1)
            self._changed.notify()

    def close(self, ends_at: float) -> None:
        """Send what waits without gathering, until a time of the clock; wait for it with :meth:`join`."""
        with self._changed:
            self._ends_at = ends_at
            self._changed.notify()

    def join(self) -> None:
        """Wait until everything is sent or the time is over; what is left stays in the outbox."""
        self._sender.join(max(0.0, (self._ends_at or 0.0) - self._monotonic()))

    def health(self) -> ChannelHealth:
        """Return how the channel fares."""
        with self._changed:
            now = self._monotonic()
            sending = 0 if self._sending is None else len(self._sending.alerts)
            return ChannelHealth(
                self.settings.name,
                self._channel.target,
                self._waiting() + sending,
                self._delivered,
                self._lost,
                self._trouble,
                now - self._failing_since if self._trouble else None,
                max(0.0, self._next_try - now) if self._trouble and sending else None,
            )

    def _lose(self, count: int) -> None:
        self._lost += count
        self._untold += count

    def _waiting(self) -> int:
        return sum(len(one.alerts) for one in self._groups.values())

    def _send_all(self) -> None:
        while (message := self._next_message()) is not None:
            self._send(message)

    def _next_message(self) -> Message | None:
        """Wait for a message that is due; None at the end."""
        with self._changed:
            while True:
                now = self._monotonic()
                # At the end nothing is asked of a service that is in trouble: what waits stands in the outbox.
                if self._ends_at is not None and (not self._groups or self._trouble or now >= self._ends_at):
                    return None
                found, wait = self._due(now)
                if found is not None:
                    alerts = found.taken(_MOST_IN_A_MESSAGE)
                    self._groups = {key: group for key, group in self._groups.items() if group.alerts}
                    lost, self._untold = self._untold, 0
                    self._sending = message_of(alerts, self.settings.title, self.settings.text, lost)
                    return self._sending
                self._changed.wait(wait)

    def _due(self, now: float) -> tuple["_Group | None", float | None]:
        """Return the group whose message is due, or how long until one is; None where none waits."""
        if not self._groups:
            return None, None
        ending = self._ends_at is not None
        sent = self._sent_at
        free_at = sent[0] + _MINUTE if len(sent) == self.settings.most_per_minute and not ending else now
        window = self.settings.coalesce_seconds

        def due_at(one: _Group) -> float:
            return max(free_at, one.since if ending or one.urgent else one.since + window)

        group = min(self._groups.values(), key=lambda one: (due_at(one), not one.urgent))
        wait = due_at(group) - now
        return (group, None) if wait <= 0.0 else (None, wait)

    def _send(self, message: Message) -> None:
        """Send a message until the service has it, refuses it, or the end has come."""
        attempt = 0
        while True:
            attempt += 1
            self._sent_at.append(self._monotonic())
            outcome = self._channel.send(message)
            self._outbox.attempted(
                Attempted(self.settings.name, message.ids, outcome.result, outcome.detail, attempt, wall_clock_ms())
            )
            if self._settled(message, outcome, attempt):
                return

    def _settled(self, message: Message, outcome: Outcome, attempt: int) -> bool:
        """Take what came of an attempt; wait for the next one where there is to be one."""
        with self._changed:
            now = self._monotonic()
            if outcome.result == "delivered":
                self._delivered += len(message.alerts)
                self._trouble, self._sending = "", None
                return True
            if not self._trouble:
                self._failing_since = now
            self._trouble = outcome.detail
            if outcome.result == "refused":
                self._sending = None
                return True
            wait = self._backoff.seconds(message.id, attempt)
            self._next_try = now + max(wait, outcome.retry_after_seconds or 0.0)
            while (now := self._monotonic()) < self._next_try:
                if self._ends_at is not None and self._next_try >= self._ends_at:
                    return True
                self._changed.wait(self._next_try - now)
            return self._ends_at is not None and now >= self._ends_at


class _Group:
    """Alerts of one session and kind that wait for their message."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.urgent = False
        self.alerts: deque[Alert] = deque()

    def taken(self, most: int) -> list[Alert]:
        return [self.alerts.popleft() for _ in range(min(most, len(self.alerts)))]
