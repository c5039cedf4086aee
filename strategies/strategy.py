"""What a strategy is: its frame form, and the streaming form that a session runs."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from core.candle import Candle
from core.trading_signal import Signal
from core.watched_series import WatchedSeries

if TYPE_CHECKING:
    import pandas as pd


class Strategy(Protocol):
    """A trading idea in its frame form.

    ``name`` stands in the trade log. ``warmup_candles`` is how many candles of one unbroken segment must come before
    the first candle that may order: enough for recursive indicators to forget their start.
    """

    name: str
    warmup_candles: int

    def add_indicators(self, df: "pd.DataFrame") -> "pd.DataFrame":
        """Return the frame with indicator columns: vectorised, causal (a row depends on no later row), same length."""
        ...

    def generate_signal(self, df: "pd.DataFrame") -> Mapping[str, Any]:
        """Return ``{"signal": "LONG" | "SHORT" | "FLAT", "metadata": {...}}`` for the last row of the frame.

        ``metadata`` holds ``entry_price``, ``sl_distance`` and ``tp_distance``, or ``reason`` when FLAT.
        """
        ...


class SignalStream(Protocol):
    """One symbol's running computation of a strategy."""

    def update(self, candle: Candle) -> Signal:
        """Take the next candle, in O(1), and return the opinion at its close."""
        ...


@runtime_checkable
class WarmedStream(SignalStream, Protocol):
    """A stream to which it matters whether anybody wants its opinion."""

    def warm(self, candle: Candle) -> None:
        """Take a candle from before the session's window."""
        ...


@runtime_checkable
class StreamingStrategy(Protocol):
    """A strategy that also has the streaming form; its values are bit-identical to the frame form's columns."""

    name: str

    @property
    def warmup_candles(self) -> int:
        """How many candles of one unbroken segment must come before the first that may order."""
        ...

    def stream(self, symbol: str) -> SignalStream:
        """Return a stream for a symbol that has seen no candle yet; made at the start, and again after a gap."""
        ...


@runtime_checkable
class WatchingStrategy(Protocol):
    """A strategy that is told of the candles that a session watches and does not trade."""

    def watch(self, symbol: str, timeframe: str, candle: Candle) -> None:
        """Take a watched candle; it has closed, and the decisions of the step that shows it come afterwards.

        Warm-up candles come the same way. ``symbol`` is spelt as the settings spell it.
        """
        ...


def exchange_series(strategy: object) -> tuple[WatchedSeries, ...]:
    """Return the series of the exchange's own candles that a strategy asks for beside those that it trades on.

    They are what its attribute ``watched_series`` names; without one there is none.
    """
    wanted: Iterable[WatchedSeries] = getattr(strategy, "watched_series", ())
    return tuple(wanted)


def candles_shown_to(strategy: Strategy | StreamingStrategy) -> int:
    """Return how many candles a strategy is shown before its first step: its warm-up, and how far it looks back.

    What its attribute ``candles_shown`` says where that is more.
    """
    shown: int = getattr(strategy, "candles_shown", 0)
    return max(strategy.warmup_candles, shown)
