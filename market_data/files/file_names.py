"""Which series a file belongs to by its path, such as ``…/BTC-USDT/1m.csv.gz``."""

import re
from pathlib import Path

from core.errors import ConfigurationError
from market_data.files.file_table import FileError
from market_data.series_names import FUNDING, Series, kind_and_period
from market_data.store.store_layout import symbol_folder, symbol_of

_CANDLE_SUFFIX = re.compile(r"\.(csv|csv\.gz|parquet)$", re.IGNORECASE)
_NOT_KEPT = re.compile(r"(premium|index)([-_.].*)?", re.IGNORECASE)
_SPELLINGS = (
    (re.compile(r"mark[-_](?:price[-_])?(?P<period>[0-9]+[smhdw])", re.IGNORECASE), "mark-{period}"),
    (re.compile(r"funding(?:[-_]rates?)?", re.IGNORECASE), FUNDING),
    (re.compile(r"open[-_]?interest[-_](?P<period>[0-9]+[smhdw])", re.IGNORECASE), "open-interest-{period}"),
)


def series_of(path: Path, exchange: str, symbol: str | None = None, timeframe: str | None = None) -> Series:
    """Return the series a file belongs to: what is not given is read from ``…/<BASE-QUOTE>/<timeframe>.csv.gz``.

    Files of mark candles, funding rates and open interest say so by their names, ``mark-8h``, ``funding`` and
    ``open-interest-1h``, whatever timeframe is given.

    Raises
    ------
    ConfigurationError
        If the file holds another price by its name, or symbol or series cannot be told.
    """
    stem = _CANDLE_SUFFIX.sub("", path.name)
    if _NOT_KEPT.fullmatch(stem):
        raise FileError(path, "index and premium prices are not kept; import the other files only")
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
    if symbol is None:
        folder = path.absolute().parent.name
        symbol = symbol_of(folder)
        if symbol is None:
            raise FileError(
                path, f"the symbol cannot be told from the folder {folder!r}; name it like BTC-USDT or give --symbol"
            )
    symbol_folder(symbol)
    return Series(exchange, symbol, timeframe)


def _series_name(stem: str) -> str | None:
    """Return the series that a file's name says; None if it says none."""
    for spelling, name in _SPELLINGS:
        match = spelling.fullmatch(stem)
        if match is not None:
            stem = name.format(**match.groupdict())
    try:
        kind_and_period(stem)
    except ConfigurationError:
        return None
    return stem
