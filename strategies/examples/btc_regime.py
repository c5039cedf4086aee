"""Lesson: let one symbol decide whether another may be traded."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from core.settings_section import SettingsSection
from core.trading_signal import Signal
from indicators import ATR, EMA, Highest
from indicators.features.feature import Feature
from strategies.features.feature_columns import FeatureColumns
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now
from strategies.features.said import SignalWhere, row_by_row


class BtcRegimeParams(SettingsSection):
    """Parameters of :class:`BtcRegime`."""

    leader: str = Field("BTC/USDT", description="Symbol that makes the regime; traded, or named under watch.")
    regime: int = Field(50, ge=1, description="Candles of the leader's average.")
    breakout: int = Field(10, ge=1, description="Candles whose highest high is broken.")
    atr_multiplier: float = Field(2.0, gt=0.0, description="Distance of the stop from the fill, in ATR of 14 candles.")


class BtcRegime(FeatureStrategy):
    """Buys breakouts of other symbols while the leader is above its average; the leader itself is never traded.

    It may lose: symbols fall together, so that all positions meet their stops at once when the regime ends.
    """

    Params = BtcRegimeParams
    name = "btc_regime"
    lookback = 1

    def features(self, params: BtcRegimeParams) -> Mapping[str, Feature]:
        """Return the leader's close and average beside the symbol's own features."""
        return {
            "leader": Feature("close", symbol=params.leader),
            "regime": Feature(EMA(params.regime), symbol=params.leader),
            "highest": Feature(Highest(params.breakout)),
            "atr": Feature(ATR(14)),
        }

    def candidates(self, columns: FeatureColumns) -> Any:
        """Return the breakouts within the regime."""
        return (columns.leader > columns.regime) & (columns.close > columns.before.highest)

    def decide(self, now: Now) -> Signal | None:
        """Return an entry at a breakout within the regime."""
        if now.symbol == now.symbols[self.params.leader].symbol or now.position is not None:
            return None
        # All symbols' features are updated before the first decision: this is the leader's candle of the same instant.
        if now.ready and now.leader > now.regime and now.close > now.before.highest:
            return self.long(stop_distance=self.params.atr_multiplier * now.atr, target="2R", tag="regime")
        return None

    @row_by_row
    def signals(self, columns: FeatureColumns) -> Sequence[SignalWhere]:
        """Return what ``decide`` says of all candles at once."""
        if columns.is_of(self.params.leader):
            return []
        entry = self.long(stop_distance=self.params.atr_multiplier * columns.atr, target="2R", tag="regime")
        return [self.where(columns.ready & self.candidates(columns), entry, held="nothing")]
