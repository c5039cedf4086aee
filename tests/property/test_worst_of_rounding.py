"""What is lost at a stop that is merely touched, costs and slippage aside, stays within what the risk gate judged."""

import unittest
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.candle import Candle
from core.instrument import Instrument
from core.trading_signal import Signal
from tests.support.runs.kernel_runs import run_kernel
from tests.support.scale import scaled
from tests.support.times import MINUTE_MS

A = "A"


class WorstOfRounding(unittest.TestCase):
    @settings(max_examples=scaled(300, 10_000), deadline=None)
    @given(
        price=st.integers(50, 5_000),
        offset=st.fractions(0, 1, max_denominator=1_000),
        stop=st.floats(1.0, 40.0),
        exponent=st.integers(-10, 2),
        slippage=st.sampled_from((0.0, 0.0001, 0.0009)),
        risk=st.sampled_from((0.0001, 0.001, 0.01)),
        long=st.booleans(),
    )
    def test_a_touched_stop_loses_at_most_the_limit_of_risk(
        self, price: int, offset: Fraction, stop: float, exponent: int, slippage: float, risk: float, *, long: bool
    ) -> None:
        # Slippage may not carry the fill, and with it the stop, beyond the open.
        assume(slippage == 0.0 or slippage * price + 2 < stop)
        tick = Decimal(1).scaleb(exponent)
        close = float((price + offset) * Fraction(tick))
        sign, distance = 1 if long else -1, stop * float(tick)
        # The second candle opens where the first closed and reaches far enough for any stop.
        reach = close - sign * 45 * float(tick)
        candles = [
            Candle(0, close, close, close, close, 1.0),
            Candle(MINUTE_MS, close, max(close, reach), min(close, reach), close, 1.0),
        ]
        run = run_kernel(
            {
                "default_risk_per_trade": risk, "max_risk_per_trade_pct": risk, "max_exposure": 0.9,
                "max_exposure_pct": 0.9, "slippage": slippage,
            },
            [A],
            {A: candles},
            {A: {0: Signal("LONG" if long else "SHORT", sl_distance=distance)}},
            {A: Instrument(A, tick, Decimal(0))},
        )  # fmt: skip
        self.assertEqual(["signal", "stop"], [row["reason"] for row in run.rows])
        entered, left = (Fraction(row["price"]) for row in run.rows)
        quantity = Fraction(run.rows[0]["quantity"])
        # The slippage of the exit is no rounding: at most this share of the stop's price.
        slipped = Fraction(repr(slippage)) * max(entered, left) * (1 + Fraction(1, 100)) if slippage else 0
        lost = quantity * (abs(entered - left) - slipped)
        self.assertLessEqual(lost, 10_000 * Fraction(repr(risk)) * (1 + Fraction(1, 10**8)))


if __name__ == "__main__":
    unittest.main()
