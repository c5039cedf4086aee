"""Orders: sides, types and requests."""

import datetime as dt
import json
import math
import unittest
from decimal import Decimal

from core.orders import OrderRequest, OrderSide, OrderType


class OrderSides(unittest.TestCase):
    def test_buy_and_sell_are_other_names_of_long_and_short(self) -> None:
        self.assertIs(OrderSide.LONG, OrderSide.BUY)
        self.assertIs(OrderSide.SHORT, OrderSide.SELL)
        self.assertEqual(("LONG", "SHORT"), (OrderSide.BUY.value, OrderSide.SELL.value))

    def test_text_in_any_case_names_a_side(self) -> None:
        for text in ("LONG", "long", " Buy ", "BUY"):
            self.assertIs(OrderSide.LONG, OrderSide(text))
            self.assertIs(OrderSide.LONG, OrderSide.from_signal(text))
        for text in ("SHORT", "sell", "Sell"):
            self.assertIs(OrderSide.SHORT, OrderSide.from_signal(text))

    def test_flat_and_nonsense_are_no_side(self) -> None:
        for text in ("FLAT", "", "LONGS", None, 1):
            with self.subTest(text), self.assertRaises(ValueError):
                OrderSide.from_signal(text)  # type: ignore[arg-type]

    def test_sign_and_opposite_mirror_each_other(self) -> None:
        self.assertEqual((1, -1), (OrderSide.LONG.sign, OrderSide.SHORT.sign))
        self.assertIs(OrderSide.SHORT, OrderSide.LONG.opposite)
        self.assertIs(OrderSide.LONG, OrderSide.SHORT.opposite)


class OrderRequests(unittest.TestCase):
    def test_text_is_accepted_for_side_and_type(self) -> None:
        order = OrderRequest("BTC/USDT", "sell", "market", 2)  # type: ignore[arg-type]
        self.assertIs(OrderSide.SHORT, order.side)
        self.assertIs(OrderType.MARKET, order.order_type)

    def test_an_unknown_side_or_type_is_a_value_error(self) -> None:
        with self.assertRaises(ValueError):
            OrderRequest("BTC/USDT", "up", OrderType.MARKET, 1.0)  # type: ignore[arg-type]
        with self.assertRaises(ValueError):
            OrderRequest("BTC/USDT", OrderSide.LONG, "iceberg", 1.0)  # type: ignore[arg-type]

    def test_a_quantity_that_is_not_positive_and_finite_is_a_value_error_naming_symbol_and_number(self) -> None:
        for quantity in (0, -1, -0.0, math.nan, math.inf, -math.inf):
            with self.subTest(quantity), self.assertRaisesRegex(ValueError, f"BTC/USDT.*{quantity!r}"):
                OrderRequest("BTC/USDT", OrderSide.LONG, OrderType.MARKET, quantity)

    def test_other_numbers_must_be_finite_but_levels_may_lie_below_zero(self) -> None:
        for name in ("price", "stop_loss", "take_profit", "stop_distance", "target_distance", "signal_confidence"):
            for value in (math.nan, math.inf):
                with self.subTest(name, value=value), self.assertRaisesRegex(ValueError, name):
                    OrderRequest("BTC/USDT", OrderSide.LONG, OrderType.MARKET, 1.0, **{name: value})
        order = OrderRequest("BTC/USDT", OrderSide.LONG, OrderType.MARKET, 1.0, stop_loss=-5)
        self.assertEqual(-5.0, order.stop_loss)

    def test_numbers_are_floats_whatever_was_given(self) -> None:
        order = OrderRequest(
            "BTC/USDT",
            OrderSide.LONG,
            OrderType.MARKET,
            Decimal("0.5"),
            price=100,
            stop_loss=Decimal("95.5"),  # type: ignore[arg-type]
        )
        self.assertEqual((0.5, 100.0, 95.5), (order.quantity, order.price, order.stop_loss))
        self.assertEqual([float] * 3, [type(value) for value in (order.quantity, order.price, order.stop_loss)])

    def test_timestamps_are_aware_utc(self) -> None:
        naive = dt.datetime(2024, 1, 1, 12)  # noqa: DTZ001
        eastern = dt.datetime(2024, 1, 1, 7, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
        for given in (naive, eastern):
            order = OrderRequest("BTC/USDT", OrderSide.LONG, OrderType.MARKET, 1.0, timestamp=given)
            self.assertEqual(dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC), order.timestamp)
            self.assertEqual(dt.timedelta(0), order.timestamp.utcoffset())

    def test_a_request_does_not_change(self) -> None:
        order = OrderRequest("BTC/USDT", OrderSide.LONG, OrderType.MARKET, 1.0, metadata={"a": 1})
        with self.assertRaises(AttributeError):
            order.quantity = 2.0  # type: ignore[misc]

    def test_requests_do_not_share_their_metadata(self) -> None:
        first, second = (OrderRequest("BTC/USDT", OrderSide.LONG, OrderType.MARKET, 1.0) for _ in range(2))
        first.metadata["seen"] = True
        self.assertEqual({}, second.metadata)

    def test_the_plain_form_is_json(self) -> None:
        order = OrderRequest(
            "BTC/USDT",
            OrderSide.SHORT,
            OrderType.MARKET,
            1.5,
            timestamp=dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
            metadata={"rsi": 60.5},
        )
        plain = json.loads(json.dumps(order.to_dict()))
        self.assertEqual("SHORT", plain["side"])
        self.assertEqual("MARKET", plain["order_type"])
        self.assertEqual(1.5, plain["quantity"])
        self.assertEqual("2024-01-01T00:00:00.000Z", plain["timestamp"])
        self.assertEqual({"rsi": 60.5}, plain["metadata"])
        self.assertIsNone(plain["order_id"])


if __name__ == "__main__":
    unittest.main()
