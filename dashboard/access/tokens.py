"""The token of a server, and the cookie that stands for it in a browser."""

import hashlib
import hmac

from dashboard.access.request_facts import RequestFacts

_PURPOSE = b"cookie of the dashboard"


class Tokens:
    """Knows whether a request shows the token of this server.

    Parameters
    ----------
    token
        What whoever asks must show.
    port
        Names the cookie, so that several servers of one machine keep theirs apart: a browser has one set of cookies for
        all ports of a host.
    """

    def __init__(self, token: str, port: int) -> None:
        self._token = token.encode()
        self.cookie_name = f"harness-{port}"
        # Who reads a cookie does not learn the token, nor what another server with the same token takes.
        self.cookie_value = hmac.new(self._token, b"%b %d" % (_PURPOSE, port), hashlib.sha256).hexdigest()

    def shown_by_program(self, asked: RequestFacts) -> bool:
        """Return whether a request bears the token in its ``Authorization`` header."""
        return asked.bearer is not None and hmac.compare_digest(asked.bearer.encode(), self._token)

    def shown_by_browser(self, asked: RequestFacts) -> bool:
        """Return whether a request has the cookie."""
        own = self.cookie_value.encode()
        shown = (value for name, value in asked.cookies if name == self.cookie_name)
        # Any of them: a page of another port can put a wrong one beside the right one, and would lock its user out.
        return any(hmac.compare_digest(one.encode(), own) for one in shown)

    def shown_in_address(self, asked: RequestFacts) -> bool:
        """Return whether a request has the token in its address, as the printed one has."""
        return asked.query_token is not None and hmac.compare_digest(asked.query_token.encode(), self._token)

    @property
    def cookie(self) -> str:
        """Return the header that sets the cookie: for this host alone, out of reach of scripts and of other sites."""
        return f"{self.cookie_name}={self.cookie_value}; HttpOnly; SameSite=Strict; Path=/"
