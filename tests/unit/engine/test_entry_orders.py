"""The order that a sized signal becomes: its type, its level on the tick, and how long it stands."""

import unittest
from decimal import Decimal

from core.candle import Candle
from core.instrument import Instrument
from core.orders import OrderRequest, OrderSide, OrderType, TimeInForce
from core.trading_signal import Signal
from engine.deciding.entry_orders import entry_order
from engine.deciding.opinion import Opinion
from engine.kernel_rules import KernelRules
from risk_management.entry_sizing import SizedEntry

BASE = {
    "timeframe_ms": 60_000,
    "entry_fill": "next_open",
    "on_opposite_signal": "ignore",
    "max_order_wait": 3,
    "max_gap": 60,
    "on_halt": "hold",
    "on_kill": "hold",
    "warmup_candles": 0,
    "strategy_name": "mine",
}


def made(
    side: str, close: float = 100.03, *, tick: str = "0.01", atr: float | None = None, **changed: object
) -> OrderRequest:
    rules = KernelRules(**{**BASE, **changed})  # type: ignore[arg-type]
    sized = SizedEntry(Decimal("2.5"), 5.0, 10.0, "risk", 5.02, 12.5)
    signal, candle = Signal("LONG", atr=atr), Candle(0, close, close, close, close, 1.0)
    opinion = Opinion("A", candle, signal, OrderSide(side), 600_000)
    return entry_order(rules, Instrument("A", Decimal(tick)), opinion, sized)


class EntryOrders(unittest.TestCase):
    def test_at_the_market_nothing_but_quantity_and_distances_is_set(self) -> None:
        order = made("BUY")
        self.assertEqual(
            (OrderType.MARKET, None, None, None, TimeInForce.GTC),
            (order.order_type, order.price, order.stop_price, order.expires_ms, order.time_in_force),
        )
        self.assertEqual(
            (2.5, 5.0, 10.0, "mine", None),
            (order.quantity, order.stop_distance, order.target_distance, order.strategy_name, order.trailing_distance),
        )

    def test_limits_stand_on_the_better_side_and_stops_on_the_worse(self) -> None:
        # 100.03 x 0.999 = 99.92997 and x 1.001 = 100.13003: buy limits and sell stops down, the others up.
        for kind, side, level in (
            ("limit", "BUY", 99.92),
            ("limit", "SELL", 100.14),
            ("stop", "BUY", 100.14),
            ("stop", "SELL", 99.92),
        ):
            with self.subTest(kind=kind, side=side):
                order = made(side, entry_order=kind, entry_offset=Decimal("0.001"))
                expected = (OrderType.LIMIT, level, None) if kind == "limit" else (OrderType.STOP_MARKET, None, level)
                self.assertEqual(expected, (order.order_type, order.price, order.stop_price))

    def test_an_offset_of_zero_is_the_close_and_a_level_on_the_tick_stays_there(self) -> None:
        self.assertEqual(100.03, made("BUY", entry_order="limit").price)
        self.assertEqual(99.0, made("BUY", 110.0, entry_order="limit", entry_offset=Decimal("0.1"), tick="0.5").price)

    def test_time_in_force_and_expiry(self) -> None:
        for force, expires_ms in (
            (TimeInForce.GTD, 600_000 + 7 * 60_000),
            (TimeInForce.GTC, None),
            (TimeInForce.IOC, None),
        ):
            order = made("BUY", entry_order="limit", entry_time_in_force=force, entry_expiry=7)
            self.assertEqual((force, expires_ms), (order.time_in_force, order.expires_ms))

    def test_post_only_is_of_limits(self) -> None:
        for kind, flag in (("limit", True), ("stop", False), ("market", False)):
            self.assertEqual(flag, made("BUY", entry_order=kind, post_only=True).post_only)

    def test_a_trailing_distance_is_a_multiple_of_the_decisions_atr(self) -> None:
        self.assertEqual(3.0, made("BUY", atr=1.5, trailing_atr=2.0).trailing_distance)
        self.assertIsNone(made("BUY", atr=1.5).trailing_distance)


if __name__ == "__main__":
    unittest.main()
