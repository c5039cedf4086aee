"""What a server is started with."""

import ipaddress
import secrets

import msgspec

from core.errors import ConfigurationError
from systems.places import Places

PORT = 8760
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
TOKEN_BYTES = 32
LEAST_TOKEN = 20


class DashboardSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a server is reached, what it may do, and where it reads and writes.

    ``token`` is what whoever asks must show; ``hosts`` are further names under which the server is reached, and
    ``port`` 0 takes a free one. ``read_only`` refuses whatever would change something. ``workers`` is how many jobs are
    made at once, ``describe`` serves the page that describes the interface.
    ``places`` are the folders of systems, logs and candles; ``sessions`` that of live sessions (default: beside the
    logs), ``config`` that from which configurations are named, and ``pools`` that of pools.
    """

    token: str
    host: str = "127.0.0.1"
    port: int = PORT
    hosts: tuple[str, ...] = ()
    read_only: bool = False
    workers: int = 2
    describe: bool = False
    places: Places = Places()
    sessions: str = "logs/live"
    config: str = "config"
    pools: str = "programs/pools"

    @property
    def is_loopback(self) -> bool:
        """Whether the server is reached from this machine alone."""
        return is_loopback(self.host)

    @property
    def log_folder(self) -> str:
        """Return the folder of what the server and its workers log."""
        return f"{self.places.logs or 'logs'}/dashboard"

    @property
    def address(self) -> str:
        """Return the address that a browser is given, without the token."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}/"


def is_loopback(host: str) -> bool:
    """Return whether a host names this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def token_for(host: str, given: str | None) -> str:
    """Return the token of a server: what was given, or a random one where the server stays on this machine.

    Raises
    ------
    ConfigurationError
        If another address is bound without a token, or a token is short enough to be guessed.
    """
    if given is None:
        if not is_loopback(host):
            raise ConfigurationError(
                f"--host {host} is reached from other machines, and no token is set — allowed: a token of at least "
                f"{LEAST_TOKEN} characters in HARNESS_DASHBOARD_TOKEN, or --host 127.0.0.1"
            )
        return secrets.token_urlsafe(TOKEN_BYTES)
    if len(given) < LEAST_TOKEN or not given.isascii() or not given.isprintable() or " " in given:
        raise ConfigurationError(
            f"the token in HARNESS_DASHBOARD_TOKEN — allowed: at least {LEAST_TOKEN} printable ASCII characters, "
            "no spaces"
        )
    return given
