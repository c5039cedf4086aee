"""How a cluster is named: the address of its scheduler, and where candles lie that all its workers see."""

import ipaddress
import re

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import shown

WAIT_SECONDS = 10.0
_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.%]+\]|[0-9A-Za-z._-]+):(\d{1,5})")


class ClusterAddress(msgspec.Struct, frozen=True):
    """A cluster of Dask.

    Parameters
    ----------
    url
        Of its scheduler: ``tcp://HOST:PORT`` on this machine, ``tls://HOST:PORT`` anywhere, with the certificates that
        the configuration of Dask names.
    folder
        Which this program and all workers see by this path; candles are put into it. None sends them over the network.
    wait_seconds
        How long a scheduler, and then a worker, is waited for.

    Raises
    ------
    ConfigurationError
        If it is no address, or is one of another machine that whoever is between may answer for.
    """

    url: str
    folder: str | None = None
    wait_seconds: float = WAIT_SECONDS

    def __post_init__(self) -> None:
        found = _ADDRESS.fullmatch(self.url)
        if found is None or not 0 < int(found[3]) < 65536:
            raise ConfigurationError(f"cluster {shown(self.url)}: is no address — allowed: tcp://HOST:PORT, tls://…")
        if not self.is_secured and not is_of_this_machine(found[2]):
            raise ConfigurationError(
                f"cluster {self.url}: is on another machine and unsecured: whoever is between runs what he likes here "
                f"and there — allowed: tls://{found[2]}:{found[3]} with certificates, or a tunnel (ssh -L "
                f"{found[3]}:127.0.0.1:{found[3]} …) and tcp://127.0.0.1:{found[3]}"
            )
        if not 0 < self.wait_seconds <= 3600:
            raise ConfigurationError(f"cluster: wait {shown(self.wait_seconds)} — allowed: seconds up to 3600")

    @property
    def is_secured(self) -> bool:
        """Whether only who has a certificate is spoken to."""
        return self.url.startswith("tls://")


def is_of_this_machine(host: str) -> bool:
    """Whether a host can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def cluster_of(url: str | None, folder: str | None) -> ClusterAddress | None:
    """Return the cluster that a command names; None where it names none."""
    if url is None:
        if folder is not None:
            raise ConfigurationError("--cluster-folder does nothing without --cluster")
        return None
    return ClusterAddress(url, folder)
