"""Serves: binds the address, prints it with its token, and ends in order."""

import contextlib
import socket
from collections.abc import Callable

import msgspec
import uvicorn

from core.errors import ConfigurationError
from dashboard.access.guarded_connection import GuardedConnection
from dashboard.app import create_app
from dashboard.dashboard_settings import DashboardSettings

_GRACE_SECONDS = 5
_CONNECTIONS = 256
_MOST_HEAD = 16_384
_MOST_MESSAGE = 65_536


def serve(settings: DashboardSettings, told: Callable[[str], None]) -> None:
    """Serve until the process is asked to end.

    Parameters
    ----------
    settings
        With port 0 a free one is taken.
    told
        Hears the lines that say where the server is reached.

    Raises
    ------
    ConfigurationError
        If the address cannot be bound.
    """
    bound = _bound(settings.host, settings.port)
    settings = msgspec.structs.replace(settings, port=bound.getsockname()[1])

    def reached() -> None:
        told(f"dashboard at {settings.address}?token={settings.token}")
        if not settings.is_loopback:
            told(f"other machines reach it under {settings.host}: whoever has the token, and nothing is encrypted")

    config = uvicorn.Config(
        create_app(settings),
        log_config=None,
        access_log=False,
        proxy_headers=False,  # No header says who asks: rates are counted by the address of the connection.
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        limit_concurrency=_CONNECTIONS,
        http=GuardedConnection,
        h11_max_incomplete_event_size=_MOST_HEAD,
        ws_max_size=_MOST_MESSAGE,
        ws="websockets-sansio",
        lifespan="on",
    )
    with bound, contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how it is ended; all is in order by then.
        _Server(config, reached).run(sockets=[bound])


class _Server(uvicorn.Server):
    """Tells when it is reached: an address that is printed sooner would be asked in vain."""

    def __init__(self, config: uvicorn.Config, reached: Callable[[], None]) -> None:
        super().__init__(config)
        self._reached = reached

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open everything, listen, and tell."""
        await super().startup(sockets)
        if self.started:
            self._reached()


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        one = socket.socket(family, kind, protocol)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(address)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"--host {host} --port {port}: cannot be served ({reason}) — allowed: an address of this machine and a "
            "port that no other program has; --port 0 takes a free one"
        ) from None
    return one
