"""The names under which a server is reached, and the origins that are its own."""

from urllib.parse import urlsplit

from dashboard.dashboard_settings import LOOPBACK_NAMES, DashboardSettings


class Hosts:
    """Knows the ``Host`` and ``Origin`` headers of requests that are meant for this server.

    A page of another site that was made to point at this machine (DNS rebinding) bears a name that is not among them.
    """

    def __init__(self, settings: DashboardSettings) -> None:
        own = f"[{settings.host}]" if ":" in settings.host else settings.host
        names = {own.lower(), *(one.lower() for one in settings.hosts)}
        if settings.is_loopback:
            names |= set(LOOPBACK_NAMES)
        self._hosts = {f"{name}:{settings.port}" for name in names}
        if settings.port == 80:
            self._hosts |= names

    def knows(self, host: str) -> bool:
        """Return whether a ``Host`` header is one of this server."""
        return host.lower() in self._hosts

    def is_own(self, origin: str, host: str) -> bool:
        """Return whether an ``Origin`` header is that of this server's own pages, asked under a host."""
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and self.knows(parts.netloc) and parts.netloc.lower() == host.lower()
