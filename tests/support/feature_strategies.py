"""Feature strategies for tests: one of each kind of declaration, and one that keeps what it was shown."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import Field

from core.settings_section import SettingsSection
from core.trading_signal import Signal
from indicators import ATR, EMA, MACD, SMA
from indicators.features.feature import Feature
from strategies.features.feature_columns import FeatureColumns
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now
from strategies.features.session_facts import FillNow, TradeNow


class Crossing(FeatureStrategy):
    """Trades crossings of two averages in the direction of a longer timeframe's."""

    class Params(SettingsSection):
        fast: int = Field(3, ge=1)
        slow: int = Field(6, ge=2)

    lookback = 2

    def features(self, params: Any) -> Mapping[str, Any]:
        return {
            "fast": EMA(params.fast),
            "slow": EMA(params.slow),
            "atr": ATR(4),
            "trend": Feature(SMA(3), timeframe="5m"),
            "range": Feature(ATR(2), timeframe="15m", require_whole=True),
        }

    def decide(self, now: Now) -> Signal | None:
        up = now.before.fast <= now.before.slow and now.fast > now.slow
        down = now.before.fast >= now.before.slow and now.fast < now.slow
        if up and now.close > now.trend:
            return self.long(stop_distance=now.atr, target_distance=2 * now.atr, metadata={"range": now.range})
        if down and now.close < now.trend:
            return self.short(stop_distance=now.atr, target_distance=2 * now.atr, metadata={"range": now.range})
        return None


class MaskedCrossing(Crossing):
    """The same, and says where it can have an opinion."""

    def candidates(self, columns: FeatureColumns) -> Any:
        return (columns.fast > columns.slow) != (columns.before.fast > columns.before.slow)


class TooMasked(Crossing):
    """Says that there is never anything to decide, and decides."""

    def candidates(self, columns: FeatureColumns) -> Any:
        return np.zeros(len(columns.close), bool)


class Leader(FeatureStrategy):
    """Follows another symbol's average, its own fills and what it closed."""

    lookback = 3

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        super().__init__(params)
        self.rest: dict[str, int] = {}

    def features(self, params: Any) -> Mapping[str, Any]:
        return {
            "mean": SMA(4),
            "leader": Feature(EMA(5), symbol="BTC/USDT"),
            "leader_hour": Feature(MACD(2, 4, 2), symbol="BTC/USDT", timeframe="5m"),
            "atr": ATR(4),
        }

    def decide(self, now: Now) -> Signal | None:
        self.rest[now.symbol] = self.rest.get(now.symbol, 0) - 1
        if not now.ready or now.position is not None or self.rest[now.symbol] > 0 or now.account.open_positions > 1:
            return None
        other = now.symbols["BTC/USDT"]
        told = {
            "leader": now.leader,
            "line": now.leader_hour.line,
            "before": now.ago(3).leader,
            "missing": now.missing("leader_hour"),
            "age": other.age.total_seconds(),
            "close": other.close,
            "mean": other.before.mean,
            "equity": now.account.equity,
        }
        if now.leader > now.before.leader and now.close > now.mean:
            return self.long(stop_distance=3 * now.atr, target_distance=2 * now.atr, metadata=told)
        if now.leader_hour.histogram < 0.0 and now.close < now.mean:
            return self.short(stop_distance=3 * now.atr, target_distance=2 * now.atr, metadata=told)
        return None

    def on_close(self, now: Now, trade: TradeNow) -> None:
        self.rest[now.symbol] = 12 if trade.pnl < 0 else 2


class Regime(FeatureStrategy):
    """Trades with a watched symbol's average; it compares joined candles with the exchange's own."""

    lookback = 2

    def features(self, params: Any) -> Mapping[str, Any]:
        return {
            "mean": SMA(4),
            "atr": ATR(4),
            "regime": Feature(EMA(5), symbol="XRP/USDT"),
            "joined": Feature(SMA(2), timeframe="5m"),
            "own": Feature(SMA(2), timeframe="5m", source="exchange"),
            "theirs": Feature("close", timeframe="5m", symbol="XRP/USDT", source="exchange"),
        }

    def decide(self, now: Now) -> Signal | None:
        if not now.ready or now.position is not None:
            return None
        other = now.symbols["XRP/USDT"]
        told = {
            "joined": now.joined,
            "own": now.own,
            "theirs": now.theirs,
            "before": now.before.theirs,
            "close": other.close,
            "age": other.age.total_seconds(),
        }
        if now.regime > now.before.regime and now.close > now.mean:
            return self.long(stop_distance=3 * now.atr, target_distance=2 * now.atr, metadata=told)
        return None


class Following(FeatureStrategy):
    """Trades every third minute in the direction of a watched symbol's average, whatever its position is."""

    lookback = 1

    def features(self, params: Any) -> Mapping[str, Any]:
        return {
            "atr": ATR(4),
            "regime": Feature(EMA(5), symbol="XRP/USDT"),
            "theirs": Feature("close", timeframe="5m", symbol="XRP/USDT", source="exchange"),
        }

    def decide(self, now: Now) -> Signal | None:
        if not now.ready or now.time.open.minute % 3:
            return None
        enter = self.long if now.regime > now.before.regime else self.short
        return enter(stop_distance=now.atr, target_distance=2 * now.atr, metadata={"theirs": now.theirs})


class Watcher(FeatureStrategy):
    """Keeps what it was shown, and says what a script tells it."""

    name = "watcher"

    def __init__(self, script: Mapping[int, Signal] | None = None) -> None:
        super().__init__()
        self.script = script or {}
        self.seen: list[tuple[Any, ...]] = []
        self.heard: list[tuple[float, FillNow | TradeNow]] = []

    def features(self, params: Any) -> Mapping[str, Any]:
        return {"mean": SMA(2)}

    @property
    def warmup_candles(self) -> int:
        return 0

    def decide(self, now: Now) -> Signal | None:
        self.seen.append((now.time, now.position, now.account))
        return self.script.get(int(now.time.open.timestamp() * 1000))

    def on_fill(self, now: Now, fill: FillNow) -> None:
        self.heard.append((now.close, fill))

    def on_close(self, now: Now, trade: TradeNow) -> None:
        self.heard.append((now.close, trade))


class MaskedWatcher(Watcher):
    """The same, asked only where its script has something to say."""

    def candidates(self, columns: FeatureColumns) -> Any:
        return np.isin(columns.open_time_ms, list(self.script))
