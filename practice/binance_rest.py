"""A real HTTP server on loopback that speaks Binance's public REST interface.

It serves ``/api/v3/ping``, ``time``, ``exchangeInfo`` and ``klines`` from any candle source, by a clock that is handed
in, and makes the mistakes that a fault plan tells it to. A program that reads Binance's history reads this server
unchanged except for the address.
"""

import asyncio
import email.utils
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import msgspec
from aiohttp import web

from core.errors import ConfigurationError, InvariantError
from core.instrument import Instrument
from core.timeframe import ceil_to_grid, floor_to_grid, timeframe_ms
from market_data.candle_columns import CandleColumns
from market_data.page_buffer import joined_columns
from practice import binance_messages as messages
from practice.candle_sources import CandleSource
from practice.rest_faults import Fault, FaultKind, FaultPlan

DEFAULT_LIMIT = 500
MOST_ROWS = 1000
_WEIGHTS = {"ping": 1, "time": 1, "exchangeInfo": 20, "klines": 2}
_MINUTE_MS = 60_000
_START_S = 10.0
_FAULTY_ROWS = (FaultKind.DUPLICATED_ROWS, FaultKind.SHUFFLED_ROWS, FaultKind.SHORT_PAGE, FaultKind.OTHER_TIME)


class LoggedRequest(msgspec.Struct, frozen=True):
    """One request as it came: path and query, the fault that befell it, and the monotonic second of its arrival."""

    path: str
    query: dict[str, str]
    fault: FaultKind | None
    at_s: float


class _BadRequest(Exception):
    """A request Binance refuses with code and text."""

    def __init__(self, refusal: tuple[int, str]) -> None:
        super().__init__(refusal[1])
        self.refusal = refusal


class BinanceRestServer:
    """The server, running in a thread of its own while used as a context manager.

    Parameters
    ----------
    source
        Markets and candles. A symbol must be a spot symbol ``BASE/QUOTE``.
    clock
        The server's time in UTC milliseconds. Candles that open later do not exist yet; the one that is open at that
        time is served as it forms.
    faults
        What goes wrong; nothing by default.
    port
        0 takes any free port, and keeps it for the next start.
    """

    def __init__(
        self, source: CandleSource, *, clock: Callable[[], int], faults: FaultPlan | None = None, port: int = 0
    ) -> None:
        self.faults = faults if faults is not None else FaultPlan()
        self.requests: list[LoggedRequest] = []
        self._source = source
        self._clock = clock
        self._port = port
        self._weight: tuple[int, int] = (0, 0)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._markets: Mapping[str, Instrument] = {}
        self._closing: asyncio.Event | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port; the interface lies below ``/api/v3``."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen and serve in the background; ConfigurationError if the port is taken or a market is not spot."""
        if self._thread is not None:
            raise InvariantError("the server is running already")
        markets = self._source.markets()
        if contracts := [symbol for symbol in markets if not messages.is_spot(symbol)]:
            raise ConfigurationError(f"{contracts[0]} is no spot symbol BASE/QUOTE; this server has no other market")
        self._markets = {messages.market_id(symbol): rules for symbol, rules in markets.items()}
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", self._port))
        except OSError as error:
            listener.close()
            raise ConfigurationError(f"port {self._port} of this machine cannot be used: {error.strerror}") from error
        self._port = listener.getsockname()[1]
        started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(listener, started)), name="binance-rest", daemon=True
        )
        self._thread.start()
        if not started.wait(_START_S):
            raise InvariantError("the server did not start")

    def stop(self) -> None:
        """Close all connections, stalled ones too, and stop listening."""
        if self._thread is None or self._loop is None or self._closing is None:
            return
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()
        self._thread = self._loop = self._closing = None

    def requests_to(self, path: str, symbol: str | None = None) -> Sequence[LoggedRequest]:
        """Return the logged requests to a path (``klines``), of one symbol if given, in order of arrival."""
        return [
            request
            for request in self.requests
            if request.path.endswith(f"/{path}") and (symbol is None or request.query.get("symbol") == symbol)
        ]

    async def _serve(self, listener: socket.socket, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        app = web.Application()
        app.router.add_get("/api/v3/{name}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        started.set()
        await self._closing.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        fault = self.faults.take(request.path, query.get("symbol"))
        self.requests.append(LoggedRequest(request.path, query, fault.kind if fault else None, time.monotonic()))
        headers = {
            "Date": email.utils.formatdate(self._clock() / 1000.0, usegmt=True),
            "x-mbx-used-weight-1m": str(self._used_weight(request.match_info["name"])),
        }
        if fault is not None and fault.kind not in _FAULTY_ROWS:
            return await self._faulty(request, fault, headers)
        try:
            body = self._body(request.match_info["name"], query, fault)
        except _BadRequest as refused:
            return _json(_refusal(refused.refusal), headers, status=400)
        return _json(body, headers)

    async def _faulty(self, request: web.Request, fault: Fault, headers: dict[str, str]) -> web.StreamResponse:
        match fault.kind:
            case FaultKind.STATUS:
                if fault.retry_after_s is not None:
                    headers["Retry-After"] = str(fault.retry_after_s)
                crowded = fault.status in (418, 429)
                refusal = messages.TOO_MANY_REQUESTS if crowded else messages.SYSTEM_BUSY
                return _json(_refusal(refusal), headers, status=fault.status)
            case FaultKind.HTML_PAGE:
                page = f"<html><head><title>{fault.status}</title></head><body><h1>Sorry</h1></body></html>"
                return web.Response(text=page, content_type="text/html", status=fault.status, headers=headers)
            case FaultKind.WRONG_JSON:
                return _json({}, headers)
            case FaultKind.WRONG_ROWS:
                return _json([["soon", None]], headers)
            case FaultKind.BROKEN_JSON:
                return web.Response(text='[[1499040000000,"0.01"', content_type="application/json", headers=headers)
            case FaultKind.STALL if self._closing is not None:
                await self._closing.wait()
        transport = request.transport
        if fault.kind is FaultKind.TRUNCATED_BODY:
            response = web.StreamResponse(headers={**headers, "Content-Length": "100000"})
            response.content_type = "application/json"
            await response.prepare(request)
            await response.write(b'[[1499040000000,"0.01634790","0.80000000",')
        if transport is not None:
            # An abort resets the connection; closing lets the part that was written arrive.
            transport.close() if fault.kind is FaultKind.TRUNCATED_BODY else transport.abort()
        raise asyncio.CancelledError

    def _used_weight(self, name: str) -> int:
        minute = self._clock() // _MINUTE_MS
        used = self._weight[1] if self._weight[0] == minute else 0
        self._weight = (minute, used + _WEIGHTS.get(name, 1))
        return self._weight[1]

    def _body(self, name: str, query: Mapping[str, str], fault: Fault | None) -> object:
        match name:
            case "ping":
                return {}
            case "time":
                return {"serverTime": self._clock()}
            case "exchangeInfo":
                asked = self._markets if "symbol" not in query else {query["symbol"]: self._market(query)}
                return messages.exchange_info(asked, self._clock())
            case "klines":
                return self._klines(query, fault)
        raise web.HTTPNotFound

    def _market(self, query: Mapping[str, str]) -> Instrument:
        if not query.get("symbol"):
            raise _BadRequest(messages.missing_parameter("symbol"))
        if query["symbol"] not in self._markets:
            raise _BadRequest(messages.INVALID_SYMBOL)
        return self._markets[query["symbol"]]

    def _klines(self, query: Mapping[str, str], fault: Fault | None) -> list[messages.KlineRow]:
        symbol = self._market(query).symbol
        interval = query.get("interval")
        if not interval:
            raise _BadRequest(messages.missing_parameter("interval"))
        if interval not in messages.INTERVALS:
            raise _BadRequest(messages.INVALID_INTERVAL)
        start_ms, end_ms = _number(query, "startTime"), _number(query, "endTime")
        limit = _number(query, "limit")
        if limit is not None and limit <= 0:
            raise _BadRequest(messages.illegal_parameter("limit"))
        limit = min(DEFAULT_LIMIT if limit is None else limit, MOST_ROWS)
        if fault is not None and fault.kind is FaultKind.OTHER_TIME:
            start_ms = end_ms = None
        candles = self._page(symbol, interval, start_ms, end_ms, limit)
        rows = messages.kline_rows(candles, timeframe_ms(interval))
        return rows if fault is None else _spoilt(rows, fault)

    def _page(self, symbol: str, interval: str, start_ms: int | None, end_ms: int | None, limit: int) -> CandleColumns:
        """Return at most ``limit`` candles: the first ones from a start, else the last ones up to the end."""
        length, now_ms = timeframe_ms(interval), self._clock()
        # Opens up to and including the end time; the candle that is open now is the last there is.
        after_ms = floor_to_grid(min(now_ms, now_ms if end_ms is None else end_ms), length) + length
        parts: list[CandleColumns] = []
        wanted, span = limit, limit * length
        if start_ms is not None:
            position = ceil_to_grid(start_ms, length)
            while wanted > 0 and position < after_ms:
                part = self._source.candles(symbol, interval, position, min(after_ms, position + span))
                parts.append(part.slice(0, wanted))
                wanted -= part.rows
                position, span = position + span, span * 2
        else:
            position = after_ms
            while wanted > 0 and position > 0:
                part = self._source.candles(symbol, interval, max(0, position - span), position)
                parts.insert(0, part.slice(max(0, part.rows - wanted), part.rows))
                wanted -= part.rows
                position, span = position - span, span * 2
        return _with_forming(joined_columns(parts), now_ms, length)


def _with_forming(candles: CandleColumns, now_ms: int, length_ms: int) -> CandleColumns:
    """Return the candles with the last one as it stands by now, if it is still open."""
    if not candles.rows or candles.open_time_ms[-1] + length_ms <= now_ms:
        return candles
    last = messages.forming(candles.slice(candles.rows - 1, candles.rows), now_ms, length_ms)
    return joined_columns([candles.slice(0, candles.rows - 1), last])


def _spoilt(rows: list[messages.KlineRow], fault: Fault) -> list[messages.KlineRow]:
    match fault.kind:
        case FaultKind.DUPLICATED_ROWS:
            return [row for row in rows for _ in range(2)]
        case FaultKind.SHUFFLED_ROWS:
            # Every second row first: a fixed order that is neither rising nor falling.
            return rows[1::2] + rows[::2]
        case FaultKind.SHORT_PAGE:
            return rows[: fault.rows]
    return rows


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise _BadRequest(messages.illegal_parameter(name))
    return int(text)


def _refusal(refusal: tuple[int, str]) -> dict[str, object]:
    return {"code": refusal[0], "msg": refusal[1]}


def _json(body: object, headers: Mapping[str, str], status: int = 200) -> web.Response:
    text = json.dumps(body, separators=(",", ":"))
    return web.Response(text=text, status=status, content_type="application/json", headers=headers)
