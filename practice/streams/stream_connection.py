"""One websocket client of the practice exchange: what it asked for, and what waits to be sent to it."""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable, Mapping

import msgspec
from aiohttp import WSCloseCode, web

from core.candle import Candle
from practice.messages.stream_messages import Stream

MOST_WAITING = 20_000
"""Messages that may wait for a client that does not read; beyond, it is disconnected."""

_READ_MARK = b"read:"
_CLOSE_S = 0.5


class SentFinal(msgspec.Struct, frozen=True, gc=False):
    """A final candle that was written to a client's socket.

    ``at_ms`` is the exchange's time of sending, ``connection`` the number of the connection counted from 1; ``fault``
    says what is wrong with this message, None for an ordinary one. ``half`` is true where only half of it was written.
    """

    symbol: str
    timeframe: str
    candle: Candle
    at_ms: int
    connection: int
    fault: str | None = None
    half: bool = False


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """One thing to do to a client, in its turn: a text or binary frame, a ping or pong, a cut, an end."""

    text: str | None = None
    binary: bytes | None = None
    ping: bytes | None = None
    pong: bytes | None = None
    half: bool = False
    close: bool = False
    reset: bool = False
    final: SentFinal | None = None


class StreamConnection:
    """A client; a task of its own writes what was put for it, in order.

    Parameters
    ----------
    number
        Counts the exchange's connections from 1.
    combined
        Whether messages are wrapped with the stream's name.
    note
        Called with each final that was written.
    """

    def __init__(
        self,
        number: int,
        response: web.WebSocketResponse,
        transport: asyncio.Transport,
        *,
        combined: bool,
        opened_ms: int,
        note: Callable[[SentFinal], None],
    ) -> None:
        self.number = number
        self.combined = combined
        self.opened_ms = opened_ms
        self.names: dict[str, Stream | None] = {}
        self.streams: frozenset[Stream] = frozenset()
        self.silent = False
        self.answers_pings = True
        self.gone = False
        self.last_pong_s: float | None = None
        self._response = response
        self._transport = transport
        self._note = note
        self._waiting: deque[Outgoing] = deque()
        self._wake = asyncio.Event()
        self._marks = 0
        self._confirmed = 0

    def subscribe(self, names: Mapping[str, Stream | None]) -> None:
        """Add stream names and what each stands for, None for one that never has messages."""
        self.names.update(names)
        self.streams = frozenset(stream for stream in self.names.values() if stream is not None)

    def unsubscribe(self, names: Iterable[str]) -> None:
        """Take stream names away; unknown ones are ignored."""
        for name in names:
            self.names.pop(name, None)
        self.streams = frozenset(stream for stream in self.names.values() if stream is not None)

    def put(self, item: Outgoing) -> None:
        """Send something in its turn, unless the connection was told to be silent."""
        if self.silent or self.gone:
            return
        if len(self._waiting) >= MOST_WAITING:
            self.abort()
            return
        self._waiting.append(item)
        self._wake.set()

    def end(self, *, reset: bool) -> None:
        """End the connection in its turn, silent or not: by a reset or with a close frame."""
        if not self.gone:
            self._waiting.append(Outgoing(reset=reset, close=not reset))
            self._wake.set()

    def answer_ping(self, payload: bytes) -> None:
        """Answer a client's ping, also while silent unless pings are not answered either."""
        if self.answers_pings and not self.gone:
            self._waiting.append(Outgoing(pong=payload))
            self._wake.set()

    def mark(self) -> None:
        """Ask the client, by a ping behind everything that waits, to confirm that it has read up to here."""
        self._marks += 1
        self.put(Outgoing(ping=_READ_MARK + str(self._marks).encode()))

    def confirm(self, payload: bytes) -> None:
        """Note a pong."""
        self.last_pong_s = asyncio.get_running_loop().time()
        if payload.startswith(_READ_MARK):
            self._confirmed = max(self._confirmed, int(payload.removeprefix(_READ_MARK)))

    @property
    def has_read_all(self) -> bool:
        """Whether the client has read up to the last mark, or cannot be waited for."""
        return self.gone or self.silent or self._confirmed >= self._marks

    async def write(self) -> None:
        """Write what is put, until the connection ends."""
        try:
            while not self.gone:
                while self._waiting and not self.gone:
                    await self._write_one(self._waiting.popleft())
                self._wake.clear()
                if not self.gone:
                    await self._wake.wait()
        except (ConnectionError, RuntimeError):
            # The client went away, or the response is closing: there is nobody left to write to.
            self.gone = True

    def abort(self) -> None:
        """Reset the connection at once."""
        self.gone = True
        self._wake.set()
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                # Zero linger makes the kernel send a reset instead of an orderly end.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    async def close(self) -> None:
        """Say goodbye as the exchange does before it goes away, and end the connection."""
        self.gone = True
        self._wake.set()
        with contextlib.suppress(TimeoutError, ConnectionError, RuntimeError):
            async with asyncio.timeout(_CLOSE_S):
                await self._response.close(code=WSCloseCode.GOING_AWAY)
        self._transport.abort()

    async def _write_one(self, item: Outgoing) -> None:
        if item.half and item.text is not None:
            self._cut(item.text.encode())
        elif item.text is not None:
            await self._response.send_str(item.text)
        elif item.binary is not None:
            await self._response.send_bytes(item.binary)
        elif item.ping is not None:
            await self._response.ping(item.ping)
        elif item.pong is not None:
            await self._response.pong(item.pong)
        elif item.reset:
            self.abort()
        elif item.close:
            await self.close()
        if item.final is not None:
            self._note(item.final)

    def _cut(self, payload: bytes) -> None:
        """Write the head of a text frame and half of its payload, then end the connection."""
        length = len(payload)
        head = bytes((0x81, length)) if length < 126 else b"\x81\x7e" + struct.pack("!H", length)
        self.gone = True
        self._transport.write(head + payload[: length // 2])
        # Closing, unlike aborting, lets the half that was written arrive.
        self._transport.close()
