"""A channel: takes a message to a service, once, and says what came of it."""

from typing import Literal, NamedTuple, Protocol

import msgspec

from alerts.alert import Alert, Kind, Severity

Result = Literal["delivered", "refused", "failed"]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is told: an alert, or several in one.

    Attributes
    ----------
    id
        That of the alert; of several, a function of theirs. The same however often it is sent.
    lost
        How many alerts before these could not be kept.
    """

    id: str
    kind: Kind
    severity: Severity
    title: str
    text: str
    alerts: tuple[Alert, ...]
    lost: int = 0

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of its alerts."""
        return tuple(one.id for one in self.alerts)


class Outcome(NamedTuple):
    """What came of one attempt.

    ``refused`` is what trying again will not change; ``detail`` has no secret in it. ``retry_after_seconds`` is what
    the service asked for.
    """

    result: Result
    detail: str
    retry_after_seconds: float | None = None


class Channel(Protocol):
    """A service that messages are taken to."""

    @property
    def target(self) -> str:
        """Where they go, without secrets."""
        ...

    def send(self, message: Message) -> Outcome:
        """Try once; never raises for what a service or a network does."""
        ...


class DashboardChannel:
    """Nothing more than the outbox, which the dashboard reads."""

    target = "the dashboard"

    def send(self, message: Message) -> Outcome:
        """Be done: it is there already."""
        return Outcome("delivered", "kept for the dashboard")
