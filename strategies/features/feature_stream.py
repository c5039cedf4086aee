"""A symbol's stream of a feature strategy, as a session runs it."""

from abc import ABC, abstractmethod

from core.candle import Candle
from core.trading_signal import Signal


class FeatureStream(ABC):
    """Takes candles and decides apart: all symbols take theirs before anything is decided about any."""

    @abstractmethod
    def warm(self, candle: Candle) -> None:
        """Take a candle from before the session's first instant."""

    @abstractmethod
    def decide(self, candle: Candle) -> Signal:
        """Return the opinion at the close of a candle that was taken."""

    @abstractmethod
    def update(self, candle: Candle) -> Signal:
        """Take the next candle, outside a session, and return the opinion at its close."""
