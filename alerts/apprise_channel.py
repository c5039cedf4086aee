"""A service that apprise knows: Telegram, Discord, Slack, e-mail and many others, by its address.

Importing this module loads apprise, an extra.
"""

import logging
import socket
import warnings
from collections.abc import Iterator

import apprise
from apprise.common import NotifyFormat, NotifyType, PersistentStoreMode
from apprise.plugins.base import NotifyBase
from apprise.result import AppriseResult, AppriseResultStatus

from alerts.addresses import AddressRefused, checked_place
from alerts.alert import Severity
from alerts.channel import Message, Outcome
from alerts.secret_text import SecretAddress

_TYPES: dict[Severity, NotifyType] = {
    "info": NotifyType.INFO,
    "warning": NotifyType.WARNING,
    "critical": NotifyType.FAILURE,
}
_LONGEST_DETAIL = 200


class AppriseChannel:
    """Hands messages to apprise, which tries once; whoever holds the channel tries again.

    Parameters
    ----------
    address
        As apprise writes it, such as ``tgram://TOKEN/CHAT``.
    private
        Whether its host may lie in a private network or on this machine. Apprise looks the name up again for itself.
    timeout_seconds
        How long an attempt may take in all.

    Raises
    ------
    ValueError
        If apprise does not know such an address.
    """

    def __init__(self, address: SecretAddress, *, private: bool, timeout_seconds: float) -> None:
        self._address = address
        self._private = private
        self._timeout = timeout_seconds
        # What it logs has addresses in it; what it says of an attempt is taken from its result, and masked.
        logging.getLogger("apprise").propagate = False
        asset = apprise.AppriseAsset(
            app_id="live-parity-harness",
            async_mode=False,
            http_redirects=False,
            storage_mode=PersistentStoreMode.MEMORY,
            allow_templates=False,
            service_timeout=timeout_seconds,
        )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # Its services are loaded here, with what they use.
                service = apprise.Apprise.instantiate(address.reveal(), asset=asset)
        except Exception:  # noqa: BLE001 - the readers of its many services raise what they like, with the address in it
            service = None
        if service is None:
            raise ValueError("is no address that apprise knows")
        service.socket_connect_timeout = service.socket_read_timeout = timeout_seconds
        service.redirects = False
        self._service: NotifyBase = service
        self._sender = apprise.Apprise(asset=asset)
        self._sender.add(service)

    @property
    def target(self) -> str:
        """The service's name; what follows in its address may be a secret."""
        return f"{self._service.service_name} by apprise"

    def send(self, message: Message) -> Outcome:
        """Let apprise send a message once."""
        try:
            for host in self._hosts():
                checked_place(host, 0, private=self._private)
            result = self._sender.notify(
                # A message without text is refused by many services.
                body=message.text or message.title,
                title=message.title if message.text else "",
                notify_type=_TYPES[message.severity],
                body_format=NotifyFormat.TEXT,
                timeout=self._timeout,
            )
        except AddressRefused as refused:
            return Outcome("refused", str(refused))
        except socket.gaierror as error:
            return Outcome("failed", f"no connection ({error.strerror})")
        except Exception as error:  # noqa: BLE001 - what its many services raise is no matter of the run
            return Outcome("failed", self._address.masked(f"{type(error).__name__}: {error}")[:_LONGEST_DETAIL])
        if result:
            return Outcome("delivered", "taken")
        if result.status == AppriseResultStatus.TIMEOUT:
            return Outcome("failed", f"no answer within {self._timeout:g} s")
        return Outcome("failed", self._address.masked(_said(result))[:_LONGEST_DETAIL])

    def _hosts(self) -> Iterator[str]:
        """Yield the hosts that stand in the address, where its service is one that is asked there."""
        templates: tuple[str, ...] = self._service.templates
        if any("{host}" in one for one in templates):
            hosts: tuple[str | None, ...] = (self._service.host, getattr(self._service, "smtp_host", None))
            yield from filter(None, hosts)


def _said(result: AppriseResult) -> str:
    """Return the last thing that a service has said of an attempt."""
    attempts = [attempt for one in result.results for attempt in one.attempts]
    lines: list[str] = [line.message for attempt in attempts for line in attempt.logs]
    return lines[-1].strip() if lines else "not taken"
