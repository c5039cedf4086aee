"""A connection to the server: whoever holds it must say in time what is asked, and strangers make room."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from dashboard.access.door import LET_IN

REQUEST_SECONDS = 20.0
"""In which a request is there, from its first byte, or that of the connection, to the last of its body."""
STRANGERS = 100
"""Connections at once on which no request was let in; the oldest makes room for the next."""


class GuardedConnection(H11Protocol):
    """Bounds what uvicorn does not: the time that a request may take to come, and how many may wait with none.

    Else so many idle connections as the server takes at all, by anybody, would shut out who has its token.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._due: asyncio.TimerHandle | None = None
        self._begun = self.loop.time()
        self._is_socket = False

    @property
    def _is_stranger(self) -> bool:
        return self.scope is None or LET_IN not in self.scope["state"]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, in the place of the oldest stranger where there are too many."""
        super().connection_made(transport)
        self._expect()
        strangers = [one for one in self.connections if isinstance(one, GuardedConnection) and one._is_stranger]
        if len(strangers) > STRANGERS:
            min(strangers, key=lambda one: one._begun)._cut()

    def data_received(self, data: bytes) -> None:
        """Read on; the time for a request goes on until it is there."""
        super().data_received(data)
        self._expect()

    def on_response_complete(self) -> None:
        """Wait for the next request; one whose body is still coming has its own time left for it."""
        super().on_response_complete()
        self._expect()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand over to the WebSocket, which looks after itself."""
        self._is_socket = True
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        super().connection_lost(exc)
        self._expect_nothing()

    def _expect(self) -> None:
        if self._is_socket or self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._expect_nothing()
        elif self._due is None:
            self._due = self.loop.call_later(REQUEST_SECONDS, self._cut)

    def _expect_nothing(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _cut(self) -> None:
        self.connections.discard(self)
        self.transport.abort()
