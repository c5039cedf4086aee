"""What a strategy's warm-up is asked for by, in words: many candles of its own make few of a longer period."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from core.timeframe import timeframe_name
from strategies.strategy import Strategy, StreamingStrategy

WARM_UP = "warm-up: "
"""How the lines begin that tell of it."""
LONG_FETCH = 5_000
"""Candles of each symbol from which the fetching of a warm-up is announced."""
_PAGE = 1_000
_NAMED = 4
"""So many symbols are named, of others it is said how many they are."""


class AskedWarmUp(NamedTuple):
    """How many of the session's candles one read asks for: most of all, and of a longer period than theirs.

    ``by`` names it, ``most`` is how many are shown at most; None where there is no bound.
    """

    candles: int
    by: str
    most: int | None = None

    @property
    def shown(self) -> int:
        """How many are shown before the first step where they are stored."""
        return self.candles if self.most is None else min(self.candles, self.most)


def asked_by(strategies: Iterable[Strategy | StreamingStrategy]) -> AskedWarmUp | None:
    """Return what asks for the longest warm-up; None where nothing of a longer period does."""
    found = [one for strategy in strategies if (one := getattr(strategy, "asked_warmup", None)) is not None]
    return max(found, key=lambda one: one.candles, default=None)


def fetching_line(asked: AskedWarmUp | None, candles: int, symbols: int, length_ms: int) -> str | None:
    """Return what is said before a warm-up is fetched that takes a while; None of one that does not."""
    if candles < LONG_FETCH:
        return None
    requests = symbols * -(-candles // _PAGE)
    by = "the strategy" if asked is None else asked.by
    of_each = f", for each of {symbols} symbols" if symbols > 1 else ""
    return (
        f"{WARM_UP}{candles:,} candles of {timeframe_name(length_ms)} are fetched before the session begins{of_each}, "
        f"some {requests:,} requests: {by} asks for them"
    )


def warm_up_lines(asked: AskedWarmUp | None, warmed: Mapping[str, int], length_ms: int) -> list[str]:
    """Return what a user has to know of a warm-up: that it is cut, and which symbols have fewer candles.

    Parameters
    ----------
    warmed
        By symbol, how many candles before the first step there are.
    length_ms
        Length of the session's candles.
    """
    if asked is None:
        return []
    wanted = f"{WARM_UP}{asked.by} asks for {asked.candles:,} candles of {timeframe_name(length_ms)}"
    lines = []
    if asked.shown < asked.candles:
        lines.append(
            f"{wanted} before the start, and {asked.shown:,} is the most that is shown: what rests on more begins with "
            "what these make, as `settled` says"
        )
    few = [f"{symbol} has {count:,}" for symbol, count in warmed.items() if count < asked.shown]
    if few:
        more = f" and {len(few) - _NAMED} more have too few" if len(few) > _NAMED else ""
        lines.append(f"{wanted} before the start: {', '.join(few[:_NAMED])}{more}; it is shown what there is")
    return lines
