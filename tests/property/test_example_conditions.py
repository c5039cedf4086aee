"""What the shipped examples say, candle by candle, against their definitions written out anew in pandas."""

import json
import math
import unittest
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from strategies.strategy_registry import build_strategy
from tests.support.candles import candles_of
from tests.support.example_strategies import QUICK_EXAMPLES
from tests.support.market_data_sets import practice_columns
from tests.support.runs.kernel_runs import steps_of
from tests.support.runs.strategy_runs import stepped_run
from tests.support.times import MINUTE_MS

BTC, ETH = "BTC/USDT", "ETH/USDT"
WARM, COUNT = 1_700, 2_300

Frames = dict[str, pd.DataFrame]
Conditions = tuple[pd.Series, pd.Series, pd.Series]
"""Where it buys, where it sells, and how far the stop is."""


def ema(values: pd.Series, period: int) -> pd.Series:
    """The start differs from the program's; after hundreds of candles nothing is left of either."""
    return values.ewm(span=period, adjust=False).mean()


def wilder(values: pd.Series, period: int) -> pd.Series:
    return values.ewm(alpha=1.0 / period, adjust=False).mean()


def atr(frame: pd.DataFrame, period: int) -> pd.Series:
    last = frame.close.shift(1)
    spans = pd.concat([frame.high - frame.low, (frame.high - last).abs(), (frame.low - last).abs()], axis=1)
    return wilder(spans.max(axis=1), period)


def rsi(close: pd.Series, period: int) -> pd.Series:
    change = close.diff().fillna(0.0)
    ups, downs = wilder(change.clip(lower=0.0), period), wilder(-change.clip(upper=0.0), period)
    return 100.0 * ups / (ups + downs)


def donchian_breakout(frames: Frames) -> Conditions:
    own = frames[ETH]
    upper, lower = own.high.shift(1).rolling(4).max(), own.low.shift(1).rolling(4).min()
    return own.close > upper, own.close < lower, 1.5 * atr(own, 4)


def rsi_reversion(frames: Frames) -> Conditions:
    own = frames[ETH]
    strength, middle = rsi(own.close, 3), own.close.rolling(5).mean()
    low, high = (strength < 30.0) & (own.close < middle), (strength > 70.0) & (own.close > middle)
    return low, high, 3.0 * atr(own, 14)


def trend_filter(frames: Frames) -> Conditions:
    own = frames[ETH]
    above = ema(own.close, 2) > ema(own.close, 4)
    before = above.shift(1, fill_value=False)
    whole = own.close.resample("4min").last()
    # What was opened at :00 is known with the candle opened at :03.
    whole.index = whole.index + pd.Timedelta(minutes=3)
    trend = ema(whole, 2).reindex(own.index, method="ffill")
    return above & ~before & (own.close > trend), ~above & before & (own.close < trend), 2.0 * atr(own, 14)


def btc_regime(frames: Frames) -> Conditions:
    own, leader = frames[ETH], frames[BTC].close
    broken = own.close > own.high.shift(1).rolling(3).max()
    return (leader > ema(leader, 5)) & broken, broken & False, 1.0 * atr(own, 14)


def vwap_reversion(frames: Frames) -> Conditions:
    own = frames[ETH]
    days = own.index.floor("D")
    paid = ((own.high + own.low + own.close) / 3.0 * own.volume).groupby(days).cumsum()
    vwap, reach = paid / own.volume.groupby(days).cumsum(), atr(own, 4)
    return own.close < vwap - reach, own.close > vwap + reach, reach


def confluence(frames: Frames) -> Conditions:
    own = frames[ETH]
    line = ema(own.close, 2) - ema(own.close, 5)
    sides = [ema(own.close, 2) - ema(own.close, 4), rsi(own.close, 3) - 50.0, line - ema(line, 3)]
    up, down = (sum((sign * one > 0.0).astype(int) for one in sides) for sign in (1, -1))
    return (up >= 2) & (up.shift(1) < 2), (down >= 2) & (down.shift(1) < 2), 2.0 * atr(own, 14)


RULES: dict[str, Callable[[Frames], Conditions]] = {
    "btc_regime": btc_regime,
    "confluence": confluence,
    "donchian_breakout": donchian_breakout,
    "rsi_reversion": rsi_reversion,
    "trend_filter": trend_filter,
    "vwap_reversion": vwap_reversion,
}


Said = tuple[pd.Timestamp, str, float]
"""The open of the candle, the direction, and the stop: its distance, or where it is moved."""


def walked(
    own: pd.DataFrame, conditions: Conditions, leaves: Callable[[pd.Timestamp, int], bool] | None
) -> Iterator[Said]:
    """Walk the candles one by one with a position and its stop; ``leaves`` says where a side (1, -1) is left.

    Without it the stop trails. There are no costs, and one symbol's entries are never refused.
    """
    long, short, distance = conditions
    side, stop, wanted, leaving, before = 0, math.nan, 0, False, own.index[0]
    for opened, candle in own.iterrows():
        if leaving:
            side, leaving = 0, False
        if wanted:
            side, wanted = wanted, 0
            stop = outward(candle.open - side * distance[before], side)
        if side and (candle.low <= stop if side > 0 else candle.high >= stop):
            side = 0
        before = opened
        if not side:
            wanted = int(long[opened]) - int(short[opened])
            if wanted:
                yield opened, "LONG" if wanted > 0 else "SHORT", distance[opened]
        elif leaves is not None:
            leaving = leaves(opened, side)
            if leaving:
                yield opened, "EXIT", math.nan
        else:
            trail = candle.close - side * distance[opened]
            if side * (trail - stop) > 0.0:
                stop = outward(trail, side)
                yield opened, "ADJUST", trail


def outward(stop: float, side: int) -> float:
    """Return the stop on the grid of 0.01, away from the price."""
    return side * math.floor(side * stop / 0.01) * 0.01


def levels(name: str, frames: Frames, opened: pd.Timestamp, direction: str) -> dict[str, float]:
    """Return what an entry says besides its stop."""
    own, sign = frames[ETH], 1 if direction == "LONG" else -1
    if name == "vwap_reversion":
        day = own.loc[opened.floor("D") : opened]
        return {"target_price": float(((day.high + day.low + day.close) / 3.0 * day.volume).sum() / day.volume.sum())}
    if name == "confluence":
        line = ema(own.close, 2) - ema(own.close, 5)
        sides = [ema(own.close, 2) - ema(own.close, 4), rsi(own.close, 3) - 50.0, line - ema(line, 3)]
        share = sum(sign * one[opened] > 0.0 for one in sides) / 3.0
        return {"target_r": 2.0, **({"size": share} if share < 1.0 else {})}
    return {"target_r": 2.0} if name in ("btc_regime", "trend_filter") else {}


class SaidByDefinition(unittest.TestCase):
    def setUp(self) -> None:
        columns = {symbol: practice_columns(symbol, "1m", COUNT) for symbol in (BTC, ETH)}
        self.frames = {
            symbol: pd.DataFrame(
                {name: getattr(one, name) for name in ("open", "high", "low", "close", "volume")},
                index=pd.to_datetime(one.open_time_ms, unit="ms", utc=True),
            )
            for symbol, one in columns.items()
        }
        candles = {symbol: candles_of(one) for symbol, one in columns.items()}
        self.warm = {symbol: own[:WARM] for symbol, own in candles.items()}
        self.steps = steps_of({symbol: own[WARM:] for symbol, own in candles.items()}, (BTC, ETH), MINUTE_MS)

    def said(self, name: str) -> list[tuple[pd.Timestamp, dict[str, Any]]]:
        """Return the opinions about the second symbol, by the open of their candle."""
        strategy = build_strategy(name, QUICK_EXAMPLES[name], "1m", (BTC, ETH))
        ran = stepped_run(strategy, self.steps, (BTC, ETH), {}, warm_up=self.warm)
        told = map(json.loads, bytes(ran.decisions).splitlines())
        return [
            (pd.Timestamp(one["time"]) - pd.Timedelta(minutes=1), one["signal"])
            for one in told
            if one["event"] == "decision" and one["symbol"] == ETH
        ]

    def test_orders_stand_where_the_definition_says(self) -> None:
        self.assertEqual(set(RULES), set(QUICK_EXAMPLES))
        for name, rule in RULES.items():
            with self.subTest(name):
                orders = [one for one in self.said(name) if one[1]["direction"] in ("LONG", "SHORT")]
                long, short, distance = (one.iloc[WARM:] for one in rule(self.frames))
                self.assertGreater(len(orders), 10)
                self.assertEqual((long | short).idxmax(), orders[0][0])
                for opened_at, signal in orders:
                    side = signal["direction"]
                    self.assertTrue((long if side == "LONG" else short)[opened_at], (side, opened_at))
                    self.assertAlmostEqual(1.0, distance[opened_at] / signal["sl_distance"], delta=1e-6)
                    wanted = levels(name, self.frames, opened_at, side)
                    found = {word: signal[word] for word in ("target_price", "target_r", "size") if word in signal}
                    self.assertEqual(set(wanted), set(found), opened_at)
                    for word, value in wanted.items():
                        self.assertAlmostEqual(1.0, value / found[word], delta=1e-9, msg=word)

    def test_stops_move_and_positions_are_left_where_the_definition_says(self) -> None:
        own = self.frames[ETH].iloc[WARM:]
        apart = self.frames[ETH].close - self.frames[ETH].close.rolling(5).mean()
        for name, leaves in (
            ("donchian_breakout", None),
            ("rsi_reversion", lambda opened, side: bool(side * apart[opened] >= 0.0)),
        ):
            with self.subTest(name):
                expected = list(walked(own, RULES[name](self.frames), leaves))
                found = self.said(name)
                self.assertGreater(len(expected), 100)
                self.assertEqual(
                    [(opened, direction) for opened, direction, _ in expected],
                    [(opened, signal["direction"]) for opened, signal in found],
                )
                for (opened, direction, stop), (_, signal) in zip(expected, found, strict=True):
                    if direction != "EXIT":
                        told = signal["move_stop" if direction == "ADJUST" else "sl_distance"]
                        self.assertAlmostEqual(1.0, stop / told, delta=1e-6, msg=str(opened))


if __name__ == "__main__":
    unittest.main()
