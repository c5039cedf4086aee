"""Feature strategies that say all rows at once: one in many words, and one that is not of one mind."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from core.settings_section import SettingsSection
from core.trading_signal import Signal
from indicators import ATR, EMA
from strategies.examples.trend_filter import TrendFilter
from strategies.features.feature_columns import FeatureColumns
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now
from strategies.features.said import SignalWhere


class Wordy(FeatureStrategy):
    """Says much: entries beside anything, half an exit beside a long, and with ``prices`` levels that are prices."""

    class Params(SettingsSection):
        prices: bool = True

    lookback = 1

    def features(self, params: Any) -> Mapping[str, Any]:
        return {"fast": EMA(2), "slow": EMA(4), "atr": ATR(4)}

    def long_at(self, at: Any) -> Signal:
        if not self.params.prices:
            return self.long(stop_distance=at.atr, targets=[(0.5, "1R"), (0.5, "3R")], atr=at.atr)
        levels = {"stop": at.low - at.atr, "entry_price": at.close - 0.1 * at.atr}
        return self.long(**levels, target=at.high + 2 * at.atr, entry="limit", entry_expiry=3)

    def short_at(self, at: Any) -> Signal:
        told = {"span": at.high - at.low, "why": "down"}
        share = 0.5 + 0.5 * (at.close - at.low) / (at.high - at.low)
        words: Any = {"size": share, "metadata": told, "reason": "down", "cancel_entry": True}
        return self.short(stop_distance=at.atr, target_distance=2 * at.atr, **words)

    def decide(self, now: Now) -> Signal | None:
        if now.position is not None and now.position.side == "LONG":
            if now.close < now.before.close:
                return self.exit(0.5, tag="half")
            if self.params.prices:
                return self.move_stop(now.low - 2 * now.atr)
        if now.fast > now.slow and now.close > now.before.close:
            return self.long_at(now)
        if now.fast < now.slow and now.high > now.low:
            return self.short_at(now)
        return None

    def signals(self, columns: FeatureColumns) -> Sequence[SignalWhere]:
        close, before = columns.close, columns.before.close
        prices = np.full(len(close), self.params.prices)
        with np.errstate(divide="ignore", invalid="ignore"):
            short = self.short_at(columns)
        return (
            self.where(close < before, self.exit(0.5, tag="half"), held="LONG"),
            self.where(prices, self.move_stop(columns.low - 2 * columns.atr), held="LONG"),
            self.where((columns.fast > columns.slow) & (close > before), self.long_at(columns)),
            self.where((columns.fast < columns.slow) & (columns.high > columns.low), short),
        )


class Planted(TrendFilter):
    """Leaves out one row of what it says at all at once."""

    def signals(self, columns: FeatureColumns) -> Sequence[SignalWhere]:
        up, down = super().signals(columns)
        rows = np.array(up.rows)
        rows[np.flatnonzero(rows)[-1]] = False
        return up._replace(rows=rows), down


class Short(Planted):
    """Leaves out the first row of its columns."""

    def signals(self, columns: FeatureColumns) -> Sequence[SignalWhere]:
        return (self.where(columns.ready[1:], self.long()),)


class Otherwise(Planted):
    """Calls its trades something else when it says all at once."""

    def signals(self, columns: FeatureColumns) -> Sequence[SignalWhere]:
        up, down = super().signals(columns)
        return up._replace(signal=msgspec.structs.replace(up.signal, tag="otherwise")), down
