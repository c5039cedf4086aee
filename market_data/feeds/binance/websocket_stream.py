"""A websocket whose frames go through a parser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.http11 import Response

from core.errors import FeedError
from market_data.exchanges.exchange_description import FrameParser
from market_data.exchanges.parsers.exchange_candle import Reading
from market_data.exchanges.request_failures import refusal
from market_data.feeds.feed_limits import FeedLimits

_CLOSE_S = 1.0
_WAITING_FRAMES = 64
_SEARCHED = 4_096
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class WebsocketStream:
    """An open websocket; implements ``LiveStream``."""

    def __init__(self, socket: ClientConnection, parse: FrameParser) -> None:
        self._socket = socket
        self._parse = parse

    async def next_reading(self) -> Reading:
        """Return what the next frame says; FeedError once the connection is closed, by whomever."""
        try:
            frame = await self._socket.recv(decode=False)
        except ConnectionClosed as closed:
            raise FeedError(_reason(closed)) from closed
        return self._parse(frame)


@asynccontextmanager
async def open_websocket(url: str, parse: FrameParser, limits: FeedLimits) -> AsyncIterator[WebsocketStream]:
    """Connect to an address that subscribes by itself; pings of the other side are answered.

    At most a few frames wait unread; then the other side's sending is held up.

    Raises
    ------
    FeedError
        If the connection cannot be made.
    """
    connecting = connect(
        url,
        open_timeout=limits.connect_seconds,
        ping_interval=limits.ping_seconds,
        ping_timeout=limits.ping_seconds,
        close_timeout=_CLOSE_S,
        compression=None,
        max_queue=_WAITING_FRAMES,
        proxy=None if host_of(url) in _LOOPBACK else True,
    )
    try:
        socket = await connecting
    except InvalidStatus as refused:
        answer = refused.response
        text = (answer.body or b"")[:_SEARCHED].decode(errors="replace")
        message = f"{host_of(url)} refuses the connection with status {answer.status_code}"
        raise refusal(message, answer.status_code, _headers(answer), body=text, may_pass=True) from refused
    except (OSError, TimeoutError, EOFError, WebSocketException) as error:
        raise FeedError(f"{host_of(url)} cannot be reached: {_reason(error)}") from error
    try:
        yield WebsocketStream(socket, parse)
    finally:
        try:
            await socket.close()
        finally:
            # A farewell that is cut short, by a cancelled task, would leave the transport open.
            socket.transport.abort()


def _headers(answer: Response) -> dict[str, str]:
    """Return an answer's headers; of one that is told twice the first counts."""
    return {name.lower(): value for name, value in reversed(list(answer.headers.raw_items()))}


def host_of(url: str) -> str:
    """Return the host an address names."""
    return urlsplit(url).hostname or url


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
