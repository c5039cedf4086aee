"""The forms in which other programs write candles: how each is recognised, and what stands where without a header."""

from collections.abc import Collection
from typing import NamedTuple

OHLC = ("open", "high", "low", "close")


class FileFormat(NamedTuple):
    """One form of files of candles.

    ``flag`` is its name on the command line, ``title`` what it is called in a report. ``columns`` says what stands
    where in a file without a header, empty for a form that always has one; ``signature`` are names of its header that
    no other form has, as ``file_table.plain_name`` writes them. ``times`` is the unit of its times where it is always
    the same.
    """

    flag: str
    title: str
    columns: tuple[str, ...] = ()
    signature: frozenset[str] = frozenset()
    times: str = ""


_BINANCE_REST = ("close_time", "quote_volume", "count", "taker_buy_volume", "taker_buy_quote_volume", "ignore")

PLAIN = FileFormat("columns", "columns by name", ("timestamp", *OHLC, "volume"))
"""Whatever has its columns under their common names, or in the common order."""

FREQTRADE = FileFormat("freqtrade", "freqtrade", ("timestamp", *OHLC, "volume"), times="milliseconds")
SEMICOLON = FileFormat("semicolon", "columns by name", ("timestamp", *OHLC, "volume"))
"""Semicolons between the cells and commas in the numbers, whatever else the numbers might be taken for."""

CRYPTODATADOWNLOAD = FileFormat("cryptodatadownload", "CryptoDataDownload")
METATRADER = FileFormat("metatrader", "MetaTrader", ("date", "time", *OHLC, "volume"), frozenset({"date", "tickvol"}))
OKX = FileFormat(
    "okx",
    "OKX",
    ("timestamp", *OHLC, "vol", "volccy", "volccyquote", "confirm"),
    frozenset({"volccy", "confirm"}),
)
TRADINGVIEW = FileFormat("tradingview", "TradingView")
_JESSE = ("timestamp", "open", "close", "high", "low", "volume")

FORMATS = (
    FileFormat(
        "binance-archive",
        "Binance archive",
        ("timestamp", *OHLC, "volume", *_BINANCE_REST),
        frozenset({"open_time", "close_time"}),
    ),
    FileFormat("bybit", "Bybit", ("timestamp", *OHLC, "volume", "turnover"), frozenset({"starttime", "openprice"})),
    CRYPTODATADOWNLOAD,
    FREQTRADE,
    FileFormat("jesse", "jesse order", _JESSE),
    FileFormat("kraken-ohlcvt", "Kraken OHLCVT", ("timestamp", *OHLC, "volume", "trades"), times="seconds"),
    FileFormat("kucoin", "KuCoin", (*_JESSE, "turnover")),
    METATRADER,
    OKX,
    PLAIN,
    SEMICOLON,
    TRADINGVIEW,
)

FLAGS = tuple(one.flag for one in FORMATS)


def format_of(flag: str) -> FileFormat:
    """Return the form that a flag names."""
    return next(one for one in FORMATS if one.flag == flag)


def format_of_header(names: Collection[str]) -> FileFormat:
    """Return the form whose header this is, by plain names in order; ``PLAIN`` for one that is nobody's."""
    there = set(names)
    for one in FORMATS:
        if one.signature and one.signature <= there:
            return one
    if {"unix", "date", "symbol"} <= there:
        return CRYPTODATADOWNLOAD
    order = [name for name in names if name in OHLC]
    if order == ["open", "close", "high", "low"]:
        return format_of("jesse")
    if tuple(names)[:5] == ("time", *OHLC) and (len(there) == 5 or "volume" not in list(names)[5:6]):
        return TRADINGVIEW
    return PLAIN


class HowToRead(NamedTuple):
    """What is known of a file before it is read.

    ``symbol`` is the unified symbol whose rows it holds, empty where nobody knows; ``flag`` the form that it is said
    to have, empty where it is to be recognised; ``no_volume`` whether candles without volumes may be taken as ones of
    volume 0; ``most_rows`` how many rows a file of its kind can have.
    """

    symbol: str = ""
    flag: str = ""
    no_volume: bool = False
    most_rows: int = 50_000_000

    @property
    def base(self) -> str:
        """The base currency in small letters."""
        return self.symbol.partition("/")[0].lower()
