"""What is told and counted of entries and closes that the venue refuses or ends."""

import unittest
from decimal import Decimal

from core.instrument import Instrument
from core.trading_signal import Signal
from tests.support.candles import candle
from tests.support.runs.stepped_session import SteppedSession
from tests.support.times import MINUTE_MS


class OrderEventsTold(unittest.TestCase):
    def session(self, stop: float, **flat: object) -> SteppedSession:
        rules = Instrument("A", Decimal("0.01"), Decimal("0.001"))
        return SteppedSession(flat, {"A": rules}, {"A": {0: Signal("LONG", sl_distance=stop)}})

    def test_an_entry_that_would_take_is_told_with_the_price_it_would_have_taken(self) -> None:
        session = self.session(5.0, entry_order="limit", entry_offset=0.01, post_only=True)
        session.play(candle(0))
        session.play(candle(1, 98.5))
        (told,) = session.run.told("order_rejected")
        self.assertEqual(("would_take", 98.5, 5.0), (told["reason"], told["price"], told["quantity"]))

    def test_a_gap_that_ruins_the_margin_cancels_no_order_that_never_was(self) -> None:
        session = self.session(20.0, max_gap=3, perpetual={"leverage": 10.0, "maintenance_rate": 0.01})
        session.play(candle(0))
        session.play(candle(1))
        session.play(candle(9, 80.0))
        self.assertEqual(["signal", "liquidation"], [row["reason"] for row in session.run.rows])
        self.assertEqual({}, session.session.statistics.cancelled)
        self.assertEqual([], session.run.told("order_cancelled"))
        self.assertNotIn("1-gap", [row["client_order_id"] for row in session.run.order_rows])

    def test_a_partly_filled_entry_that_ends_counts_as_filled_once(self) -> None:
        session = self.session(20.0, volume_cap=0.002, max_order_wait=1)
        for minute in range(4):
            session.play(candle(minute, volume=1_000.0))
        statistics = session.session.statistics
        self.assertEqual((1, {"max_order_wait": 1}), (statistics.entries_filled, statistics.expired))

    def test_what_became_of_orders_is_counted_by_reason(self) -> None:
        """Limit longs 1 % below 100: one would take at 98.5, one is over after its candle, one is still there."""
        rules = Instrument("A", Decimal("0.01"), Decimal("0.001"))
        long = Signal("LONG", sl_distance=5.0)
        flat = {"entry_order": "limit", "entry_offset": 0.01, "entry_expiry": 1, "post_only": True}
        session = SteppedSession(flat, {"A": rules}, {"A": {0: long, MINUTE_MS: long, 3 * MINUTE_MS: long}})
        for minute, price in enumerate((100.0, 98.5, 100.0, 100.0)):
            session.play(candle(minute, price))
        session.session.finish()
        counts = session.session.statistics.to_dict()
        self.assertEqual(
            ({"would_take": 1}, {"gtd": 1}, {"end": 1}),
            tuple(counts[f"{name}_reasons"] for name in ("rejection", "expiry", "cancellation")),
        )
        names = ("orders_rejected", "orders_expired", "orders_cancelled", "entries_filled", "partial_fills")
        self.assertEqual([1, 1, 1, 0, 0], [counts[name] for name in names])


if __name__ == "__main__":
    unittest.main()
