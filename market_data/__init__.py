"""Candles, mark prices, funding rates: where they are stored and come from, and what is checked on the way in."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from core.candle_columns import CandleColumns
    from core.instrument import Instrument
    from market_data.frames.historical_data_store import HistoricalDataStore
    from market_data.history.historical_data_provider import HistoricalDataProvider
    from market_data.instruments.instrument_store import InstrumentStore
    from market_data.perpetual.perpetual_data import PerpetualData
    from market_data.quality.candle_quality import QualityReport, check_candles
    from market_data.store.candle_store import CandleStore, StoreEntry
    from market_data.store.rows_change import WriteResult

__all__ = [
    "CandleColumns",
    "CandleStore",
    "HistoricalDataProvider",
    "HistoricalDataStore",
    "Instrument",
    "InstrumentStore",
    "PerpetualData",
    "QualityReport",
    "StoreEntry",
    "WriteResult",
    "check_candles",
]

_HOMES = {
    "core.candle_columns": "CandleColumns",
    "core.instrument": "Instrument",
    "market_data.frames.historical_data_store": "HistoricalDataStore",
    "market_data.history.historical_data_provider": "HistoricalDataProvider",
    "market_data.instruments.instrument_store": "InstrumentStore",
    "market_data.perpetual.perpetual_data": "PerpetualData",
    "market_data.quality.candle_quality": "QualityReport check_candles",
    "market_data.store.candle_store": "CandleStore StoreEntry",
    "market_data.store.rows_change": "WriteResult",
}

__getattr__ = lazy_names(__name__, _HOMES)
