"""Any exchange of ccxt as a source of candles and trading rules.

ccxt's synchronous client is used from several threads: each request borrows a client of its own from a pool, and all of
them share one market list, one rate limiter and one retry policy.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import ccxt

from core.errors import ConfigurationError, FeedError
from core.instrument import Instrument
from core.timeframe import timeframe_ms
from market_data.adapters.ccxt_client import CcxtClient, date_ms
from market_data.adapters.ccxt_contracts import (
    HOUR_MS,
    contract_pages,
    funding_row,
    open_interest_row,
    perpetual_kinds,
)
from market_data.adapters.ccxt_instruments import instrument_of
from market_data.adapters.exchanges import timeframes_of
from market_data.adapters.failures import RangeNotServedError, TransientError
from market_data.adapters.protocol import CandleRow, FundingRow, OpenInterestRow
from market_data.adapters.request_pacing import RateLimiter, RetryPolicy

T = TypeVar("T")

_PAGE_CAP = 1000
_FALLBACK_PAGE = 500
# ccxt charges a page of candles 0.4, from the table of Binance itself; Binance.US states 1.
_LEAST_COST = {"binanceus": 1.0}
_MARKET_TYPES = ("spot", "swap", "future")


class CcxtAdapter:
    """Public market data of one ccxt exchange; implements ``PerpetualAdapter`` and may be used from several threads.

    Parameters
    ----------
    name
        ccxt's name of the exchange.
    base_url
        ``http://host:port`` that replaces scheme and host of every address of the exchange; None leaves them.
    timeout_seconds, give_up_seconds
        Longest wait for one answer, and longest time of failing before a call raises; wall seconds.
    """

    def __init__(
        self, name: str, *, base_url: str | None = None, timeout_seconds: float = 10.0, give_up_seconds: float = 30.0
    ) -> None:
        if name not in ccxt.exchanges:
            raise ConfigurationError(f"ccxt has no exchange {name!r}")
        self.name = name
        self.timeframes: Sequence[str] = timeframes_of(name)
        self._base_url = base_url
        self._timeout_s = timeout_seconds
        self._stopped = threading.Event()
        self._retries = RetryPolicy(give_up_seconds, self._stopped)
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        first = CcxtClient(name, base_url)
        interval_s = first.exchange.rateLimit / 1000.0
        self._limiter = RateLimiter(interval_s, self._stopped, least_cost=_LEAST_COST.get(name, 0.0))
        first.exchange.throttle = self._limiter.wait
        self._idle = [first]
        self._loaded: Any = None
        self._listed = False
        self.page_limit = _page_limit(first.exchange)
        self._pages = contract_pages(name)
        self.perpetual_kinds = perpetual_kinds(first.exchange)
        self.open_interest_periods: Sequence[str] = self._pages.periods or tuple(self.timeframes)
        self.open_interest_page_limit = self._pages.open_interest
        self.mark_page_limit = min(self.page_limit, self._pages.marks)
        # Contracts pay once an hour at most; with the limit itself a page could be cut without looking so.
        self.funding_page_ms = (self._pages.funding - 2) * HOUR_MS
        self._tells_time = bool(first.exchange.has.get("fetchTime"))
        self._last_date: str | None = None

    def markets(self) -> Mapping[str, Instrument]:
        """Return the trading rules of all spot, swap and future symbols; see the protocol."""
        self._load_markets(again=self._listed)
        self._listed = True
        as_of_ms = self.server_time_ms()
        precision_mode = self._loaded.precisionMode
        return {
            symbol: instrument_of(market, precision_mode, as_of_ms)
            for symbol, market in sorted(self._loaded.markets.items())
            if market.get("type") in _MARKET_TYPES
        }

    def fetch_page(self, symbol: str, timeframe: str, since_ms: int, until_ms: int) -> list[CandleRow]:
        """Return one page of candles; see the protocol.

        Raises
        ------
        ConfigurationError
            If the exchange does not list the symbol, or does not serve the timeframe.
        FeedError
            If it does not answer in time, or answers with its most recent candles whatever range is asked.
        """
        if timeframe not in self.timeframes:
            raise ConfigurationError(
                f"{self.name} has no timeframe {timeframe!r}; allowed: {', '.join(self.timeframes)}"
            )
        self._load_markets()

        def request(client: CcxtClient) -> list[CandleRow]:
            params = {"until": until_ms - 1}
            rows = client.exchange.fetch_ohlcv(symbol, timeframe, since_ms, self.page_limit, params)
            return client.checked_rows(rows)

        rows = self._call(f"{symbol} {timeframe}", request)
        inside = [row for row in rows if since_ms <= row[0] < until_ms]
        if rows and not inside:
            self._refuse_recent_only(rows, symbol, timeframe, until_ms)
        return inside[: self.page_limit]

    def fetch_mark_page(self, symbol: str, timeframe: str, since_ms: int, until_ms: int) -> list[CandleRow]:
        """Return one page of candles of the mark price; see the protocol."""
        self._require_contract(symbol)

        def request(client: CcxtClient) -> list[CandleRow]:
            params = {"until": until_ms - 1}
            rows = client.exchange.fetch_mark_ohlcv(symbol, timeframe, since_ms, self.mark_page_limit, params)
            return client.checked_rows(rows)

        rows = self._call(f"{symbol} mark {timeframe}", request)
        inside = [row for row in rows if since_ms <= row[0] < until_ms]
        if rows and not inside:
            raise RangeNotServedError(f"{self.name} answers mark candles of {symbol} {timeframe} of another time only")
        return inside

    def fetch_funding_page(self, symbol: str, since_ms: int, until_ms: int) -> list[FundingRow]:
        """Return every funding payment of a range; see the protocol.

        A page as full as the exchange makes them may be cut at either end; its range is then asked in halves.
        """
        self._require_contract(symbol, perpetual=True)

        def request(client: CcxtClient) -> list[dict[str, Any]]:
            params = {"until": until_ms - 1}
            entries = client.exchange.fetch_funding_rate_history(symbol, since_ms, self._pages.funding, params)
            return client.checked_entries(entries, symbol)

        entries = self._call(f"{symbol} funding rates", request)
        if len(entries) >= self._pages.funding and until_ms - since_ms > HOUR_MS:
            middle_ms = since_ms + (until_ms - since_ms) // 2
            return [
                *self.fetch_funding_page(symbol, since_ms, middle_ms),
                *self.fetch_funding_page(symbol, middle_ms, until_ms),
            ]
        return [row for row in map(funding_row, entries) if since_ms <= row[0] < until_ms]

    def fetch_open_interest_page(self, symbol: str, period: str, since_ms: int, until_ms: int) -> list[OpenInterestRow]:
        """Return one page of open interest; see the protocol. Exchanges keep it for some weeks only."""
        self._require_contract(symbol)
        what = f"{symbol} open interest {period}"

        def request(client: CcxtClient) -> list[dict[str, Any]]:
            params, limit = {"until": until_ms - 1}, self.open_interest_page_limit
            try:
                entries = client.exchange.fetch_open_interest_history(symbol, period, since_ms, limit, params)
            except ccxt.BadSymbol:
                raise
            except ccxt.BadRequest as error:
                # This is how Binance answers a start that is older than what it keeps.
                raise RangeNotServedError(f"{self.name} does not give {what} of that time: {error}") from error
            return client.checked_entries(entries, symbol)

        rows = [open_interest_row(entry) for entry in self._call(what, request)]
        return [row for row in rows if since_ms <= row[0] < until_ms]

    def server_time_ms(self) -> int:
        """Return the exchange's clock: its time endpoint, or the ``Date`` of its answers where it has none."""
        if self._tells_time:
            return self._call("the server time", lambda client: client.checked_time(client.exchange.fetch_time()))
        self._load_markets()
        now_ms = date_ms(self._last_date)
        if now_ms is None:
            raise FeedError(f"{self.name} does not tell its time: neither an endpoint nor a Date header")
        return now_ms

    def close(self) -> None:
        """Release connections and end waits of other threads."""
        self._stopped.set()
        with self._lock:
            clients, self._idle = self._idle, []
        for client in clients:
            client.close()

    def _require_contract(self, symbol: str, *, perpetual: bool = False) -> None:
        """Refuse a symbol that has no mark price, or no funding where ``perpetual``."""
        self._load_markets()
        market = self._loaded.markets.get(symbol) or {}
        if not market.get("swap" if perpetual else "contract"):
            what = "perpetual contract" if perpetual else "contract"
            raise ConfigurationError(
                f"{self.name} lists no {what} {symbol}: it has neither mark price nor funding; contracts are written "
                "like BTC/USDT:USDT"
            )

    def _load_markets(self, *, again: bool = False) -> None:
        """Read the market list once for all clients; ``again`` reads it anew."""
        with self._loading:
            if self._loaded is None or again:
                self._loaded = self._call("the market list", lambda client: client.load_markets())

    def _call(self, what: str, request: Callable[[CcxtClient], T]) -> T:
        def attempt(remaining_s: float) -> T:
            with self._client() as client:
                client.exchange.timeout = int(1000 * min(self._timeout_s, remaining_s))
                try:
                    return client.attempt(what, request)
                except TransientError as failure:
                    if failure.retry_after_s:
                        self._limiter.block(failure.retry_after_s)
                    raise

        return self._retries.call(attempt)

    @contextlib.contextmanager
    def _client(self) -> Iterator[CcxtClient]:
        with self._lock:
            client = self._idle.pop() if self._idle else None
        if client is None:
            client = CcxtClient(self.name, self._base_url)
            client.exchange.throttle = self._limiter.wait
        if self._loaded is not None and not client.exchange.markets:
            client.exchange.set_markets_from_exchange(self._loaded)
        try:
            yield client
        finally:
            with self._lock:
                self._last_date = client.headers.get("Date", self._last_date)
                kept = not self._stopped.is_set()
                if kept:
                    self._idle.append(client)
            if not kept:
                client.close()

    def _refuse_recent_only(self, rows: list[CandleRow], symbol: str, timeframe: str, until_ms: int) -> None:
        """Raise on a full page that reaches the present: no "nothing there yet" but an exchange without old candles."""
        now_ms = date_ms(self._last_date)
        reaches_now = now_ms is not None and max(row[0] for row in rows) >= now_ms - 3 * timeframe_ms(timeframe)
        if len(rows) >= self.page_limit and reaches_now and min(row[0] for row in rows) >= until_ms:
            raise RangeNotServedError(
                f"{self.name} serves only its last {len(rows)} candles of {symbol} {timeframe}; import older ones"
            )


def _page_limit(exchange: Any) -> int:
    features = exchange.features or {}
    swap = features.get("swap") or {}
    for offered in (features.get("spot"), swap.get("linear"), swap.get("inverse")):
        limit = ((offered or {}).get("fetchOHLCV") or {}).get("limit")
        if limit:
            return min(int(limit), _PAGE_CAP)
    return _FALLBACK_PAGE
