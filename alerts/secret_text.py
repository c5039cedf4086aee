"""A secret, and texts in which none of it is left."""

from urllib.parse import unquote, urlsplit

MASK = "***"
_SHORTEST = 6
"""Parts shorter than that are words of any address."""


class SecretAddress:
    """The address of a service with the secrets in it: shown as its host alone, whoever asks."""

    __slots__ = ("_url",)

    def __init__(self, url: str) -> None:
        self._url = url

    def reveal(self) -> str:
        """Return the address itself, for the one request that needs it."""
        return self._url

    def masked(self, text: object) -> str:
        """Return a text in which nothing of the address stands but its scheme and host."""
        said = str(text)
        for part in self._parts():
            said = said.replace(part, MASK)
        return said

    def __repr__(self) -> str:
        scheme, separator, rest = self._url.partition("://")
        if not separator:
            return MASK
        if scheme not in ("http", "https"):
            return f"{scheme}://{MASK}"  # Of other services the host may be the secret itself.
        host = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
        return f"{scheme}://{host}/{MASK}"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written down")

    def _parts(self) -> list[str]:
        """Return what has to go, the longest first: the whole, all behind the host, and each part of it."""
        found = {self._url}
        try:
            parts = urlsplit(self._url)
        except ValueError:
            return [self._url]
        known = {parts.hostname or ""} if parts.scheme in ("http", "https") else set()
        behind = self._url.partition("://")[2]
        pieces = [parts.netloc.rpartition("@")[0], parts.path, parts.path.strip("/"), parts.query, behind]
        for mark in "/?&=:@#":
            pieces = [piece for whole in pieces for piece in (whole, *whole.split(mark))]
        for piece in pieces:
            found |= {piece, unquote(piece)}
        kept = {one for one in found if len(one) >= _SHORTEST and one not in known}
        return sorted(kept, key=lambda one: (-len(one), one))
