"""One ccxt client, watched: what its last answer was, and whether that answer is what it claims to be.

ccxt reads much as "no candle here" that is none: a page of HTML, an object where a list belongs, rows without a time.
The client keeps status and headers of its last answer and refuses such ones, so that nothing counts as answered that
was not.
"""

import email.utils
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import ccxt
import requests

from core.errors import ConfigurationError, FeedError
from market_data.adapters.failures import TransientError
from market_data.adapters.protocol import CandleRow

T = TypeVar("T")

_OPTIONS: Mapping[str, Mapping[str, object]] = {
    # Without these ccxt also asks the futures hosts, and private endpoints where keys are set.
    "binance": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False, "defaultType": "spot"},
    "binanceus": {"fetchCurrencies": False},
}
_PASSING_4XX = (408, 418, 425, 429)
# What ccxt's parsers raise on an answer of another shape than they expect.
_PARSER_ERRORS = (AttributeError, KeyError, IndexError, TypeError, ValueError, ArithmeticError)


class CcxtClient:
    """A ccxt exchange object for one thread at a time.

    ``exchange`` is the object itself, ``status`` and ``headers`` are those of its last HTTP answer (None and empty
    where none came).
    """

    def __init__(self, name: str, base_url: str | None) -> None:
        self.exchange: Any = getattr(ccxt, name)({"enableRateLimit": True, "options": dict(_OPTIONS.get(name, {}))})
        if base_url is not None:
            self.exchange.urls = _moved(self.exchange.urls, base_url.rstrip("/"))
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self._answer: object = None
        self._fetch = self.exchange.fetch
        self.exchange.fetch = self._strict_fetch
        self.exchange.on_rest_response = self._note_response
        self.exchange.parse_ohlcvs = self._all_rows
        self.exchange.filter_by_symbol_since_limit = _all_entries

    def attempt(self, what: str, request: Callable[["CcxtClient"], T]) -> T:
        """Make one request and sort its failure into TransientError (may pass) and others (will not)."""
        name = self.exchange.id
        try:
            return request(self)
        except ccxt.BadSymbol as error:
            raise ConfigurationError(f"{name} refuses {what}: {_one_line(error)}") from error
        except ccxt.BaseError as error:
            message = f"{name} does not give {what}: {_one_line(error)}"
            if self._may_pass(error):
                pause_s = _retry_after_s(self.headers)
                asked = "" if pause_s is None else f" (it asks for a pause of {pause_s:.0f} s)"
                raise TransientError(message + asked, pause_s) from error
            raise FeedError(message) from error
        except _PARSER_ERRORS as error:
            raise TransientError(f"{name} gave {what} in a form that cannot be read: {_one_line(error)}") from error

    def load_markets(self) -> Any:
        """Read the market list from the exchange and return the ccxt object that holds it."""
        if not self.exchange.load_markets(True):
            raise ccxt.BadResponse("the market list is empty")
        return self.exchange

    def checked_rows(self, rows: list[list[Any]]) -> list[CandleRow]:
        """Return candle rows as tuples, missing numbers as nan; refuses an empty page without a list in the answer."""
        self._require_list(rows, "candles")
        return [(row[0], *(float("nan") if value is None else float(value) for value in row[1:6])) for row in rows]

    def checked_entries(self, entries: list[dict[str, Any]], symbol: str) -> list[dict[str, Any]]:
        """Return ccxt's entries of funding or open interest by time; refuses those of another symbol or no time."""
        self._require_list(entries, "rows")
        for entry in entries:
            time_ms = entry.get("timestamp")
            if not isinstance(time_ms, int) or time_ms <= 0 or entry.get("symbol") not in (symbol, None):
                raise ccxt.BadResponse(f"a row that is none of {symbol}: {str(entry.get('info'))[:80]}")
        return sorted(entries, key=lambda entry: int(entry["timestamp"]))

    def _require_list(self, rows: list[Any], what: str) -> None:
        if not rows and isinstance(self._answer, dict) and not _holds_a_list(self._answer):
            raise ccxt.BadResponse(f"no {what} in {str(self._answer)[:80]}")

    def checked_time(self, time_ms: object) -> int:
        """Return the time the exchange told, refusing anything but a positive integer."""
        if not isinstance(time_ms, int) or time_ms <= 0:
            raise ccxt.BadResponse(f"no time in {str(self._answer)[:80]}")
        return time_ms

    def close(self) -> None:
        """Close the connections."""
        self.exchange.session.close()

    def _strict_fetch(self, url: str, method: str = "GET", headers: object = None, body: object = None) -> object:
        self.status, self.headers, self._answer = None, {}, None
        self._answer = self._fetch(url, method, headers, body)
        if not isinstance(self._answer, dict | list):
            raise ccxt.BadResponse(f"the answer is not JSON: {str(self._answer)[:80]!r}")
        return self._answer

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
        self.status, self.headers = code, headers
        return body.strip()

    def _all_rows(
        self,
        ohlcvs: object,
        market: object = None,
        timeframe: str = "1m",
        since: int | None = None,
        limit: int | None = None,
        tail: bool = False,
    ) -> list[list[Any]]:
        """Stand in for ccxt's ``parse_ohlcvs``: all rows in order of time, and nothing unreadable left out silently."""
        if ohlcvs is None:
            return []
        if not isinstance(ohlcvs, list):
            raise ccxt.BadResponse(f"candles are no list: {str(ohlcvs)[:80]}")
        parsed = [self.exchange.parse_ohlcv(row, market) for row in ohlcvs if isinstance(row, list | dict)]
        if len(parsed) < len(ohlcvs) or not all(isinstance(row[0], int) and row[0] > 0 for row in parsed):
            raise ccxt.BadResponse(f"rows that are no candles: {str(ohlcvs)[:80]}")
        return sorted(parsed, key=lambda row: row[0])

    def _may_pass(self, error: ccxt.BaseError) -> bool:
        if isinstance(error, ccxt.DDoSProtection | ccxt.RateLimitExceeded) or self.status in _PASSING_4XX:
            return True
        if self.status is not None and self.status >= 400:
            return self.status >= 500
        broken_off = isinstance(error.__cause__, requests.RequestException)
        return broken_off or isinstance(error, ccxt.OperationFailed)


def _moved(urls: Any, base_url: str) -> Any:
    if isinstance(urls, dict):
        return {key: _moved(value, base_url) for key, value in urls.items()}
    if isinstance(urls, list):
        return [_moved(value, base_url) for value in urls]
    return re.sub(r"^(https?|wss?)://[^/]+", base_url, urls) if isinstance(urls, str) else urls


def _all_entries(entries: object, *filters: object) -> list[Any]:
    """Stand in for ccxt's filter, which leaves rows out silently; the adapter looks at each of them."""
    if not isinstance(entries, list):
        raise ccxt.BadResponse(f"rows are no list: {str(entries)[:80]}")
    return entries


def _holds_a_list(answer: object) -> bool:
    """Whether an answer has a list or an explicit null somewhere, as an honest "no candles" does."""
    if isinstance(answer, dict):
        return any(_holds_a_list(value) for value in answer.values())
    return answer is None or isinstance(answer, list)


def date_ms(date: str | None) -> int | None:
    """Return UTC milliseconds of an HTTP date, None where there is none that can be read."""
    try:
        return int(email.utils.parsedate_to_datetime(date).timestamp() * 1000) if date else None
    except ValueError:
        return None


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After", "")
    if text.strip().isdigit():
        return float(text)
    until_ms, now_ms = date_ms(text), date_ms(headers.get("Date"))
    return max(0.0, (until_ms - now_ms) / 1000.0) if until_ms is not None and now_ms is not None else None


def _one_line(error: BaseException) -> str:
    """Return an error's text; of a failure of the network the innermost cause, which says it in the system's words."""
    text = " ".join(f"{error}".split())[:200] or type(error).__name__
    inner: BaseException = error
    while (cause := inner.__cause__ or inner.__context__) is not None:
        inner = cause
    if isinstance(error.__cause__, requests.RequestException) and not isinstance(inner, requests.HTTPError):
        return f"{' '.join(str(inner).split())[:160]} ({text})"
    return text
