"""What the guards read of a request: of the raw scope, before any route sees it."""

from collections.abc import Iterator
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
    cookies: tuple[tuple[str, str], ...]
    query_token: str | None
    client: str
    streams: bool
    length: int | None
    has_body: bool
    media_type: str

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
            cookies=tuple(_cookies(headers.getlist("cookie"))),
            query_token=_query_token(scope.get("query_string", b"")),
            client=client[0] if client else "",
            streams=socket or "text/event-stream" in headers.get("accept", ""),
            length=_length(headers.get("content-length")),
            has_body="transfer-encoding" in headers or headers.get("content-length", "0").strip("0") != "",
            media_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
        )


def _bearer(value: str | None) -> str | None:
    kind, _, token = (value or "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _cookies(values: list[str]) -> Iterator[tuple[str, str]]:
    """Yield every cookie: other servers of the host put theirs beside, ill-formed ones and some of the same name."""
    for one in ";".join(values).split(";"):
        name, _, value = one.partition("=")
        yield name.strip(), value.strip()


def _query_token(query: bytes) -> str | None:
    try:
        found = parse_qs(query.decode("latin-1"), max_num_fields=100) if b"token=" in query else {}
    except ValueError:  # More fields than any address of this server has.
        return None
    return found.get("token", [None])[0]


def _length(value: str | None) -> int | None:
    return int(value[:20]) if value is not None and value.isascii() and value.isdigit() else None
