"""Binance's USDT-margined futures interface on loopback, with nothing but the standard library.

Candles, mark candles, funding rates and open interest are rows in memory, in the exchange's own JSON shapes; a clock
is set by hand. ``spoil`` may answer any request itself.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from core.candle_columns import CandleColumns
from core.timeframe import timeframe_ms
from tests.support.times import DAY_MS

Answer = tuple[int, bytes]
Spoil = Callable[[str, Mapping[str, str]], Answer | None]
KEPT_MS = 30 * DAY_MS
"""How long the exchange keeps open interest."""


class FuturesExchange:
    """The server; use as a context manager.

    ``candles`` and ``marks`` are keyed by ``(market id, timeframe)``, ``funding`` by market id: rows of stamp, rate as
    text, and mark price as text. ``interest`` are rows of time, amount and value.
    """

    def __init__(self, now_ms: int, ids: Sequence[str] = ("BTCUSDT",)) -> None:
        self.now_ms = now_ms
        self.ids = list(ids)
        self.candles: dict[tuple[str, str], CandleColumns] = {}
        self.marks: dict[tuple[str, str], CandleColumns] = {}
        self.funding: dict[str, list[tuple[int, str, str]]] = {}
        self.interest: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.most_rates = 1000
        self.newest_first = False
        self.spoil: Spoil = lambda path, query: None
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "FuturesExchange":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def asked(self, path: str) -> list[dict[str, str]]:
        """Return the queries of every request to a path, in order of arrival."""
        return [query for name, query in self.requests if name == path]

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        spoiled = self.spoil(path, query)
        if spoiled is not None:
            return spoiled
        start, end = int(query.get("startTime", 0)), int(query.get("endTime", 1 << 60))
        match path:
            case "/fapi/v1/time":
                return _json({"serverTime": self.now_ms})
            case "/fapi/v1/exchangeInfo":
                return _json({"timezone": "UTC", "symbols": [_listing(one) for one in self.ids]})
            case "/fapi/v1/klines" | "/fapi/v1/markPriceKlines":
                table = self.marks if "mark" in path else self.candles
                columns = table.get((query["symbol"], query["interval"]), CandleColumns.empty())
                length = timeframe_ms(query["interval"])
                part = columns.between(start, end + 1).slice(0, int(query.get("limit", 500)))
                return _json([_kline(row, length) for row in zip(*(one.tolist() for one in part), strict=True)])
            case "/fapi/v1/fundingRate":
                rows = [row for row in self.funding.get(query["symbol"], []) if start <= row[0] <= end]
                most = min(self.most_rates, int(query.get("limit", 100)))
                rows = rows[-most:] if self.newest_first else rows[:most]
                return _json([_payment(query["symbol"], *row) for row in rows])
            case "/futures/data/openInterestHist":
                if start < self.now_ms - KEPT_MS:
                    return 400, b'{"code":-1130,"msg":"parameter \'startTime\' is invalid."}'
                rows = self.interest.get((query["symbol"], query["period"]), [])
                rows = [row for row in rows if start <= row[0] <= end][: int(query.get("limit", 30))]
                return _json([_interest(query["symbol"], *row) for row in rows])
        return 404, b"{}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        exchange = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query))
                exchange.requests.append((parts.path, query))
                status, body = exchange.answer(parts.path, query)
                if status == 0:
                    exchange.released.wait(30)
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def stalled() -> Answer:
    """Return the answer that never comes."""
    return 0, b""


def _json(value: object) -> Answer:
    return 200, json.dumps(value).encode()


def _kline(row: tuple[float, ...], length: int) -> list[int | str]:
    time_ms, *prices, volume = row
    texts = [f"{price:.8f}" for price in prices]
    return [int(time_ms), *texts, f"{volume:.3f}", int(time_ms) + length - 1, "0", 60, "0", "0", "0"]


def _payment(market_id: str, time_ms: int, rate: str, mark: str) -> dict[str, object]:
    return {"symbol": market_id, "fundingTime": time_ms, "fundingRate": rate, "markPrice": mark}


def _interest(market_id: str, time_ms: int, amount: str, value: str) -> dict[str, object]:
    row = {"sumOpenInterest": amount, "sumOpenInterestValue": value, "CMCCirculatingSupply": "19841234.00000000"}
    return {"symbol": market_id, **row, "timestamp": time_ms}


def _listing(market_id: str) -> dict[str, object]:
    base = market_id.removesuffix("USDT")
    return {
        "symbol": market_id,
        "pair": market_id,
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000,
        "onboardDate": 1_569_398_400_000,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": 2,
        "quantityPrecision": 3,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "556.80", "maxPrice": "4529764", "tickSize": "0.10"},
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "120", "stepSize": "0.001"},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": "100"},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": "1.0500",
                "multiplierDown": "0.9500",
                "multiplierDecimal": "4",
            },
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TRAILING_STOP_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }
