"""Loopback servers that speak a real exchange's interfaces, with scripted faults, for rehearsals and tests."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from practice.binance_rest import BinanceRestServer
    from practice.candle_sources import AdapterSource, CandleSource, ColumnsSource, StoreSource
    from practice.exchange import PracticeExchange
    from practice.exchange_options import ExchangeOptions
    from practice.faults import FaultScript
    from practice.rest_faults import Fault, FaultKind, FaultPlan
    from practice.wide_market import practice_source

__all__ = [
    "AdapterSource",
    "BinanceRestServer",
    "CandleSource",
    "ColumnsSource",
    "ExchangeOptions",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "FaultScript",
    "PracticeExchange",
    "StoreSource",
    "practice_source",
]

_HOMES = {
    "AdapterSource": "practice.candle_sources",
    "BinanceRestServer": "practice.binance_rest",
    "CandleSource": "practice.candle_sources",
    "ColumnsSource": "practice.candle_sources",
    "ExchangeOptions": "practice.exchange_options",
    "Fault": "practice.rest_faults",
    "FaultKind": "practice.rest_faults",
    "FaultPlan": "practice.rest_faults",
    "FaultScript": "practice.faults",
    "PracticeExchange": "practice.exchange",
    "StoreSource": "practice.candle_sources",
    "practice_source": "practice.wide_market",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
