"""Parameters of the EMA-cross scalping strategy."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from core.settings_problem import SettingsProblem
from core.settings_section import SettingsSection

Period = Annotated[int, Field(ge=1, le=10_000)]
RsiLevel = Annotated[float, Field(ge=0, le=100)]
AtrMultiple = Annotated[float, Field(gt=0, le=1000)]


class ScalpingParams(SettingsSection):
    """Parameters of ``ScalpingEMARSI``; periods count candles of the timeframe.

    The defaults are meant for 15-minute candles and longer. At 0.05 % slippage and 0.05 % commission a side, a round
    trip costs 0.2 % of the notional (0.15 % when it ends at the target, which fills without slippage). The median ATR
    of liquid pairs is about 0.35 to 1 % of the price at 15 minutes and 0.75 to 2 % at one hour. A stop of 2 ATR is
    then about 0.7 % or more, over three times the costs, and a target of 4 ATR over six times. On one-minute candles,
    where the median ATR is 0.06 to 0.2 %, these multiples would pay the costs and little else: use about 10 and 20
    there.
    """

    ema_fast: Period = Field(9, description="Period of the fast EMA")
    ema_slow: Period = Field(21, description="Period of the slow EMA")
    rsi_period: Period = Field(14, description="Period of Wilder's RSI")
    rsi_long_min: RsiLevel = Field(50.0, description="Lowest RSI of a long entry")
    rsi_long_max: RsiLevel = Field(70.0, description="Highest RSI of a long entry")
    rsi_short_min: RsiLevel = Field(30.0, description="Lowest RSI of a short entry")
    rsi_short_max: RsiLevel = Field(50.0, description="Highest RSI of a short entry")
    rsi_extreme_low: RsiLevel = Field(20.0, description="RSI at or below which no entry is made")
    rsi_extreme_high: RsiLevel = Field(80.0, description="RSI at or above which no entry is made")
    volume_multiplier: float = Field(
        1.2,
        ge=0,
        le=1000,
        description="A volume spike is a volume above its average times this; 0 asks only for some volume",
    )
    volume_lookback: Period = Field(20, description="Candles in the volume average, the current one included")
    atr_period: Period = Field(14, description="Period of Wilder's ATR")
    atr_min_threshold: float = Field(
        0.0, ge=0, le=1e15, description="Least ATR of an entry, in quote currency; 0 is off"
    )
    sl_atr_multiple: AtrMultiple = Field(2.0, description="Stop distance in ATR")
    tp_atr_multiple: AtrMultiple = Field(4.0, description="Target distance in ATR")

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield averages and bands in the wrong order, and a spike that no volume could be."""
        if self.ema_fast >= self.ema_slow:
            yield SettingsProblem("ema_fast", str(self.ema_fast), f"allowed: below ema_slow ({self.ema_slow})")
        for low, high in (
            ("rsi_long_min", "rsi_long_max"),
            ("rsi_short_min", "rsi_short_max"),
            ("rsi_extreme_low", "rsi_extreme_high"),
        ):
            lowest, highest = getattr(self, low), getattr(self, high)
            if lowest >= highest:
                yield SettingsProblem(low, f"{lowest:g}", f"allowed: below {high} ({highest:g})")
        if self.volume_multiplier >= self.volume_lookback:
            # The current volume is part of its average, so it is at most volume_lookback times the average.
            yield SettingsProblem(
                "volume_multiplier",
                f"{self.volume_multiplier:g}",
                f"allowed: below volume_lookback ({self.volume_lookback}), or no volume could be a spike",
            )
