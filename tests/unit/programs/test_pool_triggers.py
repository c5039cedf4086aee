"""A pool's historical triggers: against pandas, against sessions of the kernel, and blind to what comes later."""

import json
import tempfile
import unittest
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backtests.config_backtest import ConfigBacktestRunner
from core.candle import Candle
from core.errors import ConfigurationError, DataUnavailableError
from core.time_range import TimeRange
from core.timeframe import HOUR_MS
from programs.pool_outcomes import PoolTriggers
from programs.pool_triggers import WatchReading, backtest_pool, pool_triggers
from strategies.features.feature_session import FeatureSession
from strategies.programs.triggers.pool_settings import pool_of
from strategies.programs.triggers.signal_pool import SignalPool
from strategies.programs.triggers.trigger_event import TriggerEvent
from strategies.programs.triggers.trigger_watch import TriggerWatch
from tests.support.config_tree import write_config
from tests.support.times import JANUARY_MS
from tests.support.woken_strategy import WokenStrategy
from validation.loading import load_settings
from validation.overrides import Overrides

BTC, ETH, SOL = SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
ROWS, BEFORE = 900, 500
"""Hours of the market, and those of them before the window."""
WINDOW = TimeRange(JANUARY_MS, JANUARY_MS + (ROWS - BEFORE) * HOUR_MS)
MAX_GAP = 6
OVERSOLD = pool_of(
    {"name": "Oversold", "all": [{"feature": "rsi(14)", "op": "<", "value": 35}], "cooldown": "4h"}, "oversold", "test"
)
ACROSS = pool_of(
    {
        "name": "Across",
        "any": [
            {"feature": "close", "op": "crosses_above", "value": "ema(20)"},
            {"feature": "rsi(7)", "op": "<", "value": 35, "period": "4h", "symbol": "BTC/USDT"},
            {"feature": "volume", "op": ">", "value": "sma(10, volume)", "period": "2h", "symbol": "SOL/USDT"},
        ],
    },
    "across",
    "test",
)


def drawn(seed: int) -> pd.DataFrame:
    """Return hours of a walk, ``BEFORE`` of them before the window."""
    chance = np.random.default_rng(seed)
    close = np.round(100.0 + np.cumsum(chance.normal(0.0, 0.6, ROWS)), 2)
    opened = np.concatenate([[100.0], close[:-1]])
    high, low = np.maximum(opened, close) + 0.1, np.minimum(opened, close) - 0.1
    times = pd.date_range("2024-01-01", periods=ROWS, freq="h", tz="UTC") - pd.Timedelta(hours=BEFORE)
    columns = {"timestamp": times, "open": opened, "high": high, "low": low, "close": close}
    return pd.DataFrame({**columns, "volume": np.round(chance.random(ROWS) * 10.0, 1)})


class Frames:
    """Answers for candles with frames."""

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self.frames = dict(frames)

    def fetch_ohlcv(self, symbol: str, interval: str, start: object, end: object) -> pd.DataFrame:
        return self.frames[symbol]


def market() -> Frames:
    """Return three symbols: of the second some candles are missing, of the third more than a segment survives."""
    frames = {symbol: drawn(seed) for seed, symbol in enumerate(SYMBOLS, 1)}
    frames[ETH] = frames[ETH].drop([BEFORE + 40, BEFORE + 41, BEFORE + 200])
    frames[SOL] = frames[SOL].drop(range(BEFORE + 120, BEFORE + 130))
    return Frames(frames)


def rsi(close: pd.Series, period: int = 14) -> pd.Series:
    """Return Wilder's RSI as pandas computes it."""
    change = close.diff().iloc[1:]
    parts = []
    for moves in (change.clip(lower=0.0), -change.clip(upper=0.0)):
        seeded = moves.copy()
        seeded.iloc[period - 1] = moves.iloc[:period].mean()
        parts.append(seeded.iloc[period - 1 :].ewm(alpha=1.0 / period, adjust=False).mean())
    gains, losses = parts
    return (100.0 * gains / (gains + losses)).reindex(close.index)


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(place.cleanup)
        cls.base = Path(place.name)
        cls.config = write_config(
            cls.base,
            live={
                "exchange": "practice",
                "symbols": [BTC, ETH],
                "watch": [SOL],
                "timeframe": "1h",
                "execution": {"max_gap": MAX_GAP, "max_order_wait": 2},
                "strategy": {"type": "tests.support.woken_strategy:WokenStrategy"},
                "data": {"cache_dir": str(cls.base / "data")},
                "logging": {"directory": str(cls.base / "logs")},
            },
        )
        WokenStrategy.symbols, WokenStrategy.length_ms = (BTC, ETH), HOUR_MS
        cls.market = market()

    def found(self, pool: SignalPool, provider: Any = None, **changes: Any) -> PoolTriggers:
        settings = load_settings(self.config, **changes)
        return pool_triggers(pool, settings, WINDOW, self.market if provider is None else provider)


class AgainstPandas(Base):
    def test_edges_with_a_cool_down_and_what_followed(self) -> None:
        found = self.found(OVERSOLD)
        expected: list[tuple[int, str]] = []
        returns: dict[tuple[int, str], list[float]] = {}
        everywhere: dict[int, list[float]] = {1: [], 4: [], 24: []}
        for symbol in (BTC, ETH):
            frame = self.market.frames[symbol].set_index("timestamp")
            low = (rsi(frame.close) < 35.0).to_numpy()
            opens = (frame.index.asi8 // 10**6 if frame.index.unit == "ns" else frame.index.as_unit("ms").asi8).tolist()
            first = opens.index(JANUARY_MS)
            whole = frame.close.reindex(pd.date_range(frame.index[0], frame.index[-1], freq="h"))
            later = {one: (whole.shift(-one) / whole - 1.0) for one in everywhere}
            for one, values in later.items():
                complete = whole.notna().astype(int)[::-1].rolling(one + 1).sum()[::-1] == one + 1
                later[one] = values.where(complete)
                everywhere[one] += later[one][frame.index[first:]].dropna().tolist()
            quiet_until = 0
            for row in range(first, len(opens)):
                time_ms = opens[row] + HOUR_MS
                if low[row] and row > first and not low[row - 1] and time_ms >= quiet_until:
                    quiet_until = time_ms + 4 * HOUR_MS
                    expected.append((time_ms, symbol))
                    returns[time_ms, symbol] = [later[one][frame.index[row]] for one in (1, 4, 24)]
        expected.sort()
        self.assertGreater(len(expected), 15)
        self.assertEqual(expected, [(one.event.time_ms, one.event.symbol) for one in found.triggers])
        for one in found.triggers:
            wanted = returns[one.event.time_ms, one.event.symbol]
            np.testing.assert_allclose([np.nan if got is None else got for got in one.returns], wanted, rtol=1e-12)
        for place, horizon in enumerate((1, 4, 24)):
            outcome = found.outcomes[place]
            own = np.array([one[place] for one in returns.values()])
            own = own[~np.isnan(own)]
            self.assertEqual((horizon, len(own), len(everywhere[horizon])),
                             (outcome.candles, outcome.triggers, outcome.all_candles))  # fmt: skip
            figures = (own.mean(), np.median(own), (own > 0).mean(), np.mean(everywhere[horizon]))
            np.testing.assert_allclose((outcome.mean, outcome.median, outcome.up, outcome.all_mean), figures, rtol=1e-9)

    def test_where_the_candles_end_or_one_is_missing_nothing_followed(self) -> None:
        always = pool_of(
            {"name": "x", "all": [{"feature": "close", "op": ">", "value": 0}], "mode": "level"}, "always", "test"
        )
        found = self.found(always)
        by_time = {(one.event.symbol, (one.event.time_ms - JANUARY_MS) // HOUR_MS - 1): one for one in found.triggers}
        self.assertEqual(2 * (ROWS - BEFORE) - 3, len(by_time))
        last = ROWS - BEFORE - 1
        for hour, known in ((last, 0), (last - 1, 1), (last - 3, 1), (last - 4, 2), (last - 23, 2), (last - 24, 3)):
            returns = by_time[BTC, hour].returns
            self.assertEqual(known, sum(one is not None for one in returns), hour)
            self.assertTrue(all(one is None for one in returns[known:]))
        # The second symbol lacks the hours 40 and 41.
        self.assertEqual((None, None, None), by_time[ETH, 39].returns)
        self.assertIsNotNone(by_time[ETH, 38].returns[0])
        self.assertIsNone(by_time[ETH, 38].returns[1])
        self.assertIn("ETH/USDT: 3 candles of the window are missing", found.warnings)


class AgainstSessions(Base):
    def test_they_are_what_a_run_of_the_kernel_is_shown(self) -> None:
        for symbols in ((BTC, ETH), (ETH, BTC)):
            WokenStrategy.pools, WokenStrategy.symbols, WokenStrategy.events = (ACROSS,), symbols, []
            runner = ConfigBacktestRunner(
                self.config, "2024-01-01", pd.Timestamp(WINDOW.end_ms, unit="ms", tz="UTC").to_pydatetime(),
                symbols=list(symbols), engine="reference", outputs="none",
            )  # fmt: skip
            runner.data_provider = self.market
            runner.run()
            found = self.found(ACROSS, symbols=symbols)
            ordered = sorted(WokenStrategy.events, key=lambda one: (one.time_ms, symbols.index(one.symbol)))
            self.assertGreater(len(ordered), 60)
            self.assertEqual(ordered, [one.event for one in found.triggers])
        signals = {signal.feature for one in ordered for signal in one.signals}
        self.assertEqual({"close", "rsi(7)", "volume"}, signals)

    def test_they_are_what_is_computed_candle_by_candle_with_a_gap_in_a_traded_symbol(self) -> None:
        symbols, frame = (SOL, BTC), self.market.frames[SOL]
        before, after = (float(frame.close[BEFORE + hour]) for hour in (119, 130))
        over = {"feature": "close", "op": ">" if after > before else "<", "value": (before + after) / 2.0}
        gap = pool_of({"name": "Over the gap", "all": [over], "symbols": [SOL]}, "gap", "test")
        for pool in (OVERSOLD, ACROSS, gap):
            found = self.found(pool, symbols=symbols, overrides=Overrides({"watch": [ETH]}, "test"))
            self.assertEqual(streamed(pool, self.market.frames, symbols, (ETH,)), [one.event for one in found.triggers])
        # What lay on the other side of the gap is no edge, and is one later on.
        hours = [(one.event.time_ms - JANUARY_MS) // HOUR_MS - 1 for one in found.triggers]
        self.assertNotIn(130, hours)
        self.assertTrue(any(hour > 130 for hour in hours), hours)


def streamed(
    pool: SignalPool, frames: Mapping[str, pd.DataFrame], symbols: tuple[str, ...], watched: tuple[str, ...]
) -> list[TriggerEvent]:
    """Return the events of a pool that is fed candle by candle, by a session's own rules written out again."""
    watch = TriggerWatch((pool,), None, symbols, HOUR_MS)
    strategy = WatchReading(watch)
    strategy.prepare_features("1h", (*symbols, *watched))
    longest_ms = (MAX_GAP + 1) * HOUR_MS
    session = FeatureSession(strategy, (*symbols, *watched), None, longest_ms)
    rows = {one: candles(frame) for one, frame in frames.items()}
    opened = {symbol: session.open(symbol) for symbol in symbols}
    for symbol in symbols:
        for one in [one for one in rows[symbol] if one.open_time_ms < JANUARY_MS][-strategy.warmup_candles :]:
            opened[symbol].warm(one)  # type: ignore[attr-defined]
    for symbol in watched:
        for one in [one for one in rows[symbol] if one.open_time_ms < JANUARY_MS][-strategy.warmup_candles :]:
            session.watch(symbol, "1h", one)
    last_ms: dict[str, int] = {}
    events: list[TriggerEvent] = []
    at = {symbol: {one.open_time_ms: one for one in shown} for symbol, shown in rows.items()}
    for open_ms in range(JANUARY_MS, WINDOW.end_ms, HOUR_MS):
        present = [(symbol, at[symbol][open_ms]) for symbol in symbols if open_ms in at[symbol]]
        if not present:
            continue
        for symbol, _ in present:
            if open_ms - last_ms.get(symbol, open_ms) > longest_ms:
                session.open(symbol)
                watch.restart(symbol)
            last_ms[symbol] = open_ms
        for symbol in watched:
            if open_ms in at[symbol]:
                session.watch(symbol, "1h", at[symbol][open_ms])
        session.begin(open_ms + HOUR_MS, present)
        shown = [symbol for symbol, _ in reversed(present)]
        events += watch.at(
            open_ms + HOUR_MS, shown, lambda symbol, name: float(getattr(session.moment_of(symbol), name))
        )
    return events


def candles(frame: pd.DataFrame) -> list[Candle]:
    opens = pd.DatetimeIndex(frame.timestamp).as_unit("ms").asi8.tolist()
    prices = [frame[name].tolist() for name in ("open", "high", "low", "close", "volume")]
    return [Candle(*row) for row in zip(opens, *prices, strict=True)]


class Sentinel(Base):
    def test_nothing_later_than_the_step_is_read(self) -> None:
        whole = self.found(ACROSS)
        for hour in (50, 187, 333):
            until_ms = JANUARY_MS + hour * HOUR_MS
            changed = {}
            for symbol, frame in self.market.frames.items():
                later = pd.DatetimeIndex(frame.timestamp).as_unit("ms").asi8 >= until_ms
                nonsense = frame.copy()
                nonsense.loc[later, ["open", "high", "low", "close"]] *= 1e6
                nonsense.loc[later, "volume"] = 1e9
                changed[symbol] = nonsense
            poisoned = self.found(ACROSS, Frames(changed))
            before = [one.event for one in whole.triggers if one.event.time_ms <= until_ms]
            self.assertGreater(len(before), 5)
            self.assertEqual(before, [one.event for one in poisoned.triggers if one.event.time_ms <= until_ms])
            after = [one.event for one in poisoned.triggers if one.event.time_ms > until_ms]
            self.assertNotEqual([one.event for one in whole.triggers if one.event.time_ms > until_ms], after)


class Result(Base):
    def test_it_is_plain_values_and_a_frame(self) -> None:
        found = self.found(OVERSOLD)
        plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        self.assertEqual(found.count, len(plain["triggers"]))
        self.assertEqual({"id": "oversold", **OVERSOLD.to_dict()}, plain["pool"])
        self.assertEqual(found.count, sum(plain["by_symbol"].values()))
        self.assertEqual(found.count, sum(plain["by_regime"].values()))
        first = plain["triggers"][0]
        self.assertEqual({"time", "symbol", "signals", "regime", "close", "returns"}, set(first))
        self.assertEqual({"1", "4", "24"}, set(first["returns"]))
        frame = found.to_dataframe()
        self.assertEqual(
            ["time", "symbol", "regime", "close", "return_1", "return_4", "return_24", "signals"], list(frame.columns)
        )
        self.assertEqual(found.count, len(frame))
        self.assertEqual("UTC", str(frame.time.dt.tz))
        self.assertRegex(frame.signals[0], r"rsi\(14\) [\d.]+ < 35")
        none = self.found(pool_of({**OVERSOLD.to_dict(), "symbols": [ETH]}, "oversold", "test"))
        self.assertEqual({ETH}, set(none.by_symbol))
        self.assertEqual((ROWS - BEFORE) - 3, none.candles)

    def test_a_pool_that_never_wakes_has_no_figures_but_those_of_all_candles(self) -> None:
        never = pool_of({"name": "x", "all": [{"feature": "close", "op": "<", "value": 0}]}, "never", "test")
        found = self.found(never)
        self.assertEqual((0, [None] * 3), (found.count, [one.mean for one in found.outcomes]))
        self.assertTrue(all(one.all_mean is not None for one in found.outcomes))
        self.assertEqual(0, len(found.to_dataframe()))
        json.dumps(found.to_dict(), allow_nan=False)

    def test_the_practice_market_and_what_is_refused(self) -> None:
        arguments = {"config": str(self.config), "data_dir": str(self.base / "data")}
        found = backtest_pool("rsi_oversold", [BTC], "2024-01-01", "2024-01-15", **arguments)
        self.assertEqual((336, (BTC,), "1h"), (found.candles, found.symbols, found.timeframe))
        for pool, start, end, said in (
            (
                "rsl_oversold",
                "2024-01-01",
                "2024-01-02",
                r"pool rsl_oversold: there is none in .*mean rsi_oversold",
            ),
            (OVERSOLD, "2024-01-02", "2024-01-01", "is not before end"),
            (OVERSOLD, "2024-01-01", "2024-01-01T00:30", "no candle of 1h fits"),
            (OVERSOLD, "2924-01-01", "2924-01-02", "has not begun"),
            (OVERSOLD, "soon", "2024-01-01", "start 'soon' is not a date"),
        ):
            with self.subTest(said), self.assertRaisesRegex(ConfigurationError, said):
                backtest_pool(pool, [BTC], start, end, **arguments)
        with self.assertRaises(DataUnavailableError):
            self.found(OVERSOLD, Frames({symbol: frame.head(5) for symbol, frame in self.market.frames.items()}))


if __name__ == "__main__":
    unittest.main()
