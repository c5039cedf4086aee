"""Candles that lie ahead of a session, where they are known already: what is computed on them at once need not be
computed candle by candle."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from core.candle_columns import CandleColumns
from indicators.features.series import KeptColumns


class CandlesAhead(NamedTuple):
    """All candles that a session will be shown, where they lie ready, those of the warm-up first.

    ``candles`` are by symbol as the settings spell it, ``watched`` by symbol and length. ``kept`` has features that
    were computed on the same candles.
    """

    candles: Mapping[str, CandleColumns]
    watched: Mapping[tuple[str, int], CandleColumns] = MappingProxyType({})
    kept: KeptColumns | None = None


class KnownCandles(NamedTuple):
    """Every candle that a session's strategy will be shown, by symbol, those of the warm-up first.

    They spare work and decide nothing: a stream over them answers at each candle what the streaming form would, bit by
    bit. ``timeframe_ms`` is the length of the candles; two opens further apart than ``longest_open_distance_ms`` belong
    to different segments, before the second of which a stream starts empty. ``watched`` are the series that are not
    traded, by symbol and the length of their candles. ``kept`` has features that were computed on the same candles.
    """

    candles: Mapping[str, CandleColumns]
    timeframe_ms: int
    longest_open_distance_ms: int
    watched: Mapping[tuple[str, int], CandleColumns] = MappingProxyType({})
    kept: KeptColumns | None = None

    def series(self, symbol: str, length_ms: int) -> CandleColumns | None:
        """Return a symbol's candles of a length; None where they do not lie ready."""
        traded = self.candles.get(symbol) if length_ms == self.timeframe_ms else None
        return self.watched.get((symbol, length_ms)) if traded is None else traded
