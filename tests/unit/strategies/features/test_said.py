"""The words of a feature strategy make the signals that they say, and the session obeys them."""

import unittest
from typing import Any

from core.trading_signal import FLAT, Signal
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now
from tests.support.candles import candle
from tests.support.runs.kernel_runs import steps_of
from tests.support.runs.strategy_runs import stepped_run
from tests.support.times import MINUTE_MS

SAY = FeatureStrategy()


class Words(unittest.TestCase):
    def test_each_is_the_signal_that_it_says(self) -> None:
        for said, signal in (
            (SAY.long(stop=95.0, target=110.0), Signal("LONG", stop_price=95.0, target_price=110.0)),
            (SAY.short(stop_distance=5.0, target="2R"), Signal("SHORT", sl_distance=5.0, target_r=2.0)),
            (SAY.long(target_distance=3.0, size=0.5, tag="a"), Signal("LONG", tp_distance=3.0, size=0.5, tag="a")),
            (SAY.long(targets=[(0.5, "1R"), [0.5, 8.0]]), Signal("LONG", targets=((0.5, "1R"), (0.5, 8.0)))),  # type: ignore[list-item]
            (
                SAY.short(entry="limit", entry_price=101.0, entry_expiry=2, cancel_entry=True),
                Signal("SHORT", entry="limit", entry_price=101.0, entry_expiry=2, cancel_entry=True),
            ),
            (SAY.exit(), Signal("EXIT")),
            (SAY.exit(fraction=0.5, move_stop=99.0), Signal("EXIT", fraction=0.5, move_stop=99.0)),
            (SAY.move_stop(99.0, move_target=120.0), Signal("ADJUST", move_stop=99.0, move_target=120.0)),
            (SAY.move_target(120.0), Signal("ADJUST", move_target=120.0)),
            (SAY.cancel_entry("late"), Signal("ADJUST", cancel_entry=True, reason="late")),
            (SAY.flat("no trend"), Signal("FLAT", reason="no trend")),
        ):
            self.assertEqual(signal, said)
        self.assertIs(FLAT, SAY.flat())


class Obeyed(unittest.TestCase):
    def test_a_stop_that_is_moved_and_an_exit_by_hand(self) -> None:
        # In with minute 1 at 100, stop at 95; its close moves the stop to 98, that of minute 2 halves the position at
        # the open of minute 3 (101), in which the rest meets its stop of 98.
        class Mine(FeatureStrategy):
            lookback = 0
            seen: list[Any]

            def decide(self, now: Now) -> Signal | None:
                self.seen.append(now.position and (now.position.quantity, now.position.stop))
                return (
                    None,
                    self.long(stop=95.0),
                    self.move_stop(98.0, tag="tight"),
                    self.exit(fraction=0.5),
                    None,
                    None,
                )[len(self.seen) - 1]

        strategy = Mine()
        strategy.seen = []
        rows = [candle(-1), candle(0), candle(1), candle(2), candle(3, 101.0, low=97.0), candle(4)]
        candles = {"BTC/USDT": [candle(1 + number, one.open, one.high, one.low) for number, one in enumerate(rows)]}
        settings = {"starting_balance": 10_000.0, "default_risk_per_trade": 0.01, "max_exposure": None}
        ran = stepped_run(strategy, steps_of(candles, ["BTC/USDT"], MINUTE_MS), ["BTC/USDT"], settings)
        self.assertEqual([None, None, (20.0, 95.0), (20.0, 98.0), None, None], strategy.seen)
        trade = ran.session.account.last_trade
        assert trade is not None
        self.assertEqual(1, ran.session.account.totals.trades.all.trades)
        self.assertEqual((10.0 * 1 + 10.0 * -2, 2), (float(trade.realized_pnl), trade.parts))


if __name__ == "__main__":
    unittest.main()
