"""Candles, mark prices, funding rates: where they are stored and come from, and what is checked on the way in."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

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
    "core.instrument": "Instrument",
    "market_data.candle_columns": "CandleColumns",
    "market_data.history.historical_data_provider": "HistoricalDataProvider",
    "market_data.instruments.instrument_store": "InstrumentStore",
    "market_data.perpetual.perpetual_data": "PerpetualData",
    "market_data.quality.candle_quality": "QualityReport check_candles",
    "market_data.store.candle_store": "CandleStore StoreEntry WriteResult",
}

__getattr__ = lazy_names(__name__, _HOMES)
