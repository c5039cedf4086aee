"""Candles for tests of indicators, strategies and whole runs: of the practice market, and recorded ones."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.candle import Candle
from core.candle_columns import CandleColumns
from core.timeframe import timeframe_ms
from market_data.files.series_files import read_series_file
from market_data.practice.practice_market import PracticeMarket
from tests.support.candles import candles_of
from tests.support.shared import CANDLES
from tests.support.times import JANUARY_MS

if TYPE_CHECKING:
    import pandas as pd


@functools.cache
def practice_columns(symbol: str, timeframe: str, count: int, start_ms: int = JANUARY_MS) -> CandleColumns:
    """Return ``count`` candles of the practice market."""
    return PracticeMarket().candles(symbol, timeframe, start_ms, start_ms + count * timeframe_ms(timeframe))


@functools.cache
def recorded_columns(path: str, count: int, skip: int = 0) -> CandleColumns:
    """Return rows ``skip`` to ``skip + count`` of a recorded file, ``path`` below the recorded candles."""
    return read_series_file(CANDLES / path).candles.slice(skip, skip + count)


def practice_candles(symbols: Sequence[str], timeframe: str, count: int) -> dict[str, list[Candle]]:
    """Return practice candles by symbol."""
    return {symbol: candles_of(practice_columns(symbol, timeframe, count)) for symbol in symbols}


def frame_of(columns: CandleColumns) -> "pd.DataFrame":
    """Return the frame that users of the frame form hold: UTC timestamps and five float columns."""
    import pandas as pd

    frame = pd.DataFrame(columns._asdict())
    frame.insert(0, "timestamp", pd.to_datetime(frame.pop("open_time_ms"), unit="ms", utc=True))
    return frame
