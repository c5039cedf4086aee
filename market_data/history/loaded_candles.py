"""One symbol's candles as a run gets them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from core.instrument import Instrument

if TYPE_CHECKING:
    from core.candle_columns import CandleColumns


class LoadedCandles(NamedTuple):
    """One symbol's candles for a run.

    ``symbol`` is the unified symbol, ``warmup`` the candles before the window, ``window`` those of it. ``quality``
    counts ``candles``, ``holes``, ``missing`` (candles in the holes) and ``outliers`` of the window as stored, and
    ``refused`` and ``snapped`` of what this provider fetched. ``instrument`` are the trading rules in force at the
    window's start, ``rule_changes`` those that come into force after it and up to the window's end, in order.
    """

    symbol: str
    warmup: "CandleColumns"
    window: "CandleColumns"
    instrument: Instrument
    quality: Mapping[str, int]
    rule_changes: tuple[Instrument, ...] = ()
