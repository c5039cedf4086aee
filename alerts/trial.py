"""One message that is sent to try a channel, at once and once."""

import time
from collections.abc import Iterator
from typing import NamedTuple

from alerts.alert import Alert, Origin
from alerts.gathering import message_of
from alerts.loading import AlertPlan
from alerts.outbox import wall_clock_ms
from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown


class TriedChannel(NamedTuple):
    """What came of a trial."""

    name: str
    target: str
    delivered: bool
    detail: str
    took_ms: int
    id: str


def try_channels(plan: AlertPlan, only: str | None = None) -> Iterator[TriedChannel]:
    """Send a test message to each channel, or to one, and yield what came of it.

    Raises
    ------
    ConfigurationError
        If there is no channel of the name.
    """
    if only is not None and only not in plan.channels:
        raise ConfigurationError(
            f"{shown(only)} is no channel{did_you_mean(only, plan.channels)} — allowed: {', '.join(plan.channels)}"
        )
    for settings in plan.settings.channels:
        if only not in (None, settings.name):
            continue
        now_ms = wall_clock_ms()
        alert = Alert.of(
            "test", "info", Origin("", now_ms), "Test message", f"channel {settings.name} of the live-parity harness"
        )
        channel, begun = plan.channels[settings.name], time.monotonic()
        outcome = channel.send(message_of([alert], settings.title, settings.text))
        took_ms = round(1_000 * (time.monotonic() - begun))
        yield TriedChannel(
            settings.name, channel.target, outcome.result == "delivered", outcome.detail, took_ms, alert.id
        )
