"""Sized entries: on the lot, within the room, with distances of their own or of the ATR, or refused with a reason."""

import unittest
from decimal import Decimal

from core.instrument import Instrument
from core.trading_signal import Signal
from risk_management.entry_sizing import EntrySizer, Refusal, SizedEntry
from risk_management.risk_config import RiskConfig


class SizedEntries(unittest.TestCase):
    rules = Instrument("BTC/USDT", lot_size=Decimal("0.1"), min_notional=Decimal(50), min_quantity=Decimal("0.3"))

    def setUp(self) -> None:
        self.sizer = EntrySizer(
            RiskConfig(
                default_risk_per_trade=0.01,
                max_exposure=0.5,
                default_sl_atr_mult=1.5,
                default_tp_atr_mult=3.0,
                min_position_size_usd=10.0,
            )
        )

    def size(
        self, signal: Signal, equity: float = 10_000.0, price: float = 100.0, room: float = 1e9
    ) -> SizedEntry | Refusal:
        return self.sizer.size_entry(signal, equity, price, room, self.rules)

    def test_the_size_is_rounded_down_to_the_lot(self) -> None:
        # 100 / 3 = 33.333...
        sized = self.size(Signal("LONG", sl_distance=3.0, tp_distance=6.0))
        self.assertEqual(SizedEntry(Decimal("33.3"), 3.0, 6.0), sized)
        # room 1,234.5 / 100
        self.assertEqual(Decimal("12.3"), self.size(Signal("LONG", sl_distance=3.0), room=1_234.5).quantity)

    def test_distances_fall_back_to_the_atr_and_a_target_to_none(self) -> None:
        self.assertEqual((3.0, 6.0), self.sizer.distances(Signal("LONG", atr=2.0)))
        self.assertEqual((1.0, 6.0), self.sizer.distances(Signal("LONG", sl_distance=1.0, atr=2.0)))
        self.assertEqual((1.0, None), self.sizer.distances(Signal("LONG", sl_distance=1.0)))
        self.assertEqual((None, None), self.sizer.distances(Signal("LONG")))
        self.assertEqual((3.0, 9.0), self.sizer.distances(Signal("LONG", tp_distance=9.0, atr=2.0)))

    def test_what_cannot_be_sized_is_refused_with_its_reason(self) -> None:
        for signal in (
            Signal("LONG"),
            Signal("LONG", sl_distance=0.0),
            Signal("LONG", sl_distance=-1.0),
            Signal("LONG", atr=0.0),
        ):
            self.assertEqual(Refusal("stop_distance"), self.size(signal))
        for target in (0.0, -1.0):
            self.assertEqual(Refusal("target_distance"), self.size(Signal("LONG", sl_distance=1.0, tp_distance=target)))
        for room in (0.0, -5.0):
            self.assertEqual(Refusal("no_exposure_room"), self.size(Signal("LONG", sl_distance=1.0), room=room))
        self.assertEqual(Refusal("below_lot_size"), self.size(Signal("LONG", sl_distance=1.0), room=9.9))
        self.assertEqual(Refusal("below_min_quantity"), self.size(Signal("LONG", sl_distance=1.0), room=29.0))
        self.assertEqual(Refusal("below_min_notional"), self.size(Signal("LONG", sl_distance=1.0), room=49.0))
        self.assertEqual(Decimal("0.5"), self.size(Signal("LONG", sl_distance=1.0), room=50.0).quantity)
        self.assertEqual(
            Refusal("below_min_position_size"),
            self.size(Signal("LONG", sl_distance=1.0), price=20.0, room=9.0),  # 0.4 x 20 = 8 of 10
        )

    def test_an_equity_at_or_below_zero_is_refused(self) -> None:
        for equity in (0.0, -1_000.0):
            self.assertIsInstance(self.size(Signal("LONG", sl_distance=1.0), equity=equity), Refusal)

    def test_a_bound_is_broken_beyond_the_tolerance_alone(self) -> None:
        # 5 at 100, a value of 500: what a position may have of 10,000.
        def size(least_usd: float = 0.0, **rules: Decimal) -> SizedEntry | Refusal:
            sizer = EntrySizer(RiskConfig(max_exposure=0.05, min_position_size_usd=least_usd))
            return sizer.size_entry(Signal("LONG", sl_distance=1.0), 10_000.0, 100.0, 1e9, Instrument("A", **rules))

        for name, within, beyond, reason in (
            ("min_quantity", "5.0000000025", "5.00000001", "below_min_quantity"),
            ("max_quantity", "4.9999999975", "4.99999999", "above_max_quantity"),
            ("min_notional", "500.00000025", "500.000001", "below_min_notional"),
        ):
            self.assertEqual(SizedEntry(Decimal(5), 1.0, None), size(**{name: Decimal(within)}))
            self.assertEqual(Refusal(reason), size(**{name: Decimal(beyond)}))
        self.assertEqual(SizedEntry(Decimal(5), 1.0, None), size(500.00000025))
        self.assertEqual(Refusal("below_min_position_size"), size(500.000001))


if __name__ == "__main__":
    unittest.main()
