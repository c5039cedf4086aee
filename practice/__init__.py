"""Loopback servers that speak a real exchange's interfaces, with scripted faults, for rehearsals and tests."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from practice.exchange import PracticeExchange
    from practice.exchange_options import ExchangeOptions
    from practice.faults.fault_script import FaultScript
    from practice.faults.rest_faults import Fault, FaultKind, FaultPlan
    from practice.market.candle_sources import AdapterSource, CandleSource, ColumnsSource, StoreSource
    from practice.market.wide_market import practice_source
    from practice.rest.binance_rest import BinanceRestServer

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
    "practice.rest.binance_rest": "BinanceRestServer",
    "practice.market.candle_sources": "AdapterSource CandleSource ColumnsSource StoreSource",
    "practice.exchange": "PracticeExchange",
    "practice.exchange_options": "ExchangeOptions",
    "practice.faults.fault_script": "FaultScript",
    "practice.faults.rest_faults": "Fault FaultKind FaultPlan",
    "practice.market.wide_market": "practice_source",
}

__getattr__ = lazy_names(__name__, _HOMES)
