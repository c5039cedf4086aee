"""The settings of alerts, as ``config/alerts.yaml`` has them."""

import re
from collections.abc import Iterable
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import Field

from alerts.alert import KINDS, Kind, Severity
from alerts.message_template import FIELDS, template_fault
from core.settings_problem import SettingsProblem, shown
from core.settings_section import Allowed, PathText, PlainText, SettingsSection

ChannelType = Literal["webhook", "apprise", "dashboard"]
Patterns = Annotated[list[PlainText], Allowed("a list of names; * stands for any letters")]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_LOOKING = re.compile(r"(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[^/]{16,}")
_BY_ENVIRONMENT = "allowed: the name of an environment variable that holds the address, in url_env"


class ChannelSettings(SettingsSection):
    """One service that messages go to, and which of them."""

    name: Annotated[PlainText, Allowed("small letters, digits, - and _, at most 40")] = Field(
        description="What the channel is called where its state is shown"
    )
    type: ChannelType = Field(
        "webhook",
        description="A plain webhook, a service that the extra `apprise` knows, or the dashboard alone",
    )
    # Both are plain text for the reader of the file: what is wrong with them is said below, without repeating them.
    url_env: Annotated[str, Allowed("the name of an environment variable")] | None = Field(
        None, description="Environment variable that holds the address with its secrets"
    )
    url: Annotated[str, Allowed("an address without secrets: https://HOST/PATH")] | None = Field(
        None, description="Address of a webhook that has no secrets"
    )
    allow_private: bool = Field(
        False, description="Whether it may lie in a private network or on this machine, and be asked without encryption"
    )
    kinds: Annotated[list[Kind], Allowed(f"a list of {', '.join(KINDS)}")] = Field(
        default_factory=list, description="Kinds that it is told of; none named: all"
    )
    severity: Severity = Field("info", description="Least severity that it is told of")
    sessions: Patterns = Field(default_factory=list, description="Sessions that it is told of; none named: all")
    systems: Patterns = Field(default_factory=list, description="Systems that it is told of; none named: all")
    symbols: Patterns = Field(default_factory=list, description="Symbols that it is told of; none named: all")
    strategies: Patterns = Field(default_factory=list, description="Strategies that it is told of; none named: all")
    title: Annotated[str, Field(min_length=1, max_length=500), Allowed("text with fields such as {title}")] = Field(
        "{title}", description="First line of a message"
    )
    text: Annotated[str, Field(max_length=4_000), Allowed("text with fields such as {text}")] = Field(
        "{text}", description="The rest of a message"
    )
    coalesce_seconds: float = Field(
        5.0, ge=0.0, le=3_600.0, description="How long alerts of one kind are gathered into one message"
    )
    most_per_minute: int = Field(20, ge=1, le=600, description="Most messages in a minute; what is more is gathered")
    timeout_seconds: float = Field(10.0, gt=0.0, le=120.0, description="How long one attempt may take in all")

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield what does not go together: the address, its secrets and the templates."""
        if _NAME.fullmatch(self.name) is None:
            yield SettingsProblem("name", shown(self.name), "allowed: small letters, digits, - and _, at most 40")
        for name in ("title", "text"):
            fault = template_fault(getattr(self, name))
            if fault is not None:
                yield SettingsProblem(name, fault, f"allowed fields: {', '.join(FIELDS)}")
        yield from self._broken_address()

    def _broken_address(self) -> Iterable[SettingsProblem]:
        if self.type == "dashboard":
            for name in ("url", "url_env"):
                if getattr(self, name) is not None:
                    yield SettingsProblem(name, "has no effect with type dashboard", "allowed: leave this key out")
            return
        if self.url_env is not None and _VARIABLE.fullmatch(self.url_env) is None:
            # What stands here by mistake may be the secret itself: it is not repeated.
            yield SettingsProblem("url_env", "is not the name of an environment variable", _BY_ENVIRONMENT)
        if self.type == "apprise" and self.url is not None:
            yield SettingsProblem("url", "has secrets with type apprise", _BY_ENVIRONMENT)
        elif (self.url is None) == (self.url_env is None):
            both = "url and url_env both stand" if self.url is not None else "is missing"
            yield SettingsProblem("url_env", both, f"{_BY_ENVIRONMENT}, or of a webhook without secrets url")
        elif self.url is not None:
            fault = webhook_fault(self.url, private=self.allow_private)
            if fault is not None or _holds_secret(self.url):
                yield SettingsProblem("url", fault or "holds what looks like a secret", _BY_ENVIRONMENT)


class AlertSettings(SettingsSection):
    """What people are told, and how."""

    channels: list[ChannelSettings] = Field(default_factory=list, description="Where messages go; none: no alerts")
    refusals: int = Field(20, ge=1, le=10_000, description="How many refused decisions are a storm")
    refusal_steps: int = Field(10, ge=1, le=10_000, description="In how many steps those are counted")
    feed_lost_seconds: float = Field(
        10.0, ge=0.0, le=3_600.0, description="How long a feed is silent or unconnected before that is told"
    )
    directory: PathText = Field("logs/alerts", description="Folder of what jobs and commands have told")
    queue_size: int = Field(1_000, ge=10, le=100_000, description="Most alerts that wait; what is more is counted")
    retry_first_seconds: float = Field(1.0, gt=0.0, le=60.0, description="First wait after a failure; it doubles")
    retry_most_seconds: float = Field(300.0, gt=0.0, le=3_600.0, description="Longest wait between two attempts")
    close_seconds: float = Field(
        5.0, ge=0.0, le=60.0, description="How long the end of a session or command waits for its last messages"
    )

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield the rules between channels and keys."""
        names = [one.name for one in self.channels]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield SettingsProblem("channels", f"the name {shown(name)} stands twice", "allowed: a name for each")
        if self.retry_most_seconds < self.retry_first_seconds:
            yield SettingsProblem(
                "retry_most_seconds", shown(self.retry_most_seconds), "allowed: at least retry_first_seconds"
            )


def webhook_fault(url: str, *, private: bool) -> str | None:
    """Return what is wrong with the address of a webhook without repeating it; None where nothing is."""
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or not _is_plain(url):
        return "is no address https://HOST/PATH"
    if parts.scheme == "http" and not private:
        return "is not encrypted (http); https is, or allow_private where the network is your own"
    return None


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def _holds_secret(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.username or parts.password or parts.query or parts.fragment) or any(
        _SECRET_LOOKING.fullmatch(part) for part in parts.path.split("/")
    )
