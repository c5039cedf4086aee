"""The warm-up of a whole session: stored candles from before its first step, in the order in which they were known."""

import heapq
from collections.abc import Iterable, Sequence
from typing import Protocol

from core.candle import Candle
from engine.kernel_rules import KernelRules
from engine.watched import Watched

Stored = Sequence[Iterable[Candle]]
"""Candles by traded symbol, or by watched series, in configured order; each oldest first."""


class Warmed(Protocol):
    """What is shown stored candles: a session, or what only hears a strategy."""

    rules: KernelRules
    watched: Watched

    def warm_up(self, symbol_index: int, candles: Iterable[Candle]) -> None:
        """Take a symbol's candles from before the first step, in order of time."""
        ...

    def watch(self, place: int, candle: Candle) -> None:
        """Take a candle of a watched series from before the first step, in order of time."""
        ...


def warm_up(session: Warmed, stored: Stored, watched: Stored = ()) -> None:
    """Feed a session its stored candles.

    Where series are watched, all candles come in order of their closes, and of one instant the watched ones first, as
    in a step: the strategy never sees a watched candle beside a traded one that closed before it.
    """
    if not watched:
        for index, candles in enumerate(stored):
            session.warm_up(index, candles)
        return
    length_ms = session.rules.timeframe_ms
    lengths = [one.length_ms for one in session.watched.series]
    runs = [
        *(
            [(one.open_time_ms + lengths[index], 0, index, one) for one in candles]
            for index, candles in enumerate(watched)
        ),
        *([(one.open_time_ms + length_ms, 1, index, one) for one in candles] for index, candles in enumerate(stored)),
    ]
    for _, traded, index, candle in heapq.merge(*runs, key=lambda one: one[:3]):
        if traded:
            session.warm_up(index, (candle,))
        else:
            session.watch(index, candle)
