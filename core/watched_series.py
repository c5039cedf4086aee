"""Series of candles that are watched and not traded."""

from collections.abc import Iterable
from typing import NamedTuple

from core.timeframe import timeframe_ms

EVERY_SYMBOL = "*"
"""Stands for each symbol of a session, traded or watched, where a strategy names the series that it wants."""


class WatchedSeries(NamedTuple):
    """A symbol's candles of one timeframe, shown to the strategy beside those of the traded symbols.

    ``symbol`` is spelt as the settings spell it. ``warmup_candles`` is how many candles the strategy needs to see
    first, where that is more than its own warm-up.
    """

    symbol: str
    timeframe: str
    warmup_candles: int = 0

    @property
    def name(self) -> str:
        """What outputs call it: ``BTC/USDT 1h``."""
        return f"{self.symbol} {self.timeframe}"

    @property
    def kind(self) -> str:
        """What journals call candles of its timeframe beside ``strategy``, ``detail`` and ``mark``."""
        return f"{WATCHED} {self.timeframe}"

    @property
    def length_ms(self) -> int:
        """Length of its candles in milliseconds."""
        return timeframe_ms(self.timeframe)


WATCHED = "watched"


def by_kind(series: Iterable[WatchedSeries]) -> dict[str, list[WatchedSeries]]:
    """Return series by the kind of their candles, all of one timeframe, in order."""
    found: dict[str, list[WatchedSeries]] = {}
    for one in series:
        found.setdefault(one.kind, []).append(one)
    return found
