"""Sized entries: on the lot, within the room, with distances of their own or of the ATR, or refused with a reason."""

import unittest
from decimal import Decimal

from core.instrument import Instrument
from core.trading_signal import Signal
from risk_management.entry_sizing import EntrySizer, Refusal, SizedEntry, SizingBasis
from risk_management.risk_config import RiskConfig

CLOSE = Decimal(100)


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
        return self.sizer.size_entry(signal, SizingBasis(equity, price, room, 0.02 * equity), self.rules)

    def test_the_size_is_rounded_down_to_the_lot(self) -> None:
        # 100 / 3 = 33.333...
        sized = self.size(Signal("LONG", sl_distance=3.0, tp_distance=6.0))
        # At worst 3 and 2 ticks of 1e-8; 33.3 x 3 are lost at the stop.
        self.assertEqual(SizedEntry(Decimal("33.3"), 3.0, 6.0, "risk", 3.00000002, 33.3 * 3.0), sized)
        # room 1,234.5 / 100
        sized = self.size(Signal("LONG", sl_distance=3.0), room=1_234.5)
        self.assertEqual((Decimal("12.3"), "exposure_room"), (sized.quantity, sized.bound))

    def test_a_signal_says_what_its_entry_is_worth_at_most(self) -> None:
        # 750 at 100 are 7.5 units, on the lot of 0.1; risk alone allows far more than 800, and a room of 500 less.
        wanted = Signal("LONG", sl_distance=1.0, notional=750.0)
        sized = self.size(wanted, room=800.0)
        self.assertEqual((Decimal("7.5"), "notional"), (sized.quantity, sized.bound))
        sized = self.size(wanted, room=500.0)
        self.assertEqual((Decimal("5.0"), "exposure_room"), (sized.quantity, sized.bound))
        sized = self.size(Signal("LONG", sl_distance=1.0, notional=758.9), room=800.0)
        self.assertEqual(Decimal("7.5"), sized.quantity)
        # Beside a share the lesser of the two stands: 0.5 of 800 is 400.
        sized = self.size(Signal("LONG", sl_distance=1.0, notional=750.0, size=0.5), room=800.0)
        self.assertEqual((Decimal("4.0"), "exposure_room"), (sized.quantity, sized.bound))
        self.assertEqual(Refusal("below_min_notional"), self.size(Signal("LONG", sl_distance=1.0, notional=49.0)))

    def test_distances_fall_back_to_the_atr_and_a_target_to_none(self) -> None:
        self.assertEqual((3.0, 6.0), self.sizer.distances(Signal("LONG", atr=2.0), CLOSE))
        self.assertEqual((1.0, 6.0), self.sizer.distances(Signal("LONG", sl_distance=1.0, atr=2.0), CLOSE))
        self.assertEqual((1.0, None), self.sizer.distances(Signal("LONG", sl_distance=1.0), CLOSE))
        self.assertEqual((None, None), self.sizer.distances(Signal("LONG"), CLOSE))
        self.assertEqual((3.0, 9.0), self.sizer.distances(Signal("LONG", tp_distance=9.0, atr=2.0), CLOSE))
        without = EntrySizer(RiskConfig(default_tp_atr_mult=None))
        self.assertEqual((3.0, None), without.distances(Signal("LONG", atr=2.0), CLOSE))
        self.assertEqual((3.0, 9.0), without.distances(Signal("LONG", tp_distance=9.0, atr=2.0), CLOSE))

    def test_a_price_is_measured_from_where_the_entry_is_expected(self) -> None:
        self.assertEqual((3.0, 2.0), self.sizer.distances(Signal("SHORT", stop_price=103.0, tp_distance=2.0), CLOSE))
        # What else a signal may name as its target is no distance.
        for said in ({"target_price": 110.0}, {"target_r": 2.0}, {"targets": ((1.0, "1R"),)}):
            self.assertEqual((4.9, None), self.sizer.distances(Signal("LONG", stop_price=95.1, **said), CLOSE))

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
        five = SizedEntry(Decimal(5), 1.0, None, "position_cap", 1.00000002, 5.0)

        def size(least_usd: float = 0.0, **rules: Decimal) -> SizedEntry | Refusal:
            sizer = EntrySizer(RiskConfig(max_exposure=0.05, min_position_size_usd=least_usd))
            basis = SizingBasis(10_000.0, 100.0, 1e9, 200.0)
            return sizer.size_entry(Signal("LONG", sl_distance=1.0), basis, Instrument("A", **rules))

        for name, within, beyond, reason in (
            ("min_quantity", "5.0000000025", "5.00000001", "below_min_quantity"),
            ("max_quantity", "4.9999999975", "4.99999999", "above_max_quantity"),
            ("min_notional", "500.00000025", "500.000001", "below_min_notional"),
        ):
            self.assertEqual(five, size(**{name: Decimal(within)}))
            self.assertEqual(Refusal(reason), size(**{name: Decimal(beyond)}))
        self.assertEqual(five, size(500.00000025))
        self.assertEqual(Refusal("below_min_position_size"), size(500.000001))

    def test_the_worst_of_rounding_is_held_against_the_limit_and_the_size_reduced_to_it(self) -> None:
        # A stop of 1.3 ticks: 2 on the grid, 4 at worst. By risk 100 / 1.3 = 76.92..., at worst 76.9 x 4 = 307.6.
        rules, signal = Instrument("A", tick_size=Decimal(1), lot_size=Decimal("0.1")), Signal("LONG", sl_distance=1.3)

        def sized(limit: float) -> SizedEntry | Refusal:
            return self.sizer.size_entry(signal, SizingBasis(10_000.0, 10.0, 1e9, limit), rules)

        for limit, quantity, bound in (
            (307.6, "76.9", "risk"),
            (307.5999998, "76.9", "risk"),  # within the tolerance of 1e-9
            (307.5999, "76.8", "rounding"),
            (200.0, "50", "rounding"),
        ):
            with self.subTest(limit):
                found = sized(limit)
                self.assertEqual((Decimal(quantity), bound, 4.0), (found.quantity, found.bound, found.worst_distance))
                self.assertEqual(float(quantity) * 2.0, found.risk_taken)
        self.assertEqual(Refusal("below_min_position_size"), sized(3.0))  # 0.7 x 10 = 7 of 10

    def test_a_stop_within_a_tick_is_refused_and_one_of_a_tick_is_not(self) -> None:
        rules = Instrument("A", tick_size=Decimal("0.5"), lot_size=Decimal("0.1"))
        for stop, refused in ((0.4999999999, True), (0.5, False), (0.1, True), (0.0, False)):
            sized = self.sizer.size_entry(
                Signal("LONG", sl_distance=stop), SizingBasis(10_000.0, 100.0, 1e9, 200.0), rules
            )
            self.assertEqual(refused, sized == Refusal("stop_within_tick"), stop)
        none = Instrument("A", tick_size=Decimal(0), lot_size=Decimal("0.1"))
        sized = self.sizer.size_entry(Signal("LONG", sl_distance=0.1), SizingBasis(10_000.0, 100.0, 1e9, 200.0), none)
        self.assertEqual(0.1, sized.worst_distance)


if __name__ == "__main__":
    unittest.main()
