"""Binance's public REST interface, answered from a candle source by a clock that is handed in.

``ping``, ``time``, ``exchangeInfo`` and ``klines`` below ``/api/v3`` and ``/fapi/v1``, and ``markPriceKlines``,
``fundingRate`` and ``premiumIndex`` below the latter, and ``openInterestHist`` below ``/futures/data``, with the
mistakes that are asked for.
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
from core.timeframe import MINUTE_MS, timeframe_ms
from practice.faults.rest_faults import Fault, FaultKind
from practice.market.candle_sources import CandleSource
from practice.market.published_contracts import PublishedContracts
from practice.messages import binance_messages as messages
from practice.messages.contract_messages import contract_info
from practice.rest.contract_answers import ContractAnswers
from practice.rest.kline_pages import kline_page
from practice.rest.rest_queries import BadRequest, asked_interval, asked_limit, asked_number

DEFAULT_LIMIT = 500
MOST_ROWS = 1000
_WEIGHTS = {"ping": 1, "time": 1, "exchangeInfo": 20, "klines": 2, "markPriceKlines": 2}
_FAULTY_ROWS = (
    *(FaultKind.DUPLICATED_ROWS, FaultKind.SHUFFLED_ROWS, FaultKind.SHORT_PAGE),
    *(FaultKind.OTHER_TIME, FaultKind.EMPTY),
)


class LoggedRequest(msgspec.Struct, frozen=True):
    """One request as it came: path and query, the fault that befell it, and the monotonic second of its arrival."""

    path: str
    query: dict[str, str]
    fault: FaultKind | None
    at_s: float


class RestAnswers:
    """Answers requests, and logs them in ``requests``.

    Parameters
    ----------
    source
        Markets and candles. A symbol is spot or a perpetual contract ``BASE/QUOTE:QUOTE``.
    clock
        The exchange's time in UTC milliseconds. Candles that open later do not exist yet; the one that is open at that
        time is served as it forms.
    take_fault
        Returns the fault that befalls a request, by path and the exchange's own symbol; None for an ordinary answer.
    told_time
        The time that the exchange tells in ``time``, ``exchangeInfo`` and the ``Date`` header; its clock by default.
    contracts
        Marks, funding rates and open interest; by default those of the source, published at once.
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
        contracts: PublishedContracts | None = None,
        keep_requests: bool = True,
    ) -> None:
        self.requests: list[LoggedRequest] = []
        self._source = source
        self._clock = clock
        self._told_time = told_time or clock
        self._contracts = ContractAnswers(contracts or PublishedContracts(source, clock), clock, self._told_time)
        self._take_fault = take_fault
        self._keep_requests = keep_requests
        self._weight: tuple[int, int] = (0, 0)
        self._markets: Mapping[str, Instrument] = {}
        self._closing: asyncio.Event | None = None

    def open(self, closing: asyncio.Event) -> None:
        """Read the market list; ``closing`` ends stalled answers. ConfigurationError if it cannot be served."""
        self._markets = served_markets(self._source)
        self._closing = closing

    def add_routes(self, app: web.Application) -> None:
        """Put the interface into an application."""
        app.router.add_get("/{interface:api/v3|fapi/v1|futures/data}/{name}", self._answer)

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
            body = self._body(request.match_info["interface"], request.match_info["name"], query, fault)
        except BadRequest as refused:
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
        minute = self._clock() // MINUTE_MS
        used = self._weight[1] if self._weight[0] == minute else 0
        self._weight = (minute, used + _WEIGHTS.get(name, 1))
        return self._weight[1]

    def _body(self, interface: str, name: str, query: Mapping[str, str], fault: Fault | None) -> object:
        if fault is not None and fault.kind is FaultKind.EMPTY:
            return []
        match interface, name:
            case "futures/data", "openInterestHist":
                symbol, other_time = self._market(query).symbol, _of_other_time(fault)
                return _spoilt(self._contracts.open_interest_rows(symbol, query, other_time=other_time), fault)
            case "futures/data", _:
                raise web.HTTPNotFound
            case _, "ping":
                return {}
            case _, "time":
                return {"serverTime": self._told_time()}
            case "api/v3", "exchangeInfo":
                asked = self._markets if "symbol" not in query else {query["symbol"]: self._market(query)}
                return messages.exchange_info(asked, self._told_time())
            case "fapi/v1", "exchangeInfo":
                return contract_info(self._markets, self._told_time())
            case _, "klines":
                return _spoilt(self._klines(query, fault), fault)
            case "fapi/v1", "markPriceKlines":
                symbol = self._market(query).symbol
                return _spoilt(self._contracts.mark_klines(symbol, query, other_time=_of_other_time(fault)), fault)
            case "fapi/v1", "fundingRate":
                symbol = self._market(query).symbol
                return _spoilt(self._contracts.funding_rows(symbol, query, other_time=_of_other_time(fault)), fault)
            case "fapi/v1", "premiumIndex":
                return self._contracts.premium_index(query, self._markets)
        raise web.HTTPNotFound

    def _market(self, query: Mapping[str, str]) -> Instrument:
        if not query.get("symbol"):
            raise BadRequest(messages.missing_parameter("symbol"))
        if query["symbol"] not in self._markets:
            raise BadRequest(messages.INVALID_SYMBOL)
        return self._markets[query["symbol"]]

    def _klines(self, query: Mapping[str, str], fault: Fault | None) -> list[messages.KlineRow]:
        rules = self._market(query)
        interval = asked_interval(query)
        start_ms, end_ms = asked_number(query, "startTime"), asked_number(query, "endTime")
        limit = asked_limit(query, DEFAULT_LIMIT, MOST_ROWS)
        if _of_other_time(fault):
            start_ms = end_ms = None
        candles = kline_page(
            lambda since_ms, until_ms: self._source.candles(rules.symbol, interval, since_ms, until_ms),
            timeframe_ms(interval),
            start_ms,
            end_ms,
            limit,
            now_ms=self._clock(),
            digits=messages.price_digits(rules),
        )
        return messages.kline_rows(candles, timeframe_ms(interval))


def _of_other_time(fault: Fault | None) -> bool:
    return fault is not None and fault.kind is FaultKind.OTHER_TIME


def _spoilt(rows: Sequence[object], fault: Fault | None) -> Sequence[object]:
    match None if fault is None else fault.kind:
        case FaultKind.DUPLICATED_ROWS:
            return [row for row in rows for _ in range(2)]
        case FaultKind.SHUFFLED_ROWS:
            # Every second row first: a fixed order that is neither rising nor falling.
            return [*rows[1::2], *rows[::2]]
        case FaultKind.SHORT_PAGE if fault is not None:
            return rows[: fault.rows]
    return rows


def served_markets(source: CandleSource) -> dict[str, Instrument]:
    """Return a source's markets by Binance's own symbols.

    Raises
    ------
    ConfigurationError
        If one is neither spot nor a perpetual contract settled in its quote currency, or two have the same name.
    """
    markets: dict[str, Instrument] = {}
    for symbol, rules in source.markets().items():
        if not messages.is_served(symbol):
            raise ConfigurationError(
                f"{symbol} is neither a spot symbol BASE/QUOTE nor a perpetual contract BASE/QUOTE:QUOTE; "
                "this server has no other market"
            )
        market_id = messages.market_id(symbol)
        if market_id in markets:
            raise ConfigurationError(f"{markets[market_id].symbol} and {symbol} are both called {market_id}")
        markets[market_id] = rules
    return markets


def _refusal(refusal: tuple[int, str]) -> dict[str, object]:
    return {"code": refusal[0], "msg": refusal[1]}


def _json(body: object, headers: Mapping[str, str], status: int = 200) -> web.Response:
    text = json.dumps(body, separators=(",", ":"))
    return web.Response(text=text, status=status, content_type="application/json", headers=headers)
