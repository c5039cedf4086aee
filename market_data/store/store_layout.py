"""How exchanges, symbols, series and months are named as folders and files of the candle store.

::

    root/<exchange>/<BASE-QUOTE>/<series>/<YYYY-MM>.parquet
                                          coverage.json
    root/<exchange>/instruments/<as_of_ms>.json

``series_names`` says how series are named.
"""

import datetime as dt
import re
from pathlib import Path
from urllib.parse import unquote

from core.errors import ConfigurationError
from market_data.series_names import Series, is_name, kind_and_period

COVERAGE_FILE = "coverage.json"
INSTRUMENTS_FOLDER = "instruments"
LAST_TIME_MS = 253_402_300_800_000
"""Year 10000: times at or after it have no month file."""

_EXCHANGE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_@+-]|\.(?!\.)){0,63}")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_SYMBOL_PARTS = re.compile(r"(?P<base>[^/:]+)/(?P<quote>[^/:]+)(?::(?P<settle>[^/:]+))?")
_FOLDER_PARTS = re.compile(r"(?P<base>[^-_]+)-(?P<quote>[^-_]+)(?:_(?P<settle>[^-_]+))?")
_LONGEST_SYMBOL = 64
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


def series_folder(root: Path, series: Series) -> Path:
    """Return a series' folder; raises ConfigurationError for a name that cannot be stored."""
    kind_and_period(series.timeframe)
    return root / exchange_folder(series.exchange) / symbol_folder(series.symbol) / series.timeframe


def is_exchange(text: str) -> bool:
    """Tell whether a folder's name is an exchange that the store keeps."""
    return is_name(exchange_folder, text)


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
        If the text is not ``BASE/QUOTE`` or ``BASE/QUOTE:SETTLE``, or not all of it can be printed.

    Examples
    --------
    >>> symbol_folder("BTC/USDT"), symbol_folder("BTC/USDT:USDT-241227")
    ('BTC-USDT', 'BTC-USDT_USDT%2D241227')
    """
    match = _SYMBOL_PARTS.fullmatch(symbol)
    if match is None or len(symbol) > _LONGEST_SYMBOL:
        raise ConfigurationError(f"symbol {symbol!r} is not in the form BASE/QUOTE or BASE/QUOTE:SETTLE")
    # What turns the direction of writing, or has no shape, would show one symbol as another.
    if not symbol.isprintable():
        raise ConfigurationError(f"symbol {symbol!r} is no printable text")
    base, quote, settle = (_escaped(part) if part else "" for part in match.groups())
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
