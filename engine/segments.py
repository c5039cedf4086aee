"""Unbroken segments of candles: which candles follow each other, and before which too many are missing."""

from collections.abc import Mapping

from core.errors import InvariantError
from core.events import Gap
from core.instants import format_ms
from core.timeframe import floor_to_grid
from engine.kernel_rules import KernelRules
from engine.symbol_state import PresentCandles

_NO_GAPS: Mapping[str, Gap] = {}


class Segments:
    """Follows every symbol's candles from open to open.

    Parameters
    ----------
    rules
        How long the candles are, and how large a gap a segment survives.
    """

    def __init__(self, rules: KernelRules) -> None:
        self._timeframe_ms = rules.timeframe_ms
        self._longest_distance_ms = rules.longest_open_distance_ms
        self._finer = rules.detail_ms is not None

    def follow(self, present: PresentCandles) -> Mapping[str, Gap]:
        """Take the candles that are matched next; return the gaps before them, after which strategies start empty.

        Raises
        ------
        InvariantError
            If a candle is not later than the one before it.
        """
        gaps = _NO_GAPS
        finer, longest_distance_ms = self._finer, self._longest_distance_ms
        for state, candle, _ in present:
            open_ms = candle.open_time_ms
            if open_ms <= state.last_matched_ms:
                raise InvariantError(
                    f"{state.symbol}: the candle opened {format_ms(open_ms)} is not after the one before"
                )
            state.last_matched_ms = open_ms
            state.last_close = candle.close
            if finer:
                open_ms = floor_to_grid(open_ms, self._timeframe_ms)
            if open_ms > state.segment_ends_ms:
                last_open_ms = open_ms if state.last_open_ms is None else state.last_open_ms
                missing = (open_ms - last_open_ms) // self._timeframe_ms - 1
                gaps = {**gaps, state.symbol: Gap(candle.open_time_ms, state.symbol, missing)}
                state.restart()
            state.last_open_ms = open_ms
            state.segment_ends_ms = open_ms + longest_distance_ms
        return gaps
