"""A symbol's stream over columns that were computed at once."""

import zlib
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core.candle import Candle
from core.candle_columns import Int64Array
from core.errors import StrategyError
from core.trading_signal import FLAT, Signal
from strategies.features.feature_columns import FeatureColumns
from strategies.features.feature_plan import FeaturePlan
from strategies.features.feature_sources import KnownFeatures
from strategies.features.feature_stream import FeatureStream
from strategies.features.moment import Now, Reader
from strategies.features.readers import TableReader
from strategies.features.session_facts import FillNow, TradeNow

_SAMPLE_BITS = 7
"""Of the rows that are skipped, one in 2 ** 7 is decided all the same."""


class Masking(Protocol):
    """A strategy that may say which rows need no decision."""

    def candidates(self, columns: FeatureColumns) -> Any: ...


class Desk(Protocol):
    """What a stream asks of its session."""

    plan: FeaturePlan
    news: dict[str, list[FillNow | TradeNow]]

    @property
    def strategy(self) -> Masking: ...

    def now(self, symbol: str, reader: Reader) -> Now: ...

    def inform(self, now: Now) -> None: ...

    def answer(self, now: Now) -> Signal: ...

    def place_of(self, method: str) -> str: ...


class ColumnStream(FeatureStream):
    """Decides about one symbol where its strategy may have an opinion, and where a sample falls.

    The sample is a function of symbol and time alone. An opinion there is an error of ``candidates``.
    """

    def __init__(self, desk: Desk, source: KnownFeatures, symbol: str) -> None:
        self._desk = desk
        self._source = source
        self._symbol = symbol
        self._news = desk.news[symbol]
        self._table = source.table(symbol)
        opens = self._table.series[0].candles.open_time_ms
        mask = self._mask()
        skipped = np.zeros(len(opens), bool) if mask is None else ~mask & _sample(opens, symbol, desk.plan.timeframe_ms)
        wanted = np.ones(len(opens), bool) if mask is None else mask | skipped
        self._skipped = frozenset(opens[skipped].tolist())
        self._row_of: dict[int, int] = dict(zip(opens[wanted].tolist(), np.flatnonzero(wanted).tolist(), strict=True))

    @property
    def asked_at(self) -> Int64Array:
        """Opens of the candles at which the strategy is asked, in order; anywhere else the opinion is FLAT."""
        return np.array(list(self._row_of), np.int64)

    def warm(self, candle: Candle) -> None:
        """Take a candle from before the session's first instant: it lies ready."""

    def decide(self, candle: Candle) -> Signal:
        """Return the opinion at the candle's close."""
        row = self._row_of.get(candle.open_time_ms)
        if row is None and not self._news:
            return FLAT
        return self._decide(candle, row)

    def update(self, candle: Candle) -> Signal:
        """Return the opinion at the candle's close."""
        return self.decide(candle)

    def _decide(self, candle: Candle, row: int | None) -> Signal:
        desk = self._desk
        if row is None:
            row = int(np.searchsorted(self._table.series[0].candles.open_time_ms, candle.open_time_ms))
            desk.inform(desk.now(self._symbol, TableReader(self._table, row)))
            return FLAT
        now = desk.now(self._symbol, TableReader(self._table, row))
        if self._news:
            desk.inform(now)
        signal = desk.answer(now)
        if signal.direction != "FLAT" and candle.open_time_ms in self._skipped:
            raise StrategyError(
                f"candidates(columns) says that there is nothing to decide at this candle, and decide answers "
                f"{signal.direction} ({desk.place_of('candidates')})"
            )
        return signal

    def _mask(self) -> npt.NDArray[np.bool_] | None:
        desk = self._desk
        mask = desk.strategy.candidates(FeatureColumns(self._symbol, self._table, desk.plan))
        if mask is None:
            return None
        found = np.asarray(mask)
        rows = self._table.series[0].candles.rows
        if found.dtype != np.bool_ or found.shape != (rows,):
            raise StrategyError(
                f"candidates returned {found.dtype} of shape {found.shape}; allowed: booleans of shape ({rows},), "
                f"or None ({desk.place_of('candidates')})"
            )
        return found


def _sample(open_time_ms: Int64Array, symbol: str, timeframe_ms: int) -> npt.NDArray[np.bool_]:
    """Return one row in ``2 ** _SAMPLE_BITS``, spread over time without a pattern."""
    numbers = (open_time_ms // timeframe_ms).astype(np.uint64) ^ np.uint64(zlib.crc32(symbol.encode()) << 24)
    mixed = numbers * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    chosen: npt.NDArray[np.bool_] = mixed >> np.uint64(64 - _SAMPLE_BITS) == 0
    return chosen
