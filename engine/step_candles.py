"""Which candles of a step orders are matched with, and which the strategies see."""

from collections.abc import Sequence

from core.candle import Step
from engine.symbol_state import PresentCandles, SymbolState


def strategy_candles(states: Sequence[SymbolState], step: Step, *, marks: bool) -> PresentCandles:
    """Return the strategy candles that close at the step, with their mark candles where these are wanted and there."""
    if not marks or not step.marks:
        return [
            (state, candle, candle) for state, candle in zip(states, step.candles, strict=True) if candle is not None
        ]
    return [
        (state, candle, mark or candle)
        for state, candle, mark in zip(states, step.candles, step.marks, strict=True)
        if candle is not None
    ]


def matched_candles(states: Sequence[SymbolState], step: Step, *, marks: bool) -> PresentCandles:
    """Return the candles that orders are matched with where finer candles are used.

    A symbol's finer candle of the step; its strategy candle where none of the finer ones inside it was there.
    """
    nothing = (None,) * len(states)
    present: PresentCandles = []
    for state, candle, fine, mark in zip(
        states, step.candles, step.detail or nothing, (step.marks if marks else ()) or nothing, strict=True
    ):
        if fine is not None:
            state.last_detail_ms, state.last_fine = fine.open_time_ms, fine
            present.append((state, fine, mark or fine))
        elif candle is not None and state.last_detail_ms < candle.open_time_ms:
            present.append((state, candle, candle))
    return present
