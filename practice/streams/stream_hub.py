"""The websocket side of the practice exchange: connections, subscriptions, pings, and who gets a message."""

import asyncio
from collections.abc import Callable, Iterable

from aiohttp import WSMsgType, web

from practice.messages.binance_messages import market_id
from practice.messages.stream_messages import (
    KlineEvent,
    RefusedRequest,
    Stream,
    StreamRequest,
    parsed_request,
    parsed_stream,
    refusal,
    result,
)
from practice.streams.stream_connection import Outgoing, SentFinal, StreamConnection

MOST_STREAMS = 1_024
PING_SECONDS = 20.0
PONG_SECONDS = 60.0
"""The exchange pings every 20 seconds and disconnects a client that has not answered for a minute."""


class StreamHub:
    """All websocket clients.

    Parameters
    ----------
    clock
        The exchange's time, in UTC milliseconds.
    changed
        Called when a subscription was added or taken away.
    keep_sent
        Whether every final that is written is kept in ``sent``; otherwise finals are counted only.
    """

    def __init__(self, clock: Callable[[], int], changed: Callable[[], None], *, keep_sent: bool) -> None:
        self.sent: list[SentFinal] = []
        self.finals_sent = 0
        self.opened = 0
        self.connections: list[StreamConnection] = []
        self._stalls = 0
        self._deaf = 0
        self._symbols: dict[str, str] = {}
        self._clock = clock
        self._changed = changed
        self._keep_sent = keep_sent
        self._progress = asyncio.Event()

    def add_routes(self, app: web.Application, symbols: Iterable[str]) -> None:
        """Put the websocket addresses for these unified symbols into an application."""
        self._symbols = {market_id(symbol).lower(): symbol for symbol in symbols}
        app.router.add_get("/stream", self._combined)
        app.router.add_get("/ws", self._raw)
        app.router.add_get("/ws/{streams:.*}", self._raw)

    def streams(self) -> set[Stream]:
        """Return the streams that living clients subscribe to."""
        return {stream for one in self.connections if not one.gone for stream in one.streams}

    def readable_streams(self) -> int:
        """Return how many streams go to clients that are not silenced."""
        return len({stream for one in self.connections if not one.gone and not one.silent for stream in one.streams})

    def send_kline(self, stream: Stream, event: KlineEvent, final: SentFinal | None, *, half: bool = False) -> None:
        """Send a message to everyone who subscribes to its stream; a ``final`` is logged for each of them."""
        if self._stalls > 0:
            return
        for connection in self.connections:
            if stream not in connection.streams:
                continue
            logged = None if final is None else _for_connection(final, connection.number, half=half)
            connection.put(Outgoing(text=event.combined if connection.combined else event.raw, final=logged, half=half))

    def send_all(self, item: Outgoing) -> None:
        """Send something to every client."""
        if self._stalls == 0:
            for connection in self.connections:
                connection.put(item)

    @property
    def stalled(self) -> bool:
        """Whether nothing is sent to anybody now."""
        return self._stalls > 0

    def stall(self, change: int, *, deaf: bool) -> None:
        """Begin (1) or end (-1) a stall of everybody, ``deaf`` to clients' pings too; stalls may overlap."""
        self._stalls += change
        self._deaf += change if deaf else 0
        self.touch()

    def silence(self, *, answers_pings: bool) -> None:
        """Send nothing to the present clients ever again."""
        for connection in self.connections:
            connection.silent = True
            connection.answers_pings = connection.answers_pings and answers_pings
        self.touch()

    def drop(self, *, reset: bool) -> None:
        """End every connection, the silenced ones too, behind what waits to be sent to it."""
        for connection in self.connections:
            connection.end(reset=reset)

    def abort_all(self) -> None:
        """Reset every connection at once."""
        for connection in list(self.connections):
            connection.abort()

    async def close_all(self) -> None:
        """Say goodbye to every client."""
        await asyncio.gather(*(connection.close() for connection in list(self.connections)))

    async def read_by_all(self) -> None:
        """Return when every client has read what was sent to it so far, or is gone, silenced or stalled."""
        for connection in self.connections:
            connection.mark()
        while self._stalls == 0 and not all(connection.has_read_all for connection in self.connections):
            await self.progress()

    async def progress(self) -> None:
        """Return when a client has read, come or gone."""
        self._progress.clear()
        await self._progress.wait()

    def touch(self) -> None:
        """Wake whoever waits for progress."""
        self._progress.set()

    async def _combined(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, request.query.get("streams", "").split("/"), combined=True)

    async def _raw(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, request.match_info.get("streams", "").split("/"), combined=False)

    async def _serve(self, request: web.Request, names: list[str], *, combined: bool) -> web.StreamResponse:
        response = web.WebSocketResponse(autoping=False, compress=False, timeout=0.5)
        await response.prepare(request)
        if request.transport is None:
            return response
        self.opened += 1
        connection = StreamConnection(
            self.opened, response, request.transport, combined=combined, opened_ms=self._clock(), note=self._note
        )
        connection.subscribe({name: parsed_stream(name, self._symbols) for name in names if "@" in name})
        self.connections.append(connection)
        self._subscriptions_changed()
        tasks = [asyncio.create_task(connection.write()), asyncio.create_task(self._keep_alive(connection))]
        try:
            await self._listen(connection, response)
        finally:
            # Before anything is awaited: the loss of the connection cancels this handler, here too.
            connection.gone = True
            self.connections.remove(connection)
            self._subscriptions_changed()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return response

    async def _listen(self, connection: StreamConnection, response: web.WebSocketResponse) -> None:
        async for message in response:
            match message.type:
                case WSMsgType.TEXT:
                    self._answer(connection, message.data)
                case WSMsgType.BINARY:
                    connection.put(Outgoing(text=refusal(3, "Invalid JSON: a text frame is expected")))
                case WSMsgType.PING if self._deaf == 0:
                    connection.answer_ping(bytes(message.data))
                case WSMsgType.PONG:
                    connection.confirm(bytes(message.data))
                    self.touch()

    def _answer(self, connection: StreamConnection, text: str) -> None:
        if self._stalls > 0:
            return
        try:
            request = parsed_request(text)
        except RefusedRequest as refused:
            connection.put(Outgoing(text=refusal(refused.code, str(refused))))
            return
        try:
            answer = self._carried_out(connection, request)
        except RefusedRequest as refused:
            answer = refusal(refused.code, str(refused), request.id)
        connection.put(Outgoing(text=answer))

    def _carried_out(self, connection: StreamConnection, request: StreamRequest) -> str:
        names = [name for name in request.params if isinstance(name, str)]
        match request.method:
            case "SUBSCRIBE":
                if len({*connection.names, *names}) > MOST_STREAMS:
                    raise RefusedRequest(2, f"Invalid request: more than {MOST_STREAMS} streams on one connection")
                connection.subscribe({name: parsed_stream(name, self._symbols) for name in names})
            case "UNSUBSCRIBE":
                connection.unsubscribe(names)
            case "LIST_SUBSCRIPTIONS":
                return result(request.id, list(connection.names))
            case "SET_PROPERTY" if len(request.params) == 2 and request.params[0] == "combined":
                connection.combined = request.params[1] is True
                return result(request.id)
            case "GET_PROPERTY" if request.params == ["combined"]:
                return result(request.id, connection.combined)
            case _:
                raise RefusedRequest(2, f"Invalid request: unknown method or property {request.method[:40]!r}")
        self._subscriptions_changed()
        return result(request.id)

    async def _keep_alive(self, connection: StreamConnection) -> None:
        loop = asyncio.get_running_loop()
        asked_s: float | None = None
        while not connection.gone:
            await asyncio.sleep(PING_SECONDS)
            answered_s = connection.last_pong_s
            if asked_s is None or (answered_s is not None and answered_s >= asked_s):
                asked_s = loop.time()
            elif loop.time() - asked_s >= PONG_SECONDS:
                connection.abort()
                return
            if self._stalls == 0:
                connection.put(Outgoing(ping=str(self._clock()).encode()))

    def _note(self, final: SentFinal) -> None:
        self.finals_sent += 1
        if self._keep_sent:
            self.sent.append(final)

    def _subscriptions_changed(self) -> None:
        self.touch()
        self._changed()


def _for_connection(final: SentFinal, number: int, *, half: bool) -> SentFinal:
    return SentFinal(final.symbol, final.timeframe, final.candle, final.at_ms, number, final.fault, half)
