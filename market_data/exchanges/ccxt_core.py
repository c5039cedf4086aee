"""ccxt as far as nothing is sent: how its objects are made and watched, what is asked, and how answers are read.

History asks through ccxt's synchronous objects, live feeds through its asynchronous ones. They send and wait; whatever
can be decided is decided here, so that the two cannot differ.
"""

import re
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

import ccxt

from core.errors import FeedError
from market_data.exchange_adapter import CandleRow
from market_data.exchanges.exchange_description import described
from market_data.exchanges.request_failures import (
    NoSuchHostError,
    SymbolRefusedError,
    TransientError,
    date_ms,
    names_no_host,
    refusal,
)

_PAGE_CAP = 1000
_FALLBACK_PAGE = 500
_SHOWN = 80
_LONGEST_TEXT = 200
_SEARCHED = 4_096

MISREADINGS = (AttributeError, KeyError, IndexError, TypeError, ValueError, ArithmeticError)
"""What ccxt's parsers raise on an answer of another shape than they expect."""

FAILURES = (ccxt.BaseError, *MISREADINGS)
"""What a request through ccxt raises."""


class CcxtRequest(NamedTuple):
    """One call of a ccxt object: what is asked in words, the method, and its arguments."""

    what: str
    method: str
    arguments: tuple[object, ...] = ()


MARKETS = CcxtRequest("the market list", "load_markets", (True,))
TIME = CcxtRequest("the server time", "fetch_time")


def candles_request(
    symbol: str, timeframe: str, since_ms: int, until_ms: int, rows: int, *, marks: bool = False
) -> CcxtRequest:
    """Return the request for one page of candles, or of mark candles, with ``since_ms <= open_time_ms < until_ms``."""
    method = "fetch_mark_ohlcv" if marks else "fetch_ohlcv"
    what = f"{'mark ' if marks else ''}candles of {symbol} {timeframe}"
    return CcxtRequest(what, method, (symbol, timeframe, since_ms, rows, {"until": until_ms - 1}))


def funding_request(symbol: str, since_ms: int, until_ms: int, rows: int) -> CcxtRequest:
    """Return the request for the funding payments of a range, one page of them."""
    arguments = (symbol, since_ms, rows, {"until": until_ms - 1})
    return CcxtRequest(f"funding rates of {symbol}", "fetch_funding_rate_history", arguments)


def interest_request(symbol: str, period: str, since_ms: int, until_ms: int, rows: int) -> CcxtRequest:
    """Return the request for one page of open interest."""
    arguments = (symbol, period, since_ms, rows, {"until": until_ms - 1})
    return CcxtRequest(f"open interest {period} of {symbol}", "fetch_open_interest_history", arguments)


def ccxt_object(
    package: ModuleType,
    name: str,
    *,
    rest_url: str | None = None,
    stream_url: str | None = None,
    timeout_ms: int = 10_000,
) -> Any:
    """Return an exchange object of ``ccxt``, ``ccxt.async_support`` or ``ccxt.pro``, at other addresses where given."""
    options = {"enableRateLimit": True, "timeout": timeout_ms, "options": dict(described(name).ccxt_options)}
    exchange = getattr(package, name)(options)
    exchange.urls = _moved(exchange.urls, rest_url, stream_url)
    return exchange


def page_rows(exchange: Any) -> int:
    """Return how many candles an exchange gives in one page, as ccxt describes it."""
    features = exchange.features or {}
    swap = features.get("swap") or {}
    for offered in (features.get("spot"), swap.get("linear"), swap.get("inverse")):
        limit = ((offered or {}).get("fetchOHLCV") or {}).get("limit")
        if limit:
            return min(int(limit), _PAGE_CAP)
    return _FALLBACK_PAGE


class WatchedAnswers:
    """The HTTP answers of one ccxt object: what the last one was, and whether it is what it claims to be.

    ccxt reads much as "nothing there" that is none: a page of HTML, an object where a list belongs, rows without time.
    The object is made to leave nothing out, and such answers are refused, so that nothing counts as answered that was
    not. Whoever sends calls ``forget`` before and ``taken`` after each HTTP request.

    ``status`` and ``headers`` are those of the last answer, None and empty where none came.
    """

    def __init__(self, exchange: Any) -> None:
        self._name: str = exchange.id
        self._exchange = exchange
        self._content: object = None
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self._body = ""
        self._read_payment = getattr(exchange, "parse_funding_rate_history", None)
        exchange.on_rest_response = self._note
        exchange.parse_ohlcvs = self._all_rows
        exchange.filter_by_symbol_since_limit = _all_entries
        exchange.parse_funding_rate_history = self._payment

    def forget(self) -> None:
        """Forget the last answer: another one is asked for."""
        self.status, self.headers, self._content, self._body = None, {}, None, ""

    def taken(self, content: object) -> object:
        """Keep what ccxt made of an answer's text; BadResponse for all but JSON objects and lists."""
        self._content = content
        if not isinstance(content, dict | list):
            raise ccxt.BadResponse(f"the answer is not JSON: {str(content)[:_SHOWN]!r}")
        return content

    def failure(self, error: BaseException, what: str) -> FeedError:
        """Return the error to raise for a failed request; a TransientError where it may pass."""
        if isinstance(error, MISREADINGS):
            return TransientError(f"{self._name} gives {what} in a form that cannot be read: {_one_line(error)}")
        if isinstance(error, ccxt.BadSymbol):
            return SymbolRefusedError(f"{self._name} refuses {what}: {_one_line(error)}")
        # Of a failure of the network the innermost cause says it in the system's words.
        text = _one_line(error) if self.status is not None else _innermost(error)
        message = f"{self._name} does not give {what}: {text}"
        if self.status is None and names_no_host(error):
            return NoSuchHostError(message)
        return refusal(message, self.status, self.headers, body=self._body, may_pass=_may_pass(error, self.status))

    def rows(self, rows: Any) -> list[CandleRow]:
        """Return candle rows as tuples, missing numbers as nan; refuses an empty page without a list in the answer."""
        self._require_list(rows, "candles")
        return [(row[0], *(float("nan") if value is None else float(value) for value in row[1:6])) for row in rows]

    def entries(self, entries: Any, symbol: str) -> list[dict[str, Any]]:
        """Return ccxt's entries of funding or open interest by time; refuses those of another symbol or no time."""
        self._require_list(entries, "rows")
        for entry in entries:
            time_ms = entry.get("timestamp")
            if not isinstance(time_ms, int) or time_ms <= 0 or entry.get("symbol") not in (symbol, None):
                raise ccxt.BadResponse(f"a row that is none of {symbol}: {str(entry.get('info'))[:_SHOWN]}")
        return sorted(entries, key=lambda entry: int(entry["timestamp"]))

    def markets(self, markets: object) -> Any:
        """Return the ccxt object that holds the market list which was just read; refuses an empty one."""
        if not markets:
            raise ccxt.BadResponse("the market list is empty")
        return self._exchange

    def time_ms(self, time_ms: object) -> int:
        """Return the time the exchange told, refusing anything but a positive integer."""
        if not isinstance(time_ms, int) or time_ms <= 0:
            raise ccxt.BadResponse(f"no time in {str(self._content)[:_SHOWN]}")
        return time_ms

    def date_ms(self) -> int | None:
        """Return the last answer's ``Date``, None where it has none."""
        return date_ms({name.lower(): value for name, value in self.headers.items()}.get("date"))

    def _note(
        self, code: int, reason: str, url: str, method: str, headers: Mapping[str, str], body: str, *sent: object
    ) -> str:
        self.status, self.headers, self._body = code, headers, body[:_SEARCHED]
        return body.strip()

    def _require_list(self, rows: object, what: str) -> None:
        if not isinstance(rows, list):
            raise ccxt.BadResponse(f"{what} are no list: {str(rows)[:_SHOWN]}")
        if not rows and isinstance(self._content, dict) and not _holds_a_list(self._content):
            raise ccxt.BadResponse(f"no {what} in {str(self._content)[:_SHOWN]}")

    def _all_rows(self, ohlcvs: object, market: object = None, *filters: object, **more: object) -> list[list[Any]]:
        """Stand in for ccxt's ``parse_ohlcvs``: all rows in order of time, and nothing unreadable left out silently."""
        if ohlcvs is None:
            return []
        if not isinstance(ohlcvs, list):
            raise ccxt.BadResponse(f"candles are no list: {str(ohlcvs)[:_SHOWN]}")
        parsed = [self._exchange.parse_ohlcv(row, market) for row in ohlcvs if isinstance(row, list | dict)]
        if len(parsed) < len(ohlcvs) or not all(isinstance(row[0], int) and row[0] > 0 for row in parsed):
            raise ccxt.BadResponse(f"rows that are no candles: {str(ohlcvs)[:_SHOWN]}")
        return sorted(parsed, key=lambda row: row[0])

    def _payment(self, contract: Any, market: Any = None) -> Any:
        """Stand in for ccxt's reading of one funding rate, whose callers leave rows without a time out silently."""
        row = self._read_payment(contract, market) if self._read_payment is not None else {}
        if not isinstance(row.get("timestamp"), int):
            raise ccxt.BadResponse(f"a row that is no funding rate: {str(contract)[:_SHOWN]}")
        return row


def _may_pass(error: BaseException, status: int | None) -> bool:
    """Whether a failure may pass for another reason than the status of a refusal.

    ccxt's OperationFailed may, and so may what it has no better word for than ExchangeError; the classes below that one
    are refusals. An error that is none of ccxt's is one of the network.
    """
    if isinstance(error, ccxt.DDoSProtection | ccxt.RateLimitExceeded):
        return True
    if status is not None and status >= 400:
        return False
    return (
        isinstance(error, ccxt.OperationFailed)
        or type(error) is ccxt.ExchangeError
        or not isinstance(error, ccxt.BaseError)
    )


def _moved(urls: Any, rest_url: str | None, stream_url: str | None) -> Any:
    if isinstance(urls, dict):
        return {key: _moved(value, rest_url, stream_url) for key, value in urls.items()}
    if isinstance(urls, list):
        return [_moved(value, rest_url, stream_url) for value in urls]
    if not isinstance(urls, str):
        return urls
    base = stream_url if urls.startswith("ws") else rest_url
    return urls if base is None else re.sub(r"^(https?|wss?)://[^/]+", base.rstrip("/"), urls)


def _all_entries(entries: object, *filters: object, **more: object) -> list[Any]:
    """Stand in for ccxt's filter, which leaves rows out silently; whoever asked looks at each of them."""
    if not isinstance(entries, list):
        raise ccxt.BadResponse(f"rows are no list: {str(entries)[:_SHOWN]}")
    return entries


def _holds_a_list(answer: object) -> bool:
    """Whether an answer has a list or an explicit null somewhere, as an honest "nothing there" does."""
    if isinstance(answer, dict):
        return any(_holds_a_list(value) for value in answer.values())
    return answer is None or isinstance(answer, list)


def _one_line(error: BaseException) -> str:
    return " ".join(f"{error}".split())[:_LONGEST_TEXT] or type(error).__name__


def _innermost(error: BaseException) -> str:
    """Return the text of an error's first cause, and its own."""
    inner = error
    while (cause := inner.__cause__ or inner.__context__) is not None:
        inner = cause
    return _one_line(error) if inner is error else f"{' '.join(str(inner).split())[:160]} ({_one_line(error)})"
