"""The forms in which people have candles: each is recognised, said, and gives the same candles."""

import gzip
import io
import json
import tempfile
import unittest
import zipfile
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import feather, parquet

from core.errors import ConfigurationError
from market_data.files.file_formats import FLAGS, HowToRead
from market_data.files.file_layouts import FUNDING_FILE, OPEN_INTEREST_FILE
from market_data.files.file_names import series_of
from market_data.files.series_files import read_series_file
from tests.support.candle_tables import APRIL, candles_at, minutes, rows_of
from tests.support.scale import scaled
from tests.support.shared import CASES, needs_shared
from tests.support.shared_formats import READ_AS
from tests.support.times import MINUTE_MS

ROWS = rows_of(candles_at(minutes(APRIL, 40)))
BTC = HowToRead("BTC/USDT")


def lines(form, rows=ROWS, header="", end="\n"):
    """Return a text file of rows, each made by a format string with the names t, o, h, l, c, v."""
    cells = [dict(zip("tohlcv", row, strict=True)) for row in rows]
    return end.join([*([header] if header else []), *(form.format(**one) for one in cells), ""])


class FormsCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def read(self, content, name="1m.csv", how=BTC, layout=None):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_series_file(path, how=how) if layout is None else read_series_file(path, layout, how)

    def refused(self, said, content, name="1m.csv", how=BTC):
        with self.assertRaisesRegex(ConfigurationError, said) as caught:
            self.read(content, name, how)
        self.assertNotIn("\n", str(caught.exception))


class TextForms(FormsCase):
    def test_each_form_is_recognised_said_and_read(self):
        archive = "{t},{o},{h},{l},{c},{v},{t}9,1.0,5,0.5,1.0,0"
        table = {
            "Binance archive, no header, milliseconds": lines(archive),
            "Binance archive, no header, microseconds": lines(archive.replace("{t}", "{t}000", 1)),
            "Binance archive, milliseconds": lines(
                archive,
                header="open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
                "taker_buy_quote_volume,ignore",
            ),
            "Bybit, milliseconds": lines(
                "{t},{o},{h},{l},{c},{v},1",
                header="startTime,openPrice,highPrice,lowPrice,closePrice,volume,turnover",
            ),
            "Bybit, no header, milliseconds": lines("{t},{o},{h},{l},{c},{v},77.5"),
            "CryptoDataDownload, milliseconds": "https://www.CryptoDataDownload.com\n"
            + lines(
                "{t},x,BTC/USDT,{o},{h},{l},{c},{v},1e9,7",
                header="unix,date,symbol,open,high,low,close,Volume BTC,Volume USDT,tradecount",
            ),
            "jesse order, milliseconds": lines(
                "{t},{o},{c},{h},{l},{v}", header="timestamp,open,close,high,low,volume"
            ),
            "jesse order, no header, milliseconds": lines("{t},{o},{c},{h},{l},{v}"),
            "KuCoin, no header, milliseconds": lines("{t},{o},{c},{h},{l},{v},9"),
            "OKX, milliseconds": lines(
                "{t},{o},{h},{l},{c},{v},5,6,1", header="ts,o,h,l,c,vol,volCcy,volCcyQuote,confirm"
            ),
            "OKX, no header, milliseconds": lines("{t},{o},{h},{l},{c},{v},5,6,1"),
            "columns in the usual order, no header, milliseconds": lines("{t},{o},{h},{l},{c},{v}"),
            "columns in the usual order, no header, semicolons, dates as YYYYMMDD, taken as UTC": "\n".join(
                f"20240401 00{place:02}00;{';'.join(map(str, row[1:]))}" for place, row in enumerate(ROWS)
            ),
            "columns by name, bars, milliseconds": lines("{t}|{o}|{h}|{l}|{c}|{v}", header="ts|o|h|l|c|v"),
            "columns by name, milliseconds": lines(
                "{t},{v},{o},{h},{l},{c},1", header="timestamp,Volume (BTC),Open,High,Low,Close,Volume (USDT)"
            ),
            "TradingView, milliseconds": lines(
                "{t},{o},{h},{l},{c},7,{v}", header="time,open,high,low,close,MA,Volume"
            ),
        }
        for said, content in table.items():
            with self.subTest(said):
                file = self.read(content)
                self.assertEqual(", ".join(file.read_as), said)
                self.assertEqual(rows_of(file.candles), ROWS)

    def test_krakens_archive_is_told_by_its_seconds(self):
        rows = lines("{t},{o},{h},{l},{c},{v},7", [(row[0] // 1000, *row[1:]) for row in ROWS])
        file = self.read(rows)
        self.assertEqual((file.read_as, rows_of(file.candles)), (("Kraken OHLCVT", "no header", "seconds"), ROWS))

    def test_a_contract_of_okx_is_counted_in_its_base_currency(self):
        text = lines("{t},{o},{h},{l},{c},900,{v},6,1", header="ts,o,h,l,c,vol,volCcy,volCcyQuote,confirm")
        self.assertEqual(rows_of(self.read(text, how=HowToRead("BTC/USDT:USDT")).candles), ROWS)
        self.assertEqual(self.read(text).values[4].tolist(), [900.0] * len(ROWS))

    def test_other_names_of_times_and_volumes_are_found(self):
        for header in (
            "MTS,OPEN,HIGH,LOW,CLOSE,VOLUME",
            "Gmt time,Open,High,Low,Close,Volume",
            "Timestamp,Open,High,Low,Close,Volume_(BTC)",
        ):
            with self.subTest(header):
                self.assertEqual(rows_of(self.read(lines("{t},{o},{h},{l},{c},{v}", header=header)).candles), ROWS)

    def test_lines_of_blanks_are_no_rows_wherever_they_stand(self):
        text = lines("{t},{o},{h},{l},{c},{v}", header="timestamp,open,high,low,close,volume").splitlines()
        blank = "\n".join([*text[:9], "  ", "\t\r", *text[9:], " ", ""])
        self.assertEqual(rows_of(self.read(blank).candles), ROWS)
        self.refused("line 45: has 1 cells", blank + "x\n")

    def test_decimal_commas_are_read_behind_semicolons_and_tabs(self):
        for delimiter, word in ((";", "semicolons"), ("\t", "tabs")):
            form = delimiter.join("{" + name + "}" for name in "tohlcv")
            text = lines(form, header=delimiter.join(("timestamp", "open", "high", "low", "close", "volume")))
            with self.subTest(word):
                file = self.read(text.replace(".", ","))
                self.assertEqual(file.read_as, ("columns by name", word, "decimal commas", "milliseconds"))
                self.assertEqual(rows_of(file.candles), ROWS)

    def test_a_comma_that_may_part_thousands_is_an_error_unless_it_is_said_to_part_decimals(self):
        text = "timestamp;open;high;low;close;volume\n" + "".join(
            f"{time_ms};1,234;1,240;1,230;1,239;2,500\n" for time_ms in minutes(APRIL, 9)
        )
        self.refused("'1,234' may have a decimal comma or a comma for thousands; --format semicolon", text)
        file = self.read(text, how=BTC._replace(flag="semicolon"))
        self.assertEqual(rows_of(file.candles)[0], (APRIL, 1.234, 1.24, 1.23, 1.239, 2.5))

    def test_ticks_stand_for_volume_only_where_there_is_none_and_it_is_said(self):
        header = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>"
        dated = [(f"2024.04.01\t00:{place:02d}:00", *row[1:]) for place, row in enumerate(ROWS)]
        ticks = self.read(lines("{t}\t{o}\t{h}\t{l}\t{c}\t12\t0\t5", dated, header))
        self.assertEqual((set(ticks.values[4].tolist()), ticks.traded_volume), ({12.0}, False))
        self.assertEqual(ticks.notes, ("volume: its ticks, for it has no other",))
        traded = self.read(lines("{t}\t{o}\t{h}\t{l}\t{c}\t12\t{v}\t5", dated, header))
        self.assertEqual((rows_of(traded.candles), traded.traded_volume, traded.notes), (ROWS, True, ()))
        daily = self.read("<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\n2024.04.01\t1\t2\t1\t1.5\t7\t0\n")
        self.assertEqual((daily.times.tolist(), daily.values[4].tolist()), ([APRIL], [7.0]))
        older = self.read(lines("{t},{o},{h},{l},{c},{v}", [(one[0].replace("\t", ","), *one[1:]) for one in dated]))
        self.assertEqual((older.read_as[0], rows_of(older.candles)), ("MetaTrader", ROWS))

    def test_candles_without_volume_are_taken_only_when_it_is_said(self):
        text = lines("{t},{o},{h},{l},{c}", header="time,open,high,low,close")
        self.refused("no column 'volume' .*--no-volume takes its candles with a volume of 0", text)
        self.refused("none of them a volume; --no-volume", lines("{t},{o},{h},{l},{c}"))
        for content in (text, lines("{t},{o},{h},{l},{c}")):
            file = self.read(content, how=BTC._replace(no_volume=True))
            self.assertEqual([row[:5] for row in rows_of(file.candles)], [row[:5] for row in ROWS])
            self.assertEqual((set(file.values[4].tolist()), file.traded_volume), ({0.0}, False))
            self.assertEqual(file.notes, ("volume: none in the file, taken as 0",))

    def test_volumes_of_other_currencies_and_rows_of_another_symbol_are_no_guess(self):
        header = "unix,date,symbol,open,high,low,close,Volume ETH,Volume USDT"
        text = lines("{t},x,{{s}},{o},{h},{l},{c},{v},1", header=header)
        self.refused("'volume_eth' and 'volume_usdt', none of them in the base", text.replace("{s}", "BTCUSDT"))
        self.refused(
            "its rows are of 'ETH/USDT', not of BTC/USDT", text.replace("{s}", "ETH/USDT").replace("ETH,", "BTC,")
        )

    def test_a_file_of_two_symbols_or_two_timeframes_is_refused_with_the_first_row_of_the_second(self):
        table = {
            "symbol": ("BTCUSDT", "ETHUSDT"),
            "pair": ("BTC/USDT", "ETH/USDT"),
            "ticker": ("B", "E"),
            "interval": ("1m", "1h"),
        }
        for name, (first, second) in table.items():
            rows = [f"{','.join(map(str, row))},{first if place < 30 else second}" for place, row in enumerate(ROWS)]
            text = "\n".join([f"timestamp,open,high,low,close,volume,{name}", *rows, ""])
            with self.subTest(name):
                self.refused(f"line 32, column '{name}': names '{second}' where the rows before name '{first}'", text)
                # Spellings of one symbol are no two; an empty cell names none.
                one = text.replace(second, "" if name == "interval" else first.replace("/", "-").lower())
                self.assertEqual(rows_of(self.read(one).candles), ROWS)

    def test_a_forced_form_is_obeyed_or_refused(self):
        for flag in FLAGS:
            how = BTC._replace(flag=flag)
            with self.subTest(flag):
                if flag == "semicolon":
                    self.refused("has commas between its cells", lines("{t},{o},{h},{l},{c},{v}"), how=how)
                elif flag in ("columns", "freqtrade"):
                    self.assertEqual(rows_of(self.read(lines("{t},{o},{h},{l},{c},{v}"), how=how).candles), ROWS)
                elif flag == "jesse":
                    file = self.read(lines("{t},{o},{h},{l},{c},{v}"), how=how)
                    self.assertEqual(file.values[1].tolist(), [row[3] for row in ROWS])
                else:
                    self.refused("has no header and 6 columns", lines("{t},{o},{h},{l},{c},{v}"), how=how)
        named = lines("{t},{o},{h},{l},{c},{v}", header="timestamp,open,high,low,close,volume")
        self.refused("has not the header of a file of Bybit", named, how=BTC._replace(flag="bybit"))

    def test_orders_that_the_rows_do_not_tell_apart_are_an_error_that_names_the_forms(self):
        flat = [(row[0], 5.0, 5.0, 5.0, 5.0, 1.0) for row in ROWS]
        self.refused("--format jesse or --format columns", lines("{t},{o},{h},{l},{c},{v}", flat))

    @settings(max_examples=scaled(40, 600), deadline=None)
    @given(st.sampled_from(("ohlc", "ochl")), st.integers(0, 39), st.sampled_from(("", "\r")))
    def test_one_candle_that_moves_tells_the_order(self, order, moving, before_end):
        rows = [(row[0], 5.0, 5.0, 5.0, 5.0, 1.0) for row in ROWS]
        rows[moving] = (rows[moving][0], 5.0, 7.0, 4.0, 6.0, 1.0)
        form = "{t}," + ",".join("{" + name + "}" for name in order) + ",{v}"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "1m.csv"
            path.write_bytes(lines(form, rows, end=f"{before_end}\n").encode())
            self.assertEqual(rows_of(read_series_file(path).candles), rows)


class Times(FormsCase):
    HEADER = "date,open,high,low,close,volume"

    def times(self, cells, header=HEADER):
        text = "\n".join([header, *(f"{cell},1,1,1,1,1" for cell in cells), ""])
        return self.read(text)

    def test_dates_and_times_of_day_in_many_writings(self):
        table = {
            "20240401": [APRIL],
            "202404010030": [APRIL + 30 * MINUTE_MS],
            "20240401003015": [APRIL + 30 * MINUTE_MS + 15_000],
            "20240401 0030": [APRIL + 30 * MINUTE_MS],
            "2024.04.01 00:30": [APRIL + 30 * MINUTE_MS],
            "2024/4/1 0:30:15.25": [APRIL + 30 * MINUTE_MS + 15_250],
            "2024-04-01 12-AM": [APRIL],
            "2024-04-01 01-PM": [APRIL + 13 * 60 * MINUTE_MS],
            "2024-04-01 00:30:00 UTC": [APRIL + 30 * MINUTE_MS],
            "13/04/2024 00:30": [APRIL + (12 * 24 * 60 + 30) * MINUTE_MS],
            "04/13/2024 12:30 AM": [APRIL + (12 * 24 * 60 + 30) * MINUTE_MS],
            "01.01.2024": [APRIL - 91 * 24 * 60 * MINUTE_MS],
        }
        for cell, expected in table.items():
            with self.subTest(cell):
                self.assertEqual(self.times([cell]).times.tolist(), expected)

    def test_date_and_time_of_day_in_two_columns(self):
        for date, clock in (
            ("20240401", "0030"),
            ("2024-04-01", "00:30"),
            ("2024.04.01", "00:30:00"),
            ("20240401", "003000"),
        ):
            with self.subTest(date, clock=clock):
                found = self.times([f"{date},{clock}"], "date,time,open,high,low,close,volume")
                self.assertEqual(found.times.tolist(), [APRIL + 30 * MINUTE_MS])

    def test_whether_day_or_month_comes_first_is_told_by_the_file_or_not_at_all(self):
        self.assertEqual(self.times(["01/04/2024", "13/04/2024"]).times.tolist()[0], APRIL)
        self.assertEqual(self.times(["04/01/2024", "04/13/2024"]).times.tolist()[0], APRIL)
        with self.assertRaisesRegex(ConfigurationError, "cannot be told; write them as ISO"):
            self.times(["01/04/2024", "02/04/2024"])
        with self.assertRaisesRegex(ConfigurationError, "day and month in no one order"):
            self.times(["13/04/2024", "04/13/2024"])

    def test_a_day_or_hour_that_is_none_is_named_with_its_line(self):
        for good, bad in (
            ("2024.04.01", "2024.02.30"),
            ("2024.04.01 10:00", "2024.04.01 25:00"),
            ("01.04.2024", "40.04.2024"),
        ):
            with (
                self.subTest(bad),
                self.assertRaisesRegex(ConfigurationError, rf"line 3, column 'date': '{bad}' is not a time"),
            ):
                self.times([good, bad])
        self.assertEqual(self.times(["20240401", "20240402", "20240230"]).times.tolist()[2], -1)

    @settings(max_examples=scaled(60, 1_000), deadline=None)
    @given(st.datetimes(pd.Timestamp("2009-01-04"), pd.Timestamp("2099-12-30")))
    def test_every_writing_of_a_moment_is_that_moment(self, moment):
        moment = moment.replace(second=0, microsecond=0)
        expected = [int(pd.Timestamp(moment).tz_localize("UTC").timestamp()) * 1000]
        for writing in (
            "%Y%m%d%H%M",
            "%Y.%m.%d %H:%M:%S",
            "%Y%m%d %H%M",
            "%Y/%m/%d %I:%M %p",
            "%Y-%m-%dT%H:%M",
            "%Y%m%d%H%M%S",
        ):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "1m.csv"
                path.write_text(f"{self.HEADER}\n{moment.strftime(writing)},1,1,1,1,1\n")
                self.assertEqual(read_series_file(path).times.tolist(), expected, writing)


class Containers(FormsCase):
    PLAIN = lines("{t},{o},{h},{l},{c},{v}", header="timestamp,open,high,low,close,volume")

    def zipped(self, *members, method=zipfile.ZIP_DEFLATED):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", method) as archive:
            for name, text in members:
                archive.writestr(name, text)
        return content.getvalue()

    def test_zip_gzip_and_wide_text_hold_the_same_candles_whatever_they_are_called(self):
        for name, content in (
            ("a.zip", self.zipped(("BTCUSDT-1m-2024-04-01.csv", self.PLAIN))),
            ("b.zip", self.zipped(("__MACOSX/._x.csv", "?"), ("folder/x.csv", self.PLAIN), method=zipfile.ZIP_STORED)),
            ("c.csv.gz", gzip.compress(self.PLAIN.encode())),
            ("d.csv", gzip.compress(self.PLAIN.encode())),
            ("e.csv", self.zipped(("x.csv", self.PLAIN))),
            ("f.csv", self.PLAIN.encode("utf-16")),
            ("g.csv", b"\xfe\xff" + self.PLAIN.encode("utf-16-be")),
        ):
            with self.subTest(name):
                self.assertEqual(rows_of(self.read(content, name).candles), ROWS)

    def test_an_archive_that_cannot_be_taken_says_why(self):
        whole = self.zipped(("x.csv", self.PLAIN))
        encrypted = bytearray(whole)
        encrypted[6] |= 1
        encrypted[whole.index(b"PK\x01\x02") + 8] |= 1
        broken = bytearray(whole)
        broken[60] ^= 0xFF
        for content, said in (
            (self.zipped(("a.csv", "x"), ("b\n.csv", "y")), r"holds 2 files \('a.csv', 'b\\n.csv' …\)"),
            (self.zipped(), "holds 0 files"),
            (bytes(encrypted), "'x.csv' in it is encrypted"),
            (self.zipped(("x.csv", self.PLAIN), method=zipfile.ZIP_LZMA), "packed in another way than deflated"),
            (bytes(broken), "is damaged"),
            (whole[:-30], "is damaged"),
            (b"PK\x03\x04", "is damaged"),
        ):
            with self.subTest(said):
                self.refused(said, content, "1m.zip")

    def test_json_rows_are_read_however_they_are_spaced_and_quoted(self):
        table = [list(row) for row in ROWS]
        quoted = [[row[0], *map(repr, row[1:])] for row in ROWS]
        for content in (
            json.dumps(table),
            json.dumps(table, indent=3),
            json.dumps(quoted),
            json.dumps(table, separators=(",", ":")),
        ):
            file = self.read(content, "BTC_USDT-1m.json")
            self.assertEqual((file.read_as, rows_of(file.candles)), (("freqtrade", "JSON", "milliseconds"), ROWS))
        packed = self.read(gzip.compress(json.dumps(table).encode()), "1m.json.gz")
        self.assertEqual(rows_of(packed.candles), ROWS)

    def test_json_of_another_shape_is_named(self):
        for content, said in (
            ('{"data": []}', "is no JSON list of rows"),
            ('[{"t": 1}]', "is no JSON list of rows"),
            ("[]", "is empty"),
            ("", "is empty"),
            (f"[[{APRIL},1,1,1,1,1],[{APRIL}", "ends in the middle of a row"),
            (f"[[{APRIL},1,2,1,1.5,1],[{APRIL},1,null,1,1,1]]", "row 2, column 'high': 'null' is not a number"),
            (f"[[{APRIL},1,2,1,1.5,1],[{APRIL},1,[2],1,1,1]]", "row 2, column 'high'"),
        ):
            with self.subTest(content):
                self.refused(said, content, "1m.json")

    def test_a_row_of_json_that_a_piece_cuts_is_whole(self):
        rows = rows_of(candles_at(minutes(APRIL, 60_000)))
        content = json.dumps([list(row) for row in rows])
        self.assertGreater(len(content), 2 << 20)
        self.assertEqual(rows_of(self.read(content, "1m.json").candles), rows)

    def test_feather_of_freqtrade_is_read_however_it_is_packed(self):
        frame = pd.DataFrame(ROWS, columns=["date", "open", "high", "low", "close", "volume"])
        frame["date"] = pd.to_datetime(frame["date"], unit="ms", utc=True)
        for packing in ("lz4", "zstd", "uncompressed"):
            content = io.BytesIO()
            feather.write_feather(frame, content, compression=packing, chunksize=7)
            with self.subTest(packing):
                file = self.read(content.getvalue(), "BTC_USDT-1m.feather")
                self.assertEqual(
                    (file.read_as, rows_of(file.candles)), (("freqtrade", "feather", "timestamps, UTC"), ROWS)
                )

    def test_funding_of_freqtrade_is_the_open_of_its_candles(self):
        frame = pd.DataFrame([(row[0], 0.0001, 0.0, 0.0, 0.0, 0.0) for row in ROWS])
        frame.columns = ["date", "open", "high", "low", "close", "volume"]
        content = io.BytesIO()
        feather.write_feather(frame, content)
        file = self.read(content.getvalue(), "BTC_USDT_USDT-8h-funding_rate.feather", layout=FUNDING_FILE)
        self.assertEqual(set(file.values[0].tolist()), {0.0001})

    def test_damaged_feather_is_one_line(self):
        for content in (b"", b"ARROW1\0\0", b"ARROW1" * 30, b"garbage"):
            self.refused("cannot be read as feather", content, "1m.feather")


class OddTables(FormsCase):
    def parquet(self, columns):
        content = io.BytesIO()
        parquet.write_table(pa.table(columns), content)
        return content.getvalue()

    def columns(self, **other):
        names = ("timestamp", "open", "high", "low", "close", "volume")
        return {name: list(column) for name, column in zip(names, zip(*ROWS, strict=True), strict=True)} | other

    def test_decimals_are_the_nearest_floats(self):
        exact = {"open": "42000.02", "high": "42000.27", "low": "41999.99", "close": "42000.09", "volume": "8.53"}
        columns = {name: pa.array([Decimal(text)] * 2) for name, text in exact.items()}
        file = self.read(self.parquet({"timestamp": list(minutes(APRIL, 2)), **columns}), "1m.parquet")
        self.assertEqual([column.tolist() for column in file.values], [[float(text)] * 2 for text in exact.values()])

    def test_the_rows_of_a_table_are_of_one_symbol(self):
        tickers = pa.array(["A"] * 30 + ["B"] * 10)
        for names in (tickers, tickers.dictionary_encode()):
            content = self.parquet(self.columns(ticker=names))
            self.refused("row 31, column 'ticker': names 'B' where the rows before name 'A'", content, "1m.parquet")

    def test_types_that_hold_numbers_or_times_are_read(self):
        times = [row[0] for row in ROWS]
        forms = {
            "index of pandas": self.columns(),
            "dictionary": self.columns(open=pa.array([row[1] for row in ROWS]).dictionary_encode()),
            "decimal": self.columns(open=pa.array([row[1] for row in ROWS]).cast(pa.decimal128(30, 10))),
            "text": self.columns(open=[repr(row[1]) for row in ROWS]),
            "iso text": self.columns(timestamp=[f"2024-04-01T00:{place:02d}:00Z" for place in range(len(ROWS))]),
            "dotted text": self.columns(timestamp=[f"2024.04.01 00:{place:02d}" for place in range(len(ROWS))]),
            "unsigned": self.columns(timestamp=pa.array(times, pa.uint64())),
        }
        index = forms["index of pandas"]
        index["__index_level_0__"] = pa.array(index.pop("timestamp")).cast(pa.timestamp("ms"))
        for name, columns in forms.items():
            with self.subTest(name):
                self.assertEqual(rows_of(self.read(self.parquet(columns), "1m.parquet").candles), ROWS)

    def test_names_and_types_that_make_no_candles_are_one_clear_line(self):
        lists = pa.array([[1.0]] * len(ROWS))
        structs = pa.array([{"a": 1.0}] * len(ROWS))
        odd = {
            "column 'open': holds list": self.columns(open=lists),
            "column 'open': holds struct": self.columns(open=structs),
            "column 'open': holds binary": self.columns(open=[b"\xff"] * len(ROWS)),
            "column 'open': is empty|row 1, column 'open'": self.columns(open=pa.nulls(len(ROWS))),
            "column 'timestamp': holds list": self.columns(timestamp=lists),
            "column 'timestamp': holds duration": self.columns(
                timestamp=pa.array([row[0] for row in ROWS], pa.duration("ms"))
            ),
            "no column 'open' in the header": {"timestamp": [1], "op\nen": [1.0], "('close', 'BTC-USD')": [1.0]},
            "no column 'timestamp'": {"\x1b[31mtime": [1], "open": [1.0]},
            "has columns but no rows": {name: [] for name in self.columns()},
        }
        for said, columns in odd.items():
            with self.subTest(said):
                self.refused(said, self.parquet(columns), "1m.parquet")

    def test_more_rows_than_there_can_be_are_refused(self):
        content = self.parquet(self.columns())
        self.refused("has more than 39 rows", content, "1m.parquet", BTC._replace(most_rows=39))
        self.refused("has more than 39 rows", Containers.PLAIN, "1m.csv", BTC._replace(most_rows=39))


class Names(unittest.TestCase):
    def test_names_that_programs_give_say_symbol_and_timeframe(self):
        table = {
            "BTC_USDT-1m.json": ("BTC/USDT", "1m"),
            "BTC_USDT_USDT-5m-futures.feather": ("BTC/USDT:USDT", "5m"),
            "BTC_USDT_USDT-8h-mark.feather": ("BTC/USDT:USDT", "mark-8h"),
            "BTC_USDT_USDT-8h-funding_rate.feather": ("BTC/USDT:USDT", "funding"),
            "ETH-BTC/BTCUSDT-1m-2024-01-01.zip": ("ETH/BTC", "1m"),
            "ETH-BTC/XBTUSD_60.csv": ("ETH/BTC", "1h"),
            "ETH-BTC/kraken-ohlcvt-XBTUSD_1.csv": ("ETH/BTC", "1m"),
            "ETH-BTC/BTCUSDT_4h.csv.gz": ("ETH/BTC", "4h"),
            "ETH-BTC/BTCUSDT-15m.csv.zip": ("ETH/BTC", "15m"),
            "ETH-BTC/BTCUSDT-fundingRate-2024-01.zip": ("ETH/BTC", "funding"),
            "ETH-BTC/BTCUSDT-metrics-2024-01-01.zip": ("ETH/BTC", "open-interest-5m"),
            "ETH-BTC/12-archive-open-interest-5m.csv": ("ETH/BTC", "open-interest-5m"),
            "ETH-BTC/12-archive-funding.csv": ("ETH/BTC", "funding"),
        }
        for path, (symbol, timeframe) in table.items():
            with self.subTest(path):
                series = series_of(Path(path), "e")
                self.assertEqual((series.symbol, series.timeframe), (symbol, timeframe))

    def test_two_timeframes_in_a_name_or_a_month_say_none(self):
        for name in ("1m-to-5m.csv", "BTCUSDT-1M-2024.zip", "1m2.csv", "candles.csv"):
            with self.subTest(name), self.assertRaisesRegex(ConfigurationError, "--timeframe"):
                series_of(Path("BTC-USDT") / name, "e")


@needs_shared
class SharedFiles(unittest.TestCase):
    def test_every_file_of_people_holds_the_same_three_hundred_candles(self):
        expected = rows_of(read_series_file(CASES / "04-one-minute-rows.csv").candles)
        for path in sorted((CASES / "formats").iterdir()):
            with self.subTest(path.name):
                if path.suffix == ".feather" and path.stat().st_size < 100:
                    # What lies there is the first eight bytes of such a file.
                    with self.assertRaisesRegex(ConfigurationError, "cannot be read as feather"):
                        read_series_file(path)
                    continue
                file = read_series_file(path, how=BTC._replace(no_volume="no-volume" in path.name))
                self.assertEqual(", ".join(file.read_as), READ_AS[path.name])
                rows = sorted(rows_of(file.candles))
                traded = slice(None) if file.traded_volume else slice(0, 5)
                dated = slice(1 if "1h" in path.name else 0, None)
                self.assertEqual([row[traded][dated] for row in rows], [row[traded][dated] for row in expected])

    def test_funding_and_open_interest_of_the_archive_are_read(self):
        funding = read_series_file(CASES / "12-archive-funding.csv", FUNDING_FILE, BTC)
        self.assertEqual((funding.rows, funding.times[1], funding.values[0][1]), (90, 1704096000001, 0.0001))
        interest = read_series_file(CASES / "12-archive-open-interest-5m.csv", OPEN_INTEREST_FILE, BTC)
        self.assertEqual(interest.rows, 19)
        self.assertEqual(
            (interest.times[1], interest.values[0][1], interest.values[1][1]), (1704067500000, 80001.0, 3360042000.0)
        )
        with self.assertRaisesRegex(ConfigurationError, "its rows are of 'BTCUSDT', not of ETH/USDT"):
            read_series_file(CASES / "12-archive-open-interest-5m.csv", OPEN_INTEREST_FILE, HowToRead("ETH/USDT"))


if __name__ == "__main__":
    unittest.main()
