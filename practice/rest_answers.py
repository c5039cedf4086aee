"""Binance's public REST interface, answered from a candle source by a clock that is handed in.

``/api/v3/ping``, ``time``, ``exchangeInfo`` and ``klines``, with the mistakes that are asked for.
"""

import asyncio
import email.utils
import json
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec
from aiohttp import web

from core.errors import ConfigurationError
from core.instrument import Instrument
from core.timeframe import ceil_to_grid, floor_to_grid, timeframe_ms
from market_data.candle_columns import CandleColumns
from market_data.page_buffer import joined_columns
from practice import binance_messages as messages
from practice.candle_sources import CandleSource
from practice.rest_faults import Fault, FaultKind

DEFAULT_LIMIT = 500
MOST_ROWS = 1000
_WEIGHTS = {"ping": 1, "time": 1, "exchangeInfo": 20, "klines": 2}
_MINUTE_MS = 60_000
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


class RestAnswers:
    """Answers requests, and logs them in ``requests``.

    Parameters
    ----------
    source
        Markets and candles. A symbol must be a spot symbol ``BASE/QUOTE``.
    clock
        The exchange's time in UTC milliseconds. Candles that open later do not exist yet; the one that is open at that
        time is served as it forms.
    take_fault
        Returns the fault that befalls a request, by path and the exchange's own symbol; None for an ordinary answer.
    told_time
        The time that the exchange tells in ``time``, ``exchangeInfo`` and the ``Date`` header; its clock by default.
    keep_requests
        Whether requests are logged.
    """

    def __init__(
        self,
        source: CandleSource,
        clock: Callable[[], int],
        take_fault: Callable[[str, str | None], Fault | None],
        told_time: Callable[[], int] | None = None,
        *,
        keep_requests: bool = True,
    ) -> None:
        self.requests: list[LoggedRequest] = []
        self._source = source
        self._clock = clock
        self._told_time = told_time or clock
        self._take_fault = take_fault
        self._keep_requests = keep_requests
        self._weight: tuple[int, int] = (0, 0)
        self._markets: Mapping[str, Instrument] = {}
        self._closing: asyncio.Event | None = None

    def open(self, closing: asyncio.Event) -> None:
        """Read the market list; ``closing`` ends stalled answers. ConfigurationError if a market is not spot."""
        self._markets = spot_markets(self._source)
        self._closing = closing

    def add_routes(self, app: web.Application) -> None:
        """Put the interface into an application."""
        app.router.add_get("/api/v3/{name}", self._answer)

    def requests_to(self, path: str, symbol: str | None = None) -> Sequence[LoggedRequest]:
        """Return the logged requests to a path (``klines``), of one symbol if given, in order of arrival."""
        return [
            request
            for request in self.requests
            if request.path.endswith(f"/{path}") and (symbol is None or request.query.get("symbol") == symbol)
        ]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        fault = self._take_fault(request.path, query.get("symbol"))
        if self._keep_requests:
            self.requests.append(LoggedRequest(request.path, query, fault.kind if fault else None, time.monotonic()))
        headers = {
            "Date": email.utils.formatdate(self._told_time() / 1000.0, usegmt=True),
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
                return {"serverTime": self._told_time()}
            case "exchangeInfo":
                asked = self._markets if "symbol" not in query else {query["symbol"]: self._market(query)}
                return messages.exchange_info(asked, self._told_time())
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
        digits = messages.price_digits(self._markets[messages.market_id(symbol)])
        return _with_forming(joined_columns(parts), now_ms, length, digits)


def _with_forming(candles: CandleColumns, now_ms: int, length_ms: int, digits: int) -> CandleColumns:
    """Return the candles with the last one as it stands by now, if it is still open."""
    if not candles.rows or candles.open_time_ms[-1] + length_ms <= now_ms:
        return candles
    last = messages.forming(candles.slice(candles.rows - 1, candles.rows), now_ms, length_ms, digits)
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


def spot_markets(source: CandleSource) -> dict[str, Instrument]:
    """Return a source's markets by Binance's own symbols; ConfigurationError if one is not spot."""
    markets = source.markets()
    if contracts := [symbol for symbol in markets if not messages.is_spot(symbol)]:
        raise ConfigurationError(f"{contracts[0]} is no spot symbol BASE/QUOTE; this server has no other market")
    return {messages.market_id(symbol): rules for symbol, rules in markets.items()}


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
