"""REST of any ccxt exchange, asynchronously, one attempt a call."""

import asyncio
import email.utils
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from core.candle import Candle
from core.errors import ConfigurationError, FeedError
from market_data.adapters.failures import TransientError
from market_data.feeds.feed_limits import FeedLimits
from market_data.feeds.final_candles import final_candles
from market_data.feeds.parsers.exchange_candle import MISREADINGS, candle
from market_data.instruments.symbols import resolve_symbol

T = TypeVar("T")

_OPTIONS: Mapping[str, Mapping[str, object]] = {
    # Without these ccxt also asks the futures hosts, and private endpoints where keys are set.
    "binance": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False, "defaultType": "spot"},
    "binanceus": {"fetchCurrencies": False},
    "binanceusdm": {"fetchMarkets": {"types": ["linear"]}, "fetchCurrencies": False},
}
MARKS = "fetch_mark_ohlcv"
_PAGE_ROWS = 500
_PASSING_4XX = (408, 418, 425, 429)
# What ccxt's parsers raise on an answer of another shape than they expect.
_PARSER_ERRORS = (AttributeError, KeyError, IndexError, TypeError, ValueError, ArithmeticError)
_SHOWN = 200

_log = logging.getLogger(__name__)


class CcxtRest:
    """Markets, candles and clock of one exchange.

    Parameters
    ----------
    name
        ccxt's name of the exchange.
    rest_url
        ``http://host:port`` that stands for its own REST hosts; None leaves them.
    limits
        Time-outs, and how long after its close a candle may be unfinished.
    """

    def __init__(self, name: str, rest_url: str | None, limits: FeedLimits) -> None:
        self.name = name
        self._rest_url = rest_url
        self._limits = limits
        self._exchange: Any = None
        self._status: int | None = None
        self._headers: Mapping[str, str] = {}
        self._body = ""
        self._loading = asyncio.Lock()
        # Status and headers belong to one request at a time; ccxt's rate limiter lets them out singly anyway.
        self._turn = asyncio.Lock()
        self._closed = False

    async def loaded(self) -> Any:
        """Return the ccxt exchange with its markets; FeedError if they cannot be had."""
        if self._closed:
            raise FeedError("the feed is closed")
        async with self._loading:
            if self._exchange is None:
                exchange = ccxt_exchange(self.name, "ccxt.async_support", self._limits, rest_url=self._rest_url)
                exchange.on_rest_response = self._note_response
                _refuse_strange_funding(exchange)
                try:
                    if not await self._attempt("the market list", exchange.load_markets):
                        raise TransientError(f"{self.name} gives an empty market list")
                    if self._closed:
                        raise FeedError("the feed is closed")
                except BaseException:
                    await exchange.close()
                    raise
                self._exchange = exchange
        return self._exchange

    async def market_id(self, symbol: str) -> str:
        """Return the exchange's own name of a unified symbol; ConfigurationError if it does not list it."""
        markets = (await self.loaded()).markets
        if symbol not in markets:
            resolve_symbol(symbol, markets, where=f"the market list of {self.name}")
            raise ConfigurationError(f"symbol {symbol!r} is not in the market list of {self.name}")
        return str(markets[symbol]["id"])

    async def server_time_ms(self) -> int:
        """Return the exchange's clock: its time endpoint, or the ``Date`` of an answer where it has none."""
        exchange = await self.loaded()
        if exchange.has.get("fetchTime"):
            told = await self._attempt("the server time", exchange.fetch_time)
        else:
            some_symbol = next(iter(exchange.markets))
            await self._attempt("the server time", lambda: exchange.fetch_ticker(some_symbol))
            told = _date_ms(self._headers.get("Date"))
        if not isinstance(told, int) or told <= 0:
            raise TransientError(f"{self.name} tells no time")
        return told

    async def closed_candles(
        self,
        symbol: str,
        timeframe: str,
        start_ms: int,
        end_ms: int,
        *,
        length_ms: int,
        now_ms: int | None = None,
        kind: str = "fetch_ohlcv",
    ) -> list[Candle]:
        """Return the final candles with ``start_ms <= open_time_ms < end_ms``; see ``final_candles``.

        ``now_ms`` is the exchange's clock if it has been read already, ``kind`` ccxt's method: ``fetch_ohlcv``, or
        ``MARKS`` for mark candles, whose volume is taken as 0.
        """
        if now_ms is None:
            now_ms = await self.server_time_ms()

        async def page(since_ms: int, until_ms: int) -> list[Candle]:
            more = {"until": until_ms - 1}
            rows = await self.ask(f"candles of {symbol}", kind, symbol, timeframe, since_ms, _PAGE_ROWS, more)
            return self._candles(rows, symbol, marks=kind == MARKS)

        settle_ms = self._limits.settle_for(length_ms)
        return await final_candles(page, start_ms, end_ms, length_ms=length_ms, now_ms=now_ms, settle_ms=settle_ms)

    async def ask(self, what: str, method: str, *arguments: object) -> object:
        """Return what a method of ccxt gives, in one attempt; TransientError or FeedError where it fails.

        ccxt makes an empty list of much that is none: one is believed only where the exchange's answer holds a list.
        """
        import ccxt

        call = getattr(await self.loaded(), method)

        async def request() -> object:
            self._body = ""
            answer: object = await call(*arguments)
            if answer == [] and not _holds_a_list(self._body):
                raise ccxt.BadResponse(f"nothing that can be read in {self._body[:80]!r}")
            return answer

        return await self._attempt(what, request)

    async def close(self) -> None:
        """Close the connections; requests raise FeedError from now on."""
        self._closed = True
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            await exchange.close()

    def _candles(self, rows: object, symbol: str, *, marks: bool) -> list[Candle]:
        if not isinstance(rows, list):
            raise TransientError(f"{self.name} gives no list of candles of {symbol}")
        found = []
        for row in rows:
            try:
                opened, first, high, low, last = row[:5]
                found.append(candle(opened, first, high, low, last, 0.0 if marks else row[5]))
            except (*MISREADINGS, TypeError, IndexError) as error:
                _log.warning("%s: a candle of %s is refused: %s", self.name, symbol, error)
        return found

    async def _attempt(self, what: str, request: Callable[[], Awaitable[T]]) -> T:
        """Wait for one answer and sort its failure into TransientError (may pass) and FeedError (will not)."""
        import aiohttp
        import ccxt

        try:
            async with self._turn, asyncio.timeout(self._limits.request_seconds + self._limits.connect_seconds):
                self._status, self._headers = None, {}
                return await request()
        except ccxt.BaseError as error:
            message = f"{self.name} does not give {what}: {' '.join(str(error).split())[:_SHOWN]}"
            if self._closed or not self._may_pass(error):
                raise FeedError(message) from error
            raise TransientError(message, _retry_after_s(self._headers)) from error
        except (TimeoutError, aiohttp.ClientError) as error:
            raise TransientError(f"{self.name} does not give {what}: {error or type(error).__name__}") from error
        except _PARSER_ERRORS as error:
            raise TransientError(f"{self.name} gives {what} in a form that cannot be read: {error}") from error

    def _may_pass(self, error: Exception) -> bool:
        import ccxt

        if isinstance(error, ccxt.NetworkError) or self._status in _PASSING_4XX:
            return True
        if isinstance(error, ccxt.BadSymbol | ccxt.NotSupported | ccxt.ArgumentsRequired):
            return False
        return self._status is None or not 400 <= self._status < 500

    def _note_response(
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        headers: Mapping[str, str],
        body: str,
        request_headers: object,
        request_body: object,
    ) -> str:
        self._status, self._headers, self._body = code, headers, body
        return body.strip()


def ccxt_exchange(
    name: str, package: str, limits: FeedLimits, *, rest_url: str | None = None, stream_url: str | None = None
) -> Any:
    """Return a ccxt exchange object of ``ccxt.async_support`` or ``ccxt.pro``, at other addresses where given."""
    import importlib

    exchange = getattr(importlib.import_module(package), name)(
        {
            "enableRateLimit": True,
            "timeout": int(limits.request_seconds * 1000),
            "options": dict(_OPTIONS.get(name, {})),
        }
    )
    exchange.urls = _moved(exchange.urls, rest_url, stream_url)
    return exchange


def _moved(urls: Any, rest_url: str | None, stream_url: str | None) -> Any:
    if isinstance(urls, dict):
        return {key: _moved(value, rest_url, stream_url) for key, value in urls.items()}
    if isinstance(urls, list):
        return [_moved(value, rest_url, stream_url) for value in urls]
    if not isinstance(urls, str):
        return urls
    base = stream_url if urls.startswith("ws") else rest_url
    return urls if base is None else re.sub(r"^(https?|wss?)://[^/]+", base.rstrip("/"), urls)


def _refuse_strange_funding(exchange: Any) -> None:
    """Make ccxt raise where it reads a funding rate without a time or a rate; by itself it leaves such rows out."""
    import ccxt

    read = exchange.parse_funding_rate_history

    def strict(contract: Any, market: Any = None) -> Any:
        row = read(contract, market)
        if not isinstance(row.get("timestamp"), int) or row.get("fundingRate") is None:
            raise ccxt.BadResponse(f"a row that is no funding rate: {str(contract)[:80]}")
        return row

    exchange.parse_funding_rate_history = strict


def _holds_a_list(body: str) -> bool:
    """Whether an answer has a list or an explicit null somewhere, as an honest "nothing there" does."""

    def found(value: object) -> bool:
        if isinstance(value, dict):
            return any(found(inner) for inner in value.values())
        return value is None or isinstance(value, list)

    try:
        return found(json.loads(body))
    except (ValueError, RecursionError):
        return False


def _date_ms(date: str | None) -> int | None:
    try:
        return int(email.utils.parsedate_to_datetime(date).timestamp() * 1000) if date else None
    except ValueError:
        return None


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
