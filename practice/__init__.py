"""Loopback servers that speak a real exchange's interfaces, with scripted faults, for rehearsals and tests."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

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
    "practice.binance_rest": "BinanceRestServer",
    "practice.candle_sources": "AdapterSource CandleSource ColumnsSource StoreSource",
    "practice.exchange": "PracticeExchange",
    "practice.exchange_options": "ExchangeOptions",
    "practice.faults": "FaultScript",
    "practice.rest_faults": "Fault FaultKind FaultPlan",
    "practice.wide_market": "practice_source",
}

__getattr__ = lazy_names(__name__, _HOMES)
