"""A strategy with a planted optimum: on candles that rise in one hour of the day only, one hour of entry is right."""

from typing import Any

import numpy as np
from pydantic import Field

from core.candle_columns import CandleColumns
from core.settings_section import SettingsSection
from core.trading_signal import Signal
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now
from tests.support.times import HOUR_MS, JANUARY_MS

RISES_IN = 13
"""The hour in which the price rises by a hundredth; the entry that is right is decided in the hour before."""


class Hour(FeatureStrategy):
    """Long at the close of every candle of one hour of the day; fails, waits or stays away where it is told to."""

    class Params(SettingsSection):
        hour: int = Field(0, ge=0, le=23)
        target: float = Field(0.005, gt=0, lt=0.1)
        stop: float = Field(0.05, gt=0, lt=0.2)
        fails_below: int = 0

    def decide(self, now: Now) -> Signal | None:
        params: Any = self.params
        if params.hour < params.fails_below:
            raise ValueError("as planted")
        if (now.time.close.hour - 1) % 24 != params.hour:
            return None
        return self.long(stop_distance=params.stop * now.close, target_distance=params.target * now.close)


def planted_candles(days: int) -> CandleColumns:
    """Return hours of candles that fall a little all day, but for the hour in which they rise."""
    rows, price = [], 100.0
    for number in range(24 * days):
        rate = 1.01 if number % 24 == RISES_IN else 0.9996 + 0.0001 * (number * 7919 % 5) / 5
        after = round(price * rate, 4)
        rows.append((JANUARY_MS + number * HOUR_MS, price, max(price, after), min(price, after), after, 10.0))
        price = after
    return CandleColumns(*(np.array(one) for one in zip(*rows, strict=True)))
