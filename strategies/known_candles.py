"""Candles that lie ahead of a session, where they are known already: what is computed on them at once need not be
computed candle by candle."""

from collections.abc import Mapping
from typing import NamedTuple

from core.candle_columns import CandleColumns


class KnownCandles(NamedTuple):
    """Every candle that a session's strategy will be shown, by symbol, those of the warm-up first.

    They spare work and decide nothing: a stream over them answers at each candle what the streaming form would, bit by
    bit. ``timeframe_ms`` is the length of the candles; two opens further apart than ``longest_open_distance_ms`` belong
    to different segments, before the second of which a stream starts empty.
    """

    candles: Mapping[str, CandleColumns]
    timeframe_ms: int
    longest_open_distance_ms: int
