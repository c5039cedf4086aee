"""How exchanges, symbols, series and months are named as folders and files of the candle store.

::

    root/<exchange>/<BASE-QUOTE>/<series>/<YYYY-MM>.parquet
                                          coverage.json
    root/<exchange>/instruments/<as_of_ms>.json

A series is named by its timeframe (``1m``: candles), or ``mark-<timeframe>`` (candles of the mark price), ``funding``
(funding rates) or ``open-interest-<period>``.
"""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import unquote

from core.errors import ConfigurationError
from core.timeframe import MINUTE_MS, timeframe_ms

COVERAGE_FILE = "coverage.json"
INSTRUMENTS_FOLDER = "instruments"
LAST_TIME_MS = 253_402_300_800_000
"""Year 10000: times at or after it have no month file."""

SeriesKind = Literal["candles", "mark", "funding", "open-interest"]
FUNDING = "funding"
_PREFIXES: tuple[tuple[SeriesKind, str], ...] = (("mark", "mark-"), ("open-interest", "open-interest-"))
_KIND_ORDER: tuple[SeriesKind, ...] = ("candles", "mark", "funding", "open-interest")

_EXCHANGE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_@+-]|\.(?!\.)){0,63}")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_SYMBOL_PARTS = re.compile(r"(?P<base>[^/:]+)/(?P<quote>[^/:]+)(?::(?P<settle>[^/:]+))?")
_FOLDER_PARTS = re.compile(r"(?P<base>[^-_]+)-(?P<quote>[^-_]+)(?:_(?P<settle>[^-_]+))?")
_LONGEST_SYMBOL = 64
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


class Series(NamedTuple):
    """What one folder of month files holds: one symbol of one exchange, and what is kept of it.

    ``timeframe`` names the series: a timeframe for candles, else one of the other names above.
    """

    exchange: str
    symbol: str
    timeframe: str

    def __str__(self) -> str:
        return f"{self.exchange} {self.symbol} {self.timeframe}"

    @property
    def kind(self) -> SeriesKind:
        """What the rows are."""
        return kind_and_period(self.timeframe)[0]

    @property
    def length_ms(self) -> int:
        """Length of one candle or period; the minute for funding, which has one payment in it at most."""
        kind, period = kind_and_period(self.timeframe)
        return MINUTE_MS if kind == "funding" else timeframe_ms(period)

    def folder(self, root: Path) -> Path:
        """Return the series' folder; raises ConfigurationError for a name that cannot be stored."""
        kind_and_period(self.timeframe)
        return root / exchange_folder(self.exchange) / symbol_folder(self.symbol) / self.timeframe


def mark_series(timeframe: str) -> str:
    """Return the name of the series of mark candles of a timeframe."""
    return f"mark-{timeframe}"


def open_interest_series(period: str) -> str:
    """Return the name of the series of open interest of a period."""
    return f"open-interest-{period}"


def kind_and_period(name: str) -> tuple[SeriesKind, str]:
    """Return what a series' name says: its kind, and its timeframe or period (empty for funding).

    Raises
    ------
    ConfigurationError
        If it names no series of the store.

    Examples
    --------
    >>> kind_and_period("mark-8h"), kind_and_period("funding"), kind_and_period("1m")
    (('mark', '8h'), ('funding', ''), ('candles', '1m'))
    """
    if name == FUNDING:
        return "funding", ""
    for kind, prefix in _PREFIXES:
        if isinstance(name, str) and name.startswith(prefix):
            timeframe_ms(name.removeprefix(prefix))
            return kind, name.removeprefix(prefix)
    timeframe_ms(name)
    return "candles", name


def series_order(name: str) -> tuple[int, int]:
    """Return a key that sorts the names of one symbol's series: candles first, the shortest first."""
    kind, period = kind_and_period(name)
    return _KIND_ORDER.index(kind), timeframe_ms(period) if period else 0


def exchange_folder(exchange: str) -> str:
    """Return the exchange's folder name, which is the name itself.

    Raises
    ------
    ConfigurationError
        If the text is no safe folder name: letters, digits and ``. _ @ + -``, beginning with a letter or a digit.
    """
    if not _EXCHANGE.fullmatch(exchange) or exchange.endswith("."):
        raise ConfigurationError(
            f"exchange {exchange!r} cannot be stored; allowed: up to 64 letters, digits and . _ @ + -, "
            "beginning with a letter or a digit"
        )
    return exchange


def symbol_folder(symbol: str) -> str:
    """Return the folder name of a unified symbol; ``symbol_of`` is its inverse.

    ``/`` becomes ``-`` and ``:`` becomes ``_``; every other character that is no ASCII letter or digit is written as
    ``%XX``, so that two symbols never share a folder and no symbol leaves the store.

    Raises
    ------
    ConfigurationError
        If the text is not ``BASE/QUOTE`` or ``BASE/QUOTE:SETTLE``.

    Examples
    --------
    >>> symbol_folder("BTC/USDT"), symbol_folder("BTC/USDT:USDT-241227")
    ('BTC-USDT', 'BTC-USDT_USDT%2D241227')
    """
    match = _SYMBOL_PARTS.fullmatch(symbol)
    if match is None or len(symbol) > _LONGEST_SYMBOL:
        raise ConfigurationError(f"symbol {symbol!r} is not in the form BASE/QUOTE or BASE/QUOTE:SETTLE")
    try:
        base, quote, settle = (_escaped(part) if part else "" for part in match.groups())
    except UnicodeEncodeError:
        raise ConfigurationError(f"symbol {symbol!r} is no text") from None
    return f"{base}-{quote}_{settle}" if settle else f"{base}-{quote}"


def symbol_of(folder: str) -> str | None:
    """Return the unified symbol whose folder this is; None if it is no symbol's folder."""
    match = _FOLDER_PARTS.fullmatch(folder)
    if match is None:
        return None
    settle = f":{unquote(match['settle'])}" if match["settle"] else ""
    symbol = f"{unquote(match['base'])}/{unquote(match['quote'])}{settle}"
    try:
        return symbol if symbol_folder(symbol) == folder else None
    except ConfigurationError:
        return None


def _escaped(part: str) -> str:
    return "".join(
        character
        if character.isascii() and character.isalnum()
        else "".join(f"%{byte:02X}" for byte in character.encode())
        for character in part
    )


def is_exchange(text: str) -> bool:
    """Tell whether a folder's name is an exchange that the store keeps."""
    return _is_name(exchange_folder, text)


def is_timeframe(text: str) -> bool:
    """Tell whether a folder's name is a timeframe that the store keeps."""
    return _is_name(timeframe_ms, text)


def is_series(text: str) -> bool:
    """Tell whether a folder's name is a series that the store keeps."""
    return _is_name(kind_and_period, text)


def _is_name(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ConfigurationError:
        return False
    return True


def is_month(text: str) -> bool:
    """Tell whether a file's stem is a month ``YYYY-MM``."""
    return _MONTH.fullmatch(text) is not None


def month_of(time_ms: int) -> str:
    """Return the month ``YYYY-MM`` (UTC) that holds an instant; one out of range goes to the nearest month there is."""
    moment = _EPOCH + dt.timedelta(milliseconds=min(max(time_ms, 0), LAST_TIME_MS - 1))
    return f"{moment.year:04d}-{moment.month:02d}"


def month_bounds(month: str) -> tuple[int, int]:
    """Return the first instant of a month ``YYYY-MM`` and of the month after it, in UTC milliseconds."""
    year, number = int(month[:4]), int(month[5:])
    first = (dt.datetime(year, number, 1, tzinfo=dt.UTC) - _EPOCH) // _MILLISECOND
    if (year, number) == (9999, 12):
        return first, LAST_TIME_MS
    after = dt.datetime(year + number // 12, number % 12 + 1, 1, tzinfo=dt.UTC)
    return first, (after - _EPOCH) // _MILLISECOND
