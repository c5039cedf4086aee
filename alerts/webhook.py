"""A plain webhook: one POST to an address that was checked, within a deadline, and no redirect followed."""

import base64
import datetime as dt
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from alerts.addresses import AddressRefused, checked_place
from alerts.channel import Message, Outcome
from alerts.secret_text import SecretAddress
from core.instants import format_ms

_MOST_HEAD = 65_536
_PORTS = {"http": 80, "https": 443}
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_WITH_RETRY_AFTER = {429, 503}
LONGEST_RETRY_AFTER = 3_600.0


class _Head(NamedTuple):
    status: int
    fields: Mapping[str, str]


class WebhookChannel:
    """Posts messages as JSON.

    Parameters
    ----------
    address
        Where to.
    private
        Whether it may lie in a private network or on this machine.
    timeout_seconds
        How long an attempt may take in all, but for the look-up of the name, which the system bounds.
    """

    def __init__(
        self,
        address: SecretAddress,
        *,
        private: bool,
        timeout_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._private = private
        self._timeout = timeout_seconds
        self._monotonic = monotonic

    @property
    def target(self) -> str:
        """Scheme and host; what follows may be a secret."""
        return repr(self._address)

    def send(self, message: Message) -> Outcome:
        """Post a message once."""
        try:
            head = self._asked(message)
        except AddressRefused as refused:
            return Outcome("refused", str(refused))
        except TimeoutError:
            return Outcome("failed", f"no answer within {self._timeout:g} s")
        except ssl.SSLError as error:
            return Outcome("failed", self._address.masked(f"no safe connection ({error.reason or error})"))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            return Outcome("failed", self._address.masked(f"no connection ({reason})"))
        return _outcome(head)

    def _asked(self, message: Message) -> _Head:
        deadline = self._monotonic() + self._timeout
        parts = urlsplit(self._address.reveal())
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        place = checked_place(host, port, private=self._private)
        with socket.socket(place.family, socket.SOCK_STREAM) as plain:
            plain.settimeout(self._left(deadline))
            plain.connect((place.address, place.port))
            if parts.scheme == "http":
                return self._exchanged(plain, message, deadline)
            plain.settimeout(self._left(deadline))
            with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as safe:
                return self._exchanged(safe, message, deadline)

    def _exchanged(self, connection: socket.socket, message: Message, deadline: float) -> _Head:
        connection.settimeout(self._left(deadline))
        connection.sendall(_request(self._address.reveal(), message))
        received = b""
        while True:
            while b"\r\n\r\n" not in received:
                if len(received) > _MOST_HEAD:
                    raise ValueError("the head of its answer has no end")
                connection.settimeout(self._left(deadline))
                piece = connection.recv(4_096)
                if not piece:
                    raise ConnectionError("closed before it has answered")
                received += piece
            text, _, received = received.partition(b"\r\n\r\n")
            head = _read_head(text.decode("latin-1"))
            if head.status >= 200:  # What is below announces the answer proper.
                return head

    def _left(self, deadline: float) -> float:
        left = deadline - self._monotonic()
        if left <= 0.0:
            raise TimeoutError
        return left


def webhook_body(message: Message) -> bytes:
    """Return what is posted: the message, and every alert in it with its id."""
    first = message.alerts[0]
    told = {
        "id": message.id,
        "kind": message.kind,
        "severity": message.severity,
        "title": message.title,
        "text": message.text,
        "time": format_ms(first.time_ms),
        "session": first.session,
        "count": len(message.alerts),
        "lost": message.lost,
        "alerts": [one.plain() for one in message.alerts],
    }
    return json.dumps(told).encode()


def _request(url: str, message: Message) -> bytes:
    parts = urlsplit(url)
    body = webhook_body(message)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    lines = [
        f"POST {target} HTTP/1.1",
        f"Host: {host}" if parts.port is None else f"Host: {host}:{parts.port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Idempotency-Key: {message.id}",
        "User-Agent: live-parity-harness",
        "Connection: close",
    ]
    if parts.username is not None:
        lines.append(f"Authorization: Basic {_basic(parts.username, parts.password or '')}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + body


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()


def _read_head(text: str) -> _Head:
    first, *lines = text.split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if not version.startswith("HTTP/1.") or not (status.isascii() and status.isdigit()):
        raise ValueError("its answer is not HTTP")
    fields = (line.partition(":") for line in lines)
    return _Head(int(status), {name.strip().lower(): value.strip() for name, _, value in fields})


def _outcome(head: _Head) -> Outcome:
    status = head.status
    if 200 <= status < 300:
        return Outcome("delivered", f"answered {status}")
    if 300 <= status < 400:
        return Outcome("refused", f"answered {status}: redirects are not followed")
    if status in _TRANSIENT or status >= 500:
        return Outcome("failed", f"answered {status}", _retry_after(head) if status in _WITH_RETRY_AFTER else None)
    return Outcome("refused", f"answered {status}")


def _retry_after(head: _Head) -> float | None:
    """Return the seconds that a service asks to wait, told as a number or as a time beside its own; None without."""
    said = head.fields.get("retry-after", "")
    if said.isascii() and said.isdigit():
        return min(float(said[:9]), LONGEST_RETRY_AFTER)
    now, until = _date(head.fields.get("date", "")), _date(said)
    if now is None or until is None:
        return None
    return min(max(0.0, (until - now).total_seconds()), LONGEST_RETRY_AFTER)


def _date(text: str) -> dt.datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
