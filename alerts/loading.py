"""From ``config/alerts.yaml`` and the environment to channels that are ready."""

import contextlib
import importlib.util
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from alerts.alert_settings import AlertSettings, ChannelSettings, webhook_fault
from alerts.channel import Channel, DashboardChannel
from alerts.outbox import Outbox, free_outbox
from alerts.post import Post
from alerts.secret_text import SecretAddress
from alerts.webhook import WebhookChannel
from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem

ALERTS_FILE = "config/alerts.yaml"


class AlertPlan(NamedTuple):
    """Who is told what: the settings, and every channel by its name, ready to send."""

    settings: AlertSettings
    channels: Mapping[str, Channel]


def alerts_file(config: str = "") -> Path:
    """Return the file of a session: ``alerts.yaml`` beside its configuration where it is there, else the usual one."""
    beside = Path(config).with_name(Path(ALERTS_FILE).name) if config else Path(ALERTS_FILE)
    return beside if beside.exists() else Path(ALERTS_FILE)


def load_settings(path: str | Path = ALERTS_FILE) -> AlertSettings:
    """Return the settings that a file holds; those of no alerts where there is no file.

    Raises
    ------
    ConfigurationError
        If the file says something wrong; no secret is in its sentence.
    """
    return AlertSettings.from_file(path) if Path(path).exists() else AlertSettings()


def load_plan(path: str | Path = ALERTS_FILE, environment: Mapping[str, str] | None = None) -> AlertPlan | None:
    """Return who is told what; None where no channel is configured.

    Raises
    ------
    ConfigurationError
        If the file says something wrong, an address is not in the environment, or apprise is needed and not installed.
    """
    settings = load_settings(path)
    if not settings.channels:
        return None
    surroundings = os.environ if environment is None else environment  # noqa: TID251 - the loader of these settings
    channels, problems = {}, []
    for at, one in enumerate(settings.channels):
        try:
            channels[one.name] = _opened(one, surroundings)
        except _Unready as wrong:
            problems.append(SettingsProblem(f"channels[{at}].{wrong.key}", wrong.said, wrong.allowed, file=str(path)))
    if problems:
        raise ConfigurationError.of(*problems)
    return AlertPlan(settings, channels)


@contextlib.contextmanager
def open_post(plan: AlertPlan | None, outbox: Path) -> Iterator[Post | None]:
    """Yield what takes alerts and tells them through an outbox of one owner; None where nobody is told."""
    if plan is None:
        yield None
        return
    with Outbox(outbox) as opened, Post(plan.settings, plan.channels, opened) as post:
        yield post


@contextlib.contextmanager
def open_shared_post(plan: AlertPlan | None, name: str) -> Iterator[Post | None]:
    """Yield the same for one of several processes of a name, which have a folder together."""
    if plan is None:
        yield None
        return
    with (
        free_outbox(Path(plan.settings.directory), name) as opened,
        Post(plan.settings, plan.channels, opened) as post,
    ):
        yield post


class _Unready(Exception):
    """A channel cannot be opened; nothing of its address is in the words."""

    def __init__(self, key: str, said: str, allowed: str) -> None:
        super().__init__()
        self.key, self.said, self.allowed = key, said, allowed


def _opened(settings: ChannelSettings, environment: Mapping[str, str]) -> Channel:
    if settings.type == "dashboard":
        return DashboardChannel()
    address = SecretAddress(settings.url or environment.get(settings.url_env or "", "").strip())
    if not address.reveal():
        raise _Unready(
            "url_env", f"{settings.url_env} is not set in the environment", "allowed: a variable that holds the address"
        )
    if settings.type == "webhook":
        fault = webhook_fault(address.reveal(), private=settings.allow_private)
        if fault is not None:
            raise _Unready("url_env", f"the address in {settings.url_env} {fault}", "allowed: https://HOST/PATH")
        return WebhookChannel(address, private=settings.allow_private, timeout_seconds=settings.timeout_seconds)
    if importlib.util.find_spec("apprise") is None:
        raise _Unready("type", "apprise is not installed", "allowed: make alerts installs it; type webhook needs none")
    from alerts.apprise_channel import AppriseChannel

    try:
        return AppriseChannel(address, private=settings.allow_private, timeout_seconds=settings.timeout_seconds)
    except ValueError as error:
        raise _Unready(
            "url_env", f"the address in {settings.url_env} {error}", "allowed: such as tgram://TOKEN/CHAT"
        ) from None
