"""Booked fills as lines of ``trades.csv``: their bytes."""

import csv
import hashlib
import io
import json
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

from core.events import Fill, Levels, TradeRow
from engine.renderer import SessionOutputs
from execution.scripting.trade_file import TradeFile

HEADER = (
    b"timestamp,order_id,symbol,action,side,price,quantity,commission,slippage,balance,equity,"
    b"realized_pnl,unrealized_pnl,strategy,reason,metadata\n"
)


PRICE, QUANTITY = Decimal("1E+5"), Decimal("1E-8")


def row(**changes: object) -> TradeRow:
    # Bought at 100,000 what a price of 50,100,000 had asked for: |100,000 - 50,100,000| x 0.00000001 = 0.5.
    fill = Fill("BTC/USDT", 1, QUANTITY, PRICE, Decimal("50100000.0"), Decimal("0E-8"), 1_709_164_800_123)
    values = {
        "fill": fill,
        "action": "CLOSE",
        "order_id": "7",
        "strategy": "scripted",
        "reason": "stop",
        "balance": Decimal("10000.00"),
        "unrealized_pnl": Decimal("-0.00000001"),
        "realized_pnl": Decimal("-0.00000001"),
    }
    return TradeRow(**{**values, **changes})  # type: ignore[arg-type]


class TradeLogBytes(unittest.TestCase):
    def setUp(self) -> None:
        self.written = bytearray()
        self.outputs = SessionOutputs(self.written.extend)

    def test_the_header_stands_before_everything(self) -> None:
        self.assertEqual(HEADER, bytes(self.written))

    def test_decimals_are_plain_and_times_have_milliseconds_and_lines_end_with_one_newline(self) -> None:
        self.outputs.render(row())
        # 1,709,164,800 s = 19,782 days after the epoch: 2024-02-29.
        self.assertEqual(
            b"2024-02-29T00:00:00.123Z,7,BTC/USDT,CLOSE,SHORT,100000,0.00000001,0,0.5,10000,9999.99999999,"
            b"-0.00000001,-0.00000001,scripted,stop,{}\n",
            bytes(self.written[len(HEADER) :]),
        )

    def test_text_with_commas_quotes_and_newlines_is_quoted_and_read_back(self) -> None:
        levels = Levels(stop=Decimal("95.0"), targets=(Decimal(105),))
        metadata = json.dumps({"stop": "95", "target": "105"}, separators=(",", ":"))
        name = 'two, "or"\nthree Ä'
        self.outputs.render(row(strategy=name, levels=levels))
        self.assertIn(b'"two, ""or""\nthree \xc3\x84"', self.written)
        self.assertIn(b'"{""stop"":""95"",""target"":""105""}"\n', self.written)
        (got,) = csv.DictReader(io.StringIO(self.written.decode(), newline=""))
        self.assertEqual((name, metadata), (got["strategy"], got["metadata"]))

    def test_the_hash_is_that_of_all_bytes_header_included_and_a_sink_is_not_needed_for_it(self) -> None:
        unseen = SessionOutputs()
        self.assertEqual(hashlib.sha256(HEADER).hexdigest(), unseen.trades.sha256)
        for outputs in (self.outputs, unseen):
            outputs.render(row())
        self.assertEqual(hashlib.sha256(bytes(self.written)).hexdigest(), self.outputs.trades.sha256)
        self.assertEqual(self.outputs.trades.sha256, unseen.trades.sha256)

    def test_metadata_have_sorted_keys_and_say_only_what_there_is(self) -> None:
        rungs = Levels(Decimal("90.10"), Decimal(95), (Decimal(101), Decimal("102.50")), ladder=True)
        for changes, metadata in (
            ({}, "{}"),
            ({"levels": Levels()}, "{}"),
            ({"levels": rungs}, '{"liquidation":"90.1","stop":"95","targets":["101","102.5"]}'),
            (
                {"ambiguous": True, "funding": Decimal("-0.10"), "rung": 2},
                '{"ambiguous":true,"funding":"-0.1","rung":2}',
            ),
        ):
            self.assertEqual(metadata, row(**changes).metadata)

    def test_the_side_is_that_of_the_position(self) -> None:
        sold = Fill("BTC/USDT", -1, QUANTITY, PRICE, PRICE, Decimal(0), 0)
        sides = [row(action=action, **more).side for more in ({}, {"fill": sold}) for action in ("OPEN", "CLOSE")]
        self.assertEqual(["LONG", "SHORT", "SHORT", "LONG"], sides)

    def test_the_plain_form_has_the_columns_as_floats_and_text(self) -> None:
        plain = row().to_dict()
        self.assertEqual(HEADER.decode().strip().split(","), list(plain))
        self.assertEqual("2024-02-29T00:00:00.123000+00:00", plain["timestamp"].isoformat())
        self.assertEqual((100_000.0, float), (plain["price"], type(plain["price"])))


class TradeLogFile(unittest.TestCase):
    def test_a_file_is_begun_anew_with_its_folders_and_appended_to_row_by_row(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "logs" / "deep" / "trades.csv"
            path.parent.mkdir(parents=True)
            path.write_text("of an earlier run")
            log, outputs = TradeFile(path), SessionOutputs()
            self.assertEqual(HEADER, path.read_bytes())
            for listener in (log, outputs.render):
                listener(row())
                listener(row(order_id="8"))
            self.assertEqual(3, path.read_bytes().count(b"\n"))
            self.assertEqual(outputs.trades.sha256, hashlib.sha256(path.read_bytes()).hexdigest())
            TradeFile(Path(folder) / "absent" / "trades.csv")
            self.assertTrue((Path(folder) / "absent" / "trades.csv").is_file())


if __name__ == "__main__":
    unittest.main()
