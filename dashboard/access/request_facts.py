"""What the guards read of a request: of the raw scope, before any route sees it."""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

import msgspec
from starlette.datastructures import Headers
from starlette.types import Scope

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class RequestFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the guards see it; ``streams`` where it opens a stream of events or a WebSocket."""

    method: str
    path: str
    host: str
    origin: str | None
    site: str | None
    bearer: str | None
    cookies: dict[str, str]
    query_token: str | None
    client: str
    streams: bool
    length: int | None

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.method not in SAFE_METHODS

    @classmethod
    def of(cls, scope: Scope) -> "RequestFacts":
        """Read a scope of ``http`` or ``websocket``."""
        headers = Headers(scope=scope)
        socket = scope["type"] == "websocket"
        client = scope.get("client")
        return cls(
            method="GET" if socket else scope["method"],
            path=scope["path"],
            host=headers.get("host", ""),
            origin=headers.get("origin"),
            site=headers.get("sec-fetch-site"),
            bearer=_bearer(headers.get("authorization")),
            cookies=_cookies(headers.getlist("cookie")),
            query_token=_query_token(scope.get("query_string", b"")),
            client=client[0] if client else "",
            streams=socket or "text/event-stream" in headers.get("accept", ""),
            length=_length(headers.get("content-length")),
        )


def _bearer(value: str | None) -> str | None:
    kind, _, token = (value or "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _cookies(values: list[str]) -> dict[str, str]:
    read: SimpleCookie = SimpleCookie()
    try:
        for one in values:
            read.load(one)
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in read.items()}


def _query_token(query: bytes) -> str | None:
    found = parse_qs(query.decode("latin-1"), max_num_fields=100) if b"token=" in query else {}
    return found.get("token", [None])[0]


def _length(value: str | None) -> int | None:
    return int(value) if value is not None and value.isascii() and value.isdigit() else None
