"""Lesson: a target that is a price, from an average that begins anew each day."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from core.settings_section import SettingsSection
from core.trading_signal import Signal
from indicators import ATR, SessionVWAP
from indicators.features.feature import Feature
from strategies.features.feature_columns import FeatureColumns
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now
from strategies.features.said import SignalWhere, row_by_row


class VwapReversionParams(SettingsSection):
    """Parameters of :class:`VwapReversion`."""

    stretch: float = Field(2.0, gt=0.0, description="Distance from the session's VWAP that is traded, in ATR.")
    atr_multiplier: float = Field(2.0, gt=0.0, description="Distance of the stop from the fill, in ATR.")
    atr_period: int = Field(14, ge=1, description="Candles of the average true range.")


class VwapReversion(FeatureStrategy):
    """Trades back to the volume-weighted average price of the UTC day when the close is stretched away from it.

    It may lose: on days with a trend the price never comes back, and the average follows it slowly.
    """

    Params = VwapReversionParams
    name = "vwap_reversion"
    lookback = 1

    def features(self, params: VwapReversionParams) -> Mapping[str, Feature]:
        """Return the session's VWAP and the ATR."""
        return {"vwap": Feature(SessionVWAP()), "atr": Feature(ATR(params.atr_period))}

    def candidates(self, columns: FeatureColumns) -> Any:
        """Return the stretched closes."""
        reach = self.params.stretch * columns.atr
        return (columns.close < columns.vwap - reach) | (columns.close > columns.vwap + reach)

    def decide(self, now: Now) -> Signal | None:
        """Return an entry towards the VWAP."""
        if now.position is not None:
            return None
        reach, distance = self.params.stretch * now.atr, self.params.atr_multiplier * now.atr
        # The target is the average as it is now; it does not move with the day.
        if now.close < now.vwap - reach:
            return self.long(stop_distance=distance, target=now.vwap, tag="below_vwap")
        if now.close > now.vwap + reach:
            return self.short(stop_distance=distance, target=now.vwap, tag="above_vwap")
        return None

    @row_by_row
    def signals(self, columns: FeatureColumns) -> Sequence[SignalWhere]:
        """Return what ``decide`` says of all candles at once."""
        reach, distance = self.params.stretch * columns.atr, self.params.atr_multiplier * columns.atr
        close, vwap = columns.close, columns.vwap
        long = self.long(stop_distance=distance, target=vwap, tag="below_vwap")
        short = self.short(stop_distance=distance, target=vwap, tag="above_vwap")
        return [
            self.where(close < vwap - reach, long, held="nothing"),
            self.where(close > vwap + reach, short, held="nothing"),
        ]
