"""Lesson: several indicators vote, and the share that agrees sizes the position."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from core.settings_section import SettingsSection
from core.trading_signal import Signal
from indicators import ATR, EMA, MACD, RSI
from indicators.features.feature import Feature
from strategies.features.feature_columns import FeatureColumns
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now
from strategies.features.said import SignalWhere, row_by_row


class ConfluenceParams(SettingsSection):
    """Parameters of :class:`Confluence`."""

    rsi_period: int = Field(14, ge=1, description="Candles of the RSI, which votes by the side of 50 it is on.")
    ema_fast: int = Field(9, ge=1, description="Candles of the fast average.")
    ema_slow: int = Field(21, ge=2, description="Candles of the slow average.")
    macd_fast: int = Field(12, ge=1, description="Candles of the MACD's fast average.")
    macd_slow: int = Field(26, ge=2, description="Candles of the MACD's slow average.")
    macd_signal: int = Field(9, ge=1, description="Candles of the MACD's signal line.")
    atr_multiplier: float = Field(2.0, gt=0.0, description="Distance of the stop from the fill, in ATR of 14 candles.")
    min_confidence: float = Field(0.6, gt=0.0, le=1.0, description="Least share of the conditions that must be met.")


class Confluence(FeatureStrategy):
    """Enters when enough of three conditions begin to agree: EMA, RSI and MACD. Their share is the confidence.

    It may lose: the three read the same closes, so that they agree more often than independent witnesses would.
    """

    Params = ConfluenceParams
    name = "confluence"
    lookback = 1

    def features(self, params: ConfluenceParams) -> Mapping[str, Feature]:
        """Return the three that vote, and the ATR for the stop."""
        return {
            "fast": Feature(EMA(params.ema_fast)),
            "slow": Feature(EMA(params.ema_slow)),
            "rsi": Feature(RSI(params.rsi_period)),
            "macd": Feature(MACD(params.macd_fast, params.macd_slow, params.macd_signal)),
            "atr": Feature(ATR(14)),
        }

    def decide(self, now: Now) -> Signal | None:
        """Return an entry when the confidence reaches its least; it scales what risk allows."""
        if now.position is not None or not now.ready:
            return None
        least, before = self.params.min_confidence, now.before
        distance = self.params.atr_multiplier * now.atr
        up, down = _rising(now), _falling(now)
        # It is the agreement that is new, not the one that lasts, which is traded.
        if up >= least and up > down and _rising(before) < least:
            return self.long(stop_distance=distance, target="2R", size=up, tag="confluence")
        if down >= least and down > up and _falling(before) < least:
            return self.short(stop_distance=distance, target="2R", size=down, tag="confluence")
        return None

    @row_by_row
    def signals(self, columns: FeatureColumns) -> Sequence[SignalWhere]:
        """Return what ``decide`` says of all candles at once."""
        least, before = self.params.min_confidence, columns.before
        distance = self.params.atr_multiplier * columns.atr
        up, down = _rising(columns), _falling(columns)
        rises = columns.ready & (up >= least) & (up > down) & (_rising(before) < least)
        falls = columns.ready & (down >= least) & (down > up) & (_falling(before) < least)
        long = self.long(stop_distance=distance, target="2R", size=up, tag="confluence")
        short = self.short(stop_distance=distance, target="2R", size=down, tag="confluence")
        return [self.where(rises, long, held="nothing"), self.where(falls, short, held="nothing")]


def _rising(at: Any) -> Any:
    """Return the share of the conditions for a rise that are met, at one candle or at all."""
    met = (at.fast > at.slow, at.rsi > 50.0, at.macd.histogram > 0.0)
    return sum(met) / len(met)


def _falling(at: Any) -> Any:
    """Return the share of the conditions for a fall that are met, at one candle or at all."""
    met = (at.fast < at.slow, at.rsi < 50.0, at.macd.histogram < 0.0)
    return sum(met) / len(met)
