"""The last closed candles of every symbol, by length: what a program may look back at."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from core.candle import Candle
from indicators.features.joined_candles import CandleJoiner

CandleRow = list[float]
"""``[open_time_ms, open, high, low, close, volume]``, the time a whole number."""

_Joining = list[tuple[int, CandleJoiner, deque[CandleRow]]]


class SeenCandles:
    """Keeps the candles of symbols as they close, and longer ones joined from them.

    A joined candle is there from the candle on that closes it, and never before. After a gap that breaks a symbol's
    segment joining begins anew; candles from before the gap stay, with their times.

    Parameters
    ----------
    symbols
        All whose candles come.
    own_ms
        Length of the candles that come.
    kept
        Length in milliseconds -> how many of the last ones are kept, 0 where they are only counted.
    """

    def __init__(self, symbols: Iterable[str], own_ms: int, kept: Mapping[int, int]) -> None:
        self._own_ms = own_ms
        self._lengths = [length for length in kept if length != own_ms]
        self._rows: dict[str, dict[int, deque[CandleRow]]] = {
            symbol: {length: deque(maxlen=kept.get(length, 0)) for length in {own_ms, *kept}} for symbol in symbols
        }
        self._joined: dict[str, _Joining] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._closes: dict[str, float] = {}
        for symbol in self._rows:
            self.restart(symbol)

    def restart(self, symbol: str) -> None:
        """Begin a symbol's segment anew with its next candle."""
        rows = self._rows[symbol]
        self._counts[symbol] = dict.fromkeys(rows, 0)
        self._joined[symbol] = [(one, CandleJoiner(self._own_ms, one), rows[one]) for one in self._lengths]

    def take(self, symbol: str, candle: Candle) -> None:
        """Take a symbol's next candle."""
        counts = self._counts[symbol]
        counts[self._own_ms] += 1
        self._closes[symbol] = candle.close
        values = (candle.open_time_ms, candle.open, candle.high, candle.low, candle.close, candle.volume)
        self._rows[symbol][self._own_ms].append(list(values))
        for length, joiner, rows in self._joined[symbol]:
            for joined in joiner.take(values):
                counts[length] += 1
                rows.append(list(joined.values))

    def last(self, symbol: str, length_ms: int, count: int) -> list[CandleRow]:
        """Return at most so many of a symbol's last closed candles of a length, oldest first."""
        rows = self._rows[symbol].get(length_ms, deque())
        return list(rows) if count >= len(rows) else list(islice(rows, len(rows) - count, None))

    def count(self, symbol: str, length_ms: int) -> int:
        """Return how many candles of a length have closed in the symbol's segment."""
        return self._counts[symbol].get(length_ms, 0)

    def closes(self) -> Mapping[str, float]:
        """Return the last close of each symbol that has had a candle, in the order of the symbols."""
        return {symbol: self._closes[symbol] for symbol in self._rows if symbol in self._closes}

    @property
    def symbols(self) -> Sequence[str]:
        """The symbols, in order."""
        return tuple(self._rows)
