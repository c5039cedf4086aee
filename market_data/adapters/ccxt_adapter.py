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
from core.timeframe import DAY_MS, HOUR_MS, timeframe_ms
from market_data.adapters.ccxt_client import CcxtClient
from market_data.adapters.request_pacing import RateLimiter, RetryPolicy
from market_data.exchange_adapter import CandleRow, FundingRow, OpenInterestRow
from market_data.exchanges.ccxt_contracts import funding_row, open_interest_row, perpetual_kinds
from market_data.exchanges.ccxt_core import (
    MARKETS,
    TIME,
    CcxtRequest,
    WatchedAnswers,
    candles_request,
    funding_request,
    interest_request,
    page_rows,
)
from market_data.exchanges.ccxt_instruments import instrument_of, trading_halt
from market_data.exchanges.exchange_description import described
from market_data.exchanges.exchange_names import require_served, timeframes_of
from market_data.exchanges.request_failures import (
    RangeNotServedError,
    SymbolRefusedError,
    TransientError,
    range_text,
)

T = TypeVar("T")
RowT = TypeVar("RowT", CandleRow, FundingRow, OpenInterestRow)

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

    opening_ms: int | None = None

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
        known = described(name)
        self._limiter = RateLimiter(interval_s, self._stopped, least_cost=known.least_cost)
        first.exchange.throttle = self._limiter.wait
        self._idle = [first]
        self._loaded: Any = None
        self._listed = False
        self.page_limit = page_rows(first.exchange)
        self._pages = known.contract_pages
        self.perpetual_kinds = perpetual_kinds(first.exchange)
        self.open_interest_periods: Sequence[str] = self._pages.periods or tuple(self.timeframes)
        self.open_interest_page_limit = self._pages.open_interest
        self.mark_page_limit = min(self.page_limit, self._pages.marks)
        # Contracts pay once an hour at most; with the limit itself a page could be cut without looking so.
        self.funding_page_ms = (self._pages.funding - 2) * HOUR_MS
        self._tells_time = bool(first.exchange.has.get("fetchTime"))
        self._last_date_ms: int | None = None

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
            If it does not answer in time, or answers with candles of another time than is asked for.
        """
        require_served(self.name, timeframe, self.timeframes)
        self._load_markets()

        rows = self._rows(candles_request(symbol, timeframe, since_ms, until_ms, self.page_limit))
        inside = [row for row in rows if since_ms <= row[0] < until_ms]
        if rows and not inside:
            self._refuse_recent_only(rows, symbol, timeframe, until_ms)
            self._require_next(rows, symbol, timeframe, (since_ms, until_ms))
        return inside[: self.page_limit]

    def fetch_mark_page(self, symbol: str, timeframe: str, since_ms: int, until_ms: int) -> list[CandleRow]:
        """Return one page of candles of the mark price; see the protocol."""
        self._require_contract(symbol)

        rows = self._rows(candles_request(symbol, timeframe, since_ms, until_ms, self.mark_page_limit, marks=True))
        return self._inside(rows, since_ms, until_ms, f"mark candles of {symbol} {timeframe}")

    def fetch_funding_page(self, symbol: str, since_ms: int, until_ms: int) -> list[FundingRow]:
        """Return every funding payment of a range; see the protocol.

        A page as full as the exchange makes them may be cut at either end; its range is then asked in halves.
        """
        self._require_contract(symbol, perpetual=True)

        request = funding_request(symbol, since_ms, until_ms, self._pages.funding)
        entries = self._call(request, lambda answers, found: answers.entries(found, symbol))
        if len(entries) >= self._pages.funding and until_ms - since_ms > HOUR_MS:
            middle_ms = since_ms + (until_ms - since_ms) // 2
            return [
                *self.fetch_funding_page(symbol, since_ms, middle_ms),
                *self.fetch_funding_page(symbol, middle_ms, until_ms),
            ]
        rows = [funding_row(entry) for entry in entries]
        return self._inside(rows, since_ms, until_ms, f"funding rates of {symbol}")

    def fetch_open_interest_page(self, symbol: str, period: str, since_ms: int, until_ms: int) -> list[OpenInterestRow]:
        """Return one page of open interest; see the protocol. Exchanges keep it for some weeks only."""
        self._require_contract(symbol)
        request = interest_request(symbol, period, since_ms, until_ms, self.open_interest_page_limit)
        try:
            entries = self._call(request, lambda answers, found: answers.entries(found, symbol))
        except FeedError as error:
            if isinstance(error.__cause__, ccxt.BadRequest):
                # This is how Binance answers a start that is older than what it keeps.
                raise RangeNotServedError(f"{error}; not of that time") from error
            raise
        rows = [open_interest_row(entry) for entry in entries]
        return self._inside(rows, since_ms, until_ms, f"open interest of {symbol} {period}")

    def server_time_ms(self) -> int:
        """Return the exchange's clock: its time endpoint, or the ``Date`` of its answers where it has none."""
        if self._tells_time:
            return self._call(TIME, WatchedAnswers.time_ms)
        self._load_markets()
        if self._last_date_ms is None:
            raise FeedError(f"{self.name} does not tell its time: neither an endpoint nor a Date header")
        return self._last_date_ms

    def halted(self) -> Mapping[str, str]:
        """Return the symbols that the exchange lists and does not trade now, with its word for it."""
        self._load_markets()
        return {symbol: word for symbol, market in self._loaded.markets.items() if (word := trading_halt(market))}

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
                self._loaded = self._call(MARKETS, WatchedAnswers.markets)

    def _rows(self, request: CcxtRequest) -> list[CandleRow]:
        return self._call(request, WatchedAnswers.rows)

    def _call(self, request: CcxtRequest, read: Callable[[WatchedAnswers, Any], T]) -> T:
        def attempt(remaining_s: float) -> T:
            with self._client() as client:
                client.exchange.timeout = int(1000 * min(self._timeout_s, remaining_s))
                try:
                    return client.attempt(request, read)
                except SymbolRefusedError as error:
                    raise ConfigurationError(str(error)) from error
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
                self._last_date_ms = client.answers.date_ms() or self._last_date_ms
                kept = not self._stopped.is_set()
                if kept:
                    self._idle.append(client)
            if not kept:
                client.close()

    def _inside(self, rows: Sequence[RowT], since_ms: int, until_ms: int, what: str) -> list[RowT]:
        """Return the rows of a range; RangeNotServedError where there are only others."""
        inside = [row for row in rows if since_ms <= row[0] < until_ms]
        if rows and not inside:
            raise RangeNotServedError(
                f"{self.name} answers {what} of another time than {range_text(since_ms, until_ms)}"
            )
        return inside

    def _require_next(self, rows: list[CandleRow], symbol: str, timeframe: str, asked: tuple[int, int]) -> None:
        """Refuse an answer of another time, unless it is how an exchange without an end to its ranges says "nothing".

        Such a one answers with the next candles that it has. Asked again from the second of them on, it begins with
        just that one; one that ignores what is asked, or stamps its candles otherwise, does not.
        """
        times = sorted({row[0] for row in rows})
        now_ms = self._last_date_ms
        later = len(times) > 1 and times[0] >= asked[1] and (now_ms is None or times[-1] <= now_ms + DAY_MS)
        if later:
            until_ms = times[1] + self.page_limit * timeframe_ms(timeframe)
            again = self._rows(candles_request(symbol, timeframe, times[1], until_ms, self.page_limit))
            later = bool(again) and min(row[0] for row in again) == times[1]
        if not later:
            raise RangeNotServedError(
                f"{self.name} answers {symbol} {timeframe} {range_text(*asked)} with candles of another time: "
                f"{range_text(times[0], times[-1])}"
            )

    def _refuse_recent_only(self, rows: list[CandleRow], symbol: str, timeframe: str, until_ms: int) -> None:
        """Raise on a full page that reaches the present: no "nothing there yet" but an exchange without old candles."""
        now_ms = self._last_date_ms
        last_ms = max(row[0] for row in rows)
        reaches_now = now_ms is not None and now_ms - 3 * timeframe_ms(timeframe) <= last_ms <= now_ms + DAY_MS
        if len(rows) >= self.page_limit and reaches_now and min(row[0] for row in rows) >= until_ms:
            raise RangeNotServedError(
                f"{self.name} serves only its last {len(rows)} candles of {symbol} {timeframe}; import older ones"
            )
