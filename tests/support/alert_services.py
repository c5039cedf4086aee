"""A real service on loopback that takes messages, in whatever way a script says, and settings that name it."""

import contextlib
import json
import socket
import threading
from typing import Any, NamedTuple

from alerts.alert import Alert, Kind, Origin, Severity
from alerts.alert_settings import AlertSettings
from alerts.loading import AlertPlan
from alerts.secret_text import SecretAddress
from alerts.webhook import WebhookChannel

NOON_MS = 1_704_110_400_000


class Taken(NamedTuple):
    """A request that came in."""

    path: str
    headers: dict[str, str]
    body: Any


class Answer(NamedTuple):
    """What the service does with one request: wait, then answer, or cut the line in the middle of the answer."""

    status: int = 200
    headers: tuple[str, ...] = ()
    wait_seconds: float = 0.0
    cut: bool = False
    drip: bool = False


class AlertService:
    """Answers requests by its script, then with 200; ``taken`` has them in order."""

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.taken: list[Taken] = []
        self._ended = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/s3cr3t-t0ken-0001"

    @property
    def ids(self) -> list[str]:
        """The ids of all alerts that came, in order, each as often as it came."""
        return [one["id"] for taken in self.taken for one in taken.body["alerts"]]

    def __enter__(self) -> "AlertService":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with connection.makefile("rb") as stream:
            path = stream.readline().split()[1].decode()
            headers = {}
            while line := stream.readline().strip():
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            body = json.loads(stream.read(int(headers["content-length"])))
        answer = self.script.pop(0) if self.script else Answer()
        self.taken.append(Taken(path, headers, body))
        self._ended.wait(answer.wait_seconds)
        head = "\r\n".join((f"HTTP/1.1 {answer.status} Said", "Content-Length: 0", *answer.headers, "", ""))
        if answer.drip:
            for one in head:
                connection.sendall(one.encode())
                if self._ended.wait(0.05):
                    return
        connection.sendall(head.encode()[: 12 if answer.cut else None])


def plan_for(url: str, settings: dict[str, object] | None = None, **channel: object) -> AlertPlan:
    """Return a plan of one channel ``ops``, a webhook at an address on loopback, that hurries."""
    quick = {"coalesce_seconds": 0.0, "timeout_seconds": 5.0, **channel}
    document = {
        "channels": [{"name": "ops", "url_env": "OPS", "allow_private": True, **quick}],
        "retry_first_seconds": 0.02,
        "retry_most_seconds": 0.1,
        **(settings or {}),
    }
    found = AlertSettings.from_dict(document)
    one = found.channels[0]
    hook = WebhookChannel(SecretAddress(url), private=one.allow_private, timeout_seconds=one.timeout_seconds)
    return AlertPlan(found, {"ops": hook})


def alert(number: int = 0, kind: Kind = "fill", severity: Severity = "info", **where: str) -> Alert:
    """Return one alert of session ``s1``."""
    origin = Origin("s1", NOON_MS + number, number, **where)
    return Alert.of(kind, severity, origin, f"{kind} {number}", f"text {number}", {"price": str(number)})
