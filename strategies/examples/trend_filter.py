"""Lesson: trade a short timeframe in the direction of a longer one."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from core.settings_section import SettingsSection
from core.trading_signal import Signal
from indicators import ATR, EMA
from indicators.features.feature import Feature
from strategies.features.feature_columns import FeatureColumns
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now
from strategies.features.said import SignalWhere, row_by_row


class TrendFilterParams(SettingsSection):
    """Parameters of :class:`TrendFilter`."""

    fast: int = Field(8, ge=1, description="Candles of the fast average.")
    slow: int = Field(21, ge=2, description="Candles of the slow average.")
    trend: int = Field(20, ge=1, description="Longer candles of the average that is the trend.")
    trend_timeframe: str = Field("1h", description="Length of the longer candles, a multiple of the strategy's own.")


class TrendFilter(FeatureStrategy):
    """Follows crossings of two averages that agree with the average of a longer timeframe.

    It may lose: a filter removes trades, good ones too, and the longer average turns late.
    """

    Params = TrendFilterParams
    name = "trend_filter"
    lookback = 1

    def features(self, params: TrendFilterParams) -> Mapping[str, Feature]:
        """Return the averages, and the trend as it is known once a longer candle has closed."""
        return {
            "fast": Feature(EMA(params.fast)),
            "slow": Feature(EMA(params.slow)),
            "atr": Feature(ATR(14)),
            "trend": Feature(EMA(params.trend), timeframe=params.trend_timeframe),
        }

    def candidates(self, columns: FeatureColumns) -> Any:
        """Return the crossings."""
        return (columns.fast > columns.slow) != (columns.before.fast > columns.before.slow)

    def decide(self, now: Now) -> Signal | None:
        """Return an entry at a crossing with the trend."""
        if not now.ready:
            return None
        if now.before.fast <= now.before.slow and now.fast > now.slow and now.close > now.trend:
            return self.long(stop_distance=2 * now.atr, target="2R", tag="with_trend")
        if now.before.fast > now.before.slow and now.fast <= now.slow and now.close < now.trend:
            return self.short(stop_distance=2 * now.atr, target="2R", tag="with_trend")
        return None

    @row_by_row
    def signals(self, columns: FeatureColumns) -> Sequence[SignalWhere]:
        """Return what ``decide`` says of all candles at once."""
        fast, slow, close, before = columns.fast, columns.slow, columns.close, columns.before
        up = columns.ready & (before.fast <= before.slow) & (fast > slow) & (close > columns.trend)
        down = columns.ready & (before.fast > before.slow) & (fast <= slow) & (close < columns.trend)
        distance = 2 * columns.atr
        return [
            self.where(up, self.long(stop_distance=distance, target="2R", tag="with_trend")),
            self.where(down, self.short(stop_distance=distance, target="2R", tag="with_trend")),
        ]
