"""What ``now`` shows: candles and features before it, position and account by hand, other symbols, fills and trades."""

import datetime as dt
import math
import unittest
from typing import Any

from core.candle import Candle
from core.trading_signal import Signal
from indicators import MACD, SMA
from indicators.features.feature import Feature
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now
from strategies.features.session_facts import AccountNow, FillNow, PositionNow, TradeNow
from tests.support.candles import candle
from tests.support.feature_strategies import MaskedWatcher, Watcher
from tests.support.runs.kernel_runs import steps_of
from tests.support.runs.strategy_runs import stepped_run
from tests.support.times import MINUTE_MS

UTC = dt.UTC
BOTH = ("BTC/USDT", "ETH/USDT")
FREE = {"slippage": 0.0, "commission_rate": 0.0}


def minute(number: int) -> dt.datetime:
    """Return the open of a minute of 1970."""
    return dt.datetime.fromtimestamp(60 * number, UTC)


class Reading(FeatureStrategy):
    """Reads what a test asks for at each candle."""

    lookback = 3

    def __init__(self, read: Any) -> None:
        super().__init__()
        self.read = read
        self.told: list[Any] = []

    def features(self, params: Any) -> Any:
        return {
            "mean": SMA(2),
            "slow": Feature(SMA(1), timeframe="2m"),
            "lead": Feature("close", symbol="BTC/USDT"),
            "macd": MACD(2, 3, 2),
        }

    def decide(self, now: Now) -> Signal | None:
        self.told.append(self.read(now))
        return None


def told_of(read: Any, candles: dict[str, list[Candle]], *, known: bool) -> list[Any]:
    """Return what is read at each candle of a run."""
    strategy = Reading(read)
    stepped_run(strategy, steps_of(candles, list(candles), MINUTE_MS), list(candles), known=known)
    return strategy.told


ONE = {"BTC/USDT": [candle(n, 100.0 + n) for n in (0, 1, 2, 3, 5)]}
TWO = {**ONE, "ETH/USDT": [candle(n, 10.0 + n) for n in (1, 2, 4, 5)]}


class MomentsTest(unittest.TestCase):
    def check(self, expected: list[Any], read: Any, candles: dict[str, list[Candle]]) -> None:
        for known in (False, True):
            told = told_of(read, candles, known=known)
            self.assertEqual([repr(one) for one in expected], [repr(one) for one in told], f"known {known}")

    def test_a_feature_now_and_before(self) -> None:
        nan = math.nan
        self.check(
            [(nan, nan, nan), (100.5, nan, nan), (101.5, 100.5, nan), (102.5, 101.5, nan), (104.0, 102.5, 100.5)],
            lambda now: (now.mean, now.before.mean, now.ago(3).mean),
            ONE,
        )

    def test_candles_before_and_their_times(self) -> None:
        self.check(
            [(None, math.nan), (minute(0), 100.0), (minute(1), 101.0), (minute(2), 102.0), (minute(3), 103.0)],
            lambda now: (now.before.time and now.before.time.open, now.before.close),
            ONE,
        )
        self.check(
            [(minute(n), minute(n + 1), "BTC/USDT", 100.0 + n) for n in (0, 1, 2, 3, 5)],
            lambda now: (now.time.open, now.time.close, now.symbol, now.open),
            ONE,
        )

    def test_nothing_is_remembered_over_a_gap(self) -> None:
        # A gap of more than 60 candles: the first candle after it has none before, and its averages begin anew.
        nan = math.nan
        far = {"BTC/USDT": [candle(0), candle(1, 101.0), candle(63, 102.0), candle(64, 103.0)]}
        self.check(
            [(nan, nan, nan), (100.5, 100.0, nan), (nan, nan, nan), (102.5, 102.0, nan)],
            lambda now: (now.mean, now.before.close, now.ago(2).close),
            far,
        )

    def test_a_longer_timeframe_and_what_it_lacks(self) -> None:
        # 2m: 0-1 closes with minute 1, 2-3 with minute 3; 4-5 lacks its first part and closes with minute 5.
        nan = math.nan
        self.check(
            [(nan, 0), (101.0, 0), (101.0, 0), (103.0, 0), (105.0, 1)], lambda now: (now.slow, now.missing("slow")), ONE
        )

    def test_another_symbol_as_it_was_at_the_own_candle(self) -> None:
        # ETH has minutes 1, 2, 4 and 5; at 4 the last of BTC is that of 3, and the candle before ETH's 4 is that of 2.
        lead = [(101.0, math.nan), (102.0, 101.0), (103.0, 102.0), (105.0, 103.0)]
        age = [0.0, 0.0, 60.0, 0.0]
        rows: list[Any] = list(zip(lead, age, strict=True))
        seen = [
            one
            for symbol, *one in told_of(
                lambda now: (
                    now.symbol,
                    (now.lead, now.before.lead),
                    now.symbols["BTC/USDT"].age.total_seconds(),
                ),
                TWO,
                known=False,
            )
            if symbol == "ETH/USDT"
        ]
        self.assertEqual(repr(rows), repr([tuple(one) for one in seen]))
        self.check(
            [105.0, 15.0],
            lambda now: now.symbols[now.symbol].close,
            {symbol: [candle(5, own[-1].close)] for symbol, own in TWO.items()},
        )

    def test_one_that_has_no_candle_yet(self) -> None:
        later = {"BTC/USDT": [candle(1)], "ETH/USDT": [candle(0)]}
        self.check(
            [(dt.timedelta.max, math.nan, None), (dt.timedelta(0), 100.0, minute(1))],
            lambda now: (
                now.symbols["BTC/USDT"].age,
                now.symbols["BTC/USDT"].close,
                now.symbols["BTC/USDT"].time and now.symbols["BTC/USDT"].time.open,
            ),
            later,
        )

    def test_one_of_several_outputs(self) -> None:
        self.check([("line", "signal", "histogram")] * 5, lambda now: now.macd._fields, ONE)
        self.check([True] * 5, lambda now: now.macd.line != now.macd.line or now.macd.line > 0.0, ONE)

    def test_symbols_by_any_spelling(self) -> None:
        self.check(
            [(True, False, "BTC/USDT")] * 5,
            lambda now: ("btc-usdt" in now.symbols, "X" in now.symbols, now.symbols["BTCUSDT"].symbol),
            ONE,
        )

    def test_what_is_not_there_is_said_with_the_nearest(self) -> None:
        for read, words in (
            (lambda now: now.maen, "there is no feature 'maen' (did you mean mean?); features: mean, slow, lead, macd"),
            (lambda now: now.before.fast, "there is no feature 'fast'"),
            (lambda now: now.missing("slwo"), "there is no feature 'slwo' (did you mean slow?)"),
            (lambda now: now.symbols["BTCUSTD"], "there is no symbol 'BTCUSTD' (did you mean BTC/USDT?)"),
            (lambda now: now.ago(4), "ago(4): a strategy looks back 3 candles at most"),
            (lambda now: now.ago(-1), "ago(-1): what comes later is not known; ago(1) is the candle before"),
            (lambda now: now.macd > 0.0, "macd has several values: now.macd.line, now.macd.signal, now.macd.histogram"),
            (lambda now: now.before.macd <= now.macd, "macd has several values"),
            (lambda now: now.macd.sgnal, "macd has no 'sgnal' (did you mean signal?); it has line, signal, histogram"),
            (lambda now: now.position.side, "no attribute 'side'; now.position is None while there is no position"),
        ):
            for known in (False, True):
                with self.assertRaises(Exception) as caught:
                    told_of(read, ONE, known=known)
                text = str(caught.exception)
                self.assertIn(words, text)
                self.assertRegex(
                    text, r"^strategy Reading failed on BTC/USDT at the candle opened 1970.*\(test_now.py:\d+\)$"
                )


class AccountTest(unittest.TestCase):
    def test_position_and_account_by_hand(self) -> None:
        # 10,000 of which 1 % is risked at a stop 5 away: 20 units, entered at the open of minute 1, 100. At the close
        # of minute 1 the price is 102: 20 · 2 = 40, in R 40 / (20 · 5) = 0.4. At the close of minute 2 it is 99.
        strategy = Watcher({0: Signal("LONG", sl_distance=5.0, tp_distance=10.0)})
        candles = {"BTC/USDT": [candle(0), candle(1, 100.0, close=102.0), candle(2, 102.0, close=99.0)]}
        settings = {**FREE, "starting_balance": 10_000.0, "default_risk_per_trade": 0.01, "max_exposure": None}
        stepped_run(strategy, steps_of(candles, ["BTC/USDT"], MINUTE_MS), ["BTC/USDT"], settings)
        (_, none, flat), (_, first, up), (_, second, down) = strategy.seen
        self.assertIsNone(none)
        self.assertEqual(AccountNow(10_000.0, 10_000.0, 0, 0.0, 0.0, False), flat)
        self.assertEqual(PositionNow("LONG", 20.0, 100.0, minute(1), 1, 40.0, 0.4, 95.0, (110.0,)), first)
        self.assertEqual(AccountNow(10_000.0, 10_040.0, 1, 2_040.0, 40.0, False), up)
        self.assertEqual((2, -20.0, -0.2), (second.candles_held, second.unrealized_pnl, second.unrealized_r))
        self.assertEqual(AccountNow(10_000.0, 9_980.0, 1, 1_980.0, -20.0, False), down)

    def test_what_fills_at_the_close_is_no_part_of_the_marks(self) -> None:
        # The first enters at the close of minute 0; the second is shown the account without it, and later with it.
        class Late(Watcher):
            def decide(self, now: Now) -> Signal | None:
                return super().decide(now) if now.symbol == BOTH[1] else Signal("LONG", sl_distance=5.0)

        strategy = Late()
        candles = {symbol: [candle(0), candle(1)] for symbol in BOTH}
        stepped_run(strategy, steps_of(candles, list(BOTH), MINUTE_MS), BOTH, {**FREE, "entry_fill": "close"})
        self.assertEqual([0, 1], [account.open_positions for _, _, account in strategy.seen])

    def test_there_is_neither_outside_a_session(self) -> None:
        strategy = Watcher()
        with self.assertRaisesRegex(LookupError, "there is no account outside a session"):
            strategy.stream("BTC/USDT").update(candle(0))


class HooksTest(unittest.TestCase):
    def test_fills_and_trades_are_told_in_order_before_the_decision(self) -> None:
        # In at 100 with minute 1, out at the stop of 95 inside minute 2: 20 · −5 = −100.
        candles = {"BTC/USDT": [candle(0), candle(1), candle(2, 100.0, low=94.0, close=96.0), candle(3)]}
        settings = {**FREE, "starting_balance": 10_000.0, "default_risk_per_trade": 0.01, "max_exposure": None}
        for kind, known in ((Watcher, False), (Watcher, True), (MaskedWatcher, True)):
            strategy = kind({0: Signal("LONG", sl_distance=5.0, tp_distance=10.0)})
            steps = steps_of(candles, ["BTC/USDT"], MINUTE_MS)
            stepped_run(strategy, steps, ["BTC/USDT"], settings, known=known)
            self.assertEqual(
                [
                    (100.0, FillNow("BTC/USDT", "OPEN", "LONG", 20.0, 100.0, 0.0, 0.0, "signal", "1", minute(1))),
                    (96.0, FillNow("BTC/USDT", "CLOSE", "LONG", 20.0, 95.0, 0.0, -100.0, "stop", "2", minute(3))),
                    (96.0, TradeNow("BTC/USDT", "LONG", 20.0, 100.0, 95.0, minute(1), minute(3), -100.0, "stop")),
                ],
                strategy.heard,
            )


if __name__ == "__main__":
    unittest.main()
