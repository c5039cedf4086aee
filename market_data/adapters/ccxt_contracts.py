"""What ccxt knows of the funding, mark price and open interest of contracts, and where it is silent."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from market_data.adapters.protocol import FundingRow, OpenInterestRow, PerpetualKind

HOUR_MS = 3_600_000

_METHODS: tuple[tuple[PerpetualKind, str], ...] = (
    ("mark", "fetchMarkOHLCV"),
    ("funding", "fetchFundingRateHistory"),
    ("open-interest", "fetchOpenInterestHistory"),
)


class ContractPages(NamedTuple):
    """Most rows of one answer, by what is asked, and the periods of open interest; empty where they are not known."""

    marks: int = 100
    funding: int = 100
    open_interest: int = 100
    periods: tuple[str, ...] = ()


_BINANCE = ContractPages(1000, 1000, 500, ("5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d"))
# Binance: its pages on funding rate history (1000) and open interest statistics (500, these periods). The rest, and the
# candles, are the bounds that ccxt's own methods for these exchanges state; its description of features has none of it.
_PAGES = {
    "binance": _BINANCE,
    "binanceusdm": _BINANCE,
    "binancecoinm": _BINANCE,
    "bybit": ContractPages(1000, 200, 200, ("5m", "15m", "30m", "1h", "4h", "1d")),
    "okx": ContractPages(100, 100, 100),
}


def contract_pages(name: str) -> ContractPages:
    """Return the pages of an exchange; cautious ones where they are not known."""
    return _PAGES.get(name, ContractPages())


def perpetual_kinds(exchange: Any) -> frozenset[PerpetualKind]:
    """Return what a ccxt exchange serves of contracts beside their candles."""
    return frozenset(kind for kind, method in _METHODS if exchange.has.get(method) is True)


def funding_row(entry: Mapping[str, Any]) -> FundingRow:
    """Return an entry of ccxt's funding history; its mark price where the exchange's own answer holds one."""
    info = entry.get("info")
    mark = _number(info.get("markPrice")) if isinstance(info, Mapping) else math.nan
    return int(entry["timestamp"]), _number(entry.get("fundingRate")), mark if mark > 0 else None


def open_interest_row(entry: Mapping[str, Any]) -> OpenInterestRow:
    """Return an entry of ccxt's open interest history."""
    return int(entry["timestamp"]), _number(entry.get("openInterestAmount")), _number(entry.get("openInterestValue"))


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, str | int | float) else math.nan
    except ValueError:
        return math.nan
