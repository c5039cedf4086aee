"""The trade log: its bytes."""

import csv
import hashlib
import io
import json
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

from execution.money.hashed_text import file_sink
from execution.money.trade_log import COLUMNS, TradeLog, TradeRow

HEADER = (
    b"timestamp,order_id,symbol,action,side,price,quantity,commission,slippage,balance,equity,"
    b"realized_pnl,unrealized_pnl,strategy,reason,metadata\n"
)


def row(**changes: object) -> TradeRow:
    values = {
        "time_ms": 1_709_164_800_123,
        "order_id": "7",
        "symbol": "BTC/USDT",
        "action": "CLOSE",
        "side": "SHORT",
        "price": Decimal("1E+5"),
        "quantity": Decimal("1E-8"),
        "commission": Decimal("0E-8"),
        "slippage": Decimal("0.50"),
        "balance": Decimal("10000.00"),
        "equity": Decimal("9999.99999999"),
        "realized_pnl": Decimal("-0.00000001"),
        "unrealized_pnl": Decimal("-0"),
        "strategy": "scripted",
        "reason": "stop",
        "metadata": "{}",
    }
    return TradeRow(**{**values, **changes})  # type: ignore[arg-type]


class TradeLogBytes(unittest.TestCase):
    def setUp(self) -> None:
        self.written = bytearray()
        self.log = TradeLog(self.written.extend)

    def test_the_header_names_the_columns_in_order(self) -> None:
        self.assertEqual(HEADER, bytes(self.written))
        self.assertEqual(HEADER.decode().strip().split(","), list(COLUMNS))

    def test_decimals_are_plain_and_times_have_milliseconds_and_lines_end_with_one_newline(self) -> None:
        self.log.write(row())
        # 1,709,164,800 s = 19,782 days after the epoch: 2024-02-29.
        self.assertEqual(
            b"2024-02-29T00:00:00.123Z,7,BTC/USDT,CLOSE,SHORT,100000,0.00000001,0,0.5,10000,9999.99999999,"
            b"-0.00000001,0,scripted,stop,{}\n",
            bytes(self.written[len(HEADER) :]),
        )

    def test_text_with_commas_quotes_and_newlines_is_quoted_and_read_back(self) -> None:
        metadata = json.dumps({"stop": "95", "target": "105"}, separators=(",", ":"))
        name = 'two, "or"\nthree Ä'
        self.log.write(row(strategy=name, metadata=metadata))
        self.assertIn(b'"two, ""or""\nthree \xc3\x84"', self.written)
        self.assertIn(b'"{""stop"":""95"",""target"":""105""}"\n', self.written)
        (got,) = csv.DictReader(io.StringIO(self.written.decode(), newline=""))
        self.assertEqual((name, metadata), (got["strategy"], got["metadata"]))

    def test_the_hash_is_that_of_all_bytes_header_included_and_a_sink_is_not_needed_for_it(self) -> None:
        unseen = TradeLog()
        self.assertEqual(hashlib.sha256(HEADER).hexdigest(), unseen.sha256)
        for log in (self.log, unseen):
            log.write(row())
        self.assertEqual(hashlib.sha256(bytes(self.written)).hexdigest(), self.log.sha256)
        self.assertEqual(self.log.sha256, unseen.sha256)

    def test_the_plain_form_has_the_columns_as_floats_and_text(self) -> None:
        plain = row().to_dict()
        self.assertEqual(list(COLUMNS), list(plain))
        self.assertEqual("2024-02-29T00:00:00.123000+00:00", plain["timestamp"].isoformat())
        self.assertEqual((100_000.0, float), (plain["price"], type(plain["price"])))


class TradeLogFile(unittest.TestCase):
    def test_a_file_is_begun_anew_with_its_folders_and_appended_to_row_by_row(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "logs" / "deep" / "trades.csv"
            path.parent.mkdir(parents=True)
            path.write_text("of an earlier run")
            log = TradeLog(file_sink(path))
            self.assertEqual(HEADER, path.read_bytes())
            log.write(row())
            log.write(row(order_id="8"))
            self.assertEqual(3, path.read_bytes().count(b"\n"))
            self.assertEqual(log.sha256, hashlib.sha256(path.read_bytes()).hexdigest())
            file_sink(Path(folder) / "absent" / "trades.csv")
            self.assertTrue((Path(folder) / "absent" / "trades.csv").is_file())


if __name__ == "__main__":
    unittest.main()
