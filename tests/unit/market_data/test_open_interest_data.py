"""The open interest that a session is given: stored rows on the grid of its period, and what is missing of them."""

import csv
import math
import tempfile
import unittest

from core.candle import OpenInterest
from core.errors import ConfigurationError
from core.instants import format_ms, parse_instant
from core.timeframe import longest_dividing
from market_data import CandleColumns, CandleStore, HistoricalDataProvider
from market_data.files.candle_import import import_files
from market_data.perpetual.open_interest_data import OpenInterestData
from market_data.series_columns import OpenInterestColumns
from tests.support.exchanges.memory_exchange import MemoryExchange
from tests.support.shared import CASES, needs_shared
from tests.support.times import DAY_MS, HOUR_MS, JANUARY_MS, MINUTE_MS, at

BTC = "BTC/USDT:USDT"


class Case(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.cache = folder.name
        self.store = CandleStore(self.cache)

    def stored(self, period: str, *rows: tuple[int, float, float], exchange: str = "e") -> None:
        columns = OpenInterestColumns.from_rows([(at(minute), *numbers) for minute, *numbers in rows])
        self.store.write(exchange, BTC, f"open-interest-{period}", columns, source="test")

    def load(self, period: str, start_ms: int, end_ms: int, exchange: str = "e") -> OpenInterestData:
        provider = HistoricalDataProvider(exchange, self.cache, offline=True)
        return provider.load_open_interest(["btcusdt"], period, start_ms, end_ms)["btcusdt"]


class Stored(Case):
    def test_rows_are_those_of_the_range_with_their_values_where_they_are_known(self) -> None:
        self.stored("1h", (0, 80.5, 3e6), (60, 81.0, math.nan), (120, 82.0, 4e6), (180, 83.0, 5e6))
        data = self.load("1h", at(0), at(180))
        rows = (OpenInterest(at(0), 80.5, 3e6), OpenInterest(at(60), 81.0), OpenInterest(at(120), 82.0, 4e6))
        self.assertEqual((data.symbol, data.rows, data.warnings), (BTC, rows, ()))
        self.assertEqual(
            data.facts,
            {
                "open_interest": "open-interest-1h",
                "open_interest_rows": 3,
                "open_interest_missing": 0,
                "open_interest_gaps": [],
            },
        )
        self.assertEqual(self.load("1h", at(1), at(121)).rows, rows[1:])

    def test_a_stamp_that_is_not_of_the_period_comes_from_the_longest_stored_one_that_divides_it(self) -> None:
        self.stored("1h", (60, 1.0, 1.0))
        self.stored("30m", (0, 2.0, 2.0), (30, 2.5, 2.0), (60, 2.0, 2.0))
        self.stored("5m", (0, 3.0, 3.0), (60, 3.0, 3.0), (120, 3.0, 3.0), (125, 3.5, 3.0))
        self.stored("45m", (180, 4.0, 4.0))
        data = self.load("1h", at(0), at(240))
        self.assertEqual(
            [(row.time_ms, row.amount) for row in data.rows], [(at(0), 2.0), (at(60), 1.0), (at(120), 3.0)]
        )
        self.assertEqual(
            data.facts["open_interest"],
            "open-interest-1h, else open-interest-30m on the grid of 1h, else open-interest-5m on the grid of 1h",
        )

    def test_a_stamp_that_no_dividing_period_has_comes_from_a_longer_one(self) -> None:
        self.stored("30m", (0, 1.0, 1.0), (60, 1.5, 1.0))
        self.stored("1h", (0, 2.0, 2.0), (60, 2.0, 2.0), (120, 2.5, 2.0))
        self.stored("4h", (120, 3.0, 3.0), (240, 3.5, 3.0))
        self.stored("45m", (180, 4.0, 4.0))
        data = self.load("30m", at(0), at(270))
        expected = [(at(0), 1.0), (at(60), 1.5), (at(120), 2.5), (at(240), 3.5)]
        self.assertEqual(expected, [(row.time_ms, row.amount) for row in data.rows])
        self.assertEqual((4, 5), (data.facts["open_interest_rows"], data.facts["open_interest_missing"]))

    def test_a_row_beside_the_grid_is_none_of_it(self) -> None:
        self.stored("5m", (0, 1.0, 1.0))
        columns = OpenInterestColumns.from_rows([(at(5) + 3_000, 2.0, 2.0)])
        self.store.write("e", BTC, "open-interest-5m", columns, source="test")
        data = self.load("5m", at(0), at(10))
        self.assertEqual([row.time_ms for row in data.rows], [at(0)])
        self.assertEqual(data.facts["open_interest_missing"], 1)

    def test_what_is_missing_is_said_with_its_spans_and_what_to_do(self) -> None:
        self.stored("1h", (0, 1.0, 1.0), (180, 1.0, 1.0), (300, 1.0, 1.0))
        data = self.load("1h", at(0), at(420))
        gaps = [f"{format_ms(at(60))} .. {format_ms(at(120))}", format_ms(at(240)), format_ms(at(360))]
        self.assertEqual((data.facts["open_interest_missing"], data.facts["open_interest_gaps"]), (4, gaps))
        (warning,) = data.warnings
        self.assertIn(f"{BTC}: open interest of e is not known for {', '.join(gaps)} (4 of 7 rows of 1h)", warning)
        self.assertIn("market_data import --exchange e .../BTC-USDT_USDT/open-interest-1h.csv.gz", warning)
        self.assertNotIn("fetch", warning)

    def test_many_gaps_are_counted_and_only_the_first_are_named(self) -> None:
        self.stored("5m", *((minute, 1.0, 1.0) for minute in range(0, 600, 10)))
        data = self.load("5m", at(0), at(600))
        self.assertEqual(len(data.facts["open_interest_gaps"]), 21)
        self.assertEqual(data.facts["open_interest_gaps"][-1], "40 more")
        self.assertIn("57 more (60 of 120 rows of 5m)", data.warnings[0])

    def test_without_any_every_stamp_is_missing_and_a_known_exchange_can_be_asked(self) -> None:
        self.stored("1h", (60, 1.0, 1.0), exchange="binanceusdm")
        data = self.load("5m", at(0), at(60), "binanceusdm")
        self.assertEqual((data.rows, data.facts["open_interest"]), ((), None))
        self.assertIn(
            f"fetch --exchange binanceusdm --symbols {BTC} --timeframe 5m --start 2024-01-01T00:00:00.000Z "
            "--with open-interest-5m",
            data.warnings[0],
        )

    def test_a_range_or_a_period_that_is_none_is_refused(self) -> None:
        self.stored("1h", (0, 1.0, 1.0))
        for period, start_ms, end_ms in (("1h", at(60), at(60)), ("3d", at(0), at(60)), ("hourly", at(0), at(60))):
            with self.subTest(period), self.assertRaises(ConfigurationError):
                self.load(period, start_ms, end_ms)

    def test_the_longest_period_that_divides_one_is_found(self) -> None:
        for period, found in (("2h", "1h"), ("15m", "15m"), ("6h", "1h"), ("1d", "4h"), ("5m", None)):
            self.assertEqual(longest_dividing(period, ("15m", "1h", "4h")), found)


class FromAnExchange(Case):
    def test_an_exchange_that_has_none_is_not_asked_and_nothing_is_raised(self) -> None:
        exchange = MemoryExchange({"BTC/USDT": CandleColumns.empty()}, JANUARY_MS + DAY_MS)
        provider = HistoricalDataProvider(cache_dir=self.cache, adapter=exchange, progress=False)
        data = provider.load_open_interest(["BTC/USDT"], "1h", JANUARY_MS, JANUARY_MS + DAY_MS)["BTC/USDT"]
        self.assertEqual((data.rows, len(data.warnings)), ((), 1))


@needs_shared
class Archived(Case):
    def test_an_imported_archive_of_five_minutes_serves_its_period_and_longer_ones(self) -> None:
        path = CASES / "12-archive-open-interest-5m.csv"
        import_files(self.store, [path], exchange="e", symbol=BTC, timeframe="open-interest-5m")
        with path.open(newline="") as file:
            there = [
                OpenInterest(
                    parse_instant(row["create_time"]),
                    float(row["sum_open_interest"]),
                    float(row["sum_open_interest_value"]),
                )
                for row in csv.DictReader(file)
            ]
        end_ms = there[-1].time_ms + 1
        self.assertEqual(self.load("5m", JANUARY_MS, end_ms).rows, tuple(there))
        for period, length in (("15m", 15 * MINUTE_MS), ("1h", HOUR_MS)):
            data = self.load(period, JANUARY_MS, end_ms)
            self.assertEqual(data.rows, tuple(row for row in there if row.time_ms % length == 0))
            self.assertEqual(data.warnings, ())


if __name__ == "__main__":
    unittest.main()
