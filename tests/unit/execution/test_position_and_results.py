"""What scripts read: positions, fills and results."""

import datetime as dt
import unittest

from core.orders import OrderSide
from execution.orders.order_status import OrderStatus
from execution.scripting.execution_result import ExecutionResult
from execution.scripting.order_fill import OrderFill
from execution.scripting.position import Position

NOON = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)


class Positions(unittest.TestCase):
    def test_a_long_gains_with_the_price_and_remembers_the_highest(self) -> None:
        position = Position("BTC/USDT", OrderSide.LONG, 2.0, 100.0, NOON)
        self.assertEqual((100.0, 100.0, 0.0), (position.current_price, position.highest_price, position.unrealized_pnl))
        for price in (110.0, 105.0):
            position.update_price(price)
        self.assertEqual((105.0, 110.0), (position.current_price, position.highest_price))
        self.assertEqual(
            (10.0, 5.0, 210.0), (position.unrealized_pnl, position.unrealized_pnl_pct, position.position_value)
        )

    def test_a_short_gains_against_the_price_and_remembers_the_lowest(self) -> None:
        position = Position("BTC/USDT", OrderSide.SHORT, 2.0, 100.0, NOON)
        for price in (90.0, 95.0):
            position.update_price(price)
        self.assertEqual((95.0, 90.0), (position.current_price, position.highest_price))
        self.assertEqual(
            (10.0, 5.0, 190.0), (position.unrealized_pnl, position.unrealized_pnl_pct, position.position_value)
        )

    def test_a_position_of_nothing_has_no_percentage(self) -> None:
        self.assertEqual(0.0, Position("BTC/USDT", OrderSide.LONG, 0.0, 100.0, NOON).unrealized_pnl_pct)

    def test_the_plain_form_is_json(self) -> None:
        position = Position("BTC/USDT", OrderSide.SHORT, 2.0, 100.0, NOON, 105.0, strategy_name="mine")
        plain = position.to_dict()
        self.assertEqual(("SHORT", NOON, 105.0), (plain["side"], plain["entry_time"], plain["stop_loss"]))
        self.assertEqual(
            (0.0, 0.0, 200.0), (plain["unrealized_pnl"], plain["unrealized_pnl_pct"], plain["position_value"])
        )


class FillsAndResults(unittest.TestCase):
    fill = OrderFill("7", "BTC/USDT", OrderSide.LONG, 2.0, 100.5, NOON, commission=0.5, slippage=1.0)

    def test_slippage_is_inside_the_price_and_not_paid_again(self) -> None:
        self.assertEqual((201.0, 201.5), (self.fill.fill_value, self.fill.total_cost))

    def test_a_fill_is_a_success_and_an_accepted_order_is_one_too(self) -> None:
        filled = ExecutionResult.success_result("7", self.fill)
        self.assertEqual(
            (True, OrderStatus.FILLED, 2.0, NOON),
            (filled.success, filled.status, filled.filled_quantity, filled.timestamp),
        )
        waiting = ExecutionResult.success_result("7")
        self.assertEqual((True, OrderStatus.NEW, 0.0), (waiting.success, waiting.status, waiting.filled_quantity))

    def test_a_failure_says_why(self) -> None:
        failed = ExecutionResult.failure_result("Insufficient balance", "7")
        self.assertEqual(
            (False, OrderStatus.REJECTED, "Insufficient balance", "7", 0.0),
            (failed.success, failed.status, failed.error, failed.order_id, failed.filled_quantity),
        )

    def test_plain_forms_are_json(self) -> None:
        plain = ExecutionResult.success_result("7", self.fill).to_dict()
        self.assertEqual(
            ("FILLED", "LONG", 201.5), (plain["status"], plain["fill"]["side"], plain["fill"]["total_cost"])
        )
        self.assertEqual(NOON, plain["timestamp"])
        failed = ExecutionResult.failure_result("no").to_dict()
        self.assertEqual(("REJECTED", None, None), (failed["status"], failed["fill"], failed["timestamp"]))


if __name__ == "__main__":
    unittest.main()
