"""An exchange for tests of feeds: Binance's REST and kline streams on loopback, moved by hand.

Nothing happens by itself. A test closes candles, sends what it likes to whoever has subscribed, refuses, stays silent,
cuts lines. It runs in the test's own event loop. The websocket side is the server of the ``websockets`` package, so
that what the feeds connect to does not share code with the practice exchange.
"""

import asyncio
import json
import socket as sockets
from collections import deque
from collections.abc import Sequence

from aiohttp import web
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response

from core.candle import Candle
from core.timeframe import floor_to_grid, timeframe_ms
from tests.support.times import JANUARY_MS
from tests.support.waiting import turns


class KlineExchange:
    """The exchange; use as an async context manager."""

    def __init__(self, symbols: Sequence[str], timeframe: str = "1m", *, now_ms: int = JANUARY_MS) -> None:
        self.ids = {symbol.replace("/", ""): symbol for symbol in symbols}
        self.timeframe = timeframe
        self.length_ms = timeframe_ms(timeframe)
        self.now_ms = now_ms
        self.truth: dict[str, list[Candle]] = {symbol: [] for symbol in symbols}
        self.hidden: set[tuple[str, int]] = set()
        self.refusals: deque[web.Response | float] = deque()
        self.refuse_all: int | None = None
        self.requests: list[tuple[str, dict[str, str]]] = []
        self._answered = 0
        self.most_rows = 1000
        self.stall_handshake = False
        self.handshakes = 0
        self.handshake_refusal: Response | None = None
        self.connections: dict[ServerConnection, set[str]] = {}
        self.connected = 0
        self._closing = asyncio.Event()
        self._server: Server | None = None
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._rest_port = 0

    @property
    def rest_url(self) -> str:
        return f"http://127.0.0.1:{self._rest_port}"

    @property
    def stream_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}"

    async def __aenter__(self) -> "KlineExchange":
        await self.open_stream()
        app = web.Application()
        app.router.add_get("/api/v3/{name}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        listener = sockets.socket()
        listener.bind(("127.0.0.1", 0))
        self._rest_port = listener.getsockname()[1]
        await web.SockSite(self._runner, listener).start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close_stream()
        if self._runner is not None:
            await self._runner.cleanup()

    async def settled(self) -> None:
        """Wait until every request is answered, and what runs in this loop had its turns to read the answers."""
        told = -1
        while told != len(self.requests) or self._answered != told:
            told = len(self.requests)
            await turns()

    async def open_stream(self) -> None:
        """Listen for websockets, at the port that was used before."""
        self._closing = asyncio.Event()
        self._server = await serve(
            self._serve, "127.0.0.1", self._port, compression=None, close_timeout=0.2, process_request=self._greet
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def close_stream(self) -> None:
        """Lose all connections and stop listening."""
        if self._server is not None:
            self._closing.set()
            self.cut()
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def cut(self) -> None:
        """Cut every connection without a goodbye."""
        for connection in self.connections:
            connection.transport.abort()

    async def send(self, text: str | bytes, symbol: str | None = None) -> None:
        """Send a frame to everybody, or to whoever has subscribed a symbol."""
        stream = None if symbol is None else f"{symbol.replace('/', '').lower()}@kline_{self.timeframe}"
        for connection, streams in list(self.connections.items()):
            if stream is None or stream in streams:
                try:
                    await connection.send(text)
                except ConnectionClosed:
                    continue

    def cut_inside_a_frame(self) -> None:
        """Write the first half of a text frame on every connection and cut it."""
        for connection in list(self.connections):
            connection.transport.write(bytes([0x81, 126, 1, 0]) + b'{"e":"kline","E":17')
            connection.transport.close()

    def next_candle(self, symbol: str, *, shift: float = 0.0) -> Candle:
        """Return the candle that is running: a function of symbol and time."""
        open_ms = floor_to_grid(self.now_ms, self.length_ms)
        place = list(self.truth).index(symbol)
        price = 100.0 + 10.0 * place + (open_ms // self.length_ms) % 97 * 0.25 + shift
        return Candle(open_ms, price, price + 1.5, price - 1.25, price + 0.5, 10.0 + place)

    async def close_candles(self, *, silent: Sequence[str] = (), count: int = 1) -> None:
        """Let candles close, and send the finals except those of the ``silent`` symbols (``*`` is all of them)."""
        for _ in range(count):
            done = {symbol: self.next_candle(symbol) for symbol in self.truth}
            self.now_ms = floor_to_grid(self.now_ms, self.length_ms) + self.length_ms
            for symbol, candle in done.items():
                self.truth[symbol].append(candle)
            for symbol, candle in done.items():
                if symbol not in silent and "*" not in silent:
                    await self.send_kline(symbol, candle, final=True)

    async def send_kline(self, symbol: str, candle: Candle, *, final: bool) -> None:
        """Send a kline event, combined."""
        market_id = symbol.replace("/", "")
        for connection, streams in list(self.connections.items()):
            stream = f"{market_id.lower()}@kline_{self.timeframe}"
            if stream not in streams:
                continue
            event = self.kline_event(market_id, candle, final=final)
            combined = connection.request is not None and connection.request.path.startswith("/stream")
            text = json.dumps({"stream": stream, "data": event} if combined else event)
            try:
                await connection.send(text)
            except ConnectionClosed:
                continue

    def kline_event(self, market_id: str, candle: Candle, *, final: bool) -> dict[str, object]:
        prices = {name: f"{getattr(candle, word):.8f}" for name, word in zip("ohlcv", _WORDS, strict=True)}
        close_ms = candle.open_time_ms + self.length_ms
        kline: dict[str, object] = {
            "t": candle.open_time_ms,
            "T": close_ms - 1,
            "s": market_id,
            "i": self.timeframe,
            "f": 1,
            "L": 9,
            **prices,
            "n": 9,
            "x": final,
            "q": "1.0",
            "V": "1.0",
            "Q": "1.0",
            "B": "0",
        }
        return {"e": "kline", "E": close_ms + 5 if final else self.now_ms, "s": market_id, "k": kline}

    async def _greet(self, connection: ServerConnection, request: object) -> Response | None:
        self.handshakes += 1
        if self.stall_handshake:
            await self._closing.wait()
        return self.handshake_refusal

    async def _serve(self, connection: ServerConnection) -> None:
        path = connection.request.path if connection.request is not None else ""
        streams = set(path.partition("streams=")[2].split("/")) if "streams=" in path else set()
        self.connections[connection] = streams
        self.connected += 1
        try:
            async for text in connection:
                asked = json.loads(text)
                if asked["method"] == "SUBSCRIBE":
                    streams.update(asked["params"])
                await connection.send(json.dumps({"result": None, "id": asked["id"]}))
        except ConnectionClosed:
            return
        finally:
            del self.connections[connection]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._answer_to(request)
        finally:
            self._answered += 1

    async def _answer_to(self, request: web.Request) -> web.StreamResponse:
        name, query = request.match_info["name"], dict(request.query)
        self.requests.append((name, query))
        if self.refusals:
            refusal = self.refusals.popleft()
            if isinstance(refusal, web.Response):
                return refusal
            await asyncio.sleep(refusal)
        if self.refuse_all is not None:
            return web.json_response({"code": -1003, "msg": "no"}, status=self.refuse_all)
        match name:
            case "ping":
                return web.json_response({})
            case "time":
                return web.json_response({"serverTime": self.now_ms})
            case "exchangeInfo":
                return web.json_response(self._info())
            case "klines" if query["symbol"] not in self.ids:
                return web.json_response({"code": -1121, "msg": "Invalid symbol."}, status=400)
            case "klines":
                return web.json_response(self._rows(query))
        raise web.HTTPNotFound

    def _rows(self, query: dict[str, str]) -> list[list[int | str]]:
        symbol = self.ids[query["symbol"]]
        rows = [*self.truth[symbol], self.next_candle(symbol, shift=-0.125)]
        first, last = int(query.get("startTime", 0)), int(query.get("endTime", 1 << 60))
        chosen = [
            row for row in rows if first <= row.open_time_ms <= last and (symbol, row.open_time_ms) not in self.hidden
        ]
        most = min(self.most_rows, int(query.get("limit", 500)))
        return [self._row(row) for row in (chosen[:most] if "startTime" in query else chosen[-most:])]

    def _row(self, candle: Candle) -> list[int | str]:
        numbers = [f"{getattr(candle, word):.8f}" for word in _WORDS]
        return [candle.open_time_ms, *numbers, candle.open_time_ms + self.length_ms - 1, "1.0", 9, "1.0", "1.0", "0"]

    def _info(self) -> dict[str, object]:
        listed = [
            {
                "symbol": market_id,
                "status": "TRADING",
                "isSpotTradingAllowed": True,
                "permissions": ["SPOT"],
                "baseAsset": symbol.split("/")[0],
                "quoteAsset": symbol.split("/")[1],
                "orderTypes": ["MARKET"],
                "baseAssetPrecision": 8,
                "quotePrecision": 8,
                "quoteAssetPrecision": 8,
                "filters": [],
            }
            for market_id, symbol in self.ids.items()
        ]
        return {
            "timezone": "UTC",
            "serverTime": self.now_ms,
            "rateLimits": [],
            "exchangeFilters": [],
            "symbols": listed,
        }


_WORDS = ("open", "high", "low", "close", "volume")
