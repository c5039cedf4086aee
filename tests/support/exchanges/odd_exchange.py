"""An exchange on loopback that answers as it likes: Binance's REST with the standard library's server."""

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from core.candle_columns import CandleColumns

Row = list[Any]
Answer = Callable[[list[Row], int, int], list[Row]]
"""Makes the answer to a request for ``[since_ms, until_ms]`` of all the rows that there are."""


def honest(rows: list[Row], since_ms: int, until_ms: int) -> list[Row]:
    """Return what was asked for, at most a thousand rows of it."""
    return [row for row in rows if since_ms <= row[0] <= until_ms][:1000]


class OddExchange:
    """Serves minute candles of BTC/USDT; ``answer`` may be changed at any time, ``asked`` are the ranges asked for.

    ``status`` is what its market list says of the symbol.
    """

    def __init__(self, candles: CandleColumns, now_ms: int, length_ms: int = 60_000) -> None:
        columns = (column.tolist() for column in candles)
        self.rows = [
            [t, *(f"{value:.8f}" for value in prices), t + length_ms - 1, "1", 1, "1", "1", "0"]
            for t, *prices in zip(*columns, strict=True)
        ]
        self.now_ms = now_ms
        self.answer: Answer = honest
        self.asked: list[tuple[int, int]] = []
        self.status = "TRADING"
        self.tick = "0.01000000"
        exchange = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                body = json.dumps(exchange._answer_to(parts.path.rsplit("/", 1)[-1], query)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, form: str, *words: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "OddExchange":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer_to(self, name: str, query: Mapping[str, str]) -> object:
        if name == "time":
            return {"serverTime": self.now_ms}
        if name == "exchangeInfo":
            return {"timezone": "UTC", "serverTime": self.now_ms, "rateLimits": [], "symbols": [self._listed()]}
        since_ms, until_ms = int(query.get("startTime", 0)), int(query.get("endTime", self.now_ms))
        if query["interval"] != "1m":
            return []
        self.asked.append((since_ms, until_ms + 1))
        return self.answer([row for row in self.rows if row[0] <= self.now_ms], since_ms, until_ms)

    def _listed(self) -> dict[str, object]:
        return {
            "symbol": "BTCUSDT",
            "status": self.status,
            "baseAsset": "BTC",
            "quoteAsset": "USDT",
            "baseAssetPrecision": 8,
            "quotePrecision": 8,
            "orderTypes": ["MARKET"],
            "isSpotTradingAllowed": True,
            "permissions": ["SPOT"],
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": self.tick, "maxPrice": "1000000", "tickSize": self.tick},
                {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
            ],
        }
