"""Transitions of orders as lines of ``orders.csv``: their bytes."""

import csv
import hashlib
import io
import unittest
from decimal import Decimal

from core.events import Fill
from core.orders import OrderRequest, OrderSide, OrderType
from engine.renderer import SessionOutputs
from execution.orders.order import Order
from execution.orders.order_status import OrderStatus

HEADER = (
    b"timestamp,order_id,client_order_id,symbol,side,order_type,time_in_force,event,status,quantity,filled_quantity,"
    b"price,stop_price,last_quantity,last_price,reason\n"
)


def order(**more: object) -> Order:
    values = {
        "symbol": "BTC/USDT",
        "sign": 1,
        "order_type": OrderType.STOP_LIMIT,
        "quantity": Decimal("1E+1"),
        "role": "order",
        "client_order_id": "mine",
        "order_id": "7",
        "price": Decimal("100.50"),
        "stop_price": Decimal("100.10"),
        **more,
    }
    return Order(**values)  # type: ignore[arg-type]


class OrderLogBytes(unittest.TestCase):
    def setUp(self) -> None:
        self.written = bytearray()
        self.outputs = SessionOutputs(orders=self.written.extend)

    def test_the_header_stands_before_everything(self) -> None:
        self.assertEqual(HEADER, bytes(self.written))

    def test_a_transition_without_a_fill_leaves_the_last_fill_empty(self) -> None:
        self.outputs.render(order().transition("NEW", 1_709_164_800_123))
        self.assertEqual(
            b"2024-02-29T00:00:00.123Z,7,mine,BTC/USDT,BUY,STOP_LIMIT,GTC,NEW,NEW,10,0,100.5,100.1,,,\n",
            bytes(self.written[len(HEADER) :]),
        )

    def test_a_fill_has_its_quantity_and_price_in_plain_decimals(self) -> None:
        sold = order(sign=-1, order_type=OrderType.MARKET, price=None, stop_price=None, order_id=None)
        sold.filled, sold.status, sold.reason = Decimal("0.00000001"), OrderStatus.PARTIALLY_FILLED, "stop"
        fill = Fill("BTC/USDT", -1, Decimal("1E-8"), Decimal("1E+5"), Decimal(1), Decimal(0), 0)
        self.outputs.render(sold.transition("PARTIALLY_FILLED", 0, fill))
        self.assertEqual(
            b"1970-01-01T00:00:00.000Z,,mine,BTC/USDT,SELL,MARKET,GTC,PARTIALLY_FILLED,PARTIALLY_FILLED,10,0.00000001,"
            b",,0.00000001,100000,stop\n",
            bytes(self.written[len(HEADER) :]),
        )

    def test_the_time_in_force_is_that_of_the_request(self) -> None:
        request = OrderRequest("A", OrderSide.BUY, OrderType.LIMIT, 1.0, price=1.0, time_in_force="IOC")  # type: ignore[arg-type]
        self.outputs.render(order(request=request).transition("NEW", 0))
        self.assertIn(b",STOP_LIMIT,IOC,NEW,", self.written)

    def test_names_with_commas_and_quotes_are_quoted_and_read_back(self) -> None:
        name = 'my "first", order'
        self.outputs.render(order(client_order_id=name, symbol='A,"B').transition("NEW", 0))
        (row,) = csv.DictReader(io.StringIO(self.written.decode(), newline=""))
        self.assertEqual((name, 'A,"B'), (row["client_order_id"], row["symbol"]))

    def test_the_hash_is_that_of_all_bytes_and_a_sink_is_not_needed_for_it(self) -> None:
        unseen = SessionOutputs()
        self.assertEqual(hashlib.sha256(HEADER).hexdigest(), unseen.orders.sha256)
        for outputs in (self.outputs, unseen):
            outputs.render(order().transition("NEW", 0))
        self.assertEqual(hashlib.sha256(bytes(self.written)).hexdigest(), self.outputs.orders.sha256)
        self.assertEqual(self.outputs.orders.sha256, unseen.orders.sha256)


if __name__ == "__main__":
    unittest.main()
