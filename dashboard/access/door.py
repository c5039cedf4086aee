"""The door of the server: every request passes it before any route, and every answer after.

In order: the host it was asked under (421), how often its client asks (429), how large it is (413), where it comes from
(403), the token (401), whether anything may be changed (403), and that what is sent is JSON (415), which no form of a
page can send. A body that does not come in time is cut off (408). Answers bear headers that keep them out of caches and
other sites' pages, and that let pages load nothing from elsewhere.
"""

import asyncio
import math
import re

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.settings_problem import shown as quoted
from dashboard.access.hosts import Hosts
from dashboard.access.rates import Rates
from dashboard.access.request_facts import RequestFacts
from dashboard.access.tokens import Tokens
from dashboard.dashboard_settings import DashboardSettings
from dashboard.problems import problem

MOST_BYTES = 1_000_000
"""Of the body of a request."""
BODY_SECONDS = 15
"""In which it is all there."""
LET_IN = "let_in"
"""What the state of a request says once it has passed; its connection reads it."""
_JSON_TYPE = re.compile(r"application/([a-z0-9.-]+\+)?json")
_PAGE_RULES = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
HEADERS = {
    "content-security-policy": _PAGE_RULES,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_POLICY_VIOLATION = 1008
_SIGNED_IN = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Dashboard</title>
<link rel="icon" href="/front/icon.svg">
<meta http-equiv="refresh" content="0; url={path}"></head><body><a href="{path}">Dashboard</a></body></html>
"""


class Door:
    """Lets through the requests that are meant for the server, by whoever shows its token."""

    def __init__(self, app: ASGIApp, settings: DashboardSettings, tokens: Tokens, rates: Rates | None = None) -> None:
        self._app, self._settings, self._tokens = app, settings, tokens
        self._hosts, self._rates = Hosts(settings), rates or Rates()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        asked = RequestFacts.of(scope)
        answer = self._refusal(asked) or self._signed_in(asked)
        guarded = _with_headers(send)
        if answer is None:
            await self._passed_on(scope, receive, guarded)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            await answer(scope, receive, guarded)

    def _refusal(self, asked: RequestFacts) -> Response | None:
        """Return the answer to a request that is not let through."""
        if not self._hosts.knows(asked.host):
            return problem(421, "the server is not reached under this host — allowed: the address that it has printed")
        shown = self._tokens.shown_by_program(asked) or self._tokens.shown_by_browser(asked) or self._at_entrance(asked)
        # Whoever floods the server without its token does not use up what its owner may ask from the same machine.
        wait = self._rates.wait_seconds(f"{asked.client} {shown}")
        if wait:
            answer = problem(429, "too many requests — allowed: fewer; try again in a moment")
            answer.headers["retry-after"] = str(math.ceil(wait))
            return answer
        if asked.length is not None and asked.length > MOST_BYTES:
            return problem(413, f"the body has {asked.length:,} bytes — allowed: at most {MOST_BYTES:,}")
        if (asked.changes or asked.streams) and self._is_foreign(asked):
            return problem(403, "the request comes from another site's page — allowed: pages of this server")
        if not (self._tokens.shown_by_program(asked) or self._by_own_page(asked) or self._at_entrance(asked)):
            return problem(
                401,
                "no token, or not that of this server — allowed: the address that it has printed, or a header "
                "Authorization: Bearer TOKEN",
            )
        if asked.changes and self._settings.read_only:
            return problem(403, "the server was started with --read-only: it changes nothing")
        if asked.changes and asked.has_body and not _JSON_TYPE.fullmatch(asked.media_type):
            return problem(415, f"content-type: {quoted(asked.media_type)} — allowed: application/json")
        return None

    def _is_foreign(self, asked: RequestFacts) -> bool:
        """Return whether a browser says that a page of another origin asks."""
        if asked.origin is not None:
            return not self._hosts.is_own(asked.origin, asked.host)
        return asked.site not in (None, "same-origin", "none")

    def _by_own_page(self, asked: RequestFacts) -> bool:
        """Return whether a request has the cookie; one that changes something must say that an own page makes it."""
        if not self._tokens.shown_by_browser(asked):
            return False
        return not asked.changes or asked.origin is not None or asked.site == "same-origin"

    def _at_entrance(self, asked: RequestFacts) -> bool:
        return asked.method == "GET" and asked.path == "/" and self._tokens.shown_in_address(asked)

    def _signed_in(self, asked: RequestFacts) -> Response | None:
        """Return the page that keeps the cookie of a browser that came by the printed address, and goes on.

        It goes on by itself: a redirect would be followed without the cookie by a browser that came from elsewhere.
        """
        if not self._at_entrance(asked):
            return None
        return HTMLResponse(_SIGNED_IN.format(path="/"), headers={"set-cookie": self._tokens.cookie})

    async def _passed_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, with a body that is bounded in size and time: what goes on is cut off."""
        seen, due = 0, asyncio.get_running_loop().time() + BODY_SECONDS
        whole = scope["type"] != "http"

        async def bounded() -> Message:
            nonlocal seen, whole
            try:
                async with asyncio.timeout_at(None if whole else due):
                    message = await receive()
            except TimeoutError:
                raise _cut_off(408, f"the body did not come within {BODY_SECONDS} seconds") from None
            seen += len(message.get("body", b""))
            if seen > MOST_BYTES:
                raise _cut_off(413, f"the body is too large — allowed: at most {MOST_BYTES:,} bytes")
            whole = whole or not message.get("more_body", False)
            return message

        scope.setdefault("state", {})[LET_IN] = True
        await self._app(scope, bounded, send)


def _cut_off(status: int, told: str) -> HTTPException:
    return HTTPException(status, told, {"connection": "close"})


def _with_headers(send: Send) -> Send:
    """Return a send that adds the headers of every answer which it does not have itself."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            had = {name.lower() for name, _ in message["headers"]}
            own = ((name.encode(), value.encode()) for name, value in HEADERS.items())
            message = {**message, "headers": [*message["headers"], *(one for one in own if one[0] not in had)]}
        await send(message)

    return sent
