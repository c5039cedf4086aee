"""What the cost models know of a symbol's market: its last closed candles, in a few numbers."""

import math
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.candle import Candle

if TYPE_CHECKING:
    from execution.venue_settings import SlippageSettings, SpreadSettings

_ROOT_2 = math.sqrt(2.0)
_CURVATURE = 3.0 - 2.0 * _ROOT_2


class MarketConditions:
    """Volatility, volume and spread of one symbol over its last closed candles.

    The values depend on the last ``reach`` candles since the last restart and on nothing older. A mean is the exactly
    rounded sum of its window divided by the window's length, so that no rounding error travels from candle to candle;
    it is made when it is asked for and kept until the next candle.

    Parameters
    ----------
    candles
        Window of volatility and mean volume, in candles; 0 measures neither.
    spread_candles
        Window of the spread, in pairs of neighbouring candles; 0 does not measure it.
    """

    __slots__ = ("_before", "_candles", "_last_close", "_ranges", "_spread_candles", "_spreads", "_values", "_volumes")

    def __init__(self, candles: int, spread_candles: int) -> None:
        if candles < 0 or spread_candles < 0:
            raise ValueError(f"windows are not below 0, got {candles} and {spread_candles}")
        self._candles = candles
        self._spread_candles = spread_candles
        self.restart()

    def restart(self) -> None:
        """Forget every candle."""
        self._ranges: deque[float] = deque(maxlen=self._candles)
        self._volumes: deque[float] = deque(maxlen=self._candles)
        self._spreads: deque[float] = deque(maxlen=self._spread_candles)
        self._before: Candle | None = None
        self._last_close: float | None = None
        self._values: dict[str, float | None] = {}

    @property
    def reach(self) -> int:
        """Number of candles after which everything older is forgotten."""
        return max(self._candles, self._spread_candles + 1)

    def update(self, candle: Candle) -> None:
        """Take a closed candle."""
        self._last_close = candle.close
        if self._candles:
            self._ranges.append((candle.high - candle.low) / candle.close)
            self._volumes.append(candle.volume)
        if self._spread_candles:
            if self._before is not None:
                self._spreads.append(corwin_schultz(self._before, candle))
            self._before = candle
        if self._values:
            self._values = {}

    @property
    def last_close(self) -> float | None:
        """Close of the last candle; None before the first."""
        return self._last_close

    @property
    def volatility(self) -> float | None:
        """Mean of (high − low) / close over the window; None until the window is full."""
        return self._mean("volatility", self._ranges)

    @property
    def mean_volume(self) -> float | None:
        """Mean volume over the window, in base units; None until the window is full."""
        return self._mean("mean_volume", self._volumes)

    @property
    def spread(self) -> float | None:
        """Mean of the estimated spread over the window of pairs, a fraction; None until the window is full."""
        return self._mean("spread", self._spreads)

    def _mean(self, name: str, window: deque[float]) -> float | None:
        if name not in self._values:
            full = 0 < len(window) == window.maxlen
            self._values[name] = math.fsum(window) / len(window) if full else None
        return self._values[name]


def corwin_schultz(before: Candle, candle: Candle) -> float:
    """Return the spread that two neighbouring candles show, as a fraction of the price.

    A candle's high is mostly a buy and its low a sell. The ratio of the two holds the variance and the spread; the
    variance part grows with time, the spread part does not. With β the sum of the squared log ranges of the two
    candles and γ the squared log range of both together,

        α = (√(2β) − √β) / (3 − 2√2) − √(γ / (3 − 2√2)),    S = 2(e^α − 1) / (1 + e^α).

    A negative estimate counts as 0.

    Notes
    -----
    S. A. Corwin and P. Schultz (2012), "A Simple Way to Estimate Bid-Ask Spreads from Daily High and Low Prices",
    Journal of Finance 67(2), 719-760. Their correction for overnight price changes is left out: these markets do not
    close.
    """
    first = math.log(before.high / before.low)
    second = math.log(candle.high / candle.low)
    both = math.log(max(before.high, candle.high) / min(before.low, candle.low))
    beta = first * first + second * second
    alpha = (math.sqrt(2.0 * beta) - math.sqrt(beta)) / _CURVATURE - math.sqrt(both * both / _CURVATURE)
    if alpha <= 0.0:
        return 0.0
    grown = math.exp(alpha)
    return 2.0 * (grown - 1.0) / (1.0 + grown)


def build_conditions(
    symbols: Iterable[str], spread: "SpreadSettings", slippage: "SlippageSettings"
) -> dict[str, MarketConditions] | None:
    """Return empty conditions for every symbol, measuring what the models need; None where they need nothing."""
    candles = 0 if slippage.model == "fixed" else slippage.candles
    spread_candles = spread.candles if spread.model == "corwin_schultz" else 0
    if not candles and not spread_candles:
        return None
    return {symbol: MarketConditions(candles, spread_candles) for symbol in symbols}
