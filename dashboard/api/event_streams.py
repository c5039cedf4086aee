"""The streams of what happens: server-sent events, and a WebSocket with the same messages."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

from core.errors import ConfigurationError
from core.plain_text import escaped
from dashboard.services import ServicesOf
from dashboard.streams.event_hub import EventHub

routes = APIRouter(tags=["streams"])

MOST_TOPICS = 50
HEARTBEAT = b": still here\n\n"
_EVENT_STREAM = "text/event-stream"

Topics = Annotated[
    str,
    Query(
        description="Topics, with commas between: `jobs`, `job:12`, `session:NAME`, `playback:ID`, `alerts`; `job:*` "
        "stands for all that begin so.",
        examples=["jobs,alerts"],
        max_length=2_000,
    ),
]
After = Annotated[
    str | None, Query(description="The `id` of the last message that was seen; all that followed are sent first.")
]


@routes.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {_EVENT_STREAM: {}}, "description": "messages, until the client goes"}},
)
async def events(
    services: ServicesOf,
    topics: Topics,
    after: After = None,
    last_event_id: Annotated[str | None, Header(description="As a browser sends it when it comes back.")] = None,
) -> StreamingResponse:
    """Stream messages as server-sent events.

    Each has an `id`, an `event` (its kind) and `data` (`{seq, topic, kind, time, data}`). A kind `gap` says that
    messages are missing which the server does not have any more: read the state anew. A comment comes every 15 seconds.
    """
    hub = services.hub
    wanted = topics_of(topics)
    return StreamingResponse(_as_text(hub, wanted, last_event_id or after), media_type=_EVENT_STREAM)


@routes.websocket("/events/ws")
async def events_by_socket(socket: WebSocket, services: ServicesOf, topics: Topics, after: After = None) -> None:
    """Send the same messages over a WebSocket; what the client sends is ignored."""
    try:
        wanted = topics_of(topics)
    except ConfigurationError as error:
        await socket.close(1008, str(error)[:120])
        return
    await socket.accept()
    sending = asyncio.create_task(_send_all(socket, services.hub, wanted, after))
    try:
        while True:
            if (await socket.receive())["type"] == "websocket.disconnect":
                break
    except WebSocketDisconnect:
        pass
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await sending


def topics_of(text: str) -> list[str]:
    """Return the topics of a list; ConfigurationError where there are none or too many."""
    found = sorted({one.strip() for one in text.split(",") if one.strip()})
    if not found or len(found) > MOST_TOPICS:
        raise ConfigurationError(f"topics: {len(found)} are named — allowed: 1 to {MOST_TOPICS}, commas between them")
    return found


async def _as_text(hub: EventHub, topics: list[str], after: str | None) -> AsyncIterator[bytes]:
    begin = after or hub.last
    # Said at once, so that a client knows where it has begun though nothing happens.
    yield f"id: {escaped(begin)}\nretry: 1000\n\n".encode()
    async for batch in hub.stream(topics, begin):
        yield b"".join([one.frame for one in batch]) or HEARTBEAT


async def _send_all(socket: WebSocket, hub: EventHub, topics: list[str], after: str | None) -> None:
    async for batch in hub.stream(topics, after):
        for one in batch:
            await socket.send_text(one.text.decode())
