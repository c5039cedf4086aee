"""What ccxt knows of the funding, mark price and open interest of contracts, and where it is silent."""

import math
from collections.abc import Mapping
from typing import Any

from market_data.exchange_adapter import FundingRow, OpenInterestRow, PerpetualKind

_METHODS: tuple[tuple[PerpetualKind, str], ...] = (
    ("mark", "fetchMarkOHLCV"),
    ("funding", "fetchFundingRateHistory"),
    ("open-interest", "fetchOpenInterestHistory"),
)


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
