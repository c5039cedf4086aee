"""Candles, mark prices, funding rates: where they are stored and come from, and what is checked on the way in."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.instrument import Instrument
    from market_data.candle_columns import CandleColumns
    from market_data.candle_store import CandleStore, StoreEntry, WriteResult
    from market_data.historical_data_provider import HistoricalDataProvider
    from market_data.instrument_store import InstrumentStore
    from market_data.perpetual_data import PerpetualData
    from market_data.quality import QualityReport, check_candles

__all__ = [
    "CandleColumns",
    "CandleStore",
    "HistoricalDataProvider",
    "Instrument",
    "InstrumentStore",
    "PerpetualData",
    "QualityReport",
    "StoreEntry",
    "WriteResult",
    "check_candles",
]

_HOMES = {
    "CandleColumns": "market_data.candle_columns",
    "CandleStore": "market_data.candle_store",
    "HistoricalDataProvider": "market_data.historical_data_provider",
    "Instrument": "core.instrument",
    "InstrumentStore": "market_data.instrument_store",
    "PerpetualData": "market_data.perpetual_data",
    "QualityReport": "market_data.quality",
    "StoreEntry": "market_data.candle_store",
    "WriteResult": "market_data.candle_store",
    "check_candles": "market_data.quality",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
