"""Which series a file belongs to by its path, such as ``…/BTC-USDT/1m.csv.gz``."""

import re
from pathlib import Path

from core.errors import ConfigurationError
from market_data.files.file_table import FileError
from market_data.series_names import FUNDING, Series, kind_and_period
from market_data.store.store_layout import symbol_folder, symbol_of

SUFFIXES = (".csv", ".csv.gz", ".zip", ".json", ".json.gz", ".parquet", ".feather")
"""How the name of a file may end that is imported."""

_NOT_KEPT = re.compile(r"(premium|index)([-_.].*)?", re.IGNORECASE)
_SPELLINGS = (
    (re.compile(r"(?:.*[-_])?mark[-_](?:price[-_])?(?P<period>[0-9]+[smhdw])", re.IGNORECASE), "mark-{period}"),
    (re.compile(r"(?:.*[-_])?funding[-_]?(?:rates?)?(?:[-_][0-9-]+)?", re.IGNORECASE), FUNDING),
    (
        re.compile(r"(?:.*[-_])?open[-_]?interest[-_](?P<period>[0-9]+[smhdw])", re.IGNORECASE),
        "open-interest-{period}",
    ),
    (re.compile(r".*[-_]metrics(?:[-_][0-9-]+)?"), "open-interest-5m"),
)
_FREQTRADE = re.compile(
    r"(?P<base>[A-Za-z0-9]+)_(?P<quote>[A-Za-z0-9]+)(?:_(?P<settle>[A-Za-z0-9]+))?-(?P<period>[0-9]+[smhdw])"
    r"(?:-(?P<kind>futures|mark|funding_rate))?"
)
"""``BTC_USDT-1m``, ``BTC_USDT_USDT-8h-mark``: as freqtrade names its files."""

_KRAKEN = re.compile(r"(?:.*[-_])?[A-Z0-9]{5,}_(?P<minutes>1|5|15|30|60|240|720|1440)")
"""``XBTUSD_60``: as Kraken names the files of its archive, with the minutes of a candle."""

_PERIOD = re.compile(r"(?:^|[-_.])([1-9][0-9]*[smhdw])(?=$|[-_.])")
_KRAKEN_TIMEFRAMES = {"60": "1h", "240": "4h", "720": "12h", "1440": "1d"}


def series_of(path: Path, exchange: str, symbol: str | None = None, timeframe: str | None = None) -> Series:
    """Return the series a file belongs to: what is not given is read from ``…/<BASE-QUOTE>/<timeframe>.csv.gz``.

    The names that freqtrade and Kraken's archive give their files are understood too, and a timeframe that stands once
    between hyphens or underscores. Files of mark candles, funding rates and open interest say so by their names,
    ``mark-8h``, ``funding`` and ``open-interest-1h``, whatever timeframe is given.

    Raises
    ------
    ConfigurationError
        If the file holds another price by its name, or symbol or series cannot be told.
    """
    stem = _stem(path)
    if _NOT_KEPT.fullmatch(stem):
        raise FileError(path, "index and premium prices are not kept; import the other files only")
    freqtrade = _FREQTRADE.fullmatch(stem)
    named = _series_name(stem)
    if named is not None and (timeframe is None or kind_and_period(named)[0] != "candles"):
        timeframe = named
    if timeframe is None:
        raise FileError(
            path,
            f"the timeframe cannot be told from the name {path.name!r}; name it like 1m.csv.gz, "
            "mark-8h.csv.gz, funding.csv.gz or open-interest-1h.csv, or give --timeframe",
        )
    kind_and_period(timeframe)
    if symbol is None and freqtrade is not None:
        settle = f":{freqtrade['settle']}" if freqtrade["settle"] else ""
        symbol = f"{freqtrade['base']}/{freqtrade['quote']}{settle}"
    if symbol is None:
        folder = path.absolute().parent.name
        symbol = symbol_of(folder)
        if symbol is None:
            raise FileError(
                path, f"the symbol cannot be told from the folder {folder!r}; name it like BTC-USDT or give --symbol"
            )
    symbol_folder(symbol)
    return Series(exchange, symbol, timeframe)


def _stem(path: Path) -> str:
    """Return the name of a file without the suffix that says its format."""
    name = path.name.lower()
    found = [suffix for suffix in SUFFIXES if name.endswith(suffix)]
    stem = path.name[: -len(max(found, key=len))] if found else path.name
    return stem.removesuffix(".csv")


def _series_name(stem: str) -> str | None:
    """Return the series that a file's name says; None if it says none, or more than one."""
    for spelling, name in _SPELLINGS:
        match = spelling.fullmatch(stem)
        if match is not None:
            stem = name.format(**match.groupdict())
    freqtrade, kraken = _FREQTRADE.fullmatch(stem), _KRAKEN.fullmatch(stem)
    if freqtrade is not None:
        kinds = {"mark": f"mark-{freqtrade['period']}", "funding_rate": FUNDING}
        stem = kinds.get(freqtrade["kind"], freqtrade["period"])
    elif kraken is not None:
        stem = _KRAKEN_TIMEFRAMES.get(kraken["minutes"], f"{kraken['minutes']}m")
    try:
        kind_and_period(stem)
    except ConfigurationError:
        periods = set(_PERIOD.findall(stem))
        return _series_name(periods.pop()) if len(periods) == 1 and {stem} != periods else None
    return stem
