"""Lesson: leave by a condition instead of a target."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from core.settings_section import SettingsSection
from core.trading_signal import Signal
from indicators import ATR, RSI, BollingerBands
from indicators.features.feature import Feature
from strategies.features.feature_columns import FeatureColumns
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now
from strategies.features.said import SignalWhere, row_by_row


class RsiReversionParams(SettingsSection):
    """Parameters of :class:`RsiReversion`."""

    rsi_period: int = Field(14, ge=1, description="Candles of the RSI.")
    oversold: float = Field(30.0, gt=0.0, lt=50.0, description="RSI below which it buys.")
    overbought: float = Field(70.0, gt=50.0, lt=100.0, description="RSI above which it sells.")
    band_period: int = Field(20, ge=2, description="Candles of the band whose middle is the way out.")
    atr_multiplier: float = Field(3.0, gt=0.0, description="Distance of the stop from the fill, in ATR of 14 candles.")


class RsiReversion(FeatureStrategy):
    """Buys what fell too fast and sells what rose too fast, until the close is back at the middle band.

    It may lose: in a trend the RSI stays extreme while the price goes on, and the stop is far.
    """

    Params = RsiReversionParams
    name = "rsi_reversion"
    lookback = 1

    def features(self, params: RsiReversionParams) -> Mapping[str, Feature]:
        """Return RSI, bands and ATR."""
        return {
            "rsi": Feature(RSI(params.rsi_period)),
            "bands": Feature(BollingerBands(params.band_period)),
            "atr": Feature(ATR(14)),
        }

    def decide(self, now: Now) -> Signal | None:
        """Return an entry, or the exit at the middle band."""
        if not now.ready:
            return None
        held, middle = now.position, now.bands.middle
        if held is not None:
            back = now.close >= middle if held.side == "LONG" else now.close <= middle
            return self.exit(tag="middle_band") if back else None
        distance = self.params.atr_multiplier * now.atr
        # An extreme on the far side of the middle band would be left with the next candle.
        if now.rsi < self.params.oversold and now.close < middle:
            return self.long(stop_distance=distance, tag="oversold")
        if now.rsi > self.params.overbought and now.close > middle:
            return self.short(stop_distance=distance, tag="overbought")
        return None

    @row_by_row
    def signals(self, columns: FeatureColumns) -> Sequence[SignalWhere]:
        """Return what ``decide`` says of all candles at once, beside each side that may be held."""
        close, rsi, middle = columns.close, columns.rsi, columns.bands.middle
        distance, out = self.params.atr_multiplier * columns.atr, self.exit(tag="middle_band")
        oversold = columns.ready & (rsi < self.params.oversold) & (close < middle)
        overbought = columns.ready & (rsi > self.params.overbought) & (close > middle)
        return [
            self.where(columns.ready & (close >= middle), out, held="LONG"),
            self.where(columns.ready & (close <= middle), out, held="SHORT"),
            self.where(oversold, self.long(stop_distance=distance, tag="oversold"), held="nothing"),
            self.where(overbought, self.short(stop_distance=distance, tag="overbought"), held="nothing"),
        ]
