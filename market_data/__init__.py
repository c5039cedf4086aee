"""Candles, mark prices, funding rates: where they are stored and come from, and what is checked on the way in."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.instrument import Instrument
    from market_data.candle_columns import CandleColumns
    from market_data.history.historical_data_provider import HistoricalDataProvider
    from market_data.instruments.instrument_store import InstrumentStore
    from market_data.perpetual.perpetual_data import PerpetualData
    from market_data.quality.candle_quality import QualityReport, check_candles
    from market_data.store.candle_store import CandleStore, StoreEntry, WriteResult

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
    "CandleStore": "market_data.store.candle_store",
    "HistoricalDataProvider": "market_data.history.historical_data_provider",
    "Instrument": "core.instrument",
    "InstrumentStore": "market_data.instruments.instrument_store",
    "PerpetualData": "market_data.perpetual.perpetual_data",
    "QualityReport": "market_data.quality.candle_quality",
    "StoreEntry": "market_data.store.candle_store",
    "WriteResult": "market_data.store.candle_store",
    "check_candles": "market_data.quality.candle_quality",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
