"""What a run of perpetual contracts is given: mark candles, payments with their marks, and what is missing."""

import csv
import gzip
import tempfile
import unittest
from decimal import Decimal

import numpy as np

from core.errors import ConfigurationError, DataUnavailableError
from core.instants import parse_instant
from core.instrument import Instrument, MarginTier
from core.timeframe import timeframe_ms
from market_data import CandleColumns, CandleStore, HistoricalDataProvider
from market_data.files.candle_import import import_files
from market_data.perpetual.mark_prices import joined_marks
from market_data.series_columns import FundingColumns
from tests.support.candle_tables import APRIL, candles_at
from tests.support.exchanges.loopback import practice_columns, same_columns
from tests.support.exchanges.memory_exchange import MemoryExchange
from tests.support.shared import CANDLES, needs_shared
from tests.support.times import HOUR_MS, MINUTE_MS


def table(path):
    """Return a recorded file's rows, read with nothing but the standard library."""
    with gzip.open(CANDLES / path, "rt", newline="") as lines:
        return [{name: float(cell) if cell else None for name, cell in row.items()} for row in csv.DictReader(lines)]


class DataCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.cache = folder.name
        self.store = CandleStore(self.cache)

    def load(self, exchange, symbol, interval, start, end, **options):
        provider = HistoricalDataProvider(exchange, self.cache, offline=options.pop("offline", False), progress=False)
        bounds = (parse_instant(start) if isinstance(start, str) else start for start in (start, end))
        return provider.load_perpetual([symbol], interval, *bounds, **options)[symbol]


@needs_shared
class Recorded(DataCase):
    def imported(self, folder, exchange="perp"):
        import_files(self.store, sorted((CANDLES / folder).glob("*/*.csv.gz")), exchange=exchange)

    def test_layers_payments_come_every_four_hours_and_then_every_hour_with_their_late_stamps(self):
        self.imported("binance-perp")
        data = self.load("perp", "LAYERUSDT", "1m", "2025-05-05", "2025-06-02")
        start, end = parse_instant("2025-05-05"), parse_instant("2025-06-02")
        rows = [
            row
            for row in table("binance-perp/LAYER-USDT/funding.csv.gz")
            if start + MINUTE_MS <= row["timestamp"] < end + MINUTE_MS
        ]
        self.assertEqual(
            [(rate.time_ms, rate.rate) for rate in data.funding], [(row["timestamp"], row["rate"]) for row in rows]
        )
        self.assertEqual(len(data.funding), 648)
        self.assertEqual(data.facts["funding_step_hours"], [4.0, 1.0])
        self.assertEqual((data.facts["funding_missing"], data.warnings), ([], ()))
        worst = [rate for rate in data.funding if rate.rate == -0.02]
        self.assertEqual(
            [rate.due_ms for rate in worst[:2]], [parse_instant(f"2025-05-06T0{hour}:00") for hour in (8, 9)]
        )
        late = sum(rate.time_ms != rate.due_ms for rate in data.funding)
        self.assertEqual(late, sum(row["timestamp"] % 60_000 > 0 for row in rows))
        self.assertGreater(late, 100)

    def test_the_mark_of_a_payment_is_the_open_of_the_eight_hours_that_begin_with_it(self):
        self.imported("binance-perp")
        data = self.load("perp", "LAYERUSDT", "1m", "2025-05-05", "2025-06-02")
        marks = {row["timestamp"]: row["open"] for row in table("binance-perp/LAYER-USDT/mark-8h.csv.gz")}
        self.assertEqual([rate.mark_price for rate in data.funding], [marks.get(rate.due_ms) for rate in data.funding])
        self.assertEqual(data.facts["funding_without_mark"], sum(rate.due_ms not in marks for rate in data.funding))
        self.assertEqual(data.marks.rows, 0)
        self.assertEqual((data.facts["mark"], data.facts["funding_mark"]), ("last price", "mark-8h, else last price"))

    def test_bitcoins_payments_all_have_a_mark_and_the_last_one_the_close_before_it(self):
        self.imported("binance-perp")
        data = self.load("perp", "BTCUSDT", "1m", "2025-05-04T16:00", "2025-06-03T08:00", missing_funding="warning")
        marks = table("binance-perp/BTC-USDT/mark-8h.csv.gz")
        opens = {row["timestamp"]: row["open"] for row in marks}
        self.assertEqual([rate.mark_price for rate in data.funding], [opens[rate.due_ms] for rate in data.funding])
        self.assertEqual((data.facts["funding_rates"], data.facts["funding_without_mark"]), (88, 0))
        self.assertEqual(data.facts["funding_missing"], ["2025-06-03T08:00:00.000Z"])
        self.store.write(
            "perp",
            "BTC/USDT",
            "funding",
            FundingColumns.from_rows([(int(marks[-1]["timestamp"]) + 8 * HOUR_MS, 0.1, None)]),
            source="test",
        )
        data = self.load("perp", "BTCUSDT", "1m", "2025-05-04T16:00", "2025-06-03T08:00")
        self.assertEqual(data.funding[-1].mark_price, marks[-1]["close"])

    def test_marks_of_the_steps_own_interval_and_joined_ones_are_used_and_coarser_ones_are_not(self):
        self.imported("bybit-perp@2025-06")
        rows = table("bybit-perp@2025-06/BTC-USDT/mark-4h.csv.gz")
        for interval, parts in (("4h", 1), ("8h", 2), ("12h", 3), ("1d", 6)):
            with self.subTest(interval):
                data = self.load("perp", "BTCUSDT", interval, "2025-06-22", "2025-08-20")
                length = timeframe_ms(interval)
                whole = {}
                for row in rows:
                    whole.setdefault(int(row["timestamp"]) // length, []).append(row)
                expected = [
                    (
                        place * length,
                        group[0]["open"],
                        max(r["high"] for r in group),
                        min(r["low"] for r in group),
                        group[-1]["close"],
                        0.0,
                    )
                    for place, group in whole.items()
                    if len(group) == parts and (place + 1) * length <= parse_instant("2025-08-20")
                ]
                self.assertEqual(list(zip(*map(np.ndarray.tolist, data.marks), strict=True)), expected)
                self.assertEqual(data.facts["mark"], "mark-4h" if parts == 1 else f"mark-4h joined to {interval}")
        self.assertEqual(self.load("perp", "BTCUSDT", "1h", "2025-06-22", "2025-08-20").marks.rows, 0)

    def test_rates_that_begin_after_the_candles_stop_warn_or_count_as_none(self):
        self.imported("binance-perp@2021-11")
        window = ("perp", "XRPUSDT", "5m", "2021-11-15", "2021-11-21T22:35")
        with self.assertRaises(DataUnavailableError) as caught:
            self.load(*window)
        for text in (
            "XRP/USDT",
            "2021-11-15T08:00:00.000Z .. 2021-11-17T16:00:00.000Z",
            "import --exchange perp",
            "missing_funding",
        ):
            self.assertIn(text, str(caught.exception))
        self.assertNotIn("fetch them", str(caught.exception))
        warned = self.load(*window, missing_funding="warning")
        self.assertRegex(
            warned.warnings[0], "XRP/USDT: funding rates are not known for 2021-11-15.* no funding is paid"
        )
        silent = self.load(*window, missing_funding="zero")
        self.assertEqual((silent.warnings, len(silent.funding)), ((), 12))
        self.assertEqual(silent.facts["funding_missing"], ["2021-11-15T08:00:00.000Z .. 2021-11-17T16:00:00.000Z"])
        self.assertEqual(silent.funding, warned.funding)
        self.assertEqual(silent.funding[0].time_ms, parse_instant("2021-11-18T00:00:00.017"))
        self.assertEqual(
            self.load("perp", "XRPUSDT", "5m", "2021-11-17T16:00", "2021-11-21").facts["funding_missing"], []
        )

    def test_without_funding_nothing_is_missing_and_without_marks_none_are_given(self):
        self.imported("binance-perp@2021-11")
        data = self.load("perp", "XRPUSDT", "5m", "2021-11-15", "2021-11-21", use_funding=False)
        self.assertEqual((data.funding, data.facts["mark"]), ((), "last price"))
        self.imported("bybit-perp@2025-06", "bybit-imported")
        data = self.load("bybit-imported", "BTCUSDT", "4h", "2025-06-22", "2025-08-20", use_mark=False)
        self.assertEqual(data.marks.rows, 0)
        self.assertTrue(all(rate.mark_price for rate in data.funding))
        self.assertEqual(
            (data.facts["mark"], data.facts["funding_mark"]), ("last price (mark prices are switched off)", "mark-4h")
        )


class Made(DataCase):
    def put(self, *rows, symbol="BTC/USDT"):
        self.store.write("perp", symbol, "funding", FundingColumns.from_rows(rows), source="test")

    def test_a_payment_at_the_start_is_not_of_the_window_and_one_at_the_end_is(self):
        self.put(*((APRIL + number * 8 * HOUR_MS + 9, 0.01 * number, None) for number in range(6)))
        data = self.load("perp", "BTCUSDT", "1h", APRIL + 8 * HOUR_MS, APRIL + 24 * HOUR_MS)
        self.assertEqual([rate.rate for rate in data.funding], [0.02, 0.03])

    def test_the_mark_is_the_rates_own_then_the_finest_open_then_the_finest_close(self):
        self.put(
            *(
                (APRIL + number * 8 * HOUR_MS + 9, 0.01, mark)
                for number, mark in enumerate((None, 7.5, None, None, None))
            )
        )
        for series, times, price in (
            ("mark-8h", [APRIL + 8 * HOUR_MS, APRIL + 16 * HOUR_MS], 100.0),
            ("mark-1h", [APRIL + 8 * HOUR_MS, APRIL + 16 * HOUR_MS, APRIL + 23 * HOUR_MS], 200.0),
        ):
            self.store.write("perp", "BTC/USDT", series, candles_at(times, price), source="test")
        data = self.load("perp", "BTCUSDT", "1m", APRIL, APRIL + 32 * HOUR_MS)
        closes = self.store.read("perp", "BTC/USDT", "mark-1h", 0, APRIL * 2).close
        self.assertEqual([rate.mark_price for rate in data.funding], [7.5, 201.0, closes[-1], None])
        self.assertEqual(data.facts["mark"], "last price")
        self.assertEqual(data.facts["funding_mark"], "marks given with the rates, else mark-1h, else last price")

    def test_no_rate_is_missing_before_the_first_candle_of_the_window(self):
        self.put(*((APRIL + number * 8 * HOUR_MS, 0.01, None) for number in range(10, 20)))
        options = {"start": APRIL, "end": APRIL + 150 * HOUR_MS}
        with self.assertRaises(DataUnavailableError):
            self.load("perp", "BTCUSDT", "1h", **options)
        self.store.write(
            "perp", "BTC/USDT", "1h", candles_at([APRIL + number * HOUR_MS for number in range(75, 150)]), source="test"
        )
        self.assertEqual(self.load("perp", "BTCUSDT", "1h", **options).facts["funding_missing"], [])

    def test_a_symbol_without_any_rate_is_named_with_the_whole_window(self):
        self.store.write("perp", "BTC/USDT", "1h", candles_at([APRIL]), source="test")
        with self.assertRaisesRegex(
            DataUnavailableError, "BTC/USDT: funding rates of perp are missing for 2024-04-01T00:00"
        ):
            self.load("perp", "BTCUSDT", "1h", APRIL, APRIL + HOUR_MS)

    def test_joined_marks_need_all_their_parts(self):
        minutes = practice_columns("BTC/USDT", 60)
        whole = practice_columns("BTC/USDT", 60, timeframe="5m")
        joined = joined_marks(minutes, 5 * MINUTE_MS, 5)
        for name in ("open_time_ms", "open", "high", "low", "close"):
            self.assertTrue(np.array_equal(getattr(joined, name), getattr(whole, name)), name)
        for gone in range(60):
            left = CandleColumns(*(np.delete(column, gone) for column in minutes))
            expected = CandleColumns(*(np.delete(column, gone // 5) for column in joined))
            self.assertTrue(same_columns(joined_marks(left, 5 * MINUTE_MS, 5), expected), gone)
        self.assertEqual(joined_marks(CandleColumns.empty(), 5 * MINUTE_MS, 5).rows, 0)

    def test_an_exchange_that_serves_none_of_it_is_a_warning_and_what_is_missing_is_judged(self):
        exchange = MemoryExchange({"BTC/USDT": practice_columns("BTC/USDT", 600)}, APRIL + HOUR_MS)
        provider = HistoricalDataProvider(cache_dir=self.cache, adapter=exchange, progress=False)
        with self.assertRaisesRegex(DataUnavailableError, "funding rates of binanceus are missing"):
            provider.load_perpetual(["BTCUSDT"], "1m", APRIL - HOUR_MS, APRIL)
        data = provider.load_perpetual(["BTCUSDT"], "1m", APRIL - HOUR_MS, APRIL, missing_funding="zero")["BTCUSDT"]
        self.assertEqual(
            data.warnings,
            tuple(
                f"BTC/USDT: binanceus serves no {what}; import them from files"
                for what in ("mark candles", "funding rates")
            ),
        )

    def test_a_frame_of_rates_holds_the_stamps_and_what_is_known(self):
        self.put((APRIL + 17, 0.01, None), (APRIL + 8 * HOUR_MS, -0.02, 5.5), (APRIL + 16 * HOUR_MS, 0.03, None))
        provider = HistoricalDataProvider("perp", self.cache)
        frame = provider.fetch_funding_rates("BTCUSDT", "2024-04-01", "2024-04-01T16:00")
        self.assertEqual(list(frame.columns), ["timestamp", "rate", "mark_price"])
        self.assertEqual(
            [stamp.isoformat() for stamp in frame["timestamp"]],
            ["2024-04-01T00:00:00.017000+00:00", "2024-04-01T08:00:00+00:00"],
        )
        self.assertEqual(frame["rate"].tolist(), [0.01, -0.02])
        self.assertEqual(repr(frame["mark_price"].tolist()), "[nan, 5.5]")

    def test_a_window_or_an_interval_that_is_none_is_refused(self):
        self.put((APRIL, 0.01, None))
        for interval, start, end in (("1m", APRIL, APRIL), ("3d", APRIL, APRIL + HOUR_MS)):
            with self.subTest(interval), self.assertRaises(ConfigurationError):
                self.load("perp", "BTCUSDT", interval, start, end)


class DatedRules(DataCase):
    def setUp(self):
        super().setUp()
        self.store.write(
            "perp", "BTC/USDT", "1m", candles_at([APRIL + n * MINUTE_MS for n in range(10)]), source="test"
        )

    def save(self, minute, tick, source="market list", **more):
        rules = Instrument("BTC/USDT", tick_size=Decimal(tick), source=source, **more)
        at_ms = APRIL + minute * MINUTE_MS
        HistoricalDataProvider("perp", self.cache).instruments.save("perp", {"BTC/USDT": rules}, at_ms)

    def rules(self, start, end):
        provider = HistoricalDataProvider("perp", self.cache, offline=True)
        loaded = provider.load(["BTCUSDT"], "1m", APRIL + start * MINUTE_MS, APRIL + end * MINUTE_MS)["BTCUSDT"]
        changes = [((one.as_of_ms - APRIL) // MINUTE_MS, str(one.tick_size)) for one in loaded.rule_changes]
        return str(loaded.instrument.tick_size), changes

    def test_rules_that_come_into_force_inside_the_window_are_handed_over_in_order(self):
        for minute, tick in ((-5, "0.1"), (2, "0.2"), (3, "0.2"), (5, "0.3"), (7, "0.2"), (30, "0.5")):
            self.save(minute, tick)
        self.assertEqual(self.rules(0, 10), ("0.1", [(2, "0.2"), (5, "0.3"), (7, "0.2")]))
        self.assertEqual(self.rules(2, 7), ("0.2", [(5, "0.3"), (7, "0.2")]))
        self.assertEqual(self.rules(5, 6), ("0.3", []))

    def test_rules_that_are_only_known_later_are_in_force_from_the_start_and_no_change(self):
        self.save(3, "0.1")
        self.save(6, "0.4")
        self.assertEqual(self.rules(0, 10), ("0.1", [(6, "0.4")]))

    def test_inferred_rules_never_change_inside_a_window(self):
        self.save(2, "0.1", source="inferred from imported prices")
        self.save(4, "0.01", source="inferred from imported prices")
        self.assertEqual(self.rules(0, 10), ("0.01", []))
        self.save(6, "0.5")
        self.assertEqual(self.rules(0, 10), ("0.5", []))

    def test_a_change_of_any_rule_counts(self):
        self.save(-1, "0.1")
        tiers = (MarginTier(Decimal(50_000), Decimal("0.004"), Decimal(0), Decimal(125)),)
        for minute, more in enumerate(
            ({"max_quantity": Decimal(5)}, {"band_up": Decimal("1.1")}, {"margin_tiers": tiers}), 1
        ):
            self.save(minute, "0.1", **more)
        self.assertEqual([minute for minute, _ in self.rules(0, 10)[1]], [1, 2, 3])


if __name__ == "__main__":
    unittest.main()
