"""The order log: its bytes."""

import csv
import hashlib
import io
import unittest
from decimal import Decimal

from core.orders import OrderRequest, OrderSide, OrderType
from execution.orders.order import Order
from execution.orders.order_log import ORDER_COLUMNS, OrderLog
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
        self.log = OrderLog(self.written.extend)

    def test_the_header_names_the_columns_in_order(self) -> None:
        self.assertEqual(HEADER, bytes(self.written))
        self.assertEqual(HEADER.decode().strip().split(","), list(ORDER_COLUMNS))

    def test_a_transition_without_a_fill_leaves_the_last_fill_empty(self) -> None:
        self.log.write(order(), 1_709_164_800_123, "NEW")
        self.assertEqual(
            b"2024-02-29T00:00:00.123Z,7,mine,BTC/USDT,BUY,STOP_LIMIT,GTC,NEW,NEW,10,0,100.5,100.1,,,\n",
            bytes(self.written[len(HEADER) :]),
        )

    def test_a_fill_has_its_quantity_and_price_in_plain_decimals(self) -> None:
        sold = order(sign=-1, order_type=OrderType.MARKET, price=None, stop_price=None, order_id=None)
        sold.filled, sold.status, sold.reason = Decimal("0.00000001"), OrderStatus.PARTIALLY_FILLED, "stop"
        self.log.write(sold, 0, "PARTIALLY_FILLED", quantity=Decimal("1E-8"), price=Decimal("1E+5"))
        self.assertEqual(
            b"1970-01-01T00:00:00.000Z,,mine,BTC/USDT,SELL,MARKET,GTC,PARTIALLY_FILLED,PARTIALLY_FILLED,10,0.00000001,"
            b",,0.00000001,100000,stop\n",
            bytes(self.written[len(HEADER) :]),
        )

    def test_the_time_in_force_is_that_of_the_request(self) -> None:
        request = OrderRequest("A", OrderSide.BUY, OrderType.LIMIT, 1.0, price=1.0, time_in_force="IOC")  # type: ignore[arg-type]
        self.log.write(order(request=request), 0, "NEW")
        self.assertIn(b",STOP_LIMIT,IOC,NEW,", self.written)

    def test_names_with_commas_and_quotes_are_quoted_and_read_back(self) -> None:
        name = 'my "first", order'
        self.log.write(order(client_order_id=name, symbol='A,"B'), 0, "NEW")
        (row,) = csv.DictReader(io.StringIO(self.written.decode(), newline=""))
        self.assertEqual((name, 'A,"B'), (row["client_order_id"], row["symbol"]))

    def test_the_hash_is_that_of_all_bytes_and_a_sink_is_not_needed_for_it(self) -> None:
        unseen = OrderLog()
        self.assertEqual(hashlib.sha256(HEADER).hexdigest(), unseen.sha256)
        for log in (self.log, unseen):
            log.write(order(), 0, "NEW")
        self.assertEqual(hashlib.sha256(bytes(self.written)).hexdigest(), self.log.sha256)
        self.assertEqual(self.log.sha256, unseen.sha256)


if __name__ == "__main__":
    unittest.main()
