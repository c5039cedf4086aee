"""Lesson: enter on a breakout, then let the stop follow the price."""

from collections.abc import Mapping

from pydantic import Field

from core.settings_section import SettingsSection
from core.trading_signal import Signal
from indicators import ATR, DonchianChannels
from indicators.features.feature import Feature
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now


class DonchianBreakoutParams(SettingsSection):
    """Parameters of :class:`DonchianBreakout`."""

    period: int = Field(20, ge=2, description="Candles whose highest high and lowest low are the channel.")
    atr_period: int = Field(14, ge=1, description="Candles of the average true range.")
    atr_multiplier: float = Field(3.0, gt=0.0, description="Distance of the stop from the close, in ATR.")


class DonchianBreakout(FeatureStrategy):
    """Long above the channel of the candles before, short below it; a stop that trails by the ATR is the only exit.

    It may lose, and mostly does where prices go sideways: each false breakout costs a stop.
    """

    Params = DonchianBreakoutParams
    name = "donchian_breakout"
    lookback = 1

    def features(self, params: DonchianBreakoutParams) -> Mapping[str, Feature]:
        """Return the channel and the ATR."""
        return {"channel": Feature(DonchianChannels(params.period)), "atr": Feature(ATR(params.atr_period))}

    def decide(self, now: Now) -> Signal | None:
        """Return an entry, or a move of the stop."""
        if not now.ready:
            return None
        distance = self.params.atr_multiplier * now.atr
        held = now.position
        if held is not None:
            # A stop is only ever tightened, so a trail that would loosen it is not asked for. There is no candidates():
            # while a position is held, any candle may move the stop.
            trail = now.close - distance if held.side == "LONG" else now.close + distance
            if held.side == "LONG":
                tighter = trail > max(held.stop or 0.0, 0.0)
            else:
                tighter = held.stop is None or trail < held.stop
            return self.move_stop(trail) if tighter else None
        # The channel of this candle holds its own high, which its close can never exceed: the one before is broken.
        if now.close > now.before.channel.upper:
            return self.long(stop_distance=distance, tag="breakout")
        if now.close < now.before.channel.lower:
            return self.short(stop_distance=distance, tag="breakdown")
        return None
